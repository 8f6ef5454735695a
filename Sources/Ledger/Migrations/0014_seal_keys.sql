-- 封印鍵の更新: a change of the seal key is a leaf of the log. The leaf stands in log.position under `entry`.
create table log.seal_key (
    version bigint primary key check (version >= 2),
    entry uuid not null unique,
    -- name+hash+base64, as C2SP signed-note writes a verifier's key.
    key text not null,
    at timestamptz not null
);
create trigger seal_key_unchanged before update or delete on log.seal_key
    for each row execute function log.refuse_change();
create trigger seal_key_kept before truncate on log.seal_key execute function log.refuse_change();
grant select on log.seal_key to tsunagi_gateway, tsunagi_reader;
grant select, insert on log.seal_key to tsunagi_sealer;

-- From `oldest` to `version`, all sign.
insert into exchange.key_version (key, version, oldest) values ('seal', 1, 1);
grant select on exchange.key_version to tsunagi_sealer;

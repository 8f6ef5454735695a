-- The access log and what seals it. No role may update or delete an entry; a trigger stops even the
-- owner.

create table log.access_entry (
    entry uuid not null,
    at timestamptz not null default clock_timestamp(),
    format smallint not null,
    party text not null,
    operator text,
    purpose text not null,
    visit uuid,
    person uuid,
    outcome text not null,
    basis text,
    digest bytea,
    salt bytea not null,
    -- Commit order is not insert order. The sealer takes entries whose transaction is older than
    -- every transaction still running, so that nothing can appear behind a position it has already
    -- given.
    xid xid8 not null default pg_current_xact_id(),
    primary key (entry, at)
) partition by range (at);
create index access_entry_xid on log.access_entry (xid);
create index access_entry_person on log.access_entry (person, at) where person is not null;

create function log.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'entries, positions and tiles are never changed' using errcode = 'insufficient_privilege';
end $$;
create trigger access_entry_unchanged before update or delete on log.access_entry
    for each row execute function log.refuse_change();

-- 月ごとの区画: made ahead, so that no entry ever waits for one. Runs as the owner.
create function log.ensure_partitions(months_ahead int) returns int
language plpgsql security definer set search_path = pg_catalog as $$
declare
    month date;
    made int := 0;
    name text;
begin
    perform pg_advisory_xact_lock(7461746973);
    set local lock_timeout = '2s';
    for i in -1 .. months_ahead loop
        month := (date_trunc('month', now() at time zone 'Asia/Tokyo') + make_interval(months => i))::date;
        name := 'access_entry_' || to_char(month, 'YYYY_MM');
        if to_regclass('log.' || name) is null then
            -- Attached, not created as a partition: that lock lets entries go on while a long
            -- reader is at work.
            execute format('create table log.%I (like log.access_entry including defaults including constraints)', name);
            execute format('alter table log.access_entry attach partition log.%I for values from (%L) to (%L)', name,
                month::timestamp at time zone 'Asia/Tokyo',
                (month + interval '1 month')::timestamp at time zone 'Asia/Tokyo');
            execute format('create trigger %I before truncate on log.%I for each statement execute function log.refuse_change()',
                name || '_kept', name);
            made := made + 1;
        end if;
    end loop;
    return made;
end $$;
select log.ensure_partitions(3);

-- 封印: the position of an entry in the Merkle tree (RFC 6962), given once.
create table log.position (
    position bigint primary key check (position >= 0),
    entry uuid not null unique,
    leaf bytea not null check (octet_length(leaf) = 32)
);
-- Full tiles of 256 hashes; what is not full is derived from positions and lower tiles.
create table log.tile (
    level int not null,
    index bigint not null,
    hashes bytea not null check (octet_length(hashes) = 8192),
    root bytea not null check (octet_length(root) = 32),
    primary key (level, index)
);
create table log.checkpoint (
    size bigint primary key,
    root bytea not null,
    note text not null,
    signed_at timestamptz not null default clock_timestamp()
);
create trigger position_unchanged before update or delete on log.position
    for each row execute function log.refuse_change();
create trigger tile_unchanged before update or delete on log.tile
    for each row execute function log.refuse_change();
create trigger checkpoint_unchanged before update or delete on log.checkpoint
    for each row execute function log.refuse_change();
create trigger position_kept before truncate on log.position execute function log.refuse_change();
create trigger tile_kept before truncate on log.tile execute function log.refuse_change();
create trigger checkpoint_kept before truncate on log.checkpoint execute function log.refuse_change();

-- The head moves by compare-and-swap on `size`; an advisory lock saves work, it never protects.
create table log.head (
    is_the_one boolean primary key default true check (is_the_one),
    size bigint not null,
    root bytea not null,
    next_xid xid8 not null
);
insert into log.head (size, root, next_xid) values (0, sha256(''), '0'::xid8);

grant select on log.access_entry to tsunagi_gateway, tsunagi_office;
-- Not its time and not its transaction: those are the database's to say.
grant insert (entry, format, party, operator, purpose, visit, person, outcome, basis, digest, salt)
    on log.access_entry to tsunagi_gateway, tsunagi_office;
grant select on log.position, log.tile, log.checkpoint, log.head to tsunagi_gateway, tsunagi_office, tsunagi_reader;
grant select on log.access_entry to tsunagi_sealer, tsunagi_reader;
grant select, insert on log.position, log.tile, log.checkpoint to tsunagi_sealer;
grant select, update on log.head to tsunagi_sealer;
revoke execute on function log.ensure_partitions(int) from public;
grant execute on function log.ensure_partitions(int) to tsunagi_sealer;

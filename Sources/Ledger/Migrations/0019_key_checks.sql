-- 鍵の照合値: what a constant becomes under the versions of a key up to this one. Two gateways that hold
-- different keys under one version number would each know people whom the other does not: a folder is held
-- against this before anything is made with it, stored or rewrapped.
create table exchange.key_check (
    key text references exchange.key_version,
    version bigint,
    value bytea not null check (octet_length(value) = 32),
    primary key (key, version)
);
grant select on exchange.key_check to tsunagi_gateway, tsunagi_office, tsunagi_reader;
-- Of the keys of before this release, the first that serves or takes in a file says it; of each next, its rotation.
grant insert on exchange.key_check to tsunagi_gateway, tsunagi_office;

-- What a rotation has left to rewrap, in the order of its walk: begun anew, it finds the next row at once.
create index number_key_version on office.number_key (key_version, number_hash);
create index card_binding_version on exchange.card_binding (key_version, card_hash);
create index card_revocation_version on exchange.card_revocation (key_version, card_hash);

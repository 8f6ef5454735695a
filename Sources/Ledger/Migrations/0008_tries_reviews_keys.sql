-- Tries with paper certificates, the identity behind a held row, and the versions of the keys.

-- 紙の受給者証の試行: a party's tries of the last hour. Counted and committed before the certificate is
-- looked for, so that any number of tries at once come one after the other here.
create table exchange.paper_try (
    party text primary key,
    tries timestamptz[] not null
);
grant select, insert, update on exchange.paper_try to tsunagi_gateway;
drop index log.access_entry_paper;

-- What a body said of the person with a row stands under the row's own line of its task.
alter table exchange.identity add column task uuid references exchange.registration_task;
alter table exchange.identity add column line bigint;
alter table exchange.entitlement add column line bigint;
create unique index identity_line on exchange.identity (task, line);

-- Named for its rule, so that it is told apart from an entry that finds no month of its own.
create or replace function exchange.keep_visit_short() returns trigger language plpgsql as $$
begin
    if new.ends_at > old.ends_at then
        raise exception 'a visit is never prolonged'
            using errcode = 'check_violation', constraint = 'visit_only_shorter';
    end if;
    return new;
end $$;

-- 鍵の版: with which version of each key this site makes and stores. Every version that a gateway holds is
-- checked with; one that lacks the version in use is not ready.
create table exchange.key_version (
    key text primary key,
    version bigint not null check (version >= 1),
    -- While a rotation is under way, rows are stored under this version and up to `version`.
    oldest bigint not null check (oldest between 1 and version)
);
insert into exchange.key_version (key, version, oldest)
select key, 1, 1 from unnest(array['card', 'nonce', 'number', 'pairwise', 'token']) as k(key);
grant select on exchange.key_version to tsunagi_gateway, tsunagi_office, tsunagi_reader;
alter table office.number_key add column key_version bigint not null default 1;
alter table exchange.card_binding add column key_version bigint not null default 1;
-- The owner's command rewraps; no listener's role changes a hash.
revoke update (number_hash) on office.number_key from tsunagi_office;

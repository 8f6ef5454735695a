-- The house: people, parties, rules. Owned by the role that migrates; every other role gets what it
-- needs and no more.

do $$
declare r text;
begin
    foreach r in array array['tsunagi_gateway', 'tsunagi_office', 'tsunagi_sealer', 'tsunagi_reader'] loop
        begin
            execute format('create role %I login noinherit', r);
        exception when duplicate_object or unique_violation then null;
        end;
    end loop;
end $$;

revoke all on schema public from public;
create schema exchange;
create schema office;
create schema log;
grant usage on schema exchange, log to tsunagi_gateway, tsunagi_office, tsunagi_sealer, tsunagi_reader;
grant usage on schema office to tsunagi_office;

-- 人物: one row for each human being the exchange knows. Holds nothing but the key.
create table exchange.person (
    person uuid primary key,
    known_at timestamptz not null default clock_timestamp()
);

-- 個人番号の鍵付きハッシュ: in law it may itself count as 個人番号 (番号法2条8項), so only the office role sees it.
create table office.number_key (
    number_hash bytea primary key check (octet_length(number_hash) = 32),
    person uuid not null unique references exchange.person
);

-- 関係機関. `party` is `<role>:<code>`.
create table exchange.party (
    party text primary key,
    role text not null,
    code text not null,
    name text not null,
    is_opted_in boolean not null default false,
    suspended_at timestamptz,
    designations text[] not null default '{}',
    -- 自治体: from this day its registrations are complete, so "none held" may be said of it.
    connected_since date,
    -- When its last registration was applied.
    as_of timestamptz,
    registered_at timestamptz not null default clock_timestamp(),
    constraint party_key check (party = role || ':' || code)
);

create index party_suspended on exchange.party (party) where suspended_at is not null;

-- 規則: every version of profiles/ ever loaded, so that an old decision can be decided again.
create table exchange.rule_book (
    version text primary key,
    serial bigint generated always as identity unique,
    files jsonb not null,
    loaded_at timestamptz not null default clock_timestamp()
);

grant select on exchange.person, exchange.party, exchange.rule_book
    to tsunagi_gateway, tsunagi_office, tsunagi_sealer;
grant select on exchange.party, exchange.rule_book to tsunagi_reader;
grant insert on exchange.person to tsunagi_office;
grant select, insert on office.number_key to tsunagi_office;
-- Rotation of the number key wraps the stored hash (`tsunagi keys rotate number`).
grant update (number_hash) on office.number_key to tsunagi_office;
grant update (as_of) on exchange.party to tsunagi_office;

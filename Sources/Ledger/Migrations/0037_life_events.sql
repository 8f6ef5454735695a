-- 住民異動: what municipalities tell of their residents' lives, each event with the day it took effect and the day it
-- became known there. Never changed: a correction or a cancellation is an event of its own. What all of them come
-- to (homes, death, the ends of entitlements) follows from the set alone, whatever the order in which they came.
create table exchange.life_event (
    person uuid not null references exchange.person,
    version bigint generated always as identity,
    municipality text not null,
    -- 異動通番: the municipality's own; the same one sent again is the same event.
    sequence text not null,
    identity_key text not null,
    -- A code of layouts/residence-moves.json.
    kind text not null,
    effective_on date not null,
    known_on date not null,
    other_municipality text,
    -- 訂正する異動通番, of a correction or a cancellation.
    corrects text,
    is_not_disclosed boolean not null,
    -- All items as written, without the individual number.
    face text not null,
    task uuid not null references exchange.registration_task,
    known_at timestamptz not null default clock_timestamp(),
    primary key (person, version)
);
create unique index life_event_once on exchange.life_event (municipality, sequence);
create index life_event_key on exchange.life_event (municipality, identity_key);
create trigger life_event_unchanged before update or delete on exchange.life_event
    for each row execute function exchange.refuse_change();
create trigger life_event_kept before truncate on exchange.life_event
    execute function exchange.refuse_change();
grant select, insert on exchange.life_event to tsunagi_office;
grant select on exchange.life_event to tsunagi_gateway;

-- 住所地: rows that follow from life events stand beside those of the card authority's feed; the feed's own are
-- needed whenever the events are reckoned anew.
alter table exchange.residence add column is_derived boolean not null default false;

-- 死亡: the newest word; no day where a death that was told of has been taken back.
create table exchange.death (
    person uuid not null references exchange.person,
    version bigint generated always as identity,
    died_on date,
    task uuid not null references exchange.registration_task,
    known_at timestamptz not null default clock_timestamp(),
    primary key (person, version)
);
create trigger death_unchanged before update or delete on exchange.death
    for each row execute function exchange.refuse_change();
create trigger death_kept before truncate on exchange.death execute function exchange.refuse_change();
create view exchange.deceased as
select d.person, d.died_on from exchange.death d
where d.died_on is not null and not exists (
    select 1 from exchange.death later where later.person = d.person and later.version > d.version);
grant select, insert on exchange.death to tsunagi_office;
grant select on exchange.death, exchange.deceased to tsunagi_gateway, tsunagi_office;

-- 異動による終わり: a version that follows from life events; what the body itself said is the newest other one.
alter table exchange.entitlement add column is_by_event boolean not null default false;

-- 支援措置: as before, and by the newest word of a municipality's life events. The list that protects is the one
-- that takes it back.
create or replace view exchange.withheld as
select said.person from exchange.identity said
where said.is_not_disclosed
    and not exists (
        select 1 from exchange.identity later
        where later.person = said.person and later.body = said.body and not later.is_under_review
            and later.version > said.version)
    and not (said.is_under_review and exists (
        select 1 from exchange.entitlement held
        join exchange.entitlement settled using (person, body, certificate_type, sub_key, history_key)
        where held.person = said.person and held.task = said.task and held.line = said.line
            and not settled.is_under_review and settled.version > held.version))
union
select told.person from exchange.life_event told
where told.is_not_disclosed and not exists (
    select 1 from exchange.life_event later
    where later.person = told.person and later.municipality = told.municipality
        and later.known_on > told.known_on);

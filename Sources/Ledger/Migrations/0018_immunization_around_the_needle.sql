-- 予防接種の前後: questionnaires, targets and notices, what municipalities receive, and cards.

-- 予診票の回答: versions, like every record. A draft is the resident's own until it is submitted.
create table exchange.screening_response (
    person uuid not null references exchange.person,
    response uuid not null,
    version bigint not null check (version > 0),
    -- The portal that it was saved through.
    party text not null,
    -- The form that was answered, and its vaccine, as our codes.
    form text not null,
    vaccine text not null,
    status text not null check (status in ('in-progress', 'completed', 'amended')),
    -- The answers as they were read, naming no person.
    face text not null,
    saved_at timestamptz not null,
    primary key (person, response, version)
);
create trigger screening_response_unchanged before update or delete on exchange.screening_response
    for each row execute function exchange.refuse_change();
create trigger screening_response_kept before truncate on exchange.screening_response
    execute function exchange.refuse_change();
grant select, insert on exchange.screening_response to tsunagi_gateway;

-- 予診票: the answers that the doctor decided from.
alter table exchange.vaccination add column response uuid;

-- 予防接種の対象者: whom a municipality invites to which schedule, and when. The latest version of a key,
-- schedule and first day speaks.
create table exchange.vaccination_target (
    person uuid not null references exchange.person,
    version bigint generated always as identity,
    municipality text not null,
    identity_key text not null,
    programme text not null,
    valid_from date not null,
    valid_to date not null,
    is_removed boolean not null,
    task uuid not null references exchange.registration_task,
    known_at timestamptz not null default clock_timestamp(),
    primary key (person, version),
    constraint vaccination_target_days check (valid_from <= valid_to)
);
create index vaccination_target_key on exchange.vaccination_target (municipality, identity_key, version);
create index vaccination_target_list on exchange.vaccination_target (municipality, programme, version);
grant select, insert on exchange.vaccination_target to tsunagi_office;
grant select on exchange.vaccination_target to tsunagi_gateway;

-- お知らせ: what it is about, as a code of the rules; and municipalities tell residents too.
alter table exchange.notice add column subject text;
grant insert on exchange.notice to tsunagi_office;

-- 台帳への連携: which version of a record a municipality is to receive. Its place is given when the
-- municipality asks, so that no place can appear behind one that was received.
create table exchange.vaccination_delivery (
    person uuid not null,
    vaccination uuid not null,
    version bigint not null,
    municipality text not null,
    -- 取下げ: from this version on the record is no line of the municipality's.
    is_withdrawn boolean not null,
    made_at timestamptz not null,
    place bigint check (place > 0),
    primary key (person, vaccination, version, municipality),
    foreign key (person, vaccination, version) references exchange.vaccination
);
create unique index vaccination_delivery_place on exchange.vaccination_delivery (municipality, place)
    where place is not null;
create index vaccination_delivery_fresh on exchange.vaccination_delivery (municipality, made_at)
    where place is null;
insert into exchange.vaccination_delivery (person, vaccination, version, municipality, is_withdrawn, made_at)
select c.person, c.vaccination, c.version, c.municipality, false, c.made_at
from exchange.vaccination_claim c
where c.refusal is null and not exists (
    select 1 from exchange.vaccination_claim n
    where n.person = c.person and n.vaccination = c.vaccination and n.version > c.version);
create function exchange.keep_place() returns trigger language plpgsql as $$
begin
    if old.place is not null or new.place is null or (to_jsonb(new) - 'place') <> (to_jsonb(old) - 'place') then
        raise exception 'a place is given once' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
create trigger vaccination_delivery_placed_once before update on exchange.vaccination_delivery
    for each row execute function exchange.keep_place();
grant select, insert, update (place) on exchange.vaccination_delivery to tsunagi_gateway;

-- 受領確認: up to which place each municipality has received.
create table exchange.vaccination_receipt (
    municipality text primary key,
    place bigint not null check (place >= 0),
    received_at timestamptz not null
);
grant select, insert, update on exchange.vaccination_receipt to tsunagi_gateway;

-- 接種証明カード: what was signed for whom, so that a card can be revoked: by the resident, or because a
-- record in it was corrected.
create table exchange.health_card (
    person uuid not null references exchange.person,
    -- The revocation id (rid) in the card; it says nothing of anyone.
    card text not null,
    -- The key (kid) that signed it.
    key text not null,
    records uuid[] not null,
    issued_at timestamptz not null,
    revoked_at timestamptz,
    primary key (person, card)
);
create index health_card_revoked on exchange.health_card (key, revoked_at) where revoked_at is not null;
grant select, insert on exchange.health_card to tsunagi_gateway;
grant update (revoked_at) on exchange.health_card to tsunagi_gateway;
insert into exchange.key_version (key, version, oldest) values ('health-card', 1, 1);

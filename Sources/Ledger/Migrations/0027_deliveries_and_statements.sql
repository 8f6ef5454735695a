-- 連携: what happened that a municipality or prefecture is to hear of, in every field, in one table. A row is
-- written with what it is about, by the triggers below and by nothing else; its place is given when the body asks,
-- so that no place can appear behind one that was received.
create table exchange.delivery (
    person uuid not null,
    field text not null check (field in ('subsidy', 'immunization', 'maternal', 'maternal-sensitive', 'claims')),
    -- The dose, the report, the bill; of an entitlement the registration it came with.
    record uuid not null,
    version bigint not null,
    body text not null,
    -- 取下げ: from this version on it is nothing of the body's.
    is_withdrawn boolean not null,
    made_at timestamptz not null,
    place bigint check (place > 0),
    primary key (person, field, record, version, body)
);
create unique index delivery_place on exchange.delivery (body, field, place) where place is not null;
create index delivery_fresh on exchange.delivery (body, field, made_at) where place is null;
create trigger delivery_placed_once before update on exchange.delivery
    for each row execute function exchange.keep_place();
create trigger delivery_kept before delete on exchange.delivery
    for each row execute function exchange.refuse_change();
create trigger delivery_whole before truncate on exchange.delivery execute function exchange.refuse_change();

-- 受領確認: up to which place each body has received.
create table exchange.delivery_receipt (
    body text not null,
    field text not null,
    place bigint not null check (place >= 0),
    received_at timestamptz not null,
    primary key (body, field)
);

grant select, update (place) on exchange.delivery to tsunagi_gateway;
grant select, insert, update on exchange.delivery_receipt to tsunagi_gateway;

insert into exchange.delivery (person, field, record, version, body, is_withdrawn, made_at, place)
select person, 'immunization', vaccination, version, municipality, is_withdrawn, made_at, place
from exchange.vaccination_delivery;
insert into exchange.delivery_receipt (body, field, place, received_at)
select municipality, 'immunization', place, received_at from exchange.vaccination_receipt;
drop table exchange.vaccination_delivery;
drop table exchange.vaccination_receipt;

-- Whoever holds a record of a resident now, and whoever held it until now and no longer does.
create function exchange.deliver(
    of_field text, persons uuid[], records uuid[], versions bigint[], bodies text[], times timestamptz[])
returns void language sql security definer set search_path = pg_catalog as $$
    with fresh as (
        select * from unnest(persons, records, versions, bodies, times)
            as f(person, record, version, body, made_at))
    insert into exchange.delivery (person, field, record, version, body, is_withdrawn, made_at)
    select person, of_field, record, version, body, false, made_at from fresh where body is not null
    union all
    select f.person, of_field, f.record, f.version, held.body, true, f.made_at
    from fresh f
    cross join lateral (
        select distinct on (d.body) d.body, d.is_withdrawn from exchange.delivery d
        where d.person = f.person and d.field = of_field and d.record = f.record
        order by d.body, d.version desc) held
    where f.version > 1 and not held.is_withdrawn and held.body is distinct from f.body;
$$;
revoke execute on function exchange.deliver(text, uuid[], uuid[], bigint[], text[], timestamptz[]) from public;

create function exchange.deliver_vaccinations() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
    perform exchange.deliver('immunization', array_agg(person), array_agg(vaccination), array_agg(version),
        array_agg(municipality), array_agg(made_at)) from fresh;
    return null;
end $$;
create trigger vaccination_claim_delivered after insert on exchange.vaccination_claim
    referencing new table as fresh for each statement execute function exchange.deliver_vaccinations();

create function exchange.deliver_checkups() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
    perform exchange.deliver(tg_argv[0], array_agg(person), array_agg(result), array_agg(version),
        array_agg(case when status <> 'entered-in-error' then municipality end), array_agg(recorded_at))
    from fresh;
    return null;
end $$;
create trigger checkup_result_delivered after insert on exchange.checkup_result
    referencing new table as fresh for each statement execute function exchange.deliver_checkups('maternal');
create trigger sensitive_checkup_result_delivered after insert on exchange.sensitive_checkup_result
    referencing new table as fresh for each statement
    execute function exchange.deliver_checkups('maternal-sensitive');

-- 会計: what was confirmed on a certificate of the body's, and what of that was voided. Reservations pass by.
create function exchange.deliver_bills() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
    insert into exchange.delivery (person, field, record, version, body, is_withdrawn, made_at)
    select f.person, 'claims', f.bill, f.version, f.body, f.status = 'voided', f.recorded_at
    from fresh f
    where f.status = 'confirmed' or (f.status = 'voided' and exists (
        select 1 from exchange.bill b
        where b.person = f.person and b.bill = f.bill and b.status = 'confirmed'));
    return null;
end $$;
create trigger bill_delivered after insert on exchange.bill
    referencing new table as fresh for each statement execute function exchange.deliver_bills();

-- 受給資格: what became of a body's entitlements that no row of its own said: a review that was settled, the end of
-- what a whole list no longer names, what another body's word brought about. A row it sent itself is told of in
-- the answer to its registration.
create function exchange.deliver_entitlements() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
    insert into exchange.delivery (person, field, record, version, body, is_withdrawn, made_at)
    select f.person, 'subsidy', f.task, f.version, f.body, f.is_deleted, f.known_at
    from fresh f join exchange.registration_task t on t.task = f.task
    where f.line is null or t.party not in ('municipality:' || f.body, 'prefecture:' || f.body);
    return null;
end $$;
create trigger entitlement_delivered after insert on exchange.entitlement
    referencing new table as fresh for each statement execute function exchange.deliver_entitlements();

-- What was there before: the newest version of each report, and what is confirmed.
insert into exchange.delivery (person, field, record, version, body, is_withdrawn, made_at)
select person, field, result, version, municipality, false, recorded_at
from (
    select distinct on (result) 'maternal' as field, r.* from exchange.checkup_result r order by result, version desc
) newest
where municipality is not null and status <> 'entered-in-error'
union all
select person, field, result, version, municipality, false, recorded_at
from (
    select distinct on (result) 'maternal-sensitive' as field, r.* from exchange.sensitive_checkup_result r
    order by result, version desc
) newest
where municipality is not null and status <> 'entered-in-error';
insert into exchange.delivery (person, field, record, version, body, is_withdrawn, made_at)
select person, 'claims', bill, version, body, false, recorded_at from exchange.bill b
where status = 'confirmed' and not exists (
    select 1 from exchange.bill later
    where later.person = b.person and later.bill = b.bill and later.version > b.version);

-- 突合の証明: what a body's rows were at a moment, as both sides can count and hash them. Signed notes stay; the tree
-- under them only as long as somebody may still compare with it.
create table exchange.holding_statement (
    statement uuid primary key,
    body text not null,
    field text not null check (field in ('subsidy', 'checkup-targets')),
    made_at timestamptz not null,
    depth bigint not null check (depth between 0 and 5),
    -- C2SP signed-note.
    note text not null,
    -- The tree from its root on, 32 bytes a node; nothing once a later one has taken its place.
    nodes bytea
);
-- Read in slices of sixteen branches.
alter table exchange.holding_statement alter column nodes set storage external;
create index holding_statement_newest on exchange.holding_statement (body, field, made_at desc);

-- The rows of a bucket by key: key, content, person and version, 88 bytes each.
create table exchange.statement_bucket (
    statement uuid not null references exchange.holding_statement,
    bucket bigint not null,
    rows bytea not null,
    primary key (statement, bucket)
);

create function exchange.keep_statement() returns trigger language plpgsql as $$
begin
    if new.nodes is not null or (to_jsonb(new) - 'nodes') <> (to_jsonb(old) - 'nodes') then
        raise exception 'a statement stays as it was signed' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
create trigger holding_statement_unchanged before update on exchange.holding_statement
    for each row execute function exchange.keep_statement();
create trigger holding_statement_kept before delete on exchange.holding_statement
    for each row execute function exchange.refuse_change();
create trigger holding_statement_whole before truncate on exchange.holding_statement
    execute function exchange.refuse_change();

grant select, insert, update (nodes) on exchange.holding_statement to tsunagi_office;
grant select, insert, delete on exchange.statement_bucket to tsunagi_office;

-- What a body holds now, page by page.
create index checkup_target_body on exchange.checkup_target (municipality, version);

insert into exchange.key_version (key, version, oldest) values ('statement', 1, 1);

-- 過去の接種歴の連携: doses of a municipality's own ledger go where the resident lives, with what they are about, as the
-- records of institutions do; and the municipality has them in its exports, in a line of their own (`own-doses`) that
-- nobody receives and nobody is rung for: it told them itself.
alter table exchange.delivery drop constraint delivery_field_check;
alter table exchange.delivery add constraint delivery_field_check check (field in ('subsidy',
    'immunization', 'maternal', 'maternal-sensitive', 'claims', 'checks', 'lapses', 'own-doses'));

-- Of which line a file is a stretch, where its type has two.
alter table exchange.bulk_file add column line text;

-- A record of an institution is a line where it is a claim; a dose that a municipality told is one where the
-- resident lives when it is told, and no claim. Whoever held it until then and lives elsewhere holds it no more.
create or replace function exchange.deliver_vaccinations() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
    -- Of institutions' claims, nearly all, nothing is looked up.
    if not exists (
        select 1 from fresh f
        join exchange.vaccination v
            on v.person = f.person and v.vaccination = f.vaccination and v.version = f.version
        where f.refusal is not null and v.party like 'municipality:%')
    then
        perform exchange.deliver('immunization', array_agg(person), array_agg(vaccination),
            array_agg(version), array_agg(case when refusal is null then municipality end),
            array_agg(made_at)) from fresh;
        return null;
    end if;
    perform exchange.deliver('own-doses', array_agg(f.person), array_agg(f.vaccination),
        array_agg(f.version),
        array_agg(case when v.status = 'completed' then split_part(v.party, ':', 2) end),
        array_agg(f.made_at))
    from fresh f
    join exchange.vaccination v
        on v.person = f.person and v.vaccination = f.vaccination and v.version = f.version
    where v.party like 'municipality:%';
    perform exchange.deliver('immunization', array_agg(f.person), array_agg(f.vaccination),
        array_agg(f.version),
        array_agg(case
            when f.refusal is null then f.municipality
            when v.party like 'municipality:%' and v.status = 'completed'
                and home.municipality <> '000000'
                and home.municipality <> split_part(v.party, ':', 2) then home.municipality
        end),
        array_agg(f.made_at))
    from fresh f
    join exchange.vaccination v
        on v.person = f.person and v.vaccination = f.vaccination and v.version = f.version
    left join exchange.record_merge m on m.person = f.person and m.parted_at is null
    left join lateral (
        select r.municipality from exchange.residence r
        where r.person = coalesce(m.survivor, f.person)
            and r.from_day <= (now() at time zone 'Asia/Tokyo')::date
        order by r.from_day desc, r.known_at desc, r.version desc limit 1) home on true;
    return null;
end $$;

-- 転入: in the commit of a move, what ledgers of other municipalities told of whoever moved in. What it held before, and
-- what was withdrawn from it since, it is not sent a second time.
create function exchange.deliver_told_doses() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
    insert into exchange.delivery (person, field, record, version, body, is_withdrawn, made_at)
    select v.person, 'immunization', v.vaccination, v.version, home.municipality, false, f.known_at
    from (select person, max(known_at) as known_at from fresh group by person) f
    cross join lateral (
        select r.municipality from exchange.residence r
        where r.person = f.person and r.from_day <= (now() at time zone 'Asia/Tokyo')::date
        order by r.from_day desc, r.known_at desc, r.version desc limit 1) home
    cross join lateral (
        select f.person as record
        union all
        select m.person from exchange.record_merge m
        where m.survivor = f.person and m.parted_at is null) one
    cross join lateral (
        select distinct on (d.vaccination) d.person, d.vaccination, d.version, d.party, d.status
        from exchange.vaccination d where d.person = one.record
        order by d.vaccination, d.version desc) v
    where v.party like 'municipality:%' and v.status = 'completed'
        and home.municipality <> '000000' and home.municipality <> split_part(v.party, ':', 2)
        -- 統合された記録: of the homes of an absorbed record nothing follows for itself.
        and not exists (
            select 1 from exchange.record_merge gone
            where gone.person = f.person and gone.parted_at is null)
    on conflict do nothing;
    return null;
end $$;
create trigger residence_doses_delivered after insert on exchange.residence
    referencing new table as fresh for each statement execute function exchange.deliver_told_doses();

-- What was told before.
with told as (
    select distinct on (v.vaccination) v.person, v.vaccination, v.version, v.status, v.recorded_at,
        split_part(v.party, ':', 2) as teller
    from exchange.vaccination v where v.party like 'municipality:%'
    order by v.vaccination, v.version desc)
insert into exchange.delivery (person, field, record, version, body, is_withdrawn, made_at)
select person, 'own-doses', vaccination, version, teller, false, recorded_at
from told where status = 'completed'
union all
select t.person, 'immunization', t.vaccination, t.version, home.municipality, false, t.recorded_at
from told t
left join exchange.record_merge m on m.person = t.person and m.parted_at is null
cross join lateral (
    select r.municipality from exchange.residence r
    where r.person = coalesce(m.survivor, t.person)
        and r.from_day <= (now() at time zone 'Asia/Tokyo')::date
    order by r.from_day desc, r.known_at desc, r.version desc limit 1) home
where t.status = 'completed' and home.municipality <> '000000' and home.municipality <> t.teller;

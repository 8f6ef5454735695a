-- 接種と回答のある記録の統合: doses, reactions, cards and answers stay under the record where they were recorded,
-- and are read for whoever that record is of now; so an undoing gives each record its own back, and moves
-- nothing. A correction is kept beside what it corrects: the two are one record.

-- 残す側: for whom a version was decided, where the record was merged then. So whoever looked the person up
-- before a merge or its undoing and writes after it is found by the row itself.
alter table exchange.vaccination add column survivor uuid;
alter table exchange.vaccine_reaction add column survivor uuid;
alter table exchange.screening_response add column survivor uuid;
alter table exchange.sensitive_screening_response add column survivor uuid;

create or replace function exchange.keep_off_absorbed() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
    perform pg_advisory_xact_lock_shared(number) from (
        select distinct exchange.merges_lock(f.person) as number from fresh f order by 1) locks;
    -- Each in a statement of its own: a table without such a column has none to name.
    if 'survivor' = any (tg_argv) then
        if exists (
            select 1 from fresh f
            left join exchange.record_merge m on m.person = f.person and m.parted_at is null
            where m.survivor is distinct from f.survivor or f.version = 1 and f.survivor is not null)
        then
            raise exception 'the record was merged or parted meanwhile'
                using errcode = 'serialization_failure';
        end if;
        -- The visit may be of a third record that was of the same person.
        if 'visit' = any (tg_argv) then
            if exists (
                select 1 from fresh f
                join exchange.visit v on v.visit = f.visit
                left join exchange.record_merge its on its.person = v.person and its.parted_at is null
                where coalesce(its.survivor, v.person) <> coalesce(f.survivor, f.person)
                    and exists (
                        select 1 from exchange.record_merge m
                        where m.person = v.person and m.survivor = coalesce(f.survivor, f.person)))
            then
                raise exception 'the records were parted meanwhile'
                    using errcode = 'serialization_failure';
            end if;
        end if;
    elsif exists (
        select 1 from fresh f join exchange.record_merge m on m.person = f.person and m.parted_at is null)
    then
        raise exception 'the record was merged meanwhile' using errcode = 'serialization_failure';
    end if;
    if 'visit' = any (tg_argv) then
        if exists (
            select 1 from fresh f
            join exchange.visit v on v.visit = f.visit and v.person <> f.person
            join exchange.record_merge m on m.person = v.person and m.survivor = f.person
            left join exchange.record_merge own on own.person = f.person and own.parted_at is null
            left join exchange.record_merge its on its.person = v.person and its.parted_at is null
            where coalesce(own.survivor, f.person) <> coalesce(its.survivor, v.person))
        then
            raise exception 'the records were parted meanwhile' using errcode = 'serialization_failure';
        end if;
    end if;
    return null;
end $$;
do $$
declare t text; told text;
begin
    foreach t in array array['vaccination', 'vaccine_reaction', 'screening_response',
        'sensitive_screening_response'] loop
        told := case when t like '%screening%' then '''survivor''' else '''visit'', ''survivor''' end;
        execute format('create or replace trigger %I after insert on exchange.%I '
            'referencing new table as fresh for each statement execute function exchange.keep_off_absorbed(%s)',
            t || '_off_absorbed', t, told);
    end loop;
end $$;

-- 統合の妨げ: as before, without what is read together from now on.
create or replace function exchange.in_the_way_of_merge(absorbed uuid, survivor uuid) returns text[]
language sql stable security definer set search_path = pg_catalog as $$
    select coalesce(array_agg(found.kind order by found.kind), '{}') from (
        select 'bills' as kind where exists (
            select 1 from exchange.cap_month where person = absorbed
            union all select 1 from exchange.bill where person = absorbed
            union all select 1 from exchange.refund_request where person = absorbed
            union all select 1 from exchange.refund_case where person = absorbed)
        union all
        select 'held' where exists (
            select 1 from exchange.maternal_notification where person = absorbed
            union all select 1 from exchange.checkup_ticket where person = absorbed
            union all select 1 from exchange.checkup_result where person = absorbed
            union all select 1 from exchange.sensitive_checkup_result where person = absorbed
            union all select 1 from exchange.follow_up where person = absorbed)
        union all
        select 'relations' where exists (
            select 1 from exchange.guardianship g
            where absorbed in (g.person, g.guardian)
                and coalesce(g.valid_to, 'infinity') >= (now() at time zone 'Asia/Tokyo')::date
                and not exists (
                    select 1 from exchange.guardianship later
                    where later.person = g.person and later.guardian = g.guardian
                        and later.municipality = g.municipality and later.kind = g.kind
                        and later.valid_from = g.valid_from and later.version > g.version)
            union all
            select 1 from exchange.custody_lost l where absorbed in (l.person, l.guardian)
            union all
            select 1 from exchange.delegation d
            where absorbed in (d.person, d.proxy) and d.ended_at is null
                and d.valid_to >= (now() at time zone 'Asia/Tokyo')::date)
        union all
        select 'emergency' where exists (
            select 1 from exchange.emergency_review where person = absorbed and answered_at is null)
        union all
        select 'under-review' where exists (
            select 1 from exchange.entitlement held
            where held.person in (absorbed, survivor) and held.is_under_review and not exists (
                select 1 from exchange.entitlement later
                where later.person = held.person and later.body = held.body
                    and later.certificate_type = held.certificate_type and later.sub_key = held.sub_key
                    and later.history_key = held.history_key and later.version > held.version))
    ) found
$$;

-- 統合した後の記録: as before. What the survivor is to be followed up for since may be asked by answers of the other.
create or replace function exchange.used_since_merge(of_merge uuid) returns boolean
language sql stable security definer set search_path = pg_catalog as $$
    select exists (
        select 1 from exchange.record_merge m
        cross join lateral (
            select 1 from exchange.bill b
            where b.person = m.survivor and b.recorded_at >= m.joined_at and b.status <> 'voided'
                and not exists (
                    select 1 from exchange.bill later
                    where later.person = b.person and later.bill = b.bill and later.version > b.version)
            union all
            select 1 from exchange.refund_request r where r.person = m.survivor and r.at >= m.joined_at
            union all
            select 1 from exchange.refund_case c
            where c.person = m.survivor and c.at >= m.joined_at and c.status = 'open' and not exists (
                select 1 from exchange.refund_case later
                where later.person = c.person and later.refund = c.refund and later.version > c.version)
            union all
            select 1 from exchange.vaccination v
            where v.person = m.survivor and v.recorded_at >= m.joined_at and v.status <> 'entered-in-error'
                and not exists (
                    select 1 from exchange.vaccination later
                    where later.person = v.person and later.vaccination = v.vaccination
                        and later.version > v.version)
            union all
            select 1 from exchange.vaccine_reaction v
            where v.person = m.survivor and v.recorded_at >= m.joined_at and v.stage <> 'withdrawn'
                and not exists (
                    select 1 from exchange.vaccine_reaction later
                    where later.person = v.person and later.reaction = v.reaction
                        and later.version > v.version)
            union all
            select 1 from exchange.health_card h
            where h.person = m.survivor and h.issued_at >= m.joined_at and h.revoked_at is null
            union all
            select 1 from exchange.screening_response s
            where s.person = m.survivor and s.saved_at >= m.joined_at
            union all
            select 1 from exchange.sensitive_screening_response s
            where s.person = m.survivor and s.saved_at >= m.joined_at
            union all
            select 1 from exchange.maternal_notification n
            where n.person = m.survivor and n.known_at >= m.joined_at
            union all
            select 1 from exchange.checkup_ticket t join exchange.registration_task k on k.task = t.task
            where t.person = m.survivor and k.received_at >= m.joined_at
            union all
            select 1 from exchange.checkup_result r
            where r.person = m.survivor and r.recorded_at >= m.joined_at and r.status <> 'entered-in-error'
                and not exists (
                    select 1 from exchange.checkup_result later
                    where later.person = r.person and later.result = r.result and later.version > r.version)
            union all
            select 1 from exchange.sensitive_checkup_result r
            where r.person = m.survivor and r.recorded_at >= m.joined_at and r.status <> 'entered-in-error'
                and not exists (
                    select 1 from exchange.sensitive_checkup_result later
                    where later.person = r.person and later.result = r.result and later.version > r.version)
            union all
            select 1 from exchange.follow_up f
            where f.person = m.survivor and f.made_at >= m.joined_at
            union all
            select 1 from exchange.guardianship g
            where m.survivor in (g.person, g.guardian) and g.known_at >= m.joined_at
                and coalesce(g.valid_to, 'infinity') >= (now() at time zone 'Asia/Tokyo')::date
                and not exists (
                    select 1 from exchange.guardianship later
                    where later.person = g.person and later.guardian = g.guardian
                        and later.municipality = g.municipality and later.kind = g.kind
                        and later.valid_from = g.valid_from and later.version > g.version)
            union all
            select 1 from exchange.delegation d
            where m.survivor in (d.person, d.proxy) and coalesce(d.accepted_at, d.made_at) >= m.joined_at
                and d.ended_at is null and d.valid_to >= (now() at time zone 'Asia/Tokyo')::date
            union all
            select 1 from exchange.emergency_review e
            where e.person = m.survivor and e.opened_at >= m.joined_at and e.answered_at is null) since
        where m.merge = of_merge)
$$;

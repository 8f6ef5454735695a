-- 会計のある記録の統合: bills, months, reservations and refunds stay under the record where they came, and are counted for
-- whoever that record is of now: a cap holds over all records of a person. An undoing gives each record its own back, and
-- moves nothing. What follows a bill is kept beside it.

-- 残す側: for whom a version was decided, where the record was merged then, as for doses. A case (償還払い) stands with the
-- bill that went over, its first version too.
alter table exchange.bill add column survivor uuid;
alter table exchange.refund_case add column survivor uuid;

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
            where m.survivor is distinct from f.survivor
                or f.version = 1 and f.survivor is not null and not 'of-bill' = any (tg_argv))
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
create or replace trigger bill_off_absorbed after insert on exchange.bill referencing new table as fresh
    for each statement execute function exchange.keep_off_absorbed('visit', 'survivor');
create or replace trigger refund_case_off_absorbed after insert on exchange.refund_case
    referencing new table as fresh for each statement
    execute function exchange.keep_off_absorbed('survivor', 'of-bill');

-- 最後に決めた時: a person has one cap of a month and one limit of a year, those that were decided by last under any of
-- the records. Nothing was decided yet where there is none.
alter table exchange.cap_month add column decided_at timestamptz;
update exchange.cap_month m set decided_at = b.at
from (
    select person, body, certificate_type, sub_key, month, max(recorded_at) as at from exchange.bill
    group by person, body, certificate_type, sub_key, month) b
where m.person = b.person and m.body = b.body and m.certificate_type = b.certificate_type
    and m.sub_key = b.sub_key and m.month = b.month;
update exchange.cap_month m set decided_at = greatest(m.decided_at, b.at)
from (
    select r.person, r.body, r.certificate_type, r.sub_key, r.month, max(a.answered_at) as at
    from exchange.refund_borne r
    join exchange.refund_answer a
        on a.person = r.person and a.refund = r.refund and a.decision = 'approved'
    group by r.person, r.body, r.certificate_type, r.sub_key, r.month) b
where m.person = b.person and m.body = b.body and m.certificate_type = b.certificate_type
    and m.sub_key = b.sub_key and m.month = b.month;
alter table exchange.cap_year add column decided_at timestamptz;
update exchange.cap_year y set decided_at = (
    select max(b.recorded_at) from exchange.bill b
    where b.person = y.person and b.month between y.first_month and y.last_month
        and b.status = 'confirmed' and b.limit_class is not null)
where y.yen is not null;
grant update (decided_at) on exchange.cap_month, exchange.cap_year to tsunagi_gateway;

-- 支払った額 of some months, of whoever these records are together: `CapBalance.paid` and what refunds left borne, as
-- `CapYearBook` adds it up.
create function exchange.paid_in_months(
    records uuid[], from_month date, to_month date, outpatient_only boolean) returns bigint
language sql stable set search_path = pg_catalog as $$
    select coalesce(sum(case when outpatient_only then greatest(0, t.paid - t.inpatient) else t.paid end), 0)
        ::bigint
    from (
        select w.at_counters - greatest(0, least(w.counted - coalesce(w.cap, w.counted), w.at_counters))
            + w.borne as paid, w.inpatient
        from (
            select sum(m.collected) - sum(m.passed_on) as at_counters,
                sum(m.collected) + sum(m.borne_collected) as counted, sum(m.borne_collected) as borne,
                sum(m.inpatient) + sum(m.borne_inpatient) as inpatient,
                (array_agg(m.cap order by m.decided_at desc nulls last, m.position desc))[1] as cap
            from exchange.cap_month m
            where m.person = any (records) and m.month between from_month and to_month
            group by m.body, m.certificate_type, m.sub_key, m.month) w) t
$$;

-- 償還払いの案件のうち、まだ残る額 of one year's limit.
create function exchange.open_above_year(records uuid[], from_month date, to_month date) returns bigint
language sql stable set search_path = pg_catalog as $$
    select coalesce(sum(r.yen), 0)::bigint from exchange.refund_case r
    where r.person = any (records) and r.month between from_month and to_month and r.above = 'year'
        and not exists (
            select 1 from exchange.refund_case later
            where later.person = r.person and later.refund = r.refund and later.version > r.version)
$$;

-- 統合による償還払い, of the cap of a month: what was confirmed under records that are one person's is above the cap
-- together, or is no more once they are two. No amount is changed: what is over is due back, of the bill that was
-- recorded last, and what is no longer over is taken off the newest case, as `RefundVersion.follow` does. Only months of
-- `touched`, the record that came or went.
create function exchange.follow_month_caps(
    whom uuid, records uuid[], touched uuid, at_time timestamptz) returns void
language plpgsql set search_path = pg_catalog as $$
declare
    held record;
    kept record;
    surplus bigint;
    less bigint;
begin
    for held in
        select t.body, t.certificate_type, t.sub_key, t.month, (t.unfilled + greatest(0,
            least(t.counted - coalesce(t.cap, t.counted), t.at_counters)))::bigint as due
        from (
            select m.body, m.certificate_type, m.sub_key, m.month, sum(m.paid_over) as unfilled,
                sum(m.collected) - sum(m.passed_on) as at_counters,
                sum(m.collected) + sum(m.borne_collected) as counted,
                (array_agg(m.cap order by m.decided_at desc nulls last, m.position desc))[1] as cap
            from exchange.cap_month m
            where m.person = any (records) and exists (
                select 1 from exchange.cap_month o
                where o.person = touched and o.body = m.body and o.certificate_type = m.certificate_type
                    and o.sub_key = m.sub_key and o.month = m.month
                    and (o.position > 0 or o.borne_collected > 0))
            group by m.body, m.certificate_type, m.sub_key, m.month) t
        order by t.body, t.certificate_type, t.sub_key, t.month
    loop
        select coalesce(sum(r.yen), 0) - held.due into surplus from exchange.refund_case r
        where r.person = any (records) and r.body = held.body and r.certificate_type = held.certificate_type
            and r.sub_key = held.sub_key and r.month = held.month and r.above = 'month'
            and not exists (
                select 1 from exchange.refund_case later
                where later.person = r.person and later.refund = r.refund and later.version > r.version);
        if surplus < 0 then
            insert into exchange.refund_case (person, body, certificate_type, sub_key, month, refund, version,
                bill, yen, status, at, above, survivor)
            select b.person, b.body, b.certificate_type, b.sub_key, b.month, gen_random_uuid(), 1, b.bill,
                -surplus, 'open', at_time, 'month', nullif(whom, b.person)
            from exchange.bill b
            where b.person = any (records) and b.body = held.body
                and b.certificate_type = held.certificate_type and b.sub_key = held.sub_key
                and b.month = held.month and b.status = 'confirmed' and not exists (
                    select 1 from exchange.bill later
                    where later.person = b.person and later.bill = b.bill and later.version > b.version)
            order by b.recorded_at desc, b.position desc limit 1;
        end if;
        for kept in
            select r.* from exchange.refund_case r
            where r.person = any (records) and r.body = held.body
                and r.certificate_type = held.certificate_type and r.sub_key = held.sub_key
                and r.month = held.month and r.above = 'month' and r.yen > 0 and not exists (
                    select 1 from exchange.refund_case later
                    where later.person = r.person and later.refund = r.refund
                        and later.version > r.version)
            order by r.at desc, r.refund desc
        loop
            exit when surplus <= 0;
            less := least(surplus, kept.yen);
            surplus := surplus - less;
            perform exchange.lower_refund(kept.person, kept.refund, less, nullif(whom, kept.person), at_time);
        end loop;
    end loop;
end $$;

-- The next version of a case, lower by so much.
create function exchange.lower_refund(
    of_person uuid, of_refund uuid, less bigint, of_survivor uuid, at_time timestamptz) returns void
language sql set search_path = pg_catalog as $$
    insert into exchange.refund_case (person, body, certificate_type, sub_key, month, refund, version, bill, yen,
        status, at, above, limit_yen, is_outpatient_only, survivor)
    select r.person, r.body, r.certificate_type, r.sub_key, r.month, r.refund, r.version + 1, r.bill,
        r.yen - less, case when r.yen > less then 'open' else 'withdrawn' end, at_time, r.above, r.limit_yen,
        r.is_outpatient_only, of_survivor
    from exchange.refund_case r
    where r.person = of_person and r.refund = of_refund
    order by r.version desc limit 1
$$;

-- The same above the limit of a year. A case is lowered to what is still above its own limit, the newest first, as
-- `RefundVersion.lower` does. What two records put over the limit that was decided by last, and neither of them alone, is
-- due back: nothing of what lay over it before, when a class was told anew.
create function exchange.follow_year_limits(
    whom uuid, records uuid[], touched uuid, at_time timestamptz) returns void
language plpgsql set search_path = pg_catalog as $$
declare
    held record;
    kept record;
    others uuid[] := array_remove(records, touched);
    is_joined boolean := cardinality(others) < cardinality(records) and cardinality(others) > 0;
    alone bigint;
    standing bigint;
    less bigint;
    more bigint;
begin
    for held in
        select y.first_month, max(y.last_month) as last_month,
            (array_agg(y.yen order by y.decided_at desc nulls last))[1] as yen,
            (array_agg(y.is_outpatient_only order by y.decided_at desc nulls last))[1] as outpatient_only
        from exchange.cap_year y
        where y.person = any (records) group by y.first_month order by y.first_month
    loop
        alone := greatest(0, exchange.paid_in_months(others, held.first_month, held.last_month,
                held.outpatient_only) - held.yen
                - exchange.open_above_year(others, held.first_month, held.last_month))
            + greatest(0, exchange.paid_in_months(array[touched], held.first_month, held.last_month,
                held.outpatient_only) - held.yen
                - exchange.open_above_year(array[touched], held.first_month, held.last_month));
        standing := exchange.open_above_year(records, held.first_month, held.last_month);
        for kept in
            select r.* from exchange.refund_case r
            where r.person = any (records) and r.month between held.first_month and held.last_month
                and r.above = 'year' and r.yen > 0 and not exists (
                    select 1 from exchange.refund_case later
                    where later.person = r.person and later.refund = r.refund
                        and later.version > r.version)
            order by r.at desc, r.refund desc
        loop
            -- Nothing where no limit is known.
            less := least(kept.yen, standing - greatest(0, exchange.paid_in_months(records, held.first_month,
                held.last_month, case when kept.limit_yen is null then held.outpatient_only
                    else kept.is_outpatient_only end) - coalesce(kept.limit_yen, held.yen)));
            standing := standing - kept.yen;
            if coalesce(kept.limit_yen, held.yen) is not null and less > 0 then
                perform exchange.lower_refund(kept.person, kept.refund, less, nullif(whom, kept.person),
                    at_time);
            end if;
        end loop;
        if is_joined and held.yen is not null then
            more := exchange.paid_in_months(records, held.first_month, held.last_month, held.outpatient_only)
                - held.yen - exchange.open_above_year(records, held.first_month, held.last_month) - alone;
            insert into exchange.refund_case (person, body, certificate_type, sub_key, month, refund, version,
                bill, yen, status, at, above, limit_yen, is_outpatient_only, survivor)
            select b.person, b.body, b.certificate_type, b.sub_key, b.month, gen_random_uuid(), 1, b.bill,
                more, 'open', at_time, 'year', held.yen, held.outpatient_only, nullif(whom, b.person)
            from exchange.bill b
            where more > 0 and b.person = any (records)
                and b.month between held.first_month and held.last_month and b.is_last
                and not (held.outpatient_only and b.is_inpatient) and b.status = 'confirmed'
                and not exists (
                    select 1 from exchange.bill later
                    where later.person = b.person and later.bill = b.bill and later.version > b.version)
            order by b.recorded_at desc, b.position desc limit 1;
        end if;
    end loop;
end $$;

-- Of a merge that was made or undone in this transaction, which has the records' lock of merges alone: whoever bills comes
-- before it or after it. Months first: what is due back above them was not paid in the year. What is billed and due is not
-- the office's to read.
create function exchange.follow_caps(of_merge uuid) returns void
language plpgsql security definer set search_path = pg_catalog as $$
declare
    it exchange.record_merge;
    at_time timestamptz;
    whom uuid;
    records uuid[];
begin
    select * into strict it from exchange.record_merge where merge = of_merge;
    at_time := coalesce(it.parted_at, it.joined_at);
    if it.parted_at is not null then
        -- What the merge put above a year, no record is above for it.
        perform exchange.lower_refund(c.person, c.refund, n.yen, null, at_time)
        from exchange.refund_case c
        cross join lateral (
            select r.yen from exchange.refund_case r
            where r.person = c.person and r.refund = c.refund order by r.version desc limit 1) n
        where c.version = 1 and c.above = 'year' and c.at = it.joined_at and n.yen > 0
            and c.person in (
                select it.survivor union all select it.person union all
                select m.person from exchange.record_merge m
                where m.survivor = it.survivor and m.parted_at is null);
    end if;
    foreach whom in array case when it.parted_at is null then array[it.survivor]
        else array[it.survivor, it.person] end
    loop
        records := array(select whom union all select m.person from exchange.record_merge m
            where m.survivor = whom and m.parted_at is null);
        perform exchange.follow_month_caps(whom, records, it.person, at_time);
        perform exchange.follow_year_limits(whom, records, it.person, at_time);
    end loop;
end $$;
revoke execute on function exchange.paid_in_months(uuid[], date, date, boolean),
    exchange.open_above_year(uuid[], date, date), exchange.follow_month_caps(uuid, uuid[], uuid, timestamptz),
    exchange.lower_refund(uuid, uuid, bigint, uuid, timestamptz),
    exchange.follow_year_limits(uuid, uuid[], uuid, timestamptz), exchange.follow_caps(uuid) from public;
grant execute on function exchange.follow_caps(uuid) to tsunagi_office;

-- 統合の妨げ: as before, without what is counted together from now on.
create or replace function exchange.in_the_way_of_merge(absorbed uuid, survivor uuid) returns text[]
language sql stable security definer set search_path = pg_catalog as $$
    select coalesce(array_agg(found.kind order by found.kind), '{}') from (
        select 'relations' as kind where exists (
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

-- 統合した後の記録: as before; but of a case that came of the merge only the body's answer is in the way, since what is over a
-- cap is reckoned anew for each of the two.
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
            join exchange.refund_answer a on a.person = c.person and a.refund = c.refund
            where c.person in (m.person, m.survivor) and c.version = 1 and c.at >= m.joined_at
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
            select 1 from exchange.follow_up_source s
            where s.person in (m.person, m.survivor) and s.asked_at >= m.joined_at
            union all
            select 1 from exchange.follow_up_handover h
            where h.person in (m.person, m.survivor) and h.handed_at >= m.joined_at
            union all
            select 1 from exchange.checkup_ticket_face f
            where f.person in (m.person, m.survivor) and f.known_at >= m.joined_at
            union all
            select 1 from exchange.checkup_ticket_event e
            where e.person in (m.person, m.survivor) and e.recorded_at >= m.joined_at
                and e.event in ('return', 'replace')
            union all
            -- A ticket of the absorbed record that a report of another holds.
            select 1 from exchange.checkup_ticket_event e
            where e.person = m.person and exchange.is_standing_use(e) and not exists (
                select 1 from exchange.checkup_result r where r.person = m.person and r.result = e.result)
            union all
            -- A ticket of another that a report of the absorbed record holds.
            select 1 from (
                select m.survivor as record union all
                select other.person from exchange.record_merge other
                where other.survivor = m.survivor and other.person <> m.person and other.parted_at is null) one
            join exchange.checkup_ticket_event e on e.person = one.record
            join exchange.checkup_result r on r.person = m.person and r.result = e.result
            where exchange.is_standing_use(e)
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

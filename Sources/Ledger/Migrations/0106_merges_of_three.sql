-- 三つ目の記録: what a merge made due stands with the bill that was recorded last, which may be of a third record of the same
-- person. Of an undoing, its case is lowered in the name of whoever that record is of still, and is in its way once it was
-- answered, as under the two.

-- As before, but for the name in which a case above a year is lowered.
create or replace function exchange.follow_caps(of_merge uuid) returns void
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
        perform exchange.lower_refund(c.person, c.refund, n.yen,
            case when c.person in (it.person, it.survivor) then null else it.survivor end, at_time)
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

-- 統合した後の記録: as before, but for the cases of any record of the person.
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
            where c.version = 1 and c.at >= m.joined_at and c.person in (
                select m.survivor union all select m.person union all
                select other.person from exchange.record_merge other
                where other.survivor = m.survivor and other.parted_at is null)
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

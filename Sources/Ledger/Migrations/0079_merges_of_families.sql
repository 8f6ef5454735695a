-- 健診・受診券・届出のある記録の統合: results, tickets, tasks and notifications of mothers and children stay under the
-- record where they were recorded, and are read for whoever that record is of now; so an undoing gives each record its
-- own back, and moves nothing. A correction is kept beside what it corrects.

-- 残す側: for whom a version was decided, where the record was merged then, as for doses.
alter table exchange.checkup_result add column survivor uuid;
alter table exchange.sensitive_checkup_result add column survivor uuid;
alter table exchange.maternal_notification add column survivor uuid;
create or replace trigger checkup_result_off_absorbed after insert on exchange.checkup_result
    referencing new table as fresh for each statement
    execute function exchange.keep_off_absorbed('visit', 'survivor');
create or replace trigger sensitive_checkup_result_off_absorbed after insert on exchange.sensitive_checkup_result
    referencing new table as fresh for each statement
    execute function exchange.keep_off_absorbed('visit', 'survivor');
-- Its versions are numbered through the table: which word is the first of its key says `corrects_own_key` below.
create or replace trigger maternal_notification_off_absorbed after insert on exchange.maternal_notification
    referencing new table as fresh for each statement execute function exchange.keep_off_absorbed('survivor');
-- What a municipality says for the first time of somebody is of the survivor, like everything new.
create function exchange.corrects_own_key() returns trigger language plpgsql as $$
begin
    if not exists (
        select 1 from exchange.maternal_notification before
        where before.person = new.person and before.municipality = new.municipality
            and before.notification_key = new.notification_key and before.version < new.version)
    then
        raise exception 'a first word under an absorbed record' using errcode = 'serialization_failure';
    end if;
    return null;
end $$;
create trigger maternal_notification_first_of_survivor after insert on exchange.maternal_notification
    for each row when (new.survivor is not null) execute function exchange.corrects_own_key();

-- 使用: the last word on a ticket is this use of it.
create function exchange.is_standing_use(e exchange.checkup_ticket_event) returns boolean
language sql stable security definer set search_path = pg_catalog as $$
    select e.event = 'use' and not exists (
        select 1 from exchange.checkup_ticket_event later
        where later.person = e.person and later.episode = e.episode and later.kind = e.kind
            and later.serial = e.serial and later.body = e.body and later.issue = e.issue
            and later.event in ('use', 'cancel') and later.sequence > e.sequence)
$$;
revoke execute on function exchange.is_standing_use(exchange.checkup_ticket_event) from public;

-- 統合の妨げ: as before, without what is read together from now on. Whether two pregnancies of the two records can be
-- told apart is a rule of the field, and is decided where the rules are.
create or replace function exchange.in_the_way_of_merge(absorbed uuid, survivor uuid) returns text[]
language sql stable security definer set search_path = pg_catalog as $$
    select coalesce(array_agg(found.kind order by found.kind), '{}') from (
        select 'bills' as kind where exists (
            select 1 from exchange.cap_month where person = absorbed
            union all select 1 from exchange.bill where person = absorbed
            union all select 1 from exchange.refund_request where person = absorbed
            union all select 1 from exchange.refund_case where person = absorbed)
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

-- 統合した後の記録: as before; and what ties the two together since. A word on a task or a ticket of the one may come
-- of what is the other's: undone, it would stand with the wrong one.
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

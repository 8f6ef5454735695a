-- 統合の鍵: merges wait in a lane of their own. What is recorded at a counter waits for a merge of the same records and
-- for nothing else: ordinary life events, of which a body holds thousands, are of another lane.
create function exchange.merges_lock(of_person uuid) returns bigint
language sql immutable strict set search_path = pg_catalog as $$
    select 7461770000 + ((get_byte(b, 6) & 3) * 256 + get_byte(b, 7)
        # (get_byte(b, 14) & 3) * 256 + get_byte(b, 15))
    from (select uuid_send(of_person) as b) bytes
$$;
create or replace function exchange.keep_off_absorbed() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
    perform pg_advisory_xact_lock_shared(number) from (
        select distinct exchange.merges_lock(f.person) as number from fresh f order by 1) locks;
    if exists (
        select 1 from fresh f join exchange.record_merge m on m.person = f.person and m.parted_at is null)
    then
        raise exception 'the record was merged meanwhile' using errcode = 'serialization_failure';
    end if;
    return null;
end $$;
create or replace function exchange.keep_other_off_absorbed() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
declare other uuid := case tg_table_name when 'guardianship' then to_jsonb(new) ->> 'guardian'
    else to_jsonb(new) ->> 'proxy' end;
begin
    if other is null then return null; end if;
    perform pg_advisory_xact_lock_shared(exchange.merges_lock(other));
    if exists (
        select 1 from exchange.record_merge m where m.person = other and m.parted_at is null) then
        raise exception 'the record was merged meanwhile' using errcode = 'serialization_failure';
    end if;
    return null;
end $$;
drop function exchange.moves_lock(uuid);

-- 統合の妨げ: as before; but answers and what is of mothers and children are one kind, sensitive or not: what two
-- officers are told is no word on what somebody confided.
create or replace function exchange.in_the_way_of_merge(absorbed uuid, survivor uuid) returns text[]
language sql stable security definer set search_path = pg_catalog as $$
    select coalesce(array_agg(found.kind order by found.kind), '{}') from (
        select 'bills' as kind where exists (
            select 1 from exchange.cap_month where person = absorbed
            union all select 1 from exchange.bill where person = absorbed
            union all select 1 from exchange.refund_request where person = absorbed
            union all select 1 from exchange.refund_case where person = absorbed)
        union all
        select 'doses' where exists (
            select 1 from exchange.vaccination where person = absorbed
            union all select 1 from exchange.vaccine_reaction where person = absorbed
            union all select 1 from exchange.health_card where person = absorbed)
        union all
        select 'held' where exists (
            select 1 from exchange.screening_response where person = absorbed
            union all select 1 from exchange.sensitive_screening_response where person = absorbed
            union all select 1 from exchange.maternal_notification where person = absorbed
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

-- 統合した後の記録: what was recorded of the survivor since, and stands. Of which of the two it was nobody can say any
-- more, so the merge is not undone over it. Months go with their bills, and follow-ups with what asked for them.
create function exchange.used_since_merge(of_merge uuid) returns boolean
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
revoke execute on function exchange.used_since_merge(uuid) from public;
grant execute on function exchange.used_since_merge(uuid) to tsunagi_office;
drop function exchange.bills_since_merge(uuid);

-- 統合が言った基本情報: it counts while the merge stands; undone, each body's own last word speaks again, or none does.
create or replace view exchange.withheld as
select said.person from exchange.identity said
where said.is_not_disclosed
    and (said.by_merge is null or exists (
        select 1 from exchange.record_merge s where s.merge = said.by_merge and s.parted_at is null))
    and not exists (
        select 1 from exchange.identity later
        where later.person = said.person and later.body = said.body and not later.is_under_review
            and later.version > said.version and (later.by_merge is null or exists (
                select 1 from exchange.record_merge s
                where s.merge = later.by_merge and s.parted_at is null)))
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
        and later.known_on > told.known_on)
union
select m.survivor from exchange.record_merge m
join exchange.life_event told on told.person = m.person
where m.parted_at is null and told.is_not_disclosed and not exists (
    select 1 from exchange.life_event later
    where later.municipality = told.municipality and later.known_on > told.known_on
        and (later.person = m.person or later.person = m.survivor and later.known_at > m.joined_at));

create or replace view exchange.relation as
select r.person, r.representative, r.ground, r.municipality, r.valid_from, r.valid_to, r.kinds,
    who.name, who.birth_date
from (
    select g.person, g.guardian as representative, g.kind as ground, g.municipality, g.valid_from,
        g.valid_to, null::text[] as kinds
    from exchange.guardianship g
    where not exists (
            select 1 from exchange.guardianship later
            where later.person = g.person and later.guardian = g.guardian
                and later.municipality = g.municipality and later.kind = g.kind
                and later.valid_from = g.valid_from and later.version > g.version)
        -- 親権喪失: any municipality's word on the pair takes away what every other says, until one says that it
        -- was given back.
        and not exists (
            select 1 from exchange.custody_lost lost
            where lost.person = g.person and lost.guardian = g.guardian)
    union all
    select d.person, d.proxy, 'proxy', null, (d.made_at at time zone 'Asia/Tokyo')::date, d.valid_to, d.kinds
    from exchange.delegation d where d.proxy is not null and d.ended_at is null
) r
left join lateral (
    select i.name, i.birth_date from exchange.identity i
    where i.person = r.person and not i.is_under_review and (i.by_merge is null or exists (
        select 1 from exchange.record_merge s where s.merge = i.by_merge and s.parted_at is null))
    order by i.version desc limit 1) who on true
where (now() at time zone 'Asia/Tokyo')::date between r.valid_from and coalesce(r.valid_to, 'infinity')
    and not exists (select 1 from exchange.withheld w where w.person = r.person);

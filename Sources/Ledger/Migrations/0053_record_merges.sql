-- 同一人の記録の統合: a record whose person is known under another one, too. Nothing is moved: whoever is asked for
-- by the absorbed record's number, key, card, visit or token is from now on the survivor. What the municipalities
-- told of the absorbed record's life is read together with the survivor's; what bodies say of it is said again of
-- the survivor, and taken back where it stood, in versions that name the merge. Undone, they are said where they
-- stood.
create table exchange.record_merge (
    merge uuid primary key,
    -- 統合される記録.
    person uuid not null references exchange.person,
    -- 残す記録.
    survivor uuid not null references exchange.person,
    municipality text not null,
    -- 異動通番 of the merge, and of its undoing.
    sequence text not null,
    task uuid not null references exchange.registration_task,
    joined_at timestamptz not null,
    parted_by text,
    parted_at timestamptz,
    constraint record_merge_of_two check (person <> survivor),
    constraint record_merge_parted_whole check ((parted_by is null) = (parted_at is null)),
    unique (municipality, sequence)
);
create unique index record_merge_standing on exchange.record_merge (person) where parted_at is null;
create index record_merge_survivor on exchange.record_merge (survivor) where parted_at is null;
create index record_merge_person on exchange.record_merge (person);
create function exchange.keep_record_merge() returns trigger language plpgsql as $$
begin
    if old.parted_at is not null
        or (to_jsonb(new) - array['parted_by', 'parted_at'])
            <> (to_jsonb(old) - array['parted_by', 'parted_at']) then
        raise exception 'a merge is undone once' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
create trigger record_merge_parted_once before update on exchange.record_merge
    for each row execute function exchange.keep_record_merge();
create trigger record_merge_kept before delete on exchange.record_merge
    for each row execute function exchange.refuse_change();
create trigger record_merge_whole before truncate on exchange.record_merge
    execute function exchange.refuse_change();
-- No chains: what was absorbed absorbs nothing, and what absorbed is absorbed by nothing. Whoever merges holds
-- the lock of both.
create function exchange.refuse_merge_chain() returns trigger language plpgsql as $$
begin
    if exists (
        select 1 from exchange.record_merge m
        where m.parted_at is null and (m.person = new.survivor or m.survivor = new.person)) then
        raise exception 'a merge of merges'
            using errcode = 'check_violation', constraint = 'record_merge_no_chain';
    end if;
    return new;
end $$;
create trigger record_merge_no_chain before insert on exchange.record_merge
    for each row when (new.parted_at is null) execute function exchange.refuse_merge_chain();
grant select on exchange.record_merge to tsunagi_gateway, tsunagi_office, tsunagi_reader;
grant insert, update (parted_by, parted_at) on exchange.record_merge to tsunagi_office;

-- Which events name this one: a merge may be undone before it is told of.
create index life_event_corrects on exchange.life_event (municipality, corrects)
    where corrects is not null;

-- 二人目を待つ申出: a merge, or its undoing, as one officer asked for it. Agreed, it never changes.
create table exchange.merge_proposal (
    municipality text not null,
    sequence text not null,
    -- Of everything the row says, and of whom.
    digest bytea not null check (octet_length(digest) = 32),
    operator text,
    certificate bytea,
    proposed_at timestamptz not null,
    lapses_at timestamptz not null,
    second_operator text,
    second_certificate bytea,
    agreed_at timestamptz,
    primary key (municipality, sequence, digest),
    constraint merge_proposal_term check (proposed_at < lapses_at),
    constraint merge_proposal_four_eyes check (agreed_at is null
        or (second_operator, second_certificate) is distinct from (operator, certificate))
);
create trigger merge_proposal_agreed_once before update on exchange.merge_proposal for each row
    when (old.agreed_at is not null) execute function exchange.refuse_change();
create trigger merge_proposal_kept before delete on exchange.merge_proposal
    for each row execute function exchange.refuse_change();
create trigger merge_proposal_whole before truncate on exchange.merge_proposal
    execute function exchange.refuse_change();
grant select, insert, update on exchange.merge_proposal to tsunagi_office;

-- A file that merges waits for a second person, however little else it changes.
alter table office.file add column has_merges boolean not null default false;

-- 統合による版: what a merge or its undoing said. Written in the merge's own transaction: no foreign key is needed,
-- which every row of a municipality's night would pay for.
alter table exchange.identity add column by_merge uuid;
alter table exchange.entitlement add column by_merge uuid;
alter table exchange.checkup_target add column by_merge uuid;
alter table exchange.vaccination_target add column by_merge uuid;
alter table exchange.block add column by_merge uuid;
create index identity_by_merge on exchange.identity (by_merge) where by_merge is not null;
create index entitlement_by_merge on exchange.entitlement (by_merge) where by_merge is not null;
create index checkup_target_by_merge on exchange.checkup_target (by_merge) where by_merge is not null;
create index vaccination_target_by_merge on exchange.vaccination_target (by_merge)
    where by_merge is not null;
grant select (by_merge) on exchange.checkup_target to tsunagi_gateway;
grant update (ends_at) on exchange.visit to tsunagi_office;

-- 医療機関の停止: which institutions a resident stopped is not the office's to read. What was set under either
-- record holds for both, as long as the merge stands.
create function exchange.join_blocks(of_merge uuid) returns void
language sql security definer set search_path = pg_catalog as $$
    insert into exchange.block (person, block, party, set_at, by_merge)
    select m.survivor, gen_random_uuid(), b.party, b.set_at, m.merge
    from exchange.record_merge m join exchange.block b on b.person = m.person and b.lifted_at is null
    where m.merge = of_merge and m.parted_at is null and not exists (
        select 1 from exchange.block s
        where s.person = m.survivor and s.party = b.party and s.lifted_at is null)
$$;
create function exchange.part_blocks(of_merge uuid) returns void
language sql security definer set search_path = pg_catalog as $$
    update exchange.block b set lifted_at = m.parted_at
    from exchange.record_merge m
    where m.merge = of_merge and m.parted_at is not null and b.person = m.survivor and b.by_merge = m.merge
        and b.lifted_at is null
$$;
revoke execute on function exchange.join_blocks(uuid), exchange.part_blocks(uuid) from public;
grant execute on function exchange.join_blocks(uuid), exchange.part_blocks(uuid) to tsunagi_office;

-- What a merge takes from the absorbed record was not lost, and what its undoing gives back was not either: the
-- person holds it. What an undoing takes from the survivor was.
create or replace function exchange.find_losses() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
    insert into exchange.loss (person, body, certificate_type, sub_key, payer_number, recipient_number,
        from_day, to_day, version, made_at)
    select f.person, f.body, f.certificate_type, f.sub_key, before.payer_number, before.recipient_number,
        days.from_day, days.to_day, f.version, f.known_at
    from fresh f
    cross join lateral (
        select e.payer_number, e.recipient_number, e.valid_from, e.valid_to, e.is_deleted
        from exchange.entitlement e
        -- Not `=`: a plan made while the table was small would go through every version of the body.
        where e.person = f.person and e.version < f.version and not e.is_under_review
            and row(e.body, e.certificate_type, e.sub_key, e.history_key)
                is not distinct from row(f.body, f.certificate_type, f.sub_key, f.history_key)
        order by e.version desc limit 1) before
    cross join lateral (
        select before.valid_from as from_day,
            case when f.is_deleted then before.valid_to else least(before.valid_to, f.valid_from - 1) end
                as to_day
        where not before.is_deleted
        union all
        select greatest(before.valid_from, f.valid_to + 1), before.valid_to
        where not before.is_deleted and not f.is_deleted
        union all
        select f.valid_from, f.valid_to
        where not f.is_deleted and exists (
            select 1 from exchange.loss l
            where l.person = f.person and l.body = f.body and l.certificate_type = f.certificate_type
                and l.sub_key = f.sub_key)) days
    where not f.is_under_review and days.from_day <= days.to_day
        and days.from_day <= (now() at time zone 'Asia/Tokyo')::date
        and (f.by_merge is null or not exists (
            select 1 from exchange.record_merge m where m.merge = f.by_merge and m.person = f.person));
    return null;
end $$;

-- The bodies said it themselves, of one and the same person.
create or replace function exchange.deliver_entitlements() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
    insert into exchange.delivery (person, field, record, version, body, is_withdrawn, made_at)
    select f.person, 'subsidy', f.task, f.version, f.body, f.is_deleted, f.known_at
    from fresh f join exchange.registration_task t on t.task = f.task
    where f.by_merge is null
        and (f.line is null or t.party not in ('municipality:' || f.body, 'prefecture:' || f.body));
    return null;
end $$;

-- 受付の今: of whom a visit is now. `record` is under whom it was opened.
create or replace view exchange.visit_now as
select coalesce(m.survivor, v.person) as person, v.visit, v.party, v.patient, v.kind, v.consents as agreed,
    case when b.block is not null then '{}'::text[]
        when v.withdrawn = '{}' then v.consents
        else array(select unnest(v.consents) except select unnest(v.withdrawn) order by 1)
    end as consents,
    v.confirmed_by, v.limited_to, v.card_valid_to, v.opened_at, v.ends_at, v.person as record
from exchange.visit v
left join exchange.record_merge m on m.person = v.person and m.parted_at is null
left join exchange.block b
    on b.person = coalesce(m.survivor, v.person) and b.party = v.party and b.lifted_at is null;

-- 支援措置: as before; and whom an event of an absorbed record protects, until the same municipality says otherwise
-- of the survivor, later and after the merge.
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
        and later.known_on > told.known_on)
union
select m.survivor from exchange.record_merge m
join exchange.life_event told on told.person = m.person
where m.parted_at is null and told.is_not_disclosed and not exists (
    select 1 from exchange.life_event later
    where later.municipality = told.municipality and later.known_on > told.known_on
        and (later.person = m.person or later.person = m.survivor and later.known_at > m.joined_at));

-- 統合の妨げ: what this release does not say again of another record, by kind; the officer is told what to do first.
create function exchange.in_the_way_of_merge(absorbed uuid, survivor uuid) returns text[]
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
        select 'questionnaires' where exists (
            select 1 from exchange.screening_response where person = absorbed
            union all select 1 from exchange.sensitive_screening_response where person = absorbed)
        union all
        select 'maternal' where exists (
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
revoke execute on function exchange.in_the_way_of_merge(uuid, uuid) from public;
grant execute on function exchange.in_the_way_of_merge(uuid, uuid) to tsunagi_office;

-- 統合した後の会計: bills that the survivor was given on certificates that came by the merge. The month they count in
-- would be cut in two.
create function exchange.bills_since_merge(of_merge uuid) returns boolean
language sql stable security definer set search_path = pg_catalog as $$
    select exists (
        select 1 from exchange.record_merge m
        join exchange.entitlement e on e.by_merge = m.merge and e.person = m.survivor
        join exchange.bill b on b.person = m.survivor and b.body = e.body
            and b.certificate_type = e.certificate_type and b.sub_key = e.sub_key
        where m.merge = of_merge and b.status <> 'voided' and b.recorded_at >= m.joined_at and not exists (
            select 1 from exchange.bill later
            where later.person = b.person and later.bill = b.bill and later.version > b.version))
$$;
revoke execute on function exchange.bills_since_merge(uuid) from public;
grant execute on function exchange.bills_since_merge(uuid) to tsunagi_office;

-- 統合とすれ違う書き込み: whoever looked the person up before a merge and writes after it writes under a record that
-- nobody reads any more. The table itself finds it: such a write waits for the merge, fails, and is made again
-- under the survivor. What was written before is what `in_the_way_of_merge` sees.
create function exchange.moves_lock(of_person uuid) returns bigint
language sql immutable strict set search_path = pg_catalog as $$
    select 7461760000 + ((get_byte(b, 6) & 3) * 256 + get_byte(b, 7)
        # (get_byte(b, 14) & 3) * 256 + get_byte(b, 15))
    from (select uuid_send(of_person) as b) bytes
$$;
create function exchange.keep_off_absorbed() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
    perform pg_advisory_xact_lock_shared(number) from (
        select distinct exchange.moves_lock(f.person) as number from fresh f order by 1) locks;
    if exists (
        select 1 from fresh f join exchange.record_merge m on m.person = f.person and m.parted_at is null)
    then
        raise exception 'the record was merged meanwhile' using errcode = 'serialization_failure';
    end if;
    return null;
end $$;
create function exchange.keep_other_off_absorbed() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
declare other uuid := case tg_table_name when 'guardianship' then to_jsonb(new) ->> 'guardian'
    else to_jsonb(new) ->> 'proxy' end;
begin
    if other is null then return null; end if;
    perform pg_advisory_xact_lock_shared(exchange.moves_lock(other));
    if exists (
        select 1 from exchange.record_merge m where m.person = other and m.parted_at is null) then
        raise exception 'the record was merged meanwhile' using errcode = 'serialization_failure';
    end if;
    return null;
end $$;
do $$
declare t text;
begin
    foreach t in array array['cap_month', 'bill', 'refund_request', 'refund_case', 'vaccination',
        'vaccine_reaction', 'health_card', 'screening_response', 'sensitive_screening_response',
        'maternal_notification', 'checkup_ticket', 'checkup_result', 'sensitive_checkup_result', 'follow_up',
        'guardianship', 'delegation', 'emergency_review', 'block'] loop
        execute format('create trigger %I after insert on exchange.%I referencing new table as fresh '
            'for each statement execute function exchange.keep_off_absorbed()',
            t || '_off_absorbed', t);
    end loop;
end $$;
create trigger guardianship_other_off_absorbed after insert on exchange.guardianship
    for each row execute function exchange.keep_other_off_absorbed();
create trigger delegation_other_off_absorbed after update of proxy on exchange.delegation
    for each row when (new.proxy is distinct from old.proxy)
    execute function exchange.keep_other_off_absorbed();

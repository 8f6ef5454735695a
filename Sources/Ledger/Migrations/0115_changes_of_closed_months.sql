-- 締めた月の変化: what was entered, corrected or taken back after a month was closed and speaks of a claim in it, whoever
-- wrote it. The tables themselves find it, so that no writer can forget it, and the month is judged again afterwards.
-- Nobody is named: of what it was, and how many claims it touches.
create table exchange.month_change (
    change bigint generated always as identity primary key,
    body text not null,
    month date not null check (extract(day from month) = 1),
    cause text not null check (cause in ('entitlement', 'vaccination', 'checkup', 'designation')),
    claims bigint not null check (claims > 0),
    made_at timestamptz not null default clock_timestamp(),
    settled_at timestamptz
);
create index month_change_of_month on exchange.month_change (body, month, made_at);
create index month_change_open on exchange.month_change (change) where settled_at is null;
create function exchange.keep_month_change() returns trigger language plpgsql as $$
begin
    if (to_jsonb(new) - 'settled_at') <> (to_jsonb(old) - 'settled_at') or old.settled_at is not null then
        raise exception 'a change of a closed month is looked into once' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
create trigger month_change_looked_into_once before update on exchange.month_change
    for each row execute function exchange.keep_month_change();
create trigger month_change_kept before delete on exchange.month_change
    for each row execute function exchange.refuse_change();
create trigger month_change_whole before truncate on exchange.month_change
    execute function exchange.refuse_change();
grant select, update (settled_at) on exchange.month_change to tsunagi_gateway;

-- 受給資格: a claim is touched on the days that a version gives or takes, and on all days of both where it changes what
-- the certificate says of amounts, institutions or its own number. A remark that is printed anew touches nothing. What
-- a face says is looked for as text: a face that is no JSON to the database must not stop its registration.
create function exchange.find_changes_of_entitlements() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
    if not exists (select 1 from exchange.claim_closing g where g.body in (select f.body from fresh f)) then
        return null;
    end if;
    insert into exchange.month_change (body, month, cause, claims)
    select t.body, t.month, 'entitlement', count(*)
    from (
        select distinct l.body, l.month, p.file, p.place
        from (
            select f.*, array[substring(f.face from '"incomeSegment":("[^"]*")'),
                substring(f.face from '"additionalConditions":("[^"]*")'),
                substring(f.face from '"maxCopaymentAmount":(\{[^}]*\})')] as terms
            from fresh f where not f.is_under_review and f.by_merge is null) f
        left join lateral (
            select e.*, array[substring(e.face from '"incomeSegment":("[^"]*")'),
                substring(e.face from '"additionalConditions":("[^"]*")'),
                substring(e.face from '"maxCopaymentAmount":(\{[^}]*\})')] as terms
            from exchange.entitlement e
            -- Not `=`: a plan made while the table was small would go through every version of the body.
            where e.person = f.person and e.version < f.version and not e.is_under_review
                and row(e.body, e.certificate_type, e.sub_key, e.history_key)
                    is not distinct from row(f.body, f.certificate_type, f.sub_key, f.history_key)
            order by e.version desc limit 1) before on true
        cross join lateral (
            select before.version is null or row(f.is_deleted, f.is_always_reimbursement, f.payer_number,
                    f.recipient_number, f.designated_institutions, f.terms)
                is distinct from row(before.is_deleted, before.is_always_reimbursement, before.payer_number,
                    before.recipient_number, before.designated_institutions, before.terms)
                as is_another) c
        cross join lateral (
            select least(f.valid_from, before.valid_from) as from_day,
                greatest(f.valid_to, before.valid_to) as to_day
            where c.is_another and not (f.is_deleted and coalesce(before.is_deleted, true))
            union all
            select least(f.valid_from, before.valid_from), greatest(f.valid_from, before.valid_from) - 1
            where not c.is_another and not f.is_deleted
            union all
            select least(f.valid_to, before.valid_to) + 1, greatest(f.valid_to, before.valid_to)
            where not c.is_another and not f.is_deleted) days
        cross join lateral (
            values (f.payer_number, f.recipient_number), (before.payer_number, before.recipient_number))
            as n (payer, recipient)
        join exchange.claim_part p on p.recipient = n.recipient
            and p.payer = case when n.payer ~ '^[0-9]{8}$' then n.payer::bigint end
            and p.service_month between date_trunc('month', days.from_day)::date and days.to_day
        join exchange.claim_file l on l.file = p.file and l.body = f.body
        where days.from_day <= days.to_day and exists (
            select 1 from exchange.claim_closing g where g.body = l.body and g.month = l.month)) t
    group by t.body, t.month;
    return null;
end $$;
create trigger entitlement_changes_found after insert on exchange.entitlement
    referencing new table as fresh for each statement execute function exchange.find_changes_of_entitlements();

-- 接種と健診の訂正: of the month that it was of, and of the one that it is of now. A correction that leaves day,
-- programme and price is no other claim. A first version corrects nothing, and costs its record nothing here.
create function exchange.find_changes_of_vaccinations() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
    insert into exchange.month_change (body, month, cause, claims)
    select g.body, g.month, 'vaccination', count(distinct f.vaccination)
    from (select new.*) f
    cross join lateral (
        select b.municipality, b.day, b.refusal, b.programme, b.unit_yen, b.copayment_yen
        from exchange.vaccination_claim b
        where b.person = f.person and b.vaccination = f.vaccination and b.version < f.version
        order by b.version desc limit 1) before
    cross join lateral (
        values (before.municipality, before.day, before.refusal), (f.municipality, f.day, f.refusal))
        as s (body, day, refusal)
    join exchange.claim_closing g on g.body = s.body and g.month = date_trunc('month', s.day)::date
        and g.closing = 1
    where s.refusal is null
        and row(f.municipality, f.day, f.refusal, f.programme, f.unit_yen, f.copayment_yen)
            is distinct from row(before.municipality, before.day, before.refusal, before.programme,
                before.unit_yen, before.copayment_yen)
    group by g.body, g.month;
    return null;
end $$;
create trigger vaccination_claim_changes_found after insert on exchange.vaccination_claim
    for each row when (new.version > 1) execute function exchange.find_changes_of_vaccinations();

create function exchange.find_changes_of_checkups() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
    insert into exchange.month_change (body, month, cause, claims)
    select g.body, g.month, 'checkup', count(distinct f.result)
    from (select new.*) f
    cross join lateral (
        select b.municipality, b.day, b.refusal, b.checkup, b.yen
        from exchange.checkup_line b
        where b.person = f.person and b.result = f.result and b.version < f.version
        order by b.version desc limit 1) before
    cross join lateral (values (before.municipality, before.day), (f.municipality, f.day)) as s (body, day)
    join exchange.claim_closing g on g.body = s.body and g.month = date_trunc('month', s.day)::date
        and g.closing = 1
    where row(f.municipality, f.day, f.refusal, f.checkup, f.yen)
        is distinct from row(before.municipality, before.day, before.refusal, before.checkup, before.yen)
    group by g.body, g.month;
    return null;
end $$;
create trigger checkup_line_changes_found after insert on exchange.checkup_line
    for each row when (new.version > 1) execute function exchange.find_changes_of_checkups();

-- 指定: what a closing sent back for want of one that was registered since, and what it accepted of an institution whose
-- designation is said to have begun later or to have ended before the month was over.
create function exchange.find_changes_of_designations() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
    insert into exchange.month_change (body, month, cause, claims)
    select v.body, v.month, 'designation', count(*)
    from (
        select distinct on (g.body, g.month) g.body, g.month, g.run
        from exchange.claim_closing g
        where g.body in (
            select split_part(d, ':', 1) from unnest(new.designations) d where d <> all (old.designations))
        order by g.body, g.month, g.closing desc) c
    join exchange.claim_verdict v on v.institution = new.code and v.month = c.month and v.body = c.body
        and v.run = c.run
    where v.standing <> 'accepted' and position('"NOT_DESIGNATED"' in v.told) > 0
        or v.standing = 'accepted' and exists (
            select 1 from unnest(new.designations) d
            where d <> all (old.designations) and split_part(d, ':', 1) = v.body
                and (split_part(d, ':', 3) <> ''
                    or nullif(split_part(d, ':', 4), '')::date < v.month + interval '1 month'))
    group by v.body, v.month;
    return null;
end $$;
create trigger party_changes_found after update of designations on exchange.party for each row
    when (old.designations is distinct from new.designations)
    execute function exchange.find_changes_of_designations();

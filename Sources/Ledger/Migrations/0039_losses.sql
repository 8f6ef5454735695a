-- 遡及の喪失: days in the past on which a certificate that answered no longer holds, whatever took them: a row, a
-- file, an event, a review. Found by the table itself, so that no writer can forget it; looked into afterwards,
-- once every check that may have read the row before has been answered.
create table exchange.loss (
    person uuid not null,
    loss bigint generated always as identity,
    body text not null,
    certificate_type text not null,
    sub_key text not null,
    payer_number text,
    recipient_number text,
    from_day date not null,
    to_day date not null,
    -- The version that took the days, or gave them back.
    version bigint not null,
    made_at timestamptz not null,
    seen_at timestamptz,
    told_at timestamptz,
    settled_at timestamptz,
    primary key (person, loss),
    constraint loss_days check (from_day <= to_day)
);
create index loss_open on exchange.loss (loss) where settled_at is null;
create function exchange.keep_loss() returns trigger language plpgsql as $$
begin
    if (to_jsonb(new) - array['seen_at', 'told_at', 'settled_at'])
        <> (to_jsonb(old) - array['seen_at', 'told_at', 'settled_at'])
        or old.seen_at <> new.seen_at or old.told_at <> new.told_at or old.settled_at is not null then
        raise exception 'a loss is looked into once' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
create trigger loss_looked_into_once before update on exchange.loss
    for each row execute function exchange.keep_loss();
create trigger loss_kept before delete on exchange.loss
    for each row execute function exchange.refuse_change();
create trigger loss_whole before truncate on exchange.loss execute function exchange.refuse_change();
grant select, update (seen_at, told_at, settled_at) on exchange.loss to tsunagi_gateway;

-- Days that a version takes from the one before it; and, of a certificate that lost days before, days that are given
-- back: whoever was told of the loss is told of that as well.
create function exchange.find_losses() returns trigger
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
        and days.from_day <= (now() at time zone 'Asia/Tokyo')::date;
    return null;
end $$;
create trigger entitlement_losses_found after insert on exchange.entitlement
    referencing new table as fresh for each statement execute function exchange.find_losses();

-- 資格の訂正の知らせ: to an institution, of a check whose answer is no longer so. The newest of a check and
-- certificate speaks.
create table exchange.check_notice (
    person uuid not null references exchange.person,
    notice uuid not null unique,
    check_entry uuid not null,
    visit uuid not null,
    party text not null,
    body text not null,
    certificate_type text not null,
    sub_key text not null,
    payer_number text,
    recipient_number text,
    service_day date not null,
    told text not null,
    outcome text not null,
    -- 終わった日・始まる日, where the outcome has one.
    outcome_day date,
    made_at timestamptz not null,
    version bigint generated always as identity,
    primary key (person, notice)
);
create trigger check_notice_unchanged before update or delete on exchange.check_notice
    for each row execute function exchange.refuse_change();
create trigger check_notice_kept before truncate on exchange.check_notice
    execute function exchange.refuse_change();
grant select, insert on exchange.check_notice to tsunagi_gateway;

-- An institution receives its notices as a body receives its lines.
alter table exchange.delivery drop constraint delivery_field_check;
alter table exchange.delivery add constraint delivery_field_check check (field in ('subsidy',
    'immunization', 'maternal', 'maternal-sensitive', 'claims', 'checks'));
create function exchange.deliver_check_notices() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
    insert into exchange.delivery (person, field, record, version, body, is_withdrawn, made_at)
    select person, 'checks', notice, version, split_part(party, ':', 2), false, made_at from fresh;
    return null;
end $$;
create trigger check_notice_delivered after insert on exchange.check_notice
    referencing new table as fresh for each statement execute function exchange.deliver_check_notices();

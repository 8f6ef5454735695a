-- 役所の閲覧・開示の延期・苦情・災害: the log as offices and auditors search it, entries held back from their
-- residents for a time, complaints, and visits without a card in a declared disaster.

-- 追従: how far whoever follows the sealed log has come. Positions below `next_position` are done. A lease
-- keeps two gateways from doing the same at once; it never protects.
create table log.follower (
    name text primary key,
    next_position bigint not null check (next_position >= 0),
    holder uuid,
    leased_until timestamptz
);
create function log.keep_follower() returns trigger language plpgsql as $$
begin
    if new.next_position < old.next_position or new.name <> old.name then
        raise exception 'a follower never goes back' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
create trigger follower_only_ahead before update on log.follower
    for each row execute function log.keep_follower();
insert into log.follower (name, next_position) values ('offices', 0), ('audit-feed', 0);

-- 役所の索引: which sealed entries concern a municipality: those of its own, and those about whoever lived
-- there on the day of the entry. Made behind the sealer, so that no entry waits for it.
create table log.office_entry (
    office text not null,
    position bigint not null,
    primary key (office, position)
);
create trigger office_entry_unchanged before update or delete on log.office_entry
    for each row execute function log.refuse_change();
create trigger office_entry_kept before truncate on log.office_entry execute function log.refuse_change();
-- Where in the log a day begins.
create index checkpoint_signed on log.checkpoint (signed_at, size);

grant select on log.follower, log.office_entry to tsunagi_gateway, tsunagi_sealer, tsunagi_reader;
grant update (next_position, holder, leased_until) on log.follower to tsunagi_gateway, tsunagi_sealer;
grant insert on log.office_entry to tsunagi_sealer;
grant select (person, version, municipality, from_day) on exchange.residence to tsunagi_sealer;
grant select (person, version, municipality, identity_key, known_at) on exchange.checkup_target to tsunagi_gateway;

-- 開示の延期: an entry that its resident reads only from `release_at` on. The entry itself, its place and
-- its count stay as they are. Given once and never made longer.
create table log.withholding (
    entry uuid primary key,
    person uuid not null,
    party text not null,
    -- A code of profiles/access/log.json, and where the decision is written.
    reason text not null,
    reference text not null,
    release_at timestamptz not null,
    -- The entry of the marking, which is held back with them.
    marked_by uuid not null,
    marked_at timestamptz not null default clock_timestamp(),
    constraint withholding_ahead check (release_at > marked_at)
);
create trigger withholding_unchanged before update or delete on log.withholding
    for each row execute function log.refuse_change();
create trigger withholding_kept before truncate on log.withholding execute function log.refuse_change();
grant select, insert on log.withholding to tsunagi_gateway;
grant select on log.withholding to tsunagi_reader;

-- 苦情: for which complaint an ombudsman reads a resident's list, and on what ground.
create table exchange.complaint (
    person uuid not null references exchange.person,
    party text not null references exchange.party,
    reference text not null,
    ground text not null check (ground in ('agreement', 'order')),
    ground_reference text not null,
    reason text not null,
    opened_at timestamptz not null,
    primary key (person, party, reference)
);
grant select, insert on exchange.complaint to tsunagi_gateway;

-- 医療機関の所在: in which municipality an institution stands, as the operator placed it.
create table exchange.institution_area (
    party text primary key references exchange.party,
    municipality text not null check (municipality ~ '^[0-9]{6}$'),
    placed_at timestamptz not null default clock_timestamp()
);
grant select on exchange.institution_area to tsunagi_gateway, tsunagi_reader;

-- 災害の宣言: proposed by one officer and in force once another one confirmed it.
create table exchange.disaster (
    disaster uuid primary key,
    party text not null references exchange.party,
    operator text not null,
    certificate bytea not null,
    areas text[] not null check (cardinality(areas) > 0),
    reason text not null,
    begins_at timestamptz not null,
    ends_at timestamptz not null,
    proposed_at timestamptz not null,
    confirmed_party text references exchange.party,
    confirmed_operator text,
    confirmed_certificate bytea,
    confirmed_at timestamptz,
    ended_party text,
    ended_operator text,
    ended_at timestamptz,
    constraint disaster_term check (begins_at < ends_at),
    constraint disaster_confirmed_whole check (
        num_nulls(confirmed_party, confirmed_operator, confirmed_certificate, confirmed_at) in (0, 4)),
    constraint disaster_four_eyes check (
        confirmed_at is null or (confirmed_certificate <> certificate
            and (confirmed_party, confirmed_operator) is distinct from (party, operator)))
);
create index disaster_standing on exchange.disaster (ends_at) where ended_at is null;
create function exchange.keep_disaster() returns trigger language plpgsql as $$
begin
    if (to_jsonb(new) - array['confirmed_party', 'confirmed_operator', 'confirmed_certificate', 'confirmed_at',
            'ended_party', 'ended_operator', 'ended_at'])
        <> (to_jsonb(old) - array['confirmed_party', 'confirmed_operator', 'confirmed_certificate', 'confirmed_at',
            'ended_party', 'ended_operator', 'ended_at'])
        or old.ended_at is not null
        or (old.confirmed_at is not null and (old.confirmed_party, old.confirmed_operator,
            old.confirmed_certificate, old.confirmed_at) is distinct from (new.confirmed_party,
            new.confirmed_operator, new.confirmed_certificate, new.confirmed_at)) then
        raise exception 'a declaration is confirmed once and ended once' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
create trigger disaster_settled_once before update on exchange.disaster
    for each row execute function exchange.keep_disaster();
create trigger disaster_kept before delete on exchange.disaster
    for each row execute function exchange.refuse_change();
grant select, insert on exchange.disaster to tsunagi_gateway;
grant update (confirmed_party, confirmed_operator, confirmed_certificate, confirmed_at, ended_party,
    ended_operator, ended_at) on exchange.disaster to tsunagi_gateway;

-- 災害時の受付: found by name, birth date and sex.
alter table exchange.visit drop constraint visit_confirmed_by_check;
alter table exchange.visit add constraint visit_confirmed_by_check
    check (confirmed_by in ('card', 'paper', 'declaration'));
create index identity_birth on exchange.identity (birth_date, sex);
create table exchange.emergency_try (
    party text primary key,
    tries timestamptz[] not null
);
grant select, insert, update on exchange.emergency_try to tsunagi_gateway;

-- 事後の確認: each visit opened without a card, until the municipality said whether it was justified.
create table exchange.emergency_review (
    person uuid not null references exchange.person,
    visit uuid not null unique,
    municipality text not null,
    disaster uuid not null references exchange.disaster,
    party text not null,
    operator text not null,
    reason text not null,
    opened_at timestamptz not null,
    due_at timestamptz not null,
    verdict text check (verdict in ('justified', 'not-justified')),
    word text,
    answered_by text,
    answered_at timestamptz,
    primary key (person, visit),
    constraint emergency_review_whole check (num_nulls(verdict, word, answered_by, answered_at) in (0, 4))
);
create index emergency_review_open on exchange.emergency_review (municipality, due_at)
    where answered_at is null;
create function exchange.keep_review() returns trigger language plpgsql as $$
begin
    if old.answered_at is not null
        or (to_jsonb(new) - array['verdict', 'word', 'answered_by', 'answered_at'])
            <> (to_jsonb(old) - array['verdict', 'word', 'answered_by', 'answered_at']) then
        raise exception 'a review is answered once' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
create trigger emergency_review_answered_once before update on exchange.emergency_review
    for each row execute function exchange.keep_review();
create trigger emergency_review_kept before delete on exchange.emergency_review
    for each row execute function exchange.refuse_change();
grant select, insert on exchange.emergency_review to tsunagi_gateway;
grant update (verdict, word, answered_by, answered_at) on exchange.emergency_review to tsunagi_gateway;

-- Cards, residence, visits, resident tokens. Every resident table leads its key with the person.

-- 利用者証明用電子証明書と人物の結び付き: a keyed hash of (issuer, serial); the certificate itself names nobody.
create table exchange.card_binding (
    person uuid not null references exchange.person,
    card_hash bytea not null check (octet_length(card_hash) = 32),
    valid_from timestamptz not null,
    valid_to timestamptz not null,
    superseded_by bytea,
    revoked_at timestamptz,
    known_at timestamptz not null default clock_timestamp(),
    primary key (person, card_hash)
);
create unique index card_binding_card on exchange.card_binding (card_hash);

-- 住所地: the municipality from a day until the next one; `000000` is none (moved abroad).
create table exchange.residence (
    person uuid not null references exchange.person,
    version bigint generated always as identity,
    municipality text not null,
    prefecture text not null,
    from_day date not null,
    known_at timestamptz not null default clock_timestamp(),
    primary key (person, version)
);

-- 受付: what the resident agreed to now, for this institution, until `ends_at`.
create table exchange.visit (
    person uuid not null references exchange.person,
    visit uuid not null,
    -- Its standing is read in the same transaction; the registry never deletes.
    party text not null,
    patient text not null,
    kind text not null,
    consents text[] not null,
    confirmed_by text not null check (confirmed_by in ('card', 'paper')),
    -- 紙の受給者証による受付: answers on this certificate alone.
    limited_to bigint,
    card_valid_to date,
    opened_at timestamptz not null,
    ends_at timestamptz not null,
    nonce text,
    request_digest bytea,
    primary key (person, visit),
    constraint visit_paper_limited check ((confirmed_by = 'paper') = (limited_to is not null))
);
create unique index visit_id on exchange.visit (visit);
create unique index visit_nonce on exchange.visit (nonce) where nonce is not null;
create index visit_patient on exchange.visit (party, patient, ends_at);
-- The few that wait for a card to confirm them.
create index visit_paper on exchange.visit (person, party) where confirmed_by = 'paper';

-- The text that was signed can be rebuilt; these are the signature and the certificate that made
-- it.
create table exchange.visit_evidence (
    person uuid not null,
    visit uuid not null,
    text bytea not null,
    signature bytea not null,
    certificate bytea not null,
    -- Written in the visit's own transaction, and neither is ever deleted: no foreign key is needed to keep them together.
    primary key (person, visit)
);

create table exchange.resident_token (
    person uuid not null references exchange.person,
    token_hash bytea not null,
    party text not null references exchange.party,
    certificate_hash bytea not null,
    nonce text not null unique,
    issued_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    primary key (person, token_hash)
);
create unique index resident_token_hash on exchange.resident_token (token_hash);

-- お知らせ: what the resident should hear of.
create table exchange.notice (
    person uuid not null references exchange.person,
    notice uuid not null,
    kind text not null,
    party text not null,
    visit uuid,
    at timestamptz not null default clock_timestamp(),
    primary key (person, notice)
);

grant select on exchange.card_binding, exchange.residence to tsunagi_gateway, tsunagi_office;
grant insert on exchange.card_binding, exchange.residence to tsunagi_office;
grant update (superseded_by, revoked_at, valid_to) on exchange.card_binding to tsunagi_office;
grant select, insert on exchange.visit, exchange.visit_evidence, exchange.resident_token, exchange.notice to tsunagi_gateway;
grant update (revoked_at) on exchange.resident_token to tsunagi_gateway;
-- The resident ends a visit.
grant update (ends_at) on exchange.visit to tsunagi_gateway;
grant select on exchange.visit to tsunagi_office;

-- 後から確認: a paper visit, and the card visit at the same institution that later confirmed the person.
create table exchange.visit_confirmation (
    person uuid not null,
    visit uuid not null,
    confirmed_by uuid not null,
    primary key (person, visit)
);
grant select, insert on exchange.visit_confirmation to tsunagi_gateway;
-- How often a party tried a paper certificate in the last hour.
create index access_entry_paper on log.access_entry (party, at) where purpose = 'open-paper-visit';

-- A visit ends earlier or not at all: nobody can make it longer.
create function exchange.keep_visit_short() returns trigger language plpgsql as $$
begin
    if new.ends_at > old.ends_at then
        raise exception 'a visit is never prolonged' using errcode = 'check_violation';
    end if;
    return new;
end $$;
create trigger visit_only_shorter before update on exchange.visit
    for each row execute function exchange.keep_visit_short();

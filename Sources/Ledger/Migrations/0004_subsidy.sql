-- 医療費助成: entitlements as municipalities register them. Bitemporal by versions: valid time in the
-- row, known time by the row; a version is never changed, a later one takes its place.

create table exchange.registration_task (
    task uuid primary key,
    party text not null references exchange.party,
    field text not null,
    idempotency_key text not null,
    body_digest bytea not null,
    received_at timestamptz not null default clock_timestamp(),
    rows bigint not null,
    rows_applied bigint not null,
    rows_unchanged bigint not null,
    rows_under_review bigint not null,
    rows_refused bigint not null,
    unique (party, field, idempotency_key)
);
-- Only rows that have something to say: a row without one was applied.
create table exchange.registration_result (
    task uuid not null references exchange.registration_task,
    line bigint not null,
    outcome text not null,
    findings jsonb not null,
    primary key (task, line)
);

-- 基本情報: what each body says of the person; a new version only when something differs.
create table exchange.identity (
    person uuid not null references exchange.person,
    version bigint generated always as identity,
    body text not null,
    name text not null,
    name_kana text,
    address text,
    birth_date text not null,
    sex text not null,
    is_not_disclosed boolean not null,
    is_under_review boolean not null,
    known_at timestamptz not null default clock_timestamp(),
    primary key (person, version)
);

create table exchange.entitlement (
    person uuid not null references exchange.person,
    version bigint generated always as identity,
    body text not null,
    certificate_type text not null,
    sub_key text not null,
    history_key text not null,
    consent_kind text not null,
    valid_from date not null,
    valid_to date not null,
    is_deleted boolean not null,
    is_under_review boolean not null,
    is_always_reimbursement boolean not null,
    payer_number text,
    recipient_number text,
    birth_date text not null,
    certification_name text not null,
    designated_institutions text,
    face text not null,
    face_digest bytea not null,
    task uuid not null references exchange.registration_task,
    known_at timestamptz not null default clock_timestamp(),
    primary key (person, version)
);
-- The paper-certificate visit finds a certificate by what is printed on it.
create index entitlement_paper on exchange.entitlement (recipient_number, payer_number)
    where recipient_number is not null;

grant select on exchange.identity, exchange.entitlement to tsunagi_gateway, tsunagi_office;
grant insert on exchange.identity, exchange.entitlement to tsunagi_office;
grant select, insert on exchange.registration_task, exchange.registration_result to tsunagi_office;

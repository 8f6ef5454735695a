-- 一括の受領: what a municipality asked for as a whole (FHIR Bulk Data Access). Only which lines are in which
-- file is kept, and never what is in them: a file is read, and every resident in it entered, when it is fetched.
create table exchange.bulk_export (
    export uuid primary key,
    -- The six digits of the municipality.
    body text not null,
    types text[] not null check (cardinality(types) > 0),
    since timestamptz,
    asked_at timestamptz not null,
    ends_at timestamptz not null,
    ready_at timestamptz,
    deleted_at timestamptz,
    constraint bulk_export_term check (asked_at < ends_at)
);
create index bulk_export_standing on exchange.bulk_export (body, ends_at) where deleted_at is null;
create index bulk_export_asked on exchange.bulk_export (asked_at)
    where ready_at is null and deleted_at is null;

-- A file is a stretch of the body's line of a field; of residents, whoever they are.
create table exchange.bulk_file (
    export uuid not null references exchange.bulk_export,
    type text not null,
    number integer not null check (number > 0),
    count integer not null check (count > 0),
    first bigint,
    last bigint,
    persons uuid[],
    primary key (export, type, number),
    constraint bulk_file_stretch check (
        (persons is null) = (first is not null) and (first is null) = (last is null))
);
grant select, insert, update (ready_at, deleted_at) on exchange.bulk_export to tsunagi_gateway;
grant select, insert, delete on exchange.bulk_file to tsunagi_gateway;
grant select on exchange.bulk_export to tsunagi_reader;

-- 予防接種: what institutions recorded, and what each record is to the municipality. Versions only: a
-- correction is a new row, and nobody changes or takes away one.

create table exchange.vaccination (
    person uuid not null references exchange.person,
    vaccination uuid not null,
    version bigint not null check (version > 0),
    party text not null,
    -- 識別子: the institution's own number of the record, within a system of its own.
    identifier_system text not null,
    identifier text not null,
    status text not null check (status in ('completed', 'not-done', 'entered-in-error')),
    -- Our code, where anybody knew which vaccine was meant.
    vaccine text,
    day date,
    -- The record as it was read, naming neither person nor visit.
    face text not null,
    visit uuid not null,
    recorded_at timestamptz not null,
    primary key (person, vaccination, version)
);
create unique index vaccination_version on exchange.vaccination (vaccination, version);
-- The same record sent at once makes one; two corrections of one version make one.
create unique index vaccination_identifier
    on exchange.vaccination (party, identifier_system, identifier, version);

-- 予防接種台帳と請求: one line for each version of a record; that of the newest speaks. Money in yen.
create table exchange.vaccination_claim (
    person uuid not null,
    vaccination uuid not null,
    version bigint not null,
    -- Why the record is no claim; without one, the columns below say what it is.
    refusal text,
    municipality text,
    programme text,
    vaccine text,
    dose_number bigint,
    day date,
    lot_number text,
    quantity text,
    quantity_code text,
    is_out_of_area boolean,
    remarks text[],
    -- 委託単価: nothing where the municipality agreed on none, and the line waits for one.
    unit_yen bigint,
    copayment_yen bigint check (copayment_yen between 0 and unit_yen),
    price_source text,
    -- The rules it was decided by.
    rules text not null,
    made_at timestamptz not null,
    primary key (person, vaccination, version),
    foreign key (person, vaccination, version) references exchange.vaccination,
    constraint vaccination_claim_whole check (
        num_nulls(municipality, programme, vaccine, day, lot_number, quantity, quantity_code,
            is_out_of_area, remarks) = case when refusal is null then 0 else 9 end
        and num_nulls(unit_yen, copayment_yen, price_source) in (0, 3)
        and (refusal is null or unit_yen is null))
);
create index vaccination_claim_municipality on exchange.vaccination_claim (municipality, day)
    where refusal is null;

create function exchange.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'a version is never changed, a later one takes its place'
        using errcode = 'insufficient_privilege';
end $$;
create trigger vaccination_unchanged before update or delete on exchange.vaccination
    for each row execute function exchange.refuse_change();
create trigger vaccination_kept before truncate on exchange.vaccination
    execute function exchange.refuse_change();
create trigger vaccination_claim_unchanged before update or delete on exchange.vaccination_claim
    for each row execute function exchange.refuse_change();
create trigger vaccination_claim_kept before truncate on exchange.vaccination_claim
    execute function exchange.refuse_change();

grant select, insert on exchange.vaccination, exchange.vaccination_claim to tsunagi_gateway;

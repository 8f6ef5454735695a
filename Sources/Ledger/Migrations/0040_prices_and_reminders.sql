-- 予防接種の委託単価: what a municipality says a dose costs, and what of it the resident keeps, in yen. The latest
-- version of a schedule, vaccine and first day speaks; a claim keeps the price that it was made with.
create table exchange.vaccination_price (
    municipality text not null,
    version bigint generated always as identity,
    programme text not null,
    -- Nothing stands for any vaccine that the schedule gives.
    vaccine text not null,
    valid_from date not null,
    valid_to date check (valid_to >= valid_from),
    -- Neither where the price was taken back.
    unit_yen bigint check (unit_yen > 0),
    copayment_yen bigint check (copayment_yen between 0 and unit_yen),
    task uuid not null references exchange.registration_task,
    known_at timestamptz not null default clock_timestamp(),
    primary key (municipality, version),
    constraint vaccination_price_whole check (
        num_nulls(unit_yen, copayment_yen) in (0, 2) and (unit_yen is not null or valid_to is null))
);
create index vaccination_price_newest
    on exchange.vaccination_price (municipality, programme, vaccine, valid_from, version desc);
create trigger vaccination_price_unchanged before update or delete on exchange.vaccination_price
    for each row execute function exchange.refuse_change();
create trigger vaccination_price_kept before truncate on exchange.vaccination_price
    execute function exchange.refuse_change();
grant select, insert on exchange.vaccination_price to tsunagi_office;
grant select on exchange.vaccination_price to tsunagi_gateway;

-- 再勧奨: that a family was reminded of a vaccination; once a day at most.
create table exchange.vaccination_reminder (
    person uuid not null references exchange.person,
    programme text not null,
    municipality text not null,
    day date not null,
    reminded_at timestamptz not null default clock_timestamp(),
    primary key (person, programme, municipality, day)
);
create trigger vaccination_reminder_unchanged before update or delete on exchange.vaccination_reminder
    for each row execute function exchange.refuse_change();
create trigger vaccination_reminder_kept before truncate on exchange.vaccination_reminder
    execute function exchange.refuse_change();
grant select, insert on exchange.vaccination_reminder to tsunagi_gateway;

-- 副反応疑いの報告: versions, like every record. A municipality's reports have places in the order in which they
-- were committed: the place is taken under a lock of the municipality's own, held until the commit.
create table exchange.vaccine_reaction (
    person uuid not null references exchange.person,
    reaction uuid not null,
    version bigint not null check (version > 0),
    party text not null,
    -- 識別子: the institution's own number of the report, within a system of its own.
    identifier_system text not null,
    identifier text not null,
    stage text not null check (stage in ('initial', 'follow-up', 'withdrawn')),
    -- The report as it was read, naming neither person nor visit.
    face text not null,
    -- 報告の要否, by these rules.
    standing text not null,
    rules text not null,
    -- 最初の報告の接種日の住所地, which also receives what follows.
    municipality text,
    place bigint check (place > 0),
    visit uuid not null,
    recorded_at timestamptz not null,
    primary key (person, reaction, version),
    constraint vaccine_reaction_placed check ((municipality is null) = (place is null))
);
create unique index vaccine_reaction_version on exchange.vaccine_reaction (reaction, version);
create unique index vaccine_reaction_identifier
    on exchange.vaccine_reaction (party, identifier_system, identifier, version);
create unique index vaccine_reaction_place on exchange.vaccine_reaction (municipality, place)
    where municipality is not null;
create trigger vaccine_reaction_unchanged before update or delete on exchange.vaccine_reaction
    for each row execute function exchange.refuse_change();
create trigger vaccine_reaction_kept before truncate on exchange.vaccine_reaction
    execute function exchange.refuse_change();
grant select, insert on exchange.vaccine_reaction to tsunagi_gateway;

-- 接種率の集計: a month is counted once and stays as it was counted. A count is of people, and names none; what is
-- told of it is rounded and withheld by the rules.
create table exchange.coverage_month (
    month date primary key check (extract(day from month) = 1),
    counted_at timestamptz not null
);
create table exchange.coverage_count (
    month date not null references exchange.coverage_month,
    -- Nothing stands for the nation.
    municipality text not null,
    -- 生年度.
    cohort bigint not null,
    programme text not null,
    -- 何回目; 0 where the records do not say.
    dose bigint not null,
    population bigint not null,
    vaccinated bigint not null,
    primary key (month, municipality, programme, dose, cohort),
    constraint coverage_count_within check (vaccinated between 1 and population)
);
create trigger coverage_month_unchanged before update or delete on exchange.coverage_month
    for each row execute function exchange.refuse_change();
create trigger coverage_count_unchanged before update or delete on exchange.coverage_count
    for each row execute function exchange.refuse_change();
grant select, insert on exchange.coverage_month, exchange.coverage_count to tsunagi_office;
-- What a count is made of, and no record.
grant select (person, vaccination, version, refusal, programme, dose_number, day)
    on exchange.vaccination_claim to tsunagi_office;

-- 母子保健: what municipalities say of pregnancies and children, the tickets they give out, what institutions
-- report, and what the municipality then has to do. Versions and events only: nobody changes or takes away one.

-- 妊娠届・出生の届出: the latest version of a key is the municipality's word; the latest of an episode speaks.
create table exchange.maternal_notification (
    person uuid not null references exchange.person,
    version bigint generated always as identity,
    -- 妊娠または子: the same for every municipality on the way.
    episode uuid not null,
    municipality text not null,
    notification_key text not null,
    kind text not null check (kind in ('pregnancy', 'child')),
    face text not null,
    task uuid not null references exchange.registration_task,
    known_at timestamptz not null default clock_timestamp(),
    primary key (person, version)
);

-- 受診券, as given out.
create table exchange.checkup_ticket (
    person uuid not null references exchange.person,
    episode uuid not null,
    body text not null,
    kind text not null,
    serial bigint not null check (serial > 0),
    issue bigint not null check (issue > 0),
    valid_from date not null,
    task uuid not null references exchange.registration_task,
    primary key (person, episode, body, kind, serial, issue)
);

-- 受診券の出来事: one after the other for each visit that tickets stand for, whoever gave them out, so that of two
-- uses at once the second meets the first.
create table exchange.checkup_ticket_event (
    person uuid not null,
    episode uuid not null,
    kind text not null,
    serial bigint not null,
    sequence bigint not null check (sequence > 0),
    body text not null,
    issue bigint not null,
    event text not null check (event in ('use', 'cancel', 'replace')),
    day date not null,
    -- Of a use: by whom, for which report.
    party text,
    result uuid,
    recorded_at timestamptz not null default clock_timestamp(),
    primary key (person, episode, kind, serial, sequence),
    foreign key (person, episode, body, kind, serial, issue) references exchange.checkup_ticket,
    constraint checkup_ticket_event_report check ((result is null) = (event = 'replace')
        and (party is null) = (event = 'replace'))
);

-- 健診結果.
create table exchange.checkup_result (
    person uuid not null references exchange.person,
    result uuid not null,
    version bigint not null check (version > 0),
    party text not null,
    -- 識別子: the institution's own number of the report, within a system of its own.
    identifier_system text not null,
    identifier text not null,
    status text not null check (status in ('final', 'amended', 'corrected', 'entered-in-error')),
    checkup text not null,
    day date not null,
    -- The report as it was read, naming neither person nor visit.
    face text not null,
    -- 点検の注意: `<item> <code>` of each.
    warnings text[] not null,
    -- 事後措置 that this version asks for.
    follow_ups text[] not null,
    -- 健診日の住所地.
    municipality text,
    visit uuid not null,
    -- The rules it was checked by.
    rules text not null,
    recorded_at timestamptz not null,
    primary key (person, result, version)
);
create unique index checkup_result_version on exchange.checkup_result (result, version);
-- The same report sent at once makes one; two corrections of one version make one.
create unique index checkup_result_identifier
    on exchange.checkup_result (party, identifier_system, identifier, version);

-- 特に慎重に扱う項目: a compartment of its own, of the same form, which no reading of the other touches.
create table exchange.sensitive_checkup_result (
    like exchange.checkup_result including defaults including constraints,
    primary key (person, result, version),
    foreign key (person) references exchange.person
);
create unique index sensitive_checkup_result_version
    on exchange.sensitive_checkup_result (result, version);
create unique index sensitive_checkup_result_identifier
    on exchange.sensitive_checkup_result (party, identifier_system, identifier, version);

-- 台帳と請求: one line for each version of a report; that of the newest speaks. Money in yen.
create table exchange.checkup_line (
    person uuid not null,
    result uuid not null,
    version bigint not null,
    municipality text,
    checkup text not null,
    day date not null,
    judgement text,
    is_out_of_area boolean not null,
    ticket_body text,
    ticket_kind text,
    ticket_serial bigint,
    ticket_issue bigint,
    -- Nothing, without a refusal: no price was agreed on, and the line waits for one.
    yen bigint check (yen >= 0),
    price_source text,
    refusal text,
    made_at timestamptz not null,
    primary key (person, result, version),
    foreign key (person, result, version) references exchange.checkup_result,
    constraint checkup_line_whole check (
        num_nulls(ticket_body, ticket_kind, ticket_serial, ticket_issue) in (0, 4)
        and num_nulls(yen, price_source) in (0, 2)
        and (refusal is null or (yen is null and ticket_body is null)))
);
create index checkup_line_municipality on exchange.checkup_line (municipality, day);

-- 事後措置: what a report asks of the municipality, and by when; it stands while the newest version asks for it.
create table exchange.follow_up (
    person uuid not null references exchange.person,
    follow_up uuid not null,
    result uuid not null,
    code text not null,
    municipality text not null,
    due_day date not null,
    is_sensitive boolean not null,
    made_at timestamptz not null,
    primary key (person, follow_up)
);
create unique index follow_up_once on exchange.follow_up (person, result, code);
create unique index follow_up_id on exchange.follow_up (follow_up);
create index follow_up_due on exchange.follow_up (municipality, is_sensitive, due_day);

-- 事後措置の結果, as the municipality answered; the latest version speaks.
create table exchange.follow_up_answer (
    person uuid not null,
    follow_up uuid not null,
    version bigint not null check (version > 0),
    status text not null check (status in ('requested', 'in-progress', 'completed', 'failed')),
    note text,
    party text not null,
    answered_at timestamptz not null,
    primary key (person, follow_up, version),
    foreign key (person, follow_up) references exchange.follow_up
);

do $$
declare
    name text;
begin
    foreach name in array array['maternal_notification', 'checkup_ticket', 'checkup_ticket_event',
        'checkup_result', 'sensitive_checkup_result', 'checkup_line', 'follow_up', 'follow_up_answer']
    loop
        execute format('create trigger %I before update or delete on exchange.%I
            for each row execute function exchange.refuse_change()', name || '_unchanged', name);
        execute format('create trigger %I before truncate on exchange.%I
            execute function exchange.refuse_change()', name || '_kept', name);
    end loop;
end $$;

grant select on exchange.maternal_notification, exchange.checkup_ticket,
    exchange.checkup_ticket_event to tsunagi_gateway, tsunagi_office;
grant insert on exchange.maternal_notification, exchange.checkup_ticket to tsunagi_office;
grant insert on exchange.checkup_ticket_event to tsunagi_gateway, tsunagi_office;
grant select, insert on exchange.checkup_result, exchange.sensitive_checkup_result,
    exchange.checkup_line to tsunagi_gateway;
grant select, insert on exchange.follow_up to tsunagi_gateway;
grant select on exchange.follow_up to tsunagi_office;
grant select, insert on exchange.follow_up_answer to tsunagi_office;
-- What a task is about: never what was found.
grant select (person, result, version, checkup, day, follow_ups)
    on exchange.checkup_result, exchange.sensitive_checkup_result to tsunagi_office;

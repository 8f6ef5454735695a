-- 母子保健の続き: tickets given back, what was asked for handed on to the next municipality, reminders, and where
-- mother and child, and those whom nobody has seen, are found.

alter table exchange.checkup_ticket_event
    drop constraint checkup_ticket_event_event_check,
    drop constraint checkup_ticket_event_report,
    add constraint checkup_ticket_event_kind check (event in ('use', 'cancel', 'replace', 'return')),
    -- Of a use: by whom, for which report. The rest is the municipality's own word.
    add constraint checkup_ticket_event_report check ((result is null) = (event in ('replace', 'return'))
        and (party is null) = (event in ('replace', 'return')));

-- 母子の関係 is found by the key under which the mother's pregnancy was registered.
create index maternal_notification_key
    on exchange.maternal_notification (municipality, notification_key, version);
-- 未受診者 are found by their day of birth.
create index maternal_notification_birth
    on exchange.maternal_notification (municipality, (face::jsonb ->> 'dateOfBirth'), version)
    where kind = 'child';

-- 引継ぎ: a task that the next municipality took over with the family; the latest speaks.
create table exchange.follow_up_handover (
    person uuid not null,
    follow_up uuid not null,
    sequence bigint not null check (sequence > 0),
    municipality text not null,
    task uuid not null references exchange.registration_task,
    handed_at timestamptz not null default clock_timestamp(),
    primary key (person, follow_up, sequence),
    foreign key (person, follow_up) references exchange.follow_up
);
create index follow_up_handover_to on exchange.follow_up_handover (municipality, person, follow_up);

-- 受診勧奨: that a family was reminded of a checkup; once a day at most.
create table exchange.checkup_reminder (
    person uuid not null references exchange.person,
    checkup text not null,
    municipality text not null,
    day date not null,
    reminded_at timestamptz not null default clock_timestamp(),
    primary key (person, checkup, municipality, day)
);

do $$
declare
    name text;
begin
    foreach name in array array['follow_up_handover', 'checkup_reminder']
    loop
        execute format('create trigger %I before update or delete on exchange.%I
            for each row execute function exchange.refuse_change()', name || '_unchanged', name);
        execute format('create trigger %I before truncate on exchange.%I
            execute function exchange.refuse_change()', name || '_kept', name);
    end loop;
end $$;

grant select, insert on exchange.follow_up_handover to tsunagi_office;
grant select, insert on exchange.checkup_reminder to tsunagi_gateway;

-- 事後措置の出どころ: the mother's own answers and the clinic's report of the same checkup ask for one thing, which
-- waits once. A task stands while any of its sources asks for it.
alter table exchange.follow_up
    -- Of what it was asked for, and on which day; nothing of tasks from before.
    add column checkup text,
    add column asked_day date;
create index follow_up_asked on exchange.follow_up (person, code, checkup, asked_day);

create table exchange.follow_up_source (
    person uuid not null,
    follow_up uuid not null,
    -- The further report or answers.
    result uuid not null,
    asked_at timestamptz not null default clock_timestamp(),
    primary key (person, follow_up, result),
    foreign key (person, follow_up) references exchange.follow_up
);
create trigger follow_up_source_unchanged before update or delete on exchange.follow_up_source
    for each row execute function exchange.refuse_change();
create trigger follow_up_source_kept before truncate on exchange.follow_up_source
    execute function exchange.refuse_change();
grant select, insert on exchange.follow_up_source to tsunagi_gateway, tsunagi_office;

-- Whether a task is over; never what the municipality noted.
grant select (person, follow_up, version, status) on exchange.follow_up_answer to tsunagi_gateway;

-- 紙の予診票: what the code on a printed questionnaire stands for. Only its hash is kept; without a visit of that
-- resident it opens nothing.
create table exchange.screening_ticket (
    person uuid not null references exchange.person,
    ticket_hash bytea not null,
    response uuid not null,
    printed_at timestamptz not null,
    expires_at timestamptz not null check (expires_at > printed_at),
    primary key (person, ticket_hash)
);
create trigger screening_ticket_unchanged before update or delete on exchange.screening_ticket
    for each row execute function exchange.refuse_change();
create trigger screening_ticket_kept before truncate on exchange.screening_ticket
    execute function exchange.refuse_change();
grant select, insert on exchange.screening_ticket to tsunagi_gateway;

-- 呼び鈴はポータルにも: whether somebody who lately signed in there was told something since the last ring.
create index notice_at on exchange.notice (at);

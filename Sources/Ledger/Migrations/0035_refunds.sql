-- 償還払い: applications with receipts beside the cases that the ledger of caps finds, and what their bodies
-- answer. Versions and events only: nobody changes or takes away one. Money in yen.

create table exchange.refund_request (
    person uuid not null references exchange.person,
    refund uuid not null,
    body text not null,
    certificate_type text not null,
    sub_key text not null,
    -- 診療月: its first day.
    month date not null check (extract(day from month) = 1),
    -- The receipts as they were read: institution, day, cost, percent, paid.
    receipts text not null,
    paid bigint not null check (paid > 0),
    -- As computed; nothing where what the certificate asks is not on file.
    yen bigint check (yen >= 0),
    -- The steps as they were told, as JSON.
    notes text not null,
    rules text not null references exchange.rule_book,
    party text not null,
    at timestamptz not null,
    primary key (person, refund)
);
create unique index refund_request_id on exchange.refund_request (refund);
create unique index refund_request_once on exchange.refund_request
    (person, body, certificate_type, sub_key, month, md5(receipts));
create index refund_request_body on exchange.refund_request (body, at);
create index refund_case_body on exchange.refund_case (body, at);

-- 決定と支払: of a case of either kind.
create table exchange.refund_answer (
    person uuid not null references exchange.person,
    refund uuid not null,
    version bigint not null check (version > 0),
    decision text not null check (decision in ('approved', 'refused', 'paid')),
    yen bigint check (yen >= 0),
    ground text,
    day date not null,
    party text not null,
    answered_at timestamptz not null,
    primary key (person, refund, version),
    constraint refund_answer_ground check ((decision = 'refused') = (ground is not null))
);

create view exchange.refund_now as
select c.person, c.refund, c.body, c.certificate_type, c.sub_key, c.month, c.paid, c.yen, c.notes,
    c.is_withdrawn, c.at, a.decision, first.yen as granted, a.ground, a.day,
    coalesce(a.decision, case when c.is_withdrawn then 'withdrawn' else 'open' end) as status
from (
    select r.person, r.refund, r.body, r.certificate_type, r.sub_key, r.month, null::bigint as paid, r.yen,
        '[]'::text as notes, r.status = 'withdrawn' as is_withdrawn, r.at
    from exchange.refund_case r
    where not exists (
        select 1 from exchange.refund_case later
        where later.person = r.person and later.refund = r.refund and later.version > r.version)
    union all
    select q.person, q.refund, q.body, q.certificate_type, q.sub_key, q.month, q.paid, q.yen, q.notes,
        false, q.at
    from exchange.refund_request q) c
left join lateral (
    select version, decision, ground, day from exchange.refund_answer
    where person = c.person and refund = c.refund order by version desc limit 1) a on true
left join lateral (
    select yen from exchange.refund_answer
    where person = c.person and refund = c.refund and decision = 'approved'
    order by version limit 1) first on true;

do $$
declare t text;
begin
    foreach t in array array['refund_request', 'refund_answer'] loop
        execute format('create trigger %I before update or delete on exchange.%I for each row
            execute function exchange.refuse_change()', t || '_unchanged', t);
        execute format('create trigger %I before truncate on exchange.%I
            execute function exchange.refuse_change()', t || '_kept', t);
    end loop;
end $$;

grant select, insert on exchange.refund_request, exchange.refund_answer to tsunagi_gateway;
grant select on exchange.refund_now to tsunagi_gateway;

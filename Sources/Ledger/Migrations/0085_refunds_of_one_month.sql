-- 同じ月の償還払い: what the receipts of one month leave with the patient counts once, however many applications they are
-- spread over, and towards the cap at counters once it is approved. Nothing that stands is changed: a case that was
-- approved before leaves nothing here, and what comes after it in its month is computed by its body.

-- Of cases that were approved: what is borne of their receipts, to 1 yen and to 10. It fills the month beside what is
-- confirmed, and no bill changes it.
alter table exchange.cap_month
    add column borne_share bigint not null default 0 check (borne_share >= 0),
    add column borne_collected bigint not null default 0 check (borne_collected >= 0);
grant update (borne_share, borne_collected) on exchange.cap_month to tsunagi_gateway;

drop index exchange.cap_month_reached;
create index cap_month_filled on exchange.cap_month (person) where collected + borne_collected >= cap;

-- 再計算: another amount of a case that is not decided yet, since another case of its month was, or the month holds
-- something else now; and the mark on one that is decided.
create table exchange.refund_reckoning (
    person uuid not null,
    refund uuid not null,
    version bigint not null check (version > 0),
    yen bigint check (yen >= 0),
    notes text not null,
    -- 再審査: approved by what another case had left borne, which does not count any more.
    is_to_reexamine boolean not null,
    rules text not null references exchange.rule_book,
    at timestamptz not null,
    primary key (person, refund, version),
    foreign key (person, refund) references exchange.refund_request
);

-- 償還払いの後に残る負担: of each receipt of an approved case. Caps that count visits or days count it as a visit, in the
-- order of its id among the bills of the month.
create table exchange.refund_borne (
    person uuid not null,
    receipt uuid not null,
    refund uuid not null,
    body text not null,
    certificate_type text not null,
    sub_key text not null,
    month date not null check (extract(day from month) = 1),
    day date not null,
    days bigint not null check (days between 1 and 31),
    is_inpatient boolean not null,
    share bigint not null check (share >= 0),
    collected bigint not null check (collected >= 0),
    primary key (person, receipt),
    foreign key (person, refund) references exchange.refund_request
);
create index refund_borne_month
    on exchange.refund_borne (person, body, certificate_type, sub_key, month);

create or replace view exchange.refund_now as
select c.person, c.refund, c.body, c.certificate_type, c.sub_key, c.month, c.paid, c.yen, c.notes,
    c.is_withdrawn, c.at, a.decision, first.yen as granted, a.ground, a.day,
    coalesce(a.decision, case when c.is_withdrawn then 'withdrawn' else 'open' end) as status, c.above,
    c.is_to_reexamine
from (
    select r.person, r.refund, r.body, r.certificate_type, r.sub_key, r.month, null::bigint as paid, r.yen,
        '[]'::text as notes, r.status = 'withdrawn' as is_withdrawn, r.at, r.above, false as is_to_reexamine
    from exchange.refund_case r
    where not exists (
        select 1 from exchange.refund_case later
        where later.person = r.person and later.refund = r.refund and later.version > r.version)
    union all
    select q.person, q.refund, q.body, q.certificate_type, q.sub_key, q.month, q.paid,
        case when s.version is null then q.yen else s.yen end, coalesce(s.notes, q.notes), false, q.at, 'month',
        coalesce(s.is_to_reexamine, false)
    from exchange.refund_request q
    left join lateral (
        select version, yen, notes, is_to_reexamine from exchange.refund_reckoning
        where person = q.person and refund = q.refund order by version desc limit 1) s on true) c
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
    foreach t in array array['refund_reckoning', 'refund_borne'] loop
        execute format('create trigger %I before update or delete on exchange.%I for each row
            execute function exchange.refuse_change()', t || '_unchanged', t);
        execute format('create trigger %I before truncate on exchange.%I
            execute function exchange.refuse_change()', t || '_kept', t);
    end loop;
end $$;

grant select, insert on exchange.refund_reckoning, exchange.refund_borne to tsunagi_gateway;

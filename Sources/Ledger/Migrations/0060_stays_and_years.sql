-- 入院・食事・年間上限・併用の徴収済額: what a bill may say since it is not of one visit alone. A version that stands is
-- not changed: what older rows do not say is what they meant.
alter table exchange.bill
    -- 徴収済額 of the whole bill, where it is on several certificates; of one it is `collected`.
    add column paid bigint check (paid >= 0),
    -- 過徴収額: what of `collected` was paid above what this certificate leaves.
    add column paid_over bigint not null default 0,
    add column is_inpatient boolean not null default false,
    -- 入院日数 from `day` on.
    add column days bigint not null default 1 check (days between 1 and 31),
    -- 適用区分
    add column limit_class text,
    -- 入院時食事療養: how many, of which class, and what is left of them.
    add column meals_count bigint check (meals_count > 0),
    add column meals_class text,
    add column meals bigint not null default 0 check (meals >= 0),
    add constraint bill_paid_over check (paid_over between 0 and collected),
    add constraint bill_meals check ((meals_count is null) = (meals_class is null));

-- Of what is confirmed: paid at counters for stays in hospital, left of the meals, and paid above caps that count visits
-- or days, which is due back and fills nothing.
alter table exchange.cap_month
    add column paid_over bigint not null default 0 check (paid_over >= 0),
    add column inpatient bigint not null default 0 check (inpatient >= 0),
    add column meals bigint not null default 0 check (meals >= 0);
grant update (inpatient, meals, paid_over) on exchange.cap_month to tsunagi_gateway;

alter table exchange.cap_hold
    -- The patient pays what the last certificate of a bill leaves: that alone counts towards a year.
    add column is_last boolean not null default true,
    add column is_inpatient boolean not null default false,
    add column meals bigint not null default 0 check (meals >= 0);
update exchange.cap_hold h set is_last = false
from exchange.bill b where b.person = h.person and b.bill = h.bill and not b.is_last;

-- 年間上限の年: its row is the lock that puts all bills of a person and year in a row, over all certificates. What was
-- paid is no total of its own: it is added up from the months.
create table exchange.cap_year (
    person uuid not null references exchange.person,
    first_month date not null check (extract(day from first_month) = 1),
    last_month date not null,
    -- 年間上限 as it was last decided by.
    yen bigint check (yen >= 0),
    is_outpatient_only boolean not null default false,
    primary key (person, first_month)
);
grant select, insert, update (yen, is_outpatient_only) on exchange.cap_year to tsunagi_gateway;

-- 償還払い: above the month's cap, which the certificate's body pays back, or above the year's limit, which the insurer
-- does.
alter table exchange.refund_case
    add column above text not null default 'month' check (above in ('month', 'year'));

create or replace view exchange.refund_now as
select c.person, c.refund, c.body, c.certificate_type, c.sub_key, c.month, c.paid, c.yen, c.notes,
    c.is_withdrawn, c.at, a.decision, first.yen as granted, a.ground, a.day,
    coalesce(a.decision, case when c.is_withdrawn then 'withdrawn' else 'open' end) as status, c.above
from (
    select r.person, r.refund, r.body, r.certificate_type, r.sub_key, r.month, null::bigint as paid, r.yen,
        '[]'::text as notes, r.status = 'withdrawn' as is_withdrawn, r.at, r.above
    from exchange.refund_case r
    where not exists (
        select 1 from exchange.refund_case later
        where later.person = r.person and later.refund = r.refund and later.version > r.version)
    union all
    select q.person, q.refund, q.body, q.certificate_type, q.sub_key, q.month, q.paid, q.yen, q.notes,
        false, q.at, 'month'
    from exchange.refund_request q) c
left join lateral (
    select version, decision, ground, day from exchange.refund_answer
    where person = c.person and refund = c.refund order by version desc limit 1) a on true
left join lateral (
    select yen from exchange.refund_answer
    where person = c.person and refund = c.refund and decision = 'approved'
    order by version limit 1) first on true;

-- 自己負担上限額の台帳: what every institution confirmed on one certificate in one month of service (JST).
-- Facts are versions that nobody changes; `cap_month` is their sum, and its row is the lock that puts
-- everything of one certificate and month in a row. Money in yen.

create table exchange.cap_month (
    person uuid not null references exchange.person,
    body text not null,
    certificate_type text not null,
    sub_key text not null,
    -- 診療月: its first day.
    month date not null check (extract(day from month) = 1),
    -- The position of the newest version of a bill here.
    position bigint not null default 0,
    -- 自己負担上限月額 as it was last decided by; nothing where there is none.
    cap bigint check (cap >= 0),
    -- Of what is confirmed: to 1 yen, as it was collected, and the whole cost.
    share bigint not null default 0 check (share >= 0),
    collected bigint not null default 0 check (collected >= 0),
    cost bigint not null default 0 check (cost >= 0),
    primary key (person, body, certificate_type, sub_key, month)
) with (fillfactor = 80);
create index cap_month_reached on exchange.cap_month (person) where collected >= cap;

-- 予約: what open bills keep of the cap. It goes with its confirmation or void, and once it has lapsed with
-- the next bill of the month: a crash leaves a hold that lapses by itself.
create table exchange.cap_hold (
    person uuid not null,
    body text not null,
    certificate_type text not null,
    sub_key text not null,
    month date not null,
    bill uuid not null,
    share bigint not null check (share >= 0),
    collected bigint not null check (collected >= 0),
    lapses_at timestamptz not null,
    primary key (person, body, certificate_type, sub_key, month, bill)
);

-- 会計の版: reserved, confirmed, voided, each with what it made of the month.
create table exchange.bill (
    person uuid not null,
    bill uuid not null,
    version bigint not null check (version > 0),
    party text not null,
    -- 識別子: the institution's own number of the bill, within a system of its own.
    identifier_system text not null,
    identifier text not null,
    status text not null check (status in ('reserved', 'confirmed', 'voided')),
    body text not null,
    certificate_type text not null,
    sub_key text not null,
    month date not null,
    -- The order of the month, over all institutions.
    position bigint not null check (position > 0),
    -- 診療日
    day date not null,
    cost bigint not null check (cost >= 0),
    -- 一部負担割合 of the insurance.
    percent bigint not null check (percent between 0 and 100),
    -- What the scheme alone would ask, what the cap leaves of it, and that as it is collected.
    due bigint not null check (due >= 0),
    share bigint not null check (share between 0 and due),
    collected bigint not null check (collected >= 0),
    -- Collected before it could be asked for: taken as it was, and it may go over the cap.
    is_as_collected boolean not null,
    cap bigint check (cap >= 0),
    -- Of the month after it: confirmed, kept by reservations, and the whole cost.
    month_collected bigint not null check (month_collected >= 0),
    month_held bigint not null check (month_held >= 0),
    month_cost bigint not null check (month_cost >= 0),
    lapses_at timestamptz,
    -- The steps as they were told, as JSON.
    notes text not null,
    warnings text[] not null,
    rules text not null,
    visit uuid not null,
    recorded_at timestamptz not null,
    primary key (person, bill, version),
    foreign key (person, body, certificate_type, sub_key, month) references exchange.cap_month,
    constraint bill_lapses check ((status = 'reserved') = (lapses_at is not null))
);
create unique index bill_version on exchange.bill (bill, version);
-- The same bill sent at once makes one.
create unique index bill_identifier
    on exchange.bill (party, identifier_system, identifier, version);
create unique index bill_position
    on exchange.bill (person, body, certificate_type, sub_key, month, position);

-- 償還払い: what was collected above the cap and is due back, by versions.
create table exchange.refund_case (
    person uuid not null,
    refund uuid not null,
    version bigint not null check (version > 0),
    -- The bill that went over.
    bill uuid not null,
    body text not null,
    certificate_type text not null,
    sub_key text not null,
    month date not null,
    yen bigint not null check (yen >= 0),
    status text not null check (status in ('open', 'withdrawn')),
    at timestamptz not null,
    primary key (person, refund, version),
    foreign key (person, body, certificate_type, sub_key, month) references exchange.cap_month,
    constraint refund_case_withdrawn check ((status = 'withdrawn') = (yen = 0))
);
create index refund_case_month
    on exchange.refund_case (person, body, certificate_type, sub_key, month);

create trigger bill_unchanged before update or delete on exchange.bill
    for each row execute function exchange.refuse_change();
create trigger bill_kept before truncate on exchange.bill
    execute function exchange.refuse_change();
create trigger refund_case_unchanged before update or delete on exchange.refund_case
    for each row execute function exchange.refuse_change();
create trigger refund_case_kept before truncate on exchange.refund_case
    execute function exchange.refuse_change();

grant select, insert on exchange.bill, exchange.refund_case to tsunagi_gateway;
grant select, insert, update (position, cap, share, collected, cost) on exchange.cap_month
    to tsunagi_gateway;
grant select, insert, delete on exchange.cap_hold to tsunagi_gateway;

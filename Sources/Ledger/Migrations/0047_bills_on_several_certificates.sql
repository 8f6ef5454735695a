-- 併用: one bill may be on several certificates. Each of its lines is a row of its own, on a certificate and under an
-- id of its own; number and version tie them together, and they are written in one statement.
alter table exchange.bill add column place bigint not null default 1 check (place between 1 and 4);
-- The patient pays what the last one leaves.
alter table exchange.bill add column is_last boolean not null default true;
drop index exchange.bill_identifier;
-- The same bill sent at once makes one.
create unique index bill_identifier
    on exchange.bill (party, identifier_system, identifier, version, place);

-- 次の公費へ: what of the collected amount the next certificate of its bill took over. It counts towards the cap, and
-- the holder did not pay it.
alter table exchange.cap_month add column passed_on bigint not null default 0 check (passed_on >= 0);
grant update (passed_on) on exchange.cap_month to tsunagi_gateway;

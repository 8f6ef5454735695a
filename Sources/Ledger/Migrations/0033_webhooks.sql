-- 呼び鈴: where a body wants to be told that there is something for it. Registered by the operator, who has the
-- body's word for it; the gateway keeps only how it went.
create table exchange.webhook (
    party text primary key references exchange.party,
    host text not null,
    port bigint not null check (port between 1 and 65535),
    path text not null check (path like '/%'),
    -- The CAs of the target's certificate, PEM.
    anchors text not null,
    registered_at timestamptz not null default clock_timestamp(),
    -- Before it nothing is tried: a lease while one gateway rings, and the back-off after a failure.
    not_before timestamptz not null default '-infinity',
    rung_at timestamptz not null default '-infinity',
    -- 遮断: how many attempts in a row were not taken.
    failures bigint not null default 0 check (failures >= 0),
    -- Something other than a delivery that the body should look at.
    notice_at timestamptz
);
grant select, update (not_before, rung_at, failures, notice_at) on exchange.webhook to tsunagi_gateway;
grant select (party, host, port, path, registered_at, not_before, rung_at, failures) on exchange.webhook
    to tsunagi_reader;

insert into exchange.key_version (key, version, oldest) values ('notice', 1, 1);

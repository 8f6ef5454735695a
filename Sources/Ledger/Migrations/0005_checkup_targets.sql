-- 自治体検診の対象者: whom a municipality knows by which key of its own (自治体別本人キー), and until when. The
-- latest version of a key speaks.
create table exchange.checkup_target (
    person uuid not null references exchange.person,
    version bigint generated always as identity,
    municipality text not null,
    identity_key text not null,
    face text not null,
    is_removed boolean not null,
    -- 消除の異動日: when the person moved out or died, as far as it was said.
    removed_on date,
    task uuid not null references exchange.registration_task,
    known_at timestamptz not null default clock_timestamp(),
    primary key (person, version)
);
create index checkup_target_key on exchange.checkup_target (municipality, identity_key);
grant select, insert on exchange.checkup_target to tsunagi_office;

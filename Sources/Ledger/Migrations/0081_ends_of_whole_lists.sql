-- 全件の終了: what a whole list knew when it was received, and whom it would end.
alter table office.file
    -- Rows whose individual number nobody can read, and the first lines of them: for them nobody ends.
    add column unnamed_rows bigint not null default 0,
    add column unnamed_lines bigint[] not null default '{}',
    -- 保留: rows that would have ended, had every row named somebody.
    add column ends_suspended bigint not null default 0,
    -- 受付後の登録: rows that came after the list was received, are not in it, and stay.
    add column kept_since bigint not null default 0,
    -- Over the versions of office.file_end.
    add column ends_digest bytea check (octet_length(ends_digest) = 32),
    -- The rows stand; a second person is asked about the ends alone.
    add column asks_for_ends boolean not null default false,
    -- How far the ends are through; nothing until they were judged again.
    add column ends_through bigint,
    -- 直した行: sent without a place of its own; it follows whatever has one when it comes.
    add column is_beside_line boolean not null default false;
-- A party's own files of one layout, newest first: ids are in the order of time.
create index file_newest on office.file (party, layout, file desc) where state <> 'arriving';

-- 終わるもの: the versions that a whole list would end, or has ended. They go with the rows of their file.
create table office.file_end (
    file uuid not null references office.file on delete cascade,
    place bigint not null,
    version bigint not null,
    primary key (file, place),
    constraint file_end_named_once unique (file, version)
);
grant select, insert, update, delete on office.file_end to tsunagi_office;

-- 鮮度: when a body last said something in a field, by file or by the API, and when its last two whole files of the
-- field were through: one that came every night is missed even while single rows come by the API.
create table exchange.feed (
    party text not null references exchange.party,
    field text not null,
    as_of timestamptz not null,
    file_at timestamptz,
    file_before timestamptz,
    primary key (party, field)
);
grant select on exchange.feed to tsunagi_gateway, tsunagi_office;
grant insert, update on exchange.feed to tsunagi_office;

insert into exchange.feed (party, field, as_of)
select t.party, f.field, max(t.received_at) from exchange.registration_task t
join (values ('medical-subsidy', 'subsidy'), ('medical-subsidy-history', 'subsidy'),
    ('municipal-checkup', 'checkup-targets'), ('immunization', 'vaccination-targets'),
    ('checkup-tickets', 'checkup-tickets'), ('mass-checkups', 'checkup-results'),
    ('sensitive-mass-checkups', 'sensitive-checkup-results'), ('guardianship', 'guardianships'),
    ('life-event', 'residence-moves'), ('schemes', 'scheme-masters')) as f(registration, field)
    on f.registration = t.field
where t.rows_refused < t.rows
group by t.party, f.field;

update exchange.feed d set file_at = l.times[1], file_before = l.times[2]
from (
    select o.party, case when o.layout like 'entitlements%' then 'subsidy' else o.layout end as field,
        array_agg(o.finished_at order by o.finished_at desc) as times
    from office.file o where o.state = 'done' and o.is_mending is not true
    group by 1, 2) l
where d.party = l.party and d.field = l.field;

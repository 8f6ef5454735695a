-- 一度だけ知らせる: tries and repeats of visits without a card, a custody that is given back, followers of the
-- log that are waited for, and what a prefecture finds of visits opened in a disaster.

-- 追従: when this follower last asked. Nothing of one that nobody ever set up: an archive waits for the others.
alter table log.follower add column asked_at timestamptz;
update log.follower set asked_at = clock_timestamp() where next_position > 0;
grant update (asked_at) on log.follower to tsunagi_gateway, tsunagi_sealer;

-- 役所の索引: a prefecture's own entries, and those of visits opened in a disaster by whoever lives in it.
grant select (prefecture) on exchange.residence to tsunagi_sealer;
grant select (visit) on exchange.emergency_review to tsunagi_sealer;
insert into log.office_entry (office, position)
select e.party, s.position
from log.position s join log.access_entry e on e.entry = s.entry and e.at = s.at
where e.party like 'prefecture:%'
    and s.position < (select next_position from log.follower where name = 'offices')
union
select 'prefecture:' || r.prefecture, s.position
from exchange.emergency_review v join log.position s on s.person = v.person
join log.access_entry e on e.entry = s.entry and e.at = s.at and e.visit = v.visit
cross join lateral (
    select prefecture from exchange.residence r
    where r.person = v.person and r.from_day <= (e.at at time zone 'Asia/Tokyo')::date
    order by r.from_day desc, r.version desc limit 1) r
where e.party not like 'portal:%'
    and s.position < (select next_position from log.follower where name = 'offices')
on conflict do nothing;

-- 試行: how often a party tried in the last hour to open a visit without a card, by the kind of visit.
create table exchange.visit_try (
    party text not null,
    kind text not null,
    tries timestamptz[] not null,
    primary key (party, kind)
);
insert into exchange.visit_try (party, kind, tries)
select party, 'paper', tries from exchange.paper_try
union all select party, 'emergency', tries from exchange.emergency_try;
drop table exchange.paper_try, exchange.emergency_try;
grant select, insert, update on exchange.visit_try to tsunagi_gateway;

-- 親権の回復: a word that ends what every earlier word took away from the pair, whoever said it.
alter table exchange.guardianship add column is_custody_restored boolean not null default false;
alter table exchange.guardianship add constraint guardianship_lost_or_restored
    check (not (is_custody_lost and is_custody_restored));
create view exchange.custody_lost as
select lost.person, lost.guardian, lost.municipality, lost.kind, lost.valid_from
from exchange.guardianship lost
where lost.is_custody_lost
    and not exists (
        select 1 from exchange.guardianship later
        where later.person = lost.person and later.guardian = lost.guardian
            and later.municipality = lost.municipality and later.kind = lost.kind
            and later.valid_from = lost.valid_from and later.version > lost.version)
    and not exists (
        select 1 from exchange.guardianship restored
        where restored.person = lost.person and restored.guardian = lost.guardian
            and restored.is_custody_restored and restored.version > lost.version);
grant select on exchange.custody_lost to tsunagi_gateway, tsunagi_office;

create or replace view exchange.relation as
select r.person, r.representative, r.ground, r.municipality, r.valid_from, r.valid_to, r.kinds,
    who.name, who.birth_date
from (
    select g.person, g.guardian as representative, g.kind as ground, g.municipality, g.valid_from,
        g.valid_to, null::text[] as kinds
    from exchange.guardianship g
    where not exists (
            select 1 from exchange.guardianship later
            where later.person = g.person and later.guardian = g.guardian
                and later.municipality = g.municipality and later.kind = g.kind
                and later.valid_from = g.valid_from and later.version > g.version)
        -- 親権喪失: any municipality's word on the pair takes away what every other says, until one says that it
        -- was given back.
        and not exists (
            select 1 from exchange.custody_lost lost
            where lost.person = g.person and lost.guardian = g.guardian)
    union all
    select d.person, d.proxy, 'proxy', null, (d.made_at at time zone 'Asia/Tokyo')::date, d.valid_to, d.kinds
    from exchange.delegation d where d.proxy is not null and d.ended_at is null
) r
left join lateral (
    select i.name, i.birth_date from exchange.identity i
    where i.person = r.person and not i.is_under_review order by i.version desc limit 1) who on true
where (now() at time zone 'Asia/Tokyo')::date between r.valid_from and coalesce(r.valid_to, 'infinity')
    and not exists (select 1 from exchange.withheld w where w.person = r.person);

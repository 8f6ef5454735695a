-- 副反応疑いの報告の、国での位置: the ministry receives every report, whichever municipality does, in the order in which
-- they were committed. Reports are few: one lock for all of them costs nobody a wait.
alter table exchange.vaccine_reaction add column nation_place bigint check (nation_place > 0);
alter table exchange.vaccine_reaction disable trigger vaccine_reaction_unchanged;
update exchange.vaccine_reaction r set nation_place = q.place
from (
    select reaction, version, row_number() over (order by recorded_at, reaction, version) as place
    from exchange.vaccine_reaction) q
where r.reaction = q.reaction and r.version = q.version;
alter table exchange.vaccine_reaction enable trigger vaccine_reaction_unchanged;
alter table exchange.vaccine_reaction alter column nation_place set not null;
create unique index vaccine_reaction_nation_place on exchange.vaccine_reaction (nation_place);

-- 取下げ後の保護: a file that is withdrawn leaves those protected whom it protected from its receipt, until
-- an officer lifts that. Where they stand in the file, for who has to know them again.
alter table office.early_protection
    add column line bigint,
    -- 宛名番号 or 公費受給者番号, as the sender wrote it.
    add column own_key text;

-- 支援措置: as before; and whom a file protects that was withdrawn.
create or replace view exchange.withheld as
select said.person from exchange.identity said
where said.is_not_disclosed
    and (said.by_merge is null or exists (
        select 1 from exchange.record_merge s where s.merge = said.by_merge and s.parted_at is null))
    and not exists (
        select 1 from exchange.identity later
        where later.person = said.person and later.body = said.body and not later.is_under_review
            and later.version > said.version and (later.by_merge is null or exists (
                select 1 from exchange.record_merge s
                where s.merge = later.by_merge and s.parted_at is null)))
    and not (said.is_under_review and exists (
        select 1 from exchange.entitlement held
        join exchange.entitlement settled using (person, body, certificate_type, sub_key, history_key)
        where held.person = said.person and held.task = said.task and held.line = said.line
            and not settled.is_under_review and settled.version > held.version))
union
select told.person from exchange.life_event told
where told.is_not_disclosed and not exists (
    select 1 from exchange.life_event later
    where later.person = told.person and later.municipality = told.municipality
        and later.known_on > told.known_on)
union
select m.survivor from exchange.record_merge m
join exchange.life_event told on told.person = m.person
where m.parted_at is null and told.is_not_disclosed and not exists (
    select 1 from exchange.life_event later
    where later.municipality = told.municipality and later.known_on > told.known_on
        and (later.person = m.person or later.person = m.survivor and later.known_at > m.joined_at))
union
select early.person from office.early_protection early
join office.file f on f.file = early.file
where f.state in ('held', 'weighing', 'waiting', 'applying', 'withdrawn')
union
select m.survivor from exchange.record_merge m
join office.early_protection early on early.person = m.person
join office.file f on f.file = early.file
where m.parted_at is null and f.state in ('held', 'weighing', 'waiting', 'applying', 'withdrawn');

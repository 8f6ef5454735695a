-- 代わりに行う人と本人の意思: guardians, proxies, consents taken back, institutions blocked.

-- 親権・後見: what a municipality says of a child and a guardian. Versions: the latest of a municipality, pair,
-- kind and first day speaks. What ends it by age is a rule, not a row.
create table exchange.guardianship (
    person uuid not null references exchange.person,
    version bigint generated always as identity,
    guardian uuid not null references exchange.person,
    municipality text not null,
    kind text not null,
    valid_from date not null,
    valid_to date,
    is_custody_lost boolean not null,
    task uuid not null references exchange.registration_task,
    known_at timestamptz not null default clock_timestamp(),
    primary key (person, version),
    constraint guardianship_of_another check (person <> guardian),
    constraint guardianship_days check (valid_to is null or valid_from <= valid_to)
);
create index guardianship_guardian on exchange.guardianship (guardian);
create trigger guardianship_unchanged before update or delete on exchange.guardianship
    for each row execute function exchange.refuse_change();
create trigger guardianship_kept before truncate on exchange.guardianship
    execute function exchange.refuse_change();
grant select, insert on exchange.guardianship to tsunagi_office;
grant select on exchange.guardianship to tsunagi_gateway;

-- 委任: what a resident lets somebody do. Whom, is open until that person shows the code; the code is kept
-- only as a hash.
create table exchange.delegation (
    person uuid not null references exchange.person,
    delegation uuid not null,
    code_hash bytea not null check (octet_length(code_hash) = 32),
    kinds text[] not null,
    valid_to date not null,
    made_at timestamptz not null,
    code_lapses_at timestamptz not null,
    proxy uuid references exchange.person,
    accepted_at timestamptz,
    ended_at timestamptz,
    primary key (person, delegation),
    constraint delegation_to_another check (proxy <> person),
    constraint delegation_accepted check ((proxy is null) = (accepted_at is null))
);
create unique index delegation_code on exchange.delegation (code_hash);
create index delegation_proxy on exchange.delegation (proxy) where proxy is not null;
grant select, insert, update (proxy, accepted_at, ended_at) on exchange.delegation to tsunagi_gateway;

-- 支援措置: residents of whom any body's latest word is that nothing may be disclosed. A word under review
-- protects, and does not end a protection.
create view exchange.withheld as
select said.person from exchange.identity said
where said.is_not_disclosed and not exists (
    select 1 from exchange.identity later
    where later.person = said.person and later.body = said.body and not later.is_under_review
        and later.version > said.version);
grant select on exchange.withheld to tsunagi_gateway;

-- 代理関係: whoever may act for somebody today, as far as rows say it. Of a resident who is withheld
-- there is no row here, so whoever asks is answered as if there never was one.
create view exchange.relation as
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
        -- 親権喪失: any municipality's word on the pair takes away what every other says.
        and not exists (
            select 1 from exchange.guardianship lost
            where lost.person = g.person and lost.guardian = g.guardian and lost.is_custody_lost
                and not exists (
                    select 1 from exchange.guardianship later
                    where later.person = lost.person and later.guardian = lost.guardian
                        and later.municipality = lost.municipality and later.kind = lost.kind
                        and later.valid_from = lost.valid_from and later.version > lost.version))
    union all
    select d.person, d.proxy, 'proxy', null, (d.made_at at time zone 'Asia/Tokyo')::date, d.valid_to, d.kinds
    from exchange.delegation d where d.proxy is not null and d.ended_at is null
) r
left join lateral (
    select i.name, i.birth_date from exchange.identity i
    where i.person = r.person and not i.is_under_review order by i.version desc limit 1) who on true
where (now() at time zone 'Asia/Tokyo')::date between r.valid_from and coalesce(r.valid_to, 'infinity')
    and not exists (select 1 from exchange.withheld w where w.person = r.person);
grant select on exchange.relation to tsunagi_gateway;

-- 代理の利用: a token by which `representative` acts for the person; it ends with the token it was made from.
alter table exchange.resident_token add column representative uuid references exchange.person;
alter table exchange.resident_token add column made_from bytea;
alter table exchange.resident_token add constraint resident_token_made_from
    check ((representative is null) = (made_from is null));
create index resident_token_made_from on exchange.resident_token (made_from) where made_from is not null;

-- 同意の撤回: kinds of this visit that the resident has taken back. What was signed stays in `consents`.
alter table exchange.visit add column withdrawn text[] not null default '{}';
grant update (withdrawn) on exchange.visit to tsunagi_gateway;
create or replace function exchange.keep_visit_short() returns trigger language plpgsql as $$
begin
    if new.ends_at > old.ends_at then
        raise exception 'a visit is never prolonged' using errcode = 'check_violation';
    end if;
    if not new.withdrawn @> old.withdrawn then
        raise exception 'what was taken back is given again at a new visit' using errcode = 'check_violation';
    end if;
    return new;
end $$;

-- 受付の停止: institutions that a resident wants to learn nothing more. One that was lifted stays as a row.
create table exchange.block (
    person uuid not null references exchange.person,
    block uuid not null,
    party text not null,
    set_at timestamptz not null,
    lifted_at timestamptz,
    primary key (person, block)
);
create unique index block_standing on exchange.block (person, party) where lifted_at is null;
grant select, insert, update (lifted_at) on exchange.block to tsunagi_gateway;

-- 受付の今: visits as they open records now. `agreed` is what was signed; `consents` what of it stands.
create view exchange.visit_now as
select v.person, v.visit, v.party, v.patient, v.kind, v.consents as agreed,
    case when b.block is not null then '{}'::text[]
        when v.withdrawn = '{}' then v.consents
        else array(select unnest(v.consents) except select unnest(v.withdrawn) order by 1)
    end as consents,
    v.confirmed_by, v.limited_to, v.card_valid_to, v.opened_at, v.ends_at
from exchange.visit v
left join exchange.block b on b.person = v.person and b.party = v.party and b.lifted_at is null;
grant select on exchange.visit_now to tsunagi_gateway;

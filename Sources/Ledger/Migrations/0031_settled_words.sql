-- 支援措置: as before, but a word under review that was settled says nothing any more: of a rejected row nothing
-- stayed, and a row that was sent anew speaks for itself.
create or replace view exchange.withheld as
select said.person from exchange.identity said
where said.is_not_disclosed
    and not exists (
        select 1 from exchange.identity later
        where later.person = said.person and later.body = said.body and not later.is_under_review
            and later.version > said.version)
    and not (said.is_under_review and exists (
        select 1 from exchange.entitlement held
        join exchange.entitlement settled using (person, body, certificate_type, sub_key, history_key)
        where held.person = said.person and held.task = said.task and held.line = said.line
            and not settled.is_under_review and settled.version > held.version));

-- Named for their rules, so that they are told apart from an entry that finds no month of its own.
create or replace function exchange.keep_visit_short() returns trigger language plpgsql as $$
begin
    if new.ends_at > old.ends_at then
        raise exception 'a visit is never prolonged'
            using errcode = 'check_violation', constraint = 'visit_only_shorter';
    end if;
    if not new.withdrawn @> old.withdrawn then
        raise exception 'what was taken back is given again at a new visit'
            using errcode = 'check_violation', constraint = 'visit_withdrawn_for_good';
    end if;
    return new;
end $$;

-- カードの失効: ends what was begun with the card. The office sees whose tokens they are, and no token.
create index resident_token_representative on exchange.resident_token (representative)
    where representative is not null;
grant select (person, representative, revoked_at), update (revoked_at) on exchange.resident_token to tsunagi_office;

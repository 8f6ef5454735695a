-- 接種期間の登録: the days of yearly seasons, as a municipality registers them itself, become a version of the rules as its
-- schemes do. The office's role cannot write rules: this takes one file of them from it, that of the body in one of the
-- folders where bodies speak for themselves, over the version that the body's rows were judged by.
create function exchange.replace_registered(base text, folder text, body text, version text, file text) returns void
language plpgsql security definer set search_path = pg_catalog as $$
declare
    held record;
begin
    perform pg_advisory_xact_lock(hashtextextended('tsunagi rules', 0));
    select b.version, b.files into held from exchange.rule_book b order by b.serial desc limit 1;
    -- Somebody was faster: judged again, the rows meet what stands now.
    if held.version is distinct from base then
        raise exception 'other rules stand' using errcode = 'serialization_failure';
    end if;
    if folder not in ('subsidy/programs', 'immunization/seasons') or folder is null
        or body is null or body !~ '^[0-9]{6}$' or not exists (
            select 1 from exchange.party p where p.party = 'municipality:' || body) then
        raise exception 'not a file of a municipality' using errcode = 'insufficient_privilege';
    end if;
    insert into exchange.rule_book (version, files)
    values (version, held.files || jsonb_build_object(folder || '/' || body || '.json', file));
end $$;
revoke execute on function exchange.replace_registered(text, text, text, text, text) from public;
grant execute on function exchange.replace_registered(text, text, text, text, text) to tsunagi_office;

-- A gateway of the release before asks for schemes by this name until it is replaced.
create or replace function exchange.replace_programs(base text, body text, version text, file text) returns void
language sql security definer set search_path = pg_catalog as $$
    select exchange.replace_registered(base, 'subsidy/programs', body, version, file);
$$;

-- 突合: what halls found in confidence has statements too. A row with two answers is told by its hash, so each statement
-- has a salt of its own, which goes with its tree: what is left of it then, a signed root, tells nothing of any row.
alter table exchange.holding_statement
    drop constraint holding_statement_field,
    add constraint holding_statement_field check (field in ('subsidy', 'checkup-targets',
        'vaccination-targets', 'checkup-tickets', 'checkup-results', 'sensitive-checkup-results', 'guardianships',
        'residence-moves', 'scheme-masters')),
    add column salt bytea check (length(salt) = 32),
    add constraint holding_statement_salt check (
        (salt is not null) = (field = 'sensitive-checkup-results' and nodes is not null));
create or replace function exchange.keep_statement() returns trigger language plpgsql as $$
begin
    if (new.nodes is not null and new.nodes is distinct from old.nodes)
        or (new.salt is not null and new.salt is distinct from old.salt) or (old.is_whole and not new.is_whole)
        or (to_jsonb(new) - 'nodes' - 'salt' - 'is_whole') <> (to_jsonb(old) - 'nodes' - 'salt' - 'is_whole') then
        raise exception 'a statement stays as it was signed' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
grant update (salt) on exchange.holding_statement to tsunagi_office;

-- What a body holds now, page by page.
create index sensitive_checkup_result_party on exchange.sensitive_checkup_result (party, result, version)
    where party like 'municipality:%';

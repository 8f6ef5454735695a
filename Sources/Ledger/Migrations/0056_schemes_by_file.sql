-- 制度マスタ: a municipality's own schemes become a version of the rules. The office's role cannot write rules: this
-- takes one file of them from it, that of the body, over the version that the body's rows were judged by.
create function exchange.replace_programs(base text, body text, version text, file text) returns void
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
    if body !~ '^[0-9]{6}$' or not exists (
        select 1 from exchange.party p where p.party = 'municipality:' || body) then
        raise exception 'not a municipality' using errcode = 'insufficient_privilege';
    end if;
    insert into exchange.rule_book (version, files)
    values (version, held.files || jsonb_build_object('subsidy/programs/' || body || '.json', file));
end $$;
revoke execute on function exchange.replace_programs(text, text, text, text) from public;
grant execute on function exchange.replace_programs(text, text, text, text) to tsunagi_office;

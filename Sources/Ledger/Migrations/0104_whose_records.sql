-- だれの記録か: the office's role files what municipalities recorded themselves (集団健診, 過去の接種歴), the gateway's what
-- institutions did at a visit. Neither writes in the other's name, nor puts a version of its own over the other's; and
-- no dose that the office's role files is a claim. Whoever got hold of one role alone can forge no more than that.
create function exchange.refuse_anothers_record() returns trigger language plpgsql as $$
begin
    raise exception 'a record of the other zone' using errcode = 'insufficient_privilege';
end $$;

-- As the owner: the office's role reads none of the others' records.
create function exchange.require_own_record() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
    if tg_table_name = 'vaccination' then
        perform 1 from exchange.vaccination held
        where held.vaccination = new.vaccination and held.version < new.version and held.party <> new.party;
    elsif tg_table_name = 'checkup_result' then
        perform 1 from exchange.checkup_result held
        where held.result = new.result and held.version < new.version and held.party <> new.party;
    else
        perform 1 from exchange.sensitive_checkup_result held
        where held.result = new.result and held.version < new.version and held.party <> new.party;
    end if;
    if found then
        raise exception 'a version over another party''s record' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;

create trigger vaccination_of_its_zone before insert on exchange.vaccination for each row
    when (current_user = 'tsunagi_office' and new.party not like 'municipality:%'
        or current_user = 'tsunagi_gateway' and new.party like 'municipality:%')
    execute function exchange.refuse_anothers_record();
create trigger vaccination_over_its_own before insert on exchange.vaccination for each row
    when (current_user = 'tsunagi_office' and new.version > 1)
    execute function exchange.require_own_record();
create trigger vaccination_claim_of_its_zone before insert on exchange.vaccination_claim for each row
    when (current_user = 'tsunagi_office' and new.refusal is null)
    execute function exchange.refuse_anothers_record();

create trigger checkup_result_of_its_zone before insert on exchange.checkup_result for each row
    when (current_user = 'tsunagi_office' and new.party not like 'municipality:%'
        or current_user = 'tsunagi_gateway' and new.party like 'municipality:%')
    execute function exchange.refuse_anothers_record();
create trigger checkup_result_over_its_own before insert on exchange.checkup_result for each row
    when (current_user = 'tsunagi_office' and new.version > 1)
    execute function exchange.require_own_record();

create trigger sensitive_checkup_result_of_its_zone before insert on exchange.sensitive_checkup_result for each row
    when (current_user = 'tsunagi_office' and new.party not like 'municipality:%'
        or current_user = 'tsunagi_gateway' and new.party like 'municipality:%')
    execute function exchange.refuse_anothers_record();
create trigger sensitive_checkup_result_over_its_own before insert on exchange.sensitive_checkup_result for each row
    when (current_user = 'tsunagi_office' and new.version > 1)
    execute function exchange.require_own_record();

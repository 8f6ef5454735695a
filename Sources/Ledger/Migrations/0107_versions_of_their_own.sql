-- だれの記録か: nor does the gateway's role put a version over a record of another party's, of a municipality's above all: a
-- dose that the town's ledger tells is taken back by the town alone. Only a version beyond the first asks, so that
-- what a clinic records at a visit costs nothing more.
create trigger vaccination_over_its_own_at_visits before insert on exchange.vaccination for each row
    when (current_user = 'tsunagi_gateway' and new.version > 1)
    execute function exchange.require_own_record();
create trigger checkup_result_over_its_own_at_visits before insert on exchange.checkup_result for each row
    when (current_user = 'tsunagi_gateway' and new.version > 1)
    execute function exchange.require_own_record();
create trigger sensitive_checkup_result_over_its_own_at_visits before insert on exchange.sensitive_checkup_result
    for each row when (current_user = 'tsunagi_gateway' and new.version > 1)
    execute function exchange.require_own_record();

-- 理由のない接種: a dose that the rules stop is no claim before a reason is recorded with it. Which rules they
-- were stands beside that refusal, so that whoever recorded the dose is told for which to send one.
alter table exchange.vaccination_claim
    drop constraint vaccination_claim_whole,
    add constraint vaccination_claim_whole check (
        case
            when refusal is null then
                num_nulls(municipality, programme, vaccine, day, lot_number, quantity,
                    quantity_code, is_out_of_area, remarks) = 0
            when refusal = 'copied' and programme is not null then
                num_nulls(municipality, vaccine, day, is_out_of_area, remarks) = 0
                and num_nonnulls(lot_number, quantity, quantity_code) = 0
            when refusal = 'reason-missing' then
                cardinality(remarks) > 0
                and num_nonnulls(municipality, programme, vaccine, day, lot_number, quantity,
                    quantity_code, is_out_of_area) = 0
            else
                num_nonnulls(municipality, programme, vaccine, day, lot_number, quantity,
                    quantity_code, is_out_of_area, remarks) = 0
        end
        and num_nulls(unit_yen, copayment_yen, price_source) in (0, 3)
        and (refusal is null or unit_yen is null)
        and (refusal is distinct from 'reason-missing' or remarks is not null));

-- 待っている請求: found by the round that makes them once the residence or the price has come.
create index vaccination_claim_waiting on exchange.vaccination_claim (vaccination)
    where refusal = 'residence-unknown' or refusal is null and unit_yen is null;

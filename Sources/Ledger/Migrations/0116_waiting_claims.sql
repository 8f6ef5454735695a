-- 待っている請求: found by the round that makes them once the residence or the price has come.
create index vaccination_claim_waiting on exchange.vaccination_claim (vaccination)
    where refusal = 'residence-unknown' or refusal is null and unit_yen is null;

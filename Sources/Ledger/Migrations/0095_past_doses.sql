-- 過去の接種歴: doses, and doses that were not given, as a municipality's own ledger (予防接種台帳) held them before
-- clinics recorded here. No visit brought them: a record has none exactly where a municipality told of it.
alter table exchange.vaccination
    alter column visit drop not null,
    add constraint vaccination_visit check ((visit is null) = (party like 'municipality:%'));

-- 写し: it is no claim, and what it is to the municipality's figures stands beside it all the same.
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
            else
                num_nonnulls(municipality, programme, vaccine, day, lot_number, quantity,
                    quantity_code, is_out_of_area, remarks) = 0
        end
        and num_nulls(unit_yen, copayment_yen, price_source) in (0, 3)
        and (refusal is null or unit_yen is null));

-- What a municipality told is not delivered to it.
create or replace function exchange.deliver_vaccinations() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
    perform exchange.deliver('immunization', array_agg(person), array_agg(vaccination), array_agg(version),
        array_agg(case when refusal is null then municipality end), array_agg(made_at)) from fresh;
    return null;
end $$;

-- What municipalities told themselves, whole: all of the records that the office's role reads.
create view exchange.past_dose as
select v.person, v.vaccination, v.version, v.recorded_at, v.party, v.identifier_system, v.identifier,
    v.status, v.face, c.refusal, c.is_out_of_area
from exchange.vaccination v
join exchange.vaccination_claim c using (person, vaccination, version)
where v.party like 'municipality:%';

-- Of all records no more than what a history is judged by.
create view exchange.counted_dose as
select person, vaccination, version, recorded_at, party, is_line,
    coalesce(counted, jsonb_strip_nulls(jsonb_build_object(
        'status', status, 'vaccineCode', face::jsonb -> 'vaccineCode',
        'occurrenceDateTime', face::jsonb -> 'occurrenceDateTime',
        'isSubpotent', face::jsonb -> 'isSubpotent',
        'protocolApplied', face::jsonb -> 'protocolApplied'))::text) as counted
from exchange.vaccination;

grant select on exchange.past_dose, exchange.counted_dose to tsunagi_office;
grant insert on exchange.vaccination, exchange.vaccination_claim to tsunagi_office;
-- 接種証明カード: those that hold a dose which was corrected are revoked with it.
grant select (person, records, revoked_at), update (revoked_at) on exchange.health_card to tsunagi_office;

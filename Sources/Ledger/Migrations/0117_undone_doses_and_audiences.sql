-- 接種しなかった記録: of a dose of the Act that was due and was not given, the municipality that invites to it is told, with
-- the reason. It is no claim, and no dose of its ledger.
-- 理由のない接種: a dose that the rules stop is no claim before a reason is recorded with it. Which rules they
-- were stands beside that refusal, so that whoever recorded the dose is told for which to send one.
alter table exchange.vaccination_claim
    drop constraint vaccination_claim_whole,
    add constraint vaccination_claim_whole check (
        case
            when refusal is null then
                num_nulls(municipality, programme, vaccine, day, lot_number, quantity,
                    quantity_code, is_out_of_area, remarks) = 0
            when refusal in ('copied', 'not-given') and programme is not null then
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

-- As in 0108, and of an institution what was not given, too. What a municipality's own ledger tells was not given has
-- no municipality here and goes to nobody.
create or replace function exchange.deliver_vaccinations() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
    -- Of institutions' claims, nearly all, nothing is looked up.
    if not exists (
        select 1 from fresh f
        join exchange.vaccination v
            on v.person = f.person and v.vaccination = f.vaccination and v.version = f.version
        where f.refusal is not null and v.party like 'municipality:%')
    then
        perform exchange.deliver('immunization', array_agg(person), array_agg(vaccination),
            array_agg(version),
            array_agg(case when coalesce(refusal, 'not-given') = 'not-given' then municipality end),
            array_agg(made_at)) from fresh;
        return null;
    end if;
    perform exchange.deliver('own-doses', array_agg(f.person), array_agg(f.vaccination),
        array_agg(f.version),
        array_agg(case when v.status = 'completed' then split_part(v.party, ':', 2) end),
        array_agg(f.made_at))
    from fresh f
    join exchange.vaccination v
        on v.person = f.person and v.vaccination = f.vaccination and v.version = f.version
    where v.party like 'municipality:%';
    perform exchange.deliver('immunization', array_agg(f.person), array_agg(f.vaccination),
        array_agg(f.version),
        array_agg(case
            when coalesce(f.refusal, 'not-given') = 'not-given' then f.municipality
            when v.party like 'municipality:%' and v.status = 'completed'
                and home.municipality <> '000000'
                and home.municipality <> split_part(v.party, ':', 2) then home.municipality
        end),
        array_agg(f.made_at))
    from fresh f
    join exchange.vaccination v
        on v.person = f.person and v.vaccination = f.vaccination and v.version = f.version
    left join exchange.record_merge m on m.person = f.person and m.parted_at is null
    left join lateral (
        select r.municipality from exchange.residence r
        where r.person = coalesce(m.survivor, f.person)
            and r.from_day <= (now() at time zone 'Asia/Tokyo')::date
        order by r.from_day desc, r.known_at desc, r.version desc limit 1) home on true;
    return null;
end $$;

-- 自己負担の区分: for whom a price is (`65-69`, `tax-exempt`, `65-69 tax-exempt`); nothing is everybody.
alter table exchange.agreed_price add column audience text not null default '';
drop index exchange.agreed_price_newest;
create index agreed_price_newest
    on exchange.agreed_price (municipality, service, vaccine, valid_from, audience, version desc);

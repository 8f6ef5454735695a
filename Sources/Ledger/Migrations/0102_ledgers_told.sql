-- 台帳の申出: from this day on the ledger that the municipality sent (past-doses) holds every dose of its residents, as it
-- says itself. Beside a connection alone: what is given from then on clinics tell.
alter table exchange.party
    add column doses_since date,
    add constraint party_doses_since check (doses_since is null or role = 'municipality');
alter table exchange.party_past add column doses_since date;

create or replace function exchange.keep_party_past() returns trigger language plpgsql as $$
begin
    insert into exchange.party_past
        (party, is_opted_in, suspended_at, designations, connected_since, doses_since)
    values (old.party, old.is_opted_in, old.suspended_at, old.designations, old.connected_since,
        old.doses_since);
    return new;
end $$;
drop trigger party_past_kept on exchange.party;
create trigger party_past_kept before update on exchange.party for each row
    when ((old.is_opted_in, old.suspended_at, old.designations, old.connected_since, old.doses_since)
        is distinct from (new.is_opted_in, new.suspended_at, new.designations, new.connected_since,
            new.doses_since))
    execute function exchange.keep_party_past();

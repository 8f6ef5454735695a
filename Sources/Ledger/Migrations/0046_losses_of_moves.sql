-- 住所地だけの異動による喪失: days in the past on which, as the card authority now says, another body was
-- responsible. No row of the old body says so; whoever was shown its certificate on one of them is told all the
-- same. What comes of the days is found when they are looked into, so more of them than are lost may stand here.
create function exchange.find_losses_of_moves() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
    insert into exchange.loss (person, body, certificate_type, sub_key, payer_number, recipient_number,
        from_day, to_day, version, made_at)
    select f.person, held.body, held.certificate_type, held.sub_key, held.payer_number, held.recipient_number,
        greatest(held.valid_from, f.from_day), held.valid_to, held.version, f.known_at
    from fresh f
    cross join lateral (
        select distinct on (e.body, e.certificate_type, e.sub_key, e.history_key)
            e.body, e.certificate_type, e.sub_key, e.payer_number, e.recipient_number, e.valid_from,
            e.valid_to, e.is_deleted, e.version
        from exchange.entitlement e
        where e.person = f.person and not e.is_under_review
        order by e.body, e.certificate_type, e.sub_key, e.history_key, e.version desc) held
    -- What municipalities tell of a move ends the certificates themselves.
    where not f.is_derived and not held.is_deleted
        and greatest(held.valid_from, f.from_day) <= held.valid_to
        and greatest(held.valid_from, f.from_day) <= (now() at time zone 'Asia/Tokyo')::date
        -- Before the first home was known nobody was answered.
        and exists (
            select 1 from exchange.residence r where r.person = f.person and r.version < f.version);
    return null;
end $$;
create trigger residence_losses_found after insert on exchange.residence
    referencing new table as fresh for each statement execute function exchange.find_losses_of_moves();

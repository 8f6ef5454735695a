-- 一方向の印: what was revoked, ended or superseded stays so. The role that sets a mark does not take it back, nor
-- move it to another time.
create function exchange.refuse_undoing() returns trigger language plpgsql as $$
begin
    raise exception 'a mark that was set is not taken back' using errcode = 'insufficient_privilege';
end $$;

create trigger resident_token_stays_revoked before update of revoked_at on exchange.resident_token for each row
    when (old.revoked_at is not null and new.revoked_at is distinct from old.revoked_at)
    execute function exchange.refuse_undoing();

create trigger health_card_stays_revoked before update of revoked_at on exchange.health_card for each row
    when (old.revoked_at is not null and new.revoked_at is distinct from old.revoked_at)
    execute function exchange.refuse_undoing();

create trigger delegation_stays_ended before update of ended_at on exchange.delegation for each row
    when (old.ended_at is not null and new.ended_at is distinct from old.ended_at)
    execute function exchange.refuse_undoing();

-- A rotation of the card key rewraps the successor: it is another hash of the same card.
create trigger card_binding_stays_ended before update of superseded_by, revoked_at on exchange.card_binding for each row
    when (old.superseded_by is not null and new.superseded_by is null
        or old.revoked_at is not null and new.revoked_at is distinct from old.revoked_at)
    execute function exchange.refuse_undoing();

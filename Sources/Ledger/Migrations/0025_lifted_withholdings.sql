-- 延期の解除・災害の終わり: entries that an office shows to their residents before the time it gave, and the
-- visits that end with the disaster that opened them.

-- The withholding stays as it was made; that it was lifted stands beside it, once.
create table log.withholding_lift (
    entry uuid primary key references log.withholding,
    party text not null,
    -- Where the decision is written.
    reference text not null,
    -- The entry of the lifting.
    lifted_by uuid not null,
    lifted_at timestamptz not null
);
create trigger withholding_lift_unchanged before update or delete on log.withholding_lift
    for each row execute function log.refuse_change();
create trigger withholding_lift_kept before truncate on log.withholding_lift execute function log.refuse_change();
create index withholding_marking on log.withholding (marked_by);
grant select, insert on log.withholding_lift to tsunagi_gateway;
grant select on log.withholding_lift to tsunagi_reader;

-- What stands of it now.
create view log.withholding_now as
select w.entry, w.person, w.party, w.reason, w.reference, w.marked_by,
    least(w.release_at, l.lifted_at) as release_at
from log.withholding w left join log.withholding_lift l on l.entry = w.entry;
grant select on log.withholding_now to tsunagi_gateway, tsunagi_reader;

create index emergency_review_disaster on exchange.emergency_review (disaster);

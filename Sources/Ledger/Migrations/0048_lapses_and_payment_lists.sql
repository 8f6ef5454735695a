-- 予約の失効: an institution receives word of its reservations that lapsed, as it receives its other notices.
alter table exchange.delivery drop constraint delivery_field_check;
alter table exchange.delivery add constraint delivery_field_check check (field in ('subsidy',
    'immunization', 'maternal', 'maternal-sensitive', 'claims', 'checks', 'lapses'));

create index cap_hold_lapse on exchange.cap_hold (lapses_at);
-- A round takes what nobody else is at, and waits for nobody: `for update skip locked` asks for this.
grant update (lapses_at) on exchange.cap_hold to tsunagi_gateway;

-- Whoever sweeps a hold away that has lapsed, the next bill of the month or the gateway's own round, tells of it in
-- the same commit: a hold goes once, so it is told once. One that goes with its confirmation or void did not lapse.
create function exchange.deliver_lapses() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
    insert into exchange.delivery (person, field, record, version, body, is_withdrawn, made_at)
    select b.person, 'lapses', b.bill, b.version, split_part(b.party, ':', 2), false, g.lapses_at
    from gone g
    join exchange.bill b on b.person = g.person and b.bill = g.bill and b.status = 'reserved'
    -- Of a bill on several certificates the first line speaks.
    where g.lapses_at <= clock_timestamp() and b.place = 1 and not exists (
        select 1 from exchange.bill later
        where later.person = b.person and later.bill = b.bill and later.version > b.version);
    return null;
end $$;
create trigger cap_hold_lapse_delivered after delete on exchange.cap_hold
    referencing old table as gone for each statement execute function exchange.deliver_lapses();

-- 支払明細: a payment body's list is a file of claims like the others.
alter table exchange.claim_file drop constraint claim_file_kind_check;
alter table exchange.claim_file add constraint claim_file_kind_check
    check (kind in ('receipts', 'claims', 'payments'));

-- 届出の取下げ: what a municipality's word did to the tickets of others counts while that word stands, so that a
-- wrong link to another town's family leaves nothing behind once it is taken back.
alter table exchange.checkup_ticket_event
    -- Of a replacement or a return: whose word it was; nothing of those from before.
    add column said_by text;

alter table exchange.maternal_notification
    -- 流産・死産後の支援: what the municipality's own word asks of it, while it is the newest that stands.
    add column follow_ups text[] not null default '{}',
    -- 引受け: it begins, or takes the family over; what only corrects takes nobody's place.
    add column takes boolean not null default true;

-- Whose a task is now: so that what asks for it again, after the family moved on, is a source of the same.
grant select on exchange.follow_up_handover to tsunagi_gateway;

-- 呼び鈴: what was asked of a municipality since it was told last.
create index follow_up_made on exchange.follow_up (municipality, made_at);

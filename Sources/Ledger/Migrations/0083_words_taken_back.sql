-- 届出の取下げ: what a municipality's word did to the tickets of others counts while that word stands, so that a
-- wrong link to another town's family leaves nothing behind once it is taken back.
alter table exchange.checkup_ticket_event
    -- Of a replacement or a return: whose word it was; nothing of those from before.
    add column said_by text;

-- 委託単価: one list for all that a municipality pays for. Doses by their schedule, as before; checkups as
-- `checkup/<code>`, tickets of checkups as `ticket/<kind>`.
alter table exchange.vaccination_price rename to agreed_price;
alter table exchange.agreed_price rename column programme to service;
alter table exchange.agreed_price rename constraint vaccination_price_whole to agreed_price_whole;
alter index exchange.vaccination_price_newest rename to agreed_price_newest;
alter trigger vaccination_price_unchanged on exchange.agreed_price rename to agreed_price_unchanged;
alter trigger vaccination_price_kept on exchange.agreed_price rename to agreed_price_kept;

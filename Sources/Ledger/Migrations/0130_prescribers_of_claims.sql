-- 処方元: the institution whose prescription a pharmacy's receipt is of, in ten digits; 0 where it names none. Claims of
-- before keep 0: their receipts are asked about as ever.
alter table exchange.claim add column prescriber bigint not null default 0;

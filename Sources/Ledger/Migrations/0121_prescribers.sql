-- 処方元: the code of the institution whose prescription a pharmacy billed, where its bill names one. Some local
-- schemes count the two together. Bills of before named none.
alter table exchange.bill add column prescriber text check (prescriber ~ '^[0-9]{10}$');

-- 領収書の医療機関: where a receipt is from whose rest is borne, for a local scheme that takes its caps and counts
-- per institution. Receipts of before do not say it, and count at no institution that is named.
alter table exchange.refund_borne add column institution text check (institution ~ '^[0-9]{10}$');

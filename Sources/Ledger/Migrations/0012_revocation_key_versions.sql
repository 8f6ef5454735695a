-- 鍵の版: a revocation that came before its binding is a hash of a card like the binding's, and is rewrapped
-- with it.
alter table exchange.card_revocation add column key_version bigint not null default 1;

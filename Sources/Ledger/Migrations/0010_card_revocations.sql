-- 結び付きより先に届いた失効: a card that was revoked before anybody was told whose it is. Whoever is bound to
-- it later is bound to a revoked card.
create table exchange.card_revocation (
    card_hash bytea primary key check (octet_length(card_hash) = 32),
    known_at timestamptz not null default clock_timestamp()
);
grant select, insert on exchange.card_revocation to tsunagi_office;
-- The authority corrects what it said of a card's term.
grant update (valid_from) on exchange.card_binding to tsunagi_office;

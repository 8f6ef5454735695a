-- 実日数 under each public payer, as its receipt counts them; 0: nobody says, as of every claim kept before. Of a stay
-- that names only some of its days it tells whether those between were days in hospital.
alter table exchange.claim_part
    add column day_count bigint not null default 0 check (day_count between 0 and 31);

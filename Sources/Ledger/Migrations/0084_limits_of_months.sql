-- What decides the insurer's limit of a month beside the class. Bills of before were held to none, and said nothing of it.
alter table exchange.bill
    -- 多数回該当: the class was told as that of the fourth month of twelve.
    add column is_multiple boolean not null default false,
    -- 特定疾病 (長): the limit on the face of the certificate, in yen.
    add column long_term bigint check (long_term > 0);

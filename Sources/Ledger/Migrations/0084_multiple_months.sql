-- 多数回該当: whether the class of a bill was told as that of the fourth month of twelve. Bills of before were held to no
-- limit of the month, and said nothing of it.
alter table exchange.bill add column is_multiple boolean not null default false;

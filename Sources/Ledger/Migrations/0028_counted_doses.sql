-- 接種歴の要点: of each version, what a check counts and whether it is a municipality's line, so that a history
-- is judged without reading whole records and their claims. A version from before has neither: its record
-- and its claim say the same.
alter table exchange.vaccination add column counted text;
alter table exchange.vaccination add column is_line boolean;

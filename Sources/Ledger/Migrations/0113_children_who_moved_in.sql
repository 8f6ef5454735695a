-- 転入した子の未受診: who has come to live in a municipality since a day, so that a child whom nobody there notified is
-- waited for as well.
create index residence_municipality on exchange.residence (municipality, from_day);

-- 診療日の指定: a claim, and a check for a day that is past, ask what the registry said on that day.
grant select on exchange.party_past to tsunagi_gateway;

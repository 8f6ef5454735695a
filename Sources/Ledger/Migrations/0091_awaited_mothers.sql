-- 妊産婦の未受診: pregnant women are found by the day on which the child is expected, mothers by the day of delivery, and
-- a child by the pregnancy that it was told to be of.
create index maternal_notification_expected
    on exchange.maternal_notification (municipality, (face::jsonb ->> 'expectedDate'), version)
    where kind = 'pregnancy';
create index maternal_notification_delivery
    on exchange.maternal_notification (municipality, (face::jsonb #>> '{delivery,on}'), version)
    where kind = 'pregnancy';
create index maternal_notification_mother
    on exchange.maternal_notification (municipality, (face::jsonb ->> 'pregnancyKey'))
    where kind = 'child';

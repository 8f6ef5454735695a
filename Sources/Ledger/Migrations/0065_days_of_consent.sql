-- 同意日: the day of consent is part of what a municipality records in confidence. The same findings of another day are a
-- version more, so the office's role reads which day stands, with what else it reads of the municipalities' own.
create or replace view exchange.sensitive_mass_checkup as
select r.result, r.person, r.visit, r.version, r.recorded_at, r.party, r.identifier_system, r.identifier,
    r.status, r.face, r.warnings, r.day, r.consented_on
from exchange.sensitive_checkup_result r
where r.party like 'municipality:%';

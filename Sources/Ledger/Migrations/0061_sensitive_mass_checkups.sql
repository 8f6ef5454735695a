-- 集団健診の慎重に扱う項目: what a municipality found itself, in the sensitive compartment. No visit brought the consent:
-- the municipality says on which day it was given; what is taken back needs none.
alter table exchange.sensitive_checkup_result
    alter column visit drop not null,
    add column consented_on date,
    add constraint checkup_result_visit check ((visit is null) = (party like 'municipality:%')),
    add constraint sensitive_checkup_consent check (
        (visit is not null and consented_on is null)
        or (visit is null and (consented_on is not null or status = 'entered-in-error')));

-- What municipalities recorded themselves there: all of the compartment that the office's role reads.
create view exchange.sensitive_mass_checkup as
select r.result, r.person, r.visit, r.version, r.recorded_at, r.party, r.identifier_system, r.identifier,
    r.status, r.face, r.warnings, r.day
from exchange.sensitive_checkup_result r
where r.party like 'municipality:%';
grant select on exchange.sensitive_mass_checkup to tsunagi_office;
grant insert on exchange.sensitive_checkup_result to tsunagi_office;

-- 集団健診: results that a municipality examined itself. No visit brought them; the municipality's own notification
-- says whose they are.
alter table exchange.checkup_result
    alter column visit drop not null,
    add constraint checkup_result_visit check ((visit is null) = (party like 'municipality:%'));

-- Nobody is paid for what the municipality of residence did itself; a ticket that was given out for it is used.
alter table exchange.checkup_line
    drop constraint checkup_line_whole,
    add constraint checkup_line_whole check (
        num_nulls(ticket_body, ticket_kind, ticket_serial, ticket_issue) in (0, 4)
        and num_nulls(yen, price_source) in (0, 2)
        and (refusal is null
            or (yen is null and (ticket_body is null or refusal = 'own-checkup'))));

-- What municipalities recorded themselves, whole, with its line: all of the results that the office's role reads.
create view exchange.mass_checkup as
select r.result, r.person, r.visit, r.version, r.recorded_at, r.party, r.identifier_system, r.identifier,
    r.status, r.face, r.warnings, r.day, l.municipality, l.judgement, l.is_out_of_area, l.ticket_body,
    l.ticket_kind, l.ticket_serial, l.ticket_issue, l.yen, l.price_source, l.refusal
from exchange.checkup_result r
left join exchange.checkup_line l using (person, result, version)
where r.party like 'municipality:%';
grant select on exchange.mass_checkup to tsunagi_office;

-- Of others' results, that there are any; never what was found.
grant select (status) on exchange.checkup_result to tsunagi_office;
grant insert on exchange.checkup_result, exchange.checkup_line, exchange.follow_up to tsunagi_office;

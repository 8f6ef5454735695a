-- Whether another's result is claimed: by it, and by nothing else of the line, a municipality's own result is the
-- first of its checkup or a second one.
grant select (person, result, version, refusal) on exchange.checkup_line to tsunagi_office;

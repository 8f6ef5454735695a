-- 長期療養特例: the day on which the reason ended for which the resident could not be vaccinated in time. An
-- invitation that has one says that the municipality recognised it; what the illness was nobody tells.
alter table exchange.vaccination_target add column illness_ended date;
-- Looked up for everybody who is checked; hardly anybody has one.
create index vaccination_target_illness on exchange.vaccination_target (person)
    where illness_ended is not null;

-- 問診票: questionnaires before checkups, kept as those before vaccinations are; and what answers ask of the
-- municipality of residence.

-- What the form is asked before: the code of a vaccine or of a checkup.
alter table exchange.screening_response rename column vaccine to topic;
-- 事後措置 that this version asks for.
alter table exchange.screening_response add column follow_ups text[] not null default '{}';

-- 特に慎重に扱う問診票: a compartment of its own, of the same form, which no reading of the other touches.
create table exchange.sensitive_screening_response (
    like exchange.screening_response including defaults including constraints,
    primary key (person, response, version),
    foreign key (person) references exchange.person
);
create trigger sensitive_screening_response_unchanged
    before update or delete on exchange.sensitive_screening_response
    for each row execute function exchange.refuse_change();
create trigger sensitive_screening_response_kept
    before truncate on exchange.sensitive_screening_response
    execute function exchange.refuse_change();
grant select, insert on exchange.sensitive_screening_response to tsunagi_gateway;

-- What a task is about: never what was answered.
grant select (person, response, version, topic, saved_at, follow_ups)
    on exchange.screening_response, exchange.sensitive_screening_response to tsunagi_office;

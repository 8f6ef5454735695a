-- 登録した決まりの由来: who registered which of a body's own rules, when, and in which version of the rules it came. What the
-- rules say stands in them alone (`exchange.rule_book`); nothing here decides anything, and nothing is about a resident.
create table exchange.registered_rule (
    body text not null,
    -- Where its file stands: immunization/seasons, subsidy/programs.
    folder text not null,
    -- What of the file a row spoke of: a season; a certificate type and its first day, with a tab between.
    key text not null,
    version bigint generated always as identity,
    rules text not null references exchange.rule_book,
    task uuid not null references exchange.registration_task,
    -- 職員, as the sender named them; nobody where they did not.
    operator text,
    known_at timestamptz not null default clock_timestamp(),
    primary key (body, folder, key, version)
);
create trigger registered_rule_unchanged before update or delete on exchange.registered_rule
    for each row execute function exchange.refuse_change();
create trigger registered_rule_kept before truncate on exchange.registered_rule
    execute function exchange.refuse_change();
grant select, insert on exchange.registered_rule to tsunagi_office;

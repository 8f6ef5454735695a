-- 突合: guardianships, residents' moves and schemes have statements too.

-- 自治体別本人キー of the two, as the row named them; nothing of rows that came by individual numbers.
alter table exchange.guardianship add column person_key text;
alter table exchange.guardianship add column guardian_key text;
alter table exchange.guardianship add constraint guardianship_named_whole
    check ((person_key is null) = (guardian_key is null));

alter table exchange.holding_statement
    drop constraint holding_statement_field,
    add constraint holding_statement_field check (field in ('subsidy', 'checkup-targets',
        'vaccination-targets', 'checkup-tickets', 'checkup-results', 'guardianships', 'residence-moves',
        'scheme-masters'));

-- What a body holds now, page by page.
create index guardianship_body on exchange.guardianship (municipality, version);
create index life_event_body on exchange.life_event (municipality, version);

-- 白紙の予診票・問診票: every sheet that was printed, of nobody. Only the hash of its number is kept.
create table exchange.paper_form (
    number_hash bytea primary key,
    -- url|version of the questionnaire on it.
    form text not null,
    party text not null,
    printed_at timestamptz not null,
    -- The last day on which answers on it are taken.
    last_day date not null
);
create trigger paper_form_unchanged before update or delete on exchange.paper_form
    for each row execute function exchange.refuse_change();
create trigger paper_form_kept before truncate on exchange.paper_form
    execute function exchange.refuse_change();

-- 用紙の使用: once and for ever one person's, and one answer's. The number leads the key, not the person: what is to be
-- held apart are the persons that one sheet is brought in for.
create table exchange.paper_form_use (
    number_hash bytea primary key references exchange.paper_form,
    person uuid not null references exchange.person,
    response uuid not null,
    party text not null,
    visit uuid not null,
    used_at timestamptz not null
);
create trigger paper_form_use_unchanged before update or delete on exchange.paper_form_use
    for each row execute function exchange.refuse_change();
create trigger paper_form_use_kept before truncate on exchange.paper_form_use
    execute function exchange.refuse_change();
grant select, insert on exchange.paper_form, exchange.paper_form_use to tsunagi_gateway;

-- 受診券の券面: what municipalities told by file of the tickets they printed, issued again or took back. Versions only.
create table exchange.checkup_ticket_face (
    person uuid not null,
    version bigint generated always as identity,
    episode uuid not null,
    body text not null,
    kind text not null,
    serial bigint not null,
    issue bigint not null,
    -- 自治体別本人キー, as the row named the resident.
    identity_key text not null,
    -- 受診券番号 as printed; nothing of a ticket that was given back before anybody told its face.
    number text,
    valid_from date,
    valid_to date,
    -- 助成上限額 in yen; nothing where the rule's holds.
    limit_yen bigint check (limit_yen >= 0),
    is_returned boolean not null,
    task uuid not null references exchange.registration_task,
    known_at timestamptz not null default clock_timestamp(),
    primary key (person, version),
    foreign key (person, episode, body, kind, serial, issue) references exchange.checkup_ticket,
    constraint checkup_ticket_face_whole check (
        num_nulls(number, valid_from, valid_to) = 0
        or (is_returned and num_nulls(number, valid_from, valid_to, limit_yen) = 4)),
    constraint checkup_ticket_face_days check (valid_from <= valid_to)
);
create index checkup_ticket_face_body on exchange.checkup_ticket_face (body, version);
create trigger checkup_ticket_face_unchanged before update or delete on exchange.checkup_ticket_face
    for each row execute function exchange.refuse_change();
create trigger checkup_ticket_face_kept before truncate on exchange.checkup_ticket_face
    execute function exchange.refuse_change();
grant select, insert on exchange.checkup_ticket_face to tsunagi_office;
grant select on exchange.checkup_ticket_face to tsunagi_gateway;

-- 突合の証明: further fields.
alter table exchange.holding_statement
    drop constraint holding_statement_field_check,
    add constraint holding_statement_field check (field in ('subsidy', 'checkup-targets',
        'vaccination-targets', 'checkup-tickets', 'checkup-results'));
-- Of a large body the buckets are written in several short transactions; it counts from the last on.
alter table exchange.holding_statement add column is_whole boolean not null default true;
create or replace function exchange.keep_statement() returns trigger language plpgsql as $$
begin
    if (new.nodes is not null and new.nodes is distinct from old.nodes) or (old.is_whole and not new.is_whole)
        or (to_jsonb(new) - 'nodes' - 'is_whole') <> (to_jsonb(old) - 'nodes' - 'is_whole') then
        raise exception 'a statement stays as it was signed' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
grant update (is_whole) on exchange.holding_statement to tsunagi_office;

-- What a body holds now, page by page.
create index vaccination_target_body on exchange.vaccination_target (municipality, version);
create index checkup_result_party on exchange.checkup_result (party, result, version)
    where party like 'municipality:%';

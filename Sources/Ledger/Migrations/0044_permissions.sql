-- 職員の証明書: a registered certificate may be one officer's own; what is asked with it is under that name.
alter table exchange.party_certificate add column officer text
    check (officer ~ '^[A-Za-z0-9._-]{1,64}$');

-- 申出: what an operator asked for by a command that one person alone does not do. Agreed, it never changes.
create table exchange.proposal (
    deed text not null,
    -- What is done: a key and its version, a month of the log.
    subject text not null,
    party text not null references exchange.party,
    operator text,
    proposed_at timestamptz not null,
    lapses_at timestamptz not null,
    second_party text references exchange.party,
    second_operator text,
    agreed_at timestamptz,
    primary key (deed, subject),
    constraint proposal_term check (proposed_at < lapses_at),
    constraint proposal_agreed_whole check ((agreed_at is null) = (second_party is null)),
    constraint proposal_four_eyes check (
        agreed_at is null or (second_party, second_operator) is distinct from (party, operator))
);
create trigger proposal_agreed_once before update on exchange.proposal for each row
    when (old.agreed_at is not null) execute function exchange.refuse_change();
create trigger proposal_kept before delete on exchange.proposal
    for each row execute function exchange.refuse_change();
create trigger proposal_whole before truncate on exchange.proposal
    execute function exchange.refuse_change();
grant select on exchange.proposal to tsunagi_reader;

-- The registry remembers: certificates registered by issuer and key, and what held before a change.

-- 登録済み証明書: for CAs that cannot write our SAN URI. A removed row stays, with its time.
create table exchange.party_certificate (
    issuer bytea not null,
    public_key bytea not null check (octet_length(public_key) = 32),
    party text not null references exchange.party,
    registered_at timestamptz not null default clock_timestamp(),
    removed_at timestamptz,
    primary key (issuer, public_key, registered_at)
);
-- One certificate speaks for one party.
create unique index party_certificate_standing on exchange.party_certificate (issuer, public_key)
    where removed_at is null;
grant select on exchange.party_certificate to tsunagi_gateway, tsunagi_office, tsunagi_reader;

-- 利用停止の申出: the party itself took its agreement back. No list that is loaded later undoes it.
alter table exchange.party add column opted_out_at timestamptz;
alter table exchange.party add constraint party_opted_out_or_in check (opted_out_at is null or not is_opted_in);

-- 台帳の履歴: what the registry said of a party until a moment, for each change of its standing.
create table exchange.party_past (
    party text not null references exchange.party,
    serial bigint generated always as identity,
    until timestamptz not null default clock_timestamp(),
    is_opted_in boolean not null,
    suspended_at timestamptz,
    designations text[] not null,
    connected_since date,
    primary key (party, serial)
);
create function exchange.keep_party_past() returns trigger language plpgsql as $$
begin
    insert into exchange.party_past (party, is_opted_in, suspended_at, designations, connected_since)
    values (old.party, old.is_opted_in, old.suspended_at, old.designations, old.connected_since);
    return new;
end $$;
create trigger party_past_kept before update on exchange.party for each row
    when ((old.is_opted_in, old.suspended_at, old.designations, old.connected_since)
        is distinct from (new.is_opted_in, new.suspended_at, new.designations, new.connected_since))
    execute function exchange.keep_party_past();
create trigger party_past_unchanged before update or delete on exchange.party_past
    for each row execute function log.refuse_change();
create trigger party_past_whole before truncate on exchange.party_past execute function log.refuse_change();
grant select on exchange.party_past to tsunagi_reader;

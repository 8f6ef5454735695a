-- 速い引き金: what every record runs through, the same as before and planned once: PostgreSQL parses and plans the
-- body of an SQL function each time, and a setting of a function costs more than this function does.

-- Without a setting, and of operators that are resolved here, it is no call but part of the statement.
create or replace function exchange.merges_lock(of_person uuid) returns bigint
language sql immutable strict parallel safe
return 7461770000 + ((get_byte(uuid_send(of_person), 6) & 3) * 256 + get_byte(uuid_send(of_person), 7)
    # (get_byte(uuid_send(of_person), 14) & 3) * 256 + get_byte(uuid_send(of_person), 15));

create or replace function exchange.deliver(
    of_field text, persons uuid[], records uuid[], versions bigint[], bodies text[], times timestamptz[])
returns void language plpgsql security definer set search_path = pg_catalog as $$
begin
    insert into exchange.delivery (person, field, record, version, body, is_withdrawn, made_at)
    select f.person, of_field, f.record, f.version, f.body, false, f.made_at
    from unnest(persons, records, versions, bodies, times) as f(person, record, version, body, made_at)
    where f.body is not null;
    -- First versions, nearly all, were delivered to nobody before.
    if (select bool_or(version > 1) from unnest(versions) as version) then
        insert into exchange.delivery (person, field, record, version, body, is_withdrawn, made_at)
        select f.person, of_field, f.record, f.version, held.body, true, f.made_at
        from unnest(persons, records, versions, bodies, times) as f(person, record, version, body, made_at)
        cross join lateral (
            select distinct on (d.body) d.body, d.is_withdrawn from exchange.delivery d
            where d.person = f.person and d.field = of_field and d.record = f.record
                and d.version < f.version
            order by d.body, d.version desc) held
        where f.version > 1 and not held.is_withdrawn and held.body is distinct from f.body;
    end if;
end $$;

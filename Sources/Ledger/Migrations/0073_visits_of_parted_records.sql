-- 取り消された統合とすれ違う書き込み: whoever looked a visit of the absorbed record up while the merge stood, and
-- writes after its undoing, would write under the survivor what is of the other. The visit says whose it is: such a
-- write fails, and is made again under the record that the visit was opened for.
create or replace function exchange.keep_off_absorbed() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
    perform pg_advisory_xact_lock_shared(number) from (
        select distinct exchange.merges_lock(f.person) as number from fresh f order by 1) locks;
    if exists (
        select 1 from fresh f join exchange.record_merge m on m.person = f.person and m.parted_at is null)
    then
        raise exception 'the record was merged meanwhile' using errcode = 'serialization_failure';
    end if;
    -- In a statement of its own: a table without visits has no such column.
    if tg_nargs > 0 then
        if exists (
            select 1 from fresh f
            join exchange.visit v on v.visit = f.visit and v.person <> f.person
            join exchange.record_merge m on m.person = v.person and m.survivor = f.person
            where not exists (
                select 1 from exchange.record_merge s
                where s.person = v.person and s.survivor = f.person and s.parted_at is null))
        then
            raise exception 'the records were parted meanwhile' using errcode = 'serialization_failure';
        end if;
    end if;
    return null;
end $$;
do $$
declare t text;
begin
    foreach t in array array['bill', 'vaccination', 'vaccine_reaction', 'checkup_result',
        'sensitive_checkup_result', 'emergency_review', 'paper_form_use'] loop
        execute format('create or replace trigger %I after insert on exchange.%I referencing new table as fresh '
            'for each statement execute function exchange.keep_off_absorbed(''visit'')',
            t || '_off_absorbed', t);
    end loop;
end $$;

-- 人物の参照: that a row speaks of somebody who is there, asked once for a statement instead of once for a
-- row. A foreign key locks the person's row for every row that refers to it, which took half of the time
-- of a municipality's night; no lock is needed where nobody is ever taken away.
create trigger person_unchanged before update or delete on exchange.person
    for each row execute function exchange.refuse_change();
create trigger person_kept before truncate on exchange.person execute function exchange.refuse_change();

create function exchange.require_person() returns trigger language plpgsql as $$
begin
    if exists (
        select 1 from added a
        where not exists (select 1 from exchange.person p where p.person = a.person)) then
        raise exception 'a row speaks of nobody' using errcode = 'foreign_key_violation',
            constraint = tg_table_name || '_of_a_person';
    end if;
    return null;
end $$;

alter table exchange.identity drop constraint identity_person_fkey;
create trigger identity_of_a_person after insert on exchange.identity
    referencing new table as added for each statement execute function exchange.require_person();
alter table exchange.entitlement drop constraint entitlement_person_fkey;
create trigger entitlement_of_a_person after insert on exchange.entitlement
    referencing new table as added for each statement execute function exchange.require_person();
alter table office.number_key drop constraint number_key_person_fkey;
create trigger number_key_of_a_person after insert on office.number_key
    referencing new table as added for each statement execute function exchange.require_person();

-- 登録タスクの参照: written first in the transaction that writes these, and never taken away either.
create trigger registration_task_unchanged before update or delete on exchange.registration_task
    for each row execute function exchange.refuse_change();
create trigger registration_task_kept before truncate on exchange.registration_task
    execute function exchange.refuse_change();
create function exchange.require_task() returns trigger language plpgsql as $$
begin
    if exists (
        select 1 from (select distinct task from added where task is not null) a
        where not exists (select 1 from exchange.registration_task t where t.task = a.task)) then
        raise exception 'a row names no registration' using errcode = 'foreign_key_violation',
            constraint = tg_table_name || '_of_a_task';
    end if;
    return null;
end $$;
alter table exchange.identity drop constraint identity_task_fkey;
create trigger identity_of_a_task after insert on exchange.identity
    referencing new table as added for each statement execute function exchange.require_task();
alter table exchange.entitlement drop constraint entitlement_task_fkey;
create trigger entitlement_of_a_task after insert on exchange.entitlement
    referencing new table as added for each statement execute function exchange.require_task();

-- Which row of a registration said it is asked of what is held back alone.
drop index exchange.identity_line;
create unique index identity_line on exchange.identity (task, line) where is_under_review;

-- 控えの消去: since when the rows of a file that is over are no longer kept.
alter table office.file add column rows_deleted_at timestamptz;
create index file_over on office.file (finished_at) where finished_at is not null and rows_deleted_at is null;

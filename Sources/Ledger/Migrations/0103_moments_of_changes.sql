-- 全件による終了: which registration tasks ended what a whole list did not hold. An end is the list's own word, and as old as
-- the list, however late it was applied.
create table office.file_end_task (
    task uuid primary key references exchange.registration_task,
    file uuid not null references office.file on delete cascade
);
grant select, insert on office.file_end_task to tsunagi_office;

-- 再度の登録: a file of changes says again what stood as well, as of its own moment. Beside the mark of the API, so that
-- neither hides the other.
alter table office.said_again
    add column is_by_file boolean not null default false,
    drop constraint said_again_pkey,
    add primary key (version, is_by_file);

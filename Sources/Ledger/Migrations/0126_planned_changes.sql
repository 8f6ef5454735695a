-- 予定される変更: which rows of a file that only looks, or waits for a second person, would change what.
-- It goes when the file is applied or withdrawn, and else with its rows.
create table office.file_plan (
    file uuid not null references office.file on delete cascade,
    line bigint not null,
    change text not null check (change in ('addition', 'change', 'end', 'none')),
    -- 変わる項目: their names, with a space between them; never a value.
    items text not null,
    primary key (file, line)
);
grant select, insert, delete on office.file_plan to tsunagi_office;

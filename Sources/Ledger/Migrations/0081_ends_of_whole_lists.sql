-- 全件の終了: what a whole list knew when it was received, and whom it would end.
alter table office.file
    -- Rows whose individual number nobody can read, and the first lines of them: for them nobody ends.
    add column unnamed_rows bigint not null default 0,
    add column unnamed_lines bigint[] not null default '{}',
    -- 保留: rows that would have ended, had every row named somebody.
    add column ends_suspended bigint not null default 0,
    -- 受付後の登録: rows that came after the list was received, are not in it, and stay.
    add column kept_since bigint not null default 0,
    -- Over the versions of office.file_end.
    add column ends_digest bytea check (octet_length(ends_digest) = 32),
    -- The rows stand; a second person is asked about the ends alone.
    add column asks_for_ends boolean not null default false,
    -- How far the ends are through; nothing until they were judged again.
    add column ends_through bigint,
    -- 直した行: sent without a place of its own; it follows whatever has one when it comes.
    add column is_beside_line boolean not null default false;
-- A party's own files of one layout, newest first: ids are in the order of time.
create index file_newest on office.file (party, layout, file desc) where state <> 'arriving';

-- 終わるもの: the versions that a whole list would end, or has ended. They go with the rows of their file.
create table office.file_end (
    file uuid not null references office.file on delete cascade,
    place bigint not null,
    version bigint not null,
    primary key (file, place),
    constraint file_end_named_once unique (file, version)
);
grant select, insert, update, delete on office.file_end to tsunagi_office;

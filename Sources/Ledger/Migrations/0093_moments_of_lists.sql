-- 全件の時点: as of when a whole list is, as its sender says. What became known after it the list cannot know, and
-- neither ends nor overwrites.
alter table office.file add column as_of timestamptz,
    add constraint file_as_of_past check (as_of <= received_at);

-- 再度の登録: when a word that stood already was last said again by the API. It makes no version, and is newer than a
-- whole list that came before it all the same. One row for each version at most.
create table office.said_again (
    version bigint primary key,
    known_at timestamptz not null
);
grant select, insert, update on office.said_again to tsunagi_office;

-- 保存期間: a month of entries whose time of keeping is over is written to a file and leaves the database. That it did
-- is a leaf of the log; the leaf hashes, numbers and links of its entries stay for ever.

-- The time of the position's entry: a look from a position to its entry goes into one month's partition, and the month
-- of an entry that has left is still known. Nothing for a leaf that is no entry.
alter table log.position add column at timestamptz;
alter table log.position disable trigger position_unchanged;
update log.position p set at = e.at from log.access_entry e where e.entry = p.entry;
alter table log.position enable trigger position_unchanged;

-- 保管: a month that was archived, as its leaf says it. The leaf stands in log.position under `entry`.
create table log.archive (
    month date primary key check (extract(day from month) = 1),
    entry uuid not null unique,
    -- The first and the last position of an entry of the month; entries of its neighbours may lie between.
    first bigint not null,
    last bigint not null,
    entries bigint not null check (entries > 0),
    -- Of the tree over the leaf hashes of the month's entries alone, in the order of their positions.
    root bytea not null check (octet_length(root) = 32),
    -- SHA-256 of the archive file.
    archive bytea not null check (octet_length(archive) = 32),
    at timestamptz not null
);
create trigger archive_unchanged before update or delete on log.archive
    for each row execute function log.refuse_change();
create trigger archive_kept before truncate on log.archive execute function log.refuse_change();
grant select on log.archive to tsunagi_gateway, tsunagi_reader;
grant select, insert on log.archive to tsunagi_sealer;

-- What `tsunagi log archive` asks the sealer to enter. The row goes with the month's partition, in one transaction.
create table log.archive_request (
    month date primary key,
    first bigint not null,
    last bigint not null,
    entries bigint not null,
    root bytea not null,
    archive bytea not null
);
grant select on log.archive_request to tsunagi_sealer;

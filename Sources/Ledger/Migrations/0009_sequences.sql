-- 連番と地図: each entry about a resident has its number in that resident's own sequence, and at each epoch the
-- map of all sequences is a leaf of the log. So a list can be shown to be complete.

-- 本人の連番: given once, by the sealer, in the transaction that gives the position. `link` is
-- SHA-256(0x02 ‖ the link before ‖ position ‖ leaf); before the first link stands the resident's index,
-- the first 16 bytes of SHA-256('tsunagi resident index v1' ‖ 0x00 ‖ person).
alter table log.position
    add column person uuid,
    add column sequence bigint check (sequence > 0),
    add column link bytea check (octet_length(link) = 32),
    add constraint position_sequence_whole check (num_nulls(person, sequence, link) in (0, 3));
-- No number twice; and the end of a sequence, where the next entry goes on, is one look into this index.
create unique index position_sequence on log.position (person, sequence) where person is not null;

-- What was sealed before this release gets its numbers in the order of positions.
alter table log.position disable trigger position_unchanged;
do $$
declare
    sealed record;
    last record;
begin
    for sealed in
        select p.position, p.leaf, e.person from log.position p join log.access_entry e on e.entry = p.entry
        where e.person is not null order by p.position
    loop
        select p.sequence, p.link into last from log.position p
        where p.person = sealed.person order by p.sequence desc limit 1;
        update log.position p set
            person = sealed.person, sequence = coalesce(last.sequence, 0) + 1,
            link = sha256('\x02'::bytea || coalesce(last.link, substring(sha256(
                'tsunagi resident index v1'::bytea || '\x00'::bytea || uuid_send(sealed.person)) from 1 for 16))
                || int8send(sealed.position) || sealed.leaf)
        where p.position = sealed.position;
    end loop;
end $$;
alter table log.position enable trigger position_unchanged;

-- 時代: one map of all sequences, as its leaf in the log says it. The leaf stands in log.position under `entry`.
create table log.epoch (
    epoch bigint primary key check (epoch > 0),
    entry uuid not null unique,
    -- The map holds what was sealed in the positions below.
    size bigint not null check (size >= 0),
    root bytea not null check (octet_length(root) = 32),
    at timestamptz not null
);
create trigger epoch_unchanged before update or delete on log.epoch
    for each row execute function log.refuse_change();
create trigger epoch_kept before truncate on log.epoch execute function log.refuse_change();

-- 地図の升: sixteen neighbouring subtrees of the sparse Merkle map, below the hexadecimal digits that their
-- indexes begin with. `slots` is as of `epoch`, `prior` as of the one before: the map is kept for the last
-- epoch and for the one in the making, and can be made again from the positions.
create table log.map_tile (
    prefix text collate "C" primary key check (prefix ~ '^[0-9a-f]{0,31}$'),
    epoch bigint not null,
    slots bytea not null,
    prior bytea
) with (fillfactor = 60);
-- How far the map of the coming epoch is: positions below `mapped` are in the tiles, it will hold `size`.
create table log.map_edge (
    is_the_one boolean primary key default true check (is_the_one),
    epoch bigint not null,
    size bigint not null,
    mapped bigint not null
);
insert into log.map_edge (epoch, size, mapped) values (0, 0, 0);

grant select on log.epoch, log.map_tile to tsunagi_gateway, tsunagi_reader;
grant select, insert on log.epoch to tsunagi_sealer;
grant select, insert, update on log.map_tile to tsunagi_sealer;
grant select, update on log.map_edge to tsunagi_sealer;

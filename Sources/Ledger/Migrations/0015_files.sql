-- 自治体のファイル: what was received, where each stands in its line, and how far it is through. No bytes
-- of a file are kept as they came: individual numbers stand in them. Its rows are, without.

create table office.file (
    file uuid primary key,
    party text not null references exchange.party,
    -- 分野: files of one party wait for each other only within one.
    field text not null,
    layout text not null,
    layout_from date not null,
    rules text not null references exchange.rule_book,
    operator text,
    certificate bytea,
    received_at timestamptz not null default clock_timestamp(),
    is_dry_run boolean not null,
    -- arriving: more of it may come. refused: as a whole. held: the file before it is missing.
    -- weighing: compared, nothing applied. waiting: for a second person. applying. Over: weighed (a
    -- dry run), withdrawn, done, refused.
    state text not null check (state in ('arriving', 'refused', 'held', 'weighing', 'waiting',
        'applying', 'weighed', 'withdrawn', 'done')),
    -- 順番: as the sender gave it, and the place in the line that came of it.
    sequence bigint,
    follows bytea,
    place bigint,
    digest bytea check (octet_length(digest) = 32),
    bytes bigint,
    encoding text,
    is_mending boolean,
    rows bigint,
    -- Whole faults of a refused file, each with its texts.
    faults jsonb,
    -- Rows whose individual number nobody can read: whom they leave standing is not known.
    has_unnamed_rows boolean not null default false,
    -- Before it is applied, its whole effect is found out.
    is_weighed_first boolean not null default false,
    chunks bigint not null default 0,
    -- 続き位置: this many of its chunks are through in this state. It moves in the transaction that puts
    -- them through.
    cursor bigint not null default 0,
    additions bigint not null default 0,
    changes bigint not null default 0,
    unchanged bigint not null default 0,
    under_review bigint not null default 0,
    refused bigint not null default 0,
    ends bigint not null default 0,
    -- Over the file and what became of each row so far.
    effect bytea check (octet_length(effect) = 32),
    -- 影響: what weighing found.
    weighed jsonb,
    weighed_effect bytea check (octet_length(weighed_effect) = 32),
    confirmed bytea check (octet_length(confirmed) = 32),
    confirmed_by text,
    withdrawn_by text,
    advanced_at timestamptz not null default clock_timestamp(),
    not_before timestamptz,
    finished_at timestamptz,
    constraint file_place_given_once unique (party, field, place),
    constraint file_placed_when_due check (
        (place is null) = (state in ('arriving', 'refused', 'held') or is_dry_run)
        or (state = 'withdrawn'))
);
create unique index file_sequence_given_once on office.file (party, field, sequence)
    where sequence is not null and not is_dry_run and state not in ('arriving', 'refused');
create index file_open on office.file (party, field, place)
    where state in ('weighing', 'waiting', 'applying');
create index file_line on office.file (party, field, received_at);
create index file_arriving on office.file (received_at) where state = 'arriving';

-- 控え: at most a thousand rows, written as an error file is, with nothing in place of the number. The
-- hashes stand beside, all versions of one behind each other.
create table office.file_chunk (
    file uuid not null references office.file on delete cascade,
    chunk bigint not null,
    first_line bigint not null,
    lines bigint[] not null,
    numbers bytea[] not null,
    rows bytea not null,
    -- What the layout found, and what the rows were told in the end (see RowTellings).
    found text not null,
    told text,
    has_refused boolean not null default false,
    task uuid references exchange.registration_task,
    primary key (file, chunk)
);
create index file_chunk_refused on office.file_chunk (file, chunk) where has_refused;
create unique index file_chunk_line on office.file_chunk (file, first_line);
create index file_chunk_task on office.file_chunk (task) where task is not null;

-- 残るもの: the versions that a whole list still holds, while it is compared and applied.
create table office.file_kept (
    file uuid not null references office.file on delete cascade,
    version bigint not null,
    primary key (file, version)
);

-- What a body holds now, for the share of it that a file changes.
create index entitlement_body on exchange.entitlement (body, version);

grant select, insert, update, delete on office.file, office.file_chunk, office.file_kept to tsunagi_office;

-- 請求と月次の照合: what institutions claim of a body, and what became of it, run after run. A claim names a
-- certificate as it was written, right or wrong; whose it is, is found anew by each run and stands with the
-- run's verdict. Money in yen; 0 and −1 as in the code: not said.

create table exchange.claim_file (
    body text not null,
    -- 請求の月: of the run, not of the service.
    month date not null check (extract(day from month) = 1),
    number bigint not null check (number > 0),
    file uuid not null,
    party text not null,
    kind text not null check (kind in ('receipts', 'claims')),
    digest bytea not null check (octet_length(digest) = 32),
    bytes bigint not null,
    claims bigint not null,
    -- What is wrong with the file itself, each with its texts.
    findings text not null,
    rules text not null references exchange.rule_book,
    received_at timestamptz not null,
    primary key (body, month, number)
);
create unique index claim_file_id on exchange.claim_file (file);
-- The same bytes sent twice are one file.
create unique index claim_file_once on exchange.claim_file (body, month, digest);

create table exchange.claim (
    file uuid not null references exchange.claim_file (file),
    place bigint not null check (place > 0),
    body text not null,
    -- 経過: what came back and is claimed again keeps it.
    thread uuid not null,
    receipt bigint not null,
    line bigint not null,
    institution bigint not null,
    service_month date not null check (extract(day from service_month) = 1),
    type bigint not null,
    sex bigint not null,
    duty_reason bigint not null,
    days bigint not null,
    birth date,
    paid_on date,
    insurer bigint not null,
    points bigint not null,
    special_notes bigint not null,
    marks bigint not null,
    primary key (file, place)
);
create index claim_thread on exchange.claim (thread);
create index claim_service on exchange.claim (body, service_month, institution);

create table exchange.claim_part (
    file uuid not null,
    place bigint not null,
    part bigint not null check (part > 0),
    payer bigint not null,
    recipient text not null,
    points bigint not null,
    copayment bigint not null,
    amount bigint not null,
    copayment_recomputed bigint not null,
    amount_recomputed bigint not null,
    primary key (file, place, part),
    foreign key (file, place) references exchange.claim
);
create index claim_part_certificate on exchange.claim_part (recipient, payer);

-- 請求の経過: what followed the submission of a thread's first claim, in order.
create table exchange.claim_event (
    thread uuid not null,
    sequence bigint not null check (sequence > 0),
    step text not null check (step in ('returned', 'corrected', 'withdrawn', 'paid', 'reexamined',
        'confirmed', 'clawed-back')),
    day date not null,
    reference text not null,
    party text not null,
    recorded_at timestamptz not null,
    primary key (thread, sequence)
);

-- 照合: runs of a month that came out differently; the same claims, facts and rules again are the same run.
create table exchange.claim_run (
    body text not null,
    month date not null,
    run bigint not null check (run > 0),
    rules text not null references exchange.rule_book,
    digest bytea not null check (octet_length(digest) = 32),
    totals text not null,
    unverified text[] not null,
    claims bigint not null,
    -- 遡及の再開: of the claims that the newest closing has, those that this run judges otherwise.
    reopened bigint not null,
    party text not null,
    made_at timestamptz not null,
    primary key (body, month, run)
);

create table exchange.claim_verdict (
    body text not null,
    month date not null,
    run bigint not null,
    ordinal bigint not null check (ordinal > 0),
    -- The claim: a file and the place in it, or a record.
    claim text not null,
    person uuid,
    institution text not null,
    standing text not null check (standing in ('accepted', 'questioned', 'rejected')),
    is_reopened boolean not null,
    told text not null,
    primary key (body, month, run, ordinal),
    foreign key (body, month, run) references exchange.claim_run
);
create index claim_verdict_institution on exchange.claim_verdict (institution, month, body, run, ordinal);

create table exchange.claim_statement (
    body text not null,
    month date not null,
    run bigint not null,
    institution text not null,
    claims bigint not null,
    rows bytea not null,
    primary key (body, month, run, institution),
    foreign key (body, month, run) references exchange.claim_run
);

-- 月の締め: its bytes are an answer on the record, so the log's signatures are over them.
create table exchange.claim_closing (
    body text not null,
    month date not null,
    closing bigint not null check (closing > 0),
    run bigint not null,
    text bytea not null,
    digest bytea not null check (octet_length(digest) = 32),
    entry uuid not null,
    closed_at timestamptz not null,
    primary key (body, month, closing),
    foreign key (body, month, run) references exchange.claim_run
);

do $$
declare t text;
begin
    foreach t in array array['claim_file', 'claim', 'claim_part', 'claim_event', 'claim_run', 'claim_verdict',
            'claim_statement', 'claim_closing'] loop
        execute format('create trigger %I before update or delete on exchange.%I for each row
            execute function exchange.refuse_change()', t || '_unchanged', t);
        execute format('create trigger %I before truncate on exchange.%I
            execute function exchange.refuse_change()', t || '_kept', t);
        execute format('grant select, insert on exchange.%I to tsunagi_gateway', t);
    end loop;
end $$;

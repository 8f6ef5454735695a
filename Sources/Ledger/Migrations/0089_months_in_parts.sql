-- 分けて送る月: a large city sends a month in numbered parts of a set, each a file of its own. A part is here once, so
-- that somebody can say which is not.
alter table exchange.claim_file
    add column part_set text check (part_set ~ '^[A-Za-z0-9-]{1,64}$'),
    add column part bigint,
    add column parts bigint,
    add constraint claim_file_part check (num_nonnulls(part_set, part, parts) in (0, 3)
        and coalesce(part between 1 and parts and parts <= 1000, true));
create unique index claim_file_part_once on exchange.claim_file (body, month, part_set, part)
    where part_set is not null;

-- A month is judged some institutions at a time, …
create index claim_institution on exchange.claim (file, institution);

-- … beside the claims elsewhere that share certificate and month of service, of years of which one month is asked for.
alter table exchange.claim_part add column service_month date;
alter table exchange.claim_part disable trigger claim_part_unchanged;
update exchange.claim_part p set service_month = c.service_month
from exchange.claim c where c.file = p.file and c.place = p.place;
alter table exchange.claim_part enable trigger claim_part_unchanged;
alter table exchange.claim_part alter column service_month set not null;
create index claim_part_of_month on exchange.claim_part (recipient, payer, service_month);
drop index exchange.claim_part_certificate;

-- Digest and totals of a run are known after its last line: the run is written behind its lines, in their commit.
alter table exchange.claim_verdict alter constraint claim_verdict_body_month_run_fkey
    deferrable initially deferred;
alter table exchange.claim_statement alter constraint claim_statement_body_month_run_fkey
    deferrable initially deferred;

-- 照会と返戻, and what is open again: pages of a large run without reading all of it.
create index claim_verdict_told on exchange.claim_verdict (body, month, run, ordinal)
    where standing <> 'accepted';
create index claim_verdict_reopened on exchange.claim_verdict (body, month, run, ordinal)
    where is_reopened;

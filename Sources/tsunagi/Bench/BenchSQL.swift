/// The rows of a measured world, in the shape that the feed and registrations leave.
enum BenchSQL {
    /// As many WAL files as `max_wal_size` lets be kept, each ended at once: the next checkpoint renames
    /// them.
    static let turnOverWAL = """
        do $$ begin
            for file in 1..(4096 / 16) loop
                perform pg_logical_emit_message(false, 'bench', '');
                perform pg_switch_wal();
            end loop;
        end $$
        """

    static func fill(_ residents: Int) -> String {
        """
        select setseed(0.42);
        create temp table sample on commit drop as
            select n, gen_random_uuid() as person from generate_series(1, \(residents)) as n;
        insert into exchange.person (person) select person from sample;
        insert into exchange.residence (person, municipality, prefecture, from_day, known_at)
            select person, '132101', '130001', date '2015-04-01', now() - interval '1 year' from sample;
        insert into exchange.registration_task (task, party, field, idempotency_key, body_digest,
            rows, rows_applied,
            rows_unchanged, rows_under_review, rows_refused)
            values ('00000000-0000-7000-8000-000000000001', 'municipality:132101', 'bench',
                'bench', '', 0, 0, 0, 0, 0);
        insert into exchange.identity (person, body, name, name_kana, address, birth_date, sex,
            is_not_disclosed,
            is_under_review)
            select person, '132101', '架空　' || n, 'カクウ　' || n, '東京都小金井市見本町' || n, '2018-05-05', '1',
                false, false
            from sample;
        insert into exchange.entitlement (person, body, certificate_type, sub_key, history_key,
            consent_kind, valid_from,
            valid_to, is_deleted, is_under_review, is_always_reimbursement, payer_number,
                recipient_number, birth_date,
            certification_name, designated_institutions, face, face_digest, task, known_at)
            select person, '132101', 'kodomo', '', 'h' || n, 'subsidy', date '2025-04-01',
                date '2036-03-31', false,
                false, false, '88138243', lpad((n % 10000000)::text, 7, '0'), '2018-05-05',
                    'こども医療費受給者証', null,
                '{"orgSpecificCertificateTypeId":"kodomo","isNotDisclosed":false,'
                || '"medicalSubsidyInsurerNumber":"88138243",'
                || '"certificationName":"こども医療費受給者証","medicalSubsidyRecipientNumber":"'
                || lpad((n % 10000000)::text, 7, '0')
                    || '","isAlwaysReimbursement":"0","validFrom":"2025-04-01",'
                || '"validTo":"2036-03-31","historyKey":"h' || n
                    || '","isDeleted":false,"certificationDetail":'
                || '[{"item":"交付年月日","value":"2025-04-01"}]}',
                sha256(n::text::bytea), '00000000-0000-7000-8000-000000000001', now() - interval '30 days'
            from sample where n % 3 <> 0;
        insert into exchange.visit (person, visit, party, patient, kind, consents, confirmed_by,
            card_valid_to, opened_at,
            ends_at)
            select person, gen_random_uuid(), 'institution:1319999995',
                translate(md5(person::text), '0123456789abcdef', 'abcdefghijklmnop'), 'outpatient',
                array['immunization', 'maternal', 'subsidy'], 'card', date '2031-01-01', now(),
                now() + interval '1 day'
            from sample order by random() limit 40000;
        update exchange.party set as_of = now() where role in ('municipality', 'prefecture');
        """
    }

    /// 10,000 people more, each with a rare disease's certificate and an open visit.
    static let fillChronic = """
        create temp table chronic on commit drop as
            select n, gen_random_uuid() as person from generate_series(1, 10000) as n;
        insert into exchange.person (person) select person from chronic;
        insert into exchange.residence (person, municipality, prefecture, from_day, known_at)
            select person, '132101', '130001', date '2015-04-01', now() - interval '1 year'
            from chronic;
        insert into exchange.entitlement (person, body, certificate_type, sub_key, history_key,
            consent_kind, valid_from, valid_to, is_deleted, is_under_review,
            is_always_reimbursement, payer_number, recipient_number, birth_date,
            certification_name, designated_institutions, face, face_digest, task, known_at)
            select person, '130001', 'nanbyo', '', 'h' || n, 'subsidy', date '2025-04-01',
                date '2036-03-31', false, false, false, '54136015', lpad(n::text, 7, '0'),
                '1968-05-05', '特定医療費(指定難病)受給者証', '1319999995',
                '{"incomeSegment":"D","maxCopaymentAmount":{"perMonth":30000}}',
                sha256(n::text::bytea), '00000000-0000-7000-8000-000000000001',
                now() - interval '30 days'
            from chronic;
        insert into exchange.visit (person, visit, party, patient, kind, consents, confirmed_by,
            card_valid_to, opened_at, ends_at)
            select person, gen_random_uuid(), 'institution:1319999995',
                translate(md5(person::text), '0123456789abcdef', 'abcdefghijklmnop'),
                'outpatient', array['subsidy'], 'card', date '2031-01-01', now(),
                now() + interval '1 day'
            from chronic;
        """

    static let selectChronicVisits = """
        select v.visit::text, v.patient from exchange.visit v
        where exists (
            select 1 from exchange.entitlement e
            where e.person = v.person and e.certificate_type = 'nanbyo')
        order by v.visit
        """

    /// Open visits of residents who hold something, or of those who hold nothing.
    static let selectVisits = """
        select v.visit::text, v.patient from exchange.visit v
        where $1 = exists (select 1 from exchange.entitlement e where e.person = v.person)
        order by v.visit limit $2
        """

    static let insertTokens = """
        insert into exchange.resident_token (person, token_hash, party, certificate_hash, nonce,
            issued_at, expires_at)
        select v.person, t.hash, $3, $2, t.nonce, now(), now() + interval '1 day'
        from (select hash, nonce, row_number() over () as n from unnest($1::bytea[],
            $4::text[]) as u(hash, nonce)) t
        join (select person, row_number() over (order by visit) as n from exchange.visit) v using (n)
        """

    static let bindCards = """
        insert into exchange.card_binding (person, card_hash, valid_from, valid_to)
        select p.person, c.hash, now() - interval '1 day', now() + interval '5 years'
        from (select hash, row_number() over () as n from unnest($1::bytea[]) as u(hash)) c
        join (select person, row_number() over (order by person) as n
            from exchange.person limit 1000) p using (n)
        """

    /// These residents are babies of 200 days; `$1` are their visits.
    static let rejuvenate = """
        insert into exchange.identity (person, body, name, name_kana, address, birth_date, sex,
            is_not_disclosed, is_under_review)
        select i.person, i.body, i.name, i.name_kana, i.address,
            to_char(now() - interval '200 days', 'YYYY-MM-DD'), i.sex, false, false
        from exchange.identity i join exchange.visit v using (person)
        where v.visit = any ($1::text[]::uuid[])
        """

    /// One dose of each, as another clinic's record: `$2` is the record, `$3` its day, `$4` its vaccine,
    /// `$5` what counts of it.
    static let vaccinate = """
        with given as (
            insert into exchange.vaccination (person, vaccination, version, party, identifier_system,
                identifier, status, vaccine, day, face, visit, recorded_at, counted, is_line)
            select v.person, gen_random_uuid(), 1, 'institution:1319999996', 'bench',
                gen_random_uuid()::text, 'completed', $4, $3, $2, v.visit, now(),
                $5, false
            from exchange.visit v where v.visit = any ($1::text[]::uuid[])
            returning person, vaccination)
        insert into exchange.vaccination_claim (person, vaccination, version, rules, made_at, refusal)
        select person, vaccination, 1, 'bench', now(), 'not-routine' from given
        """

    /// `$1` reports of each of the first `$2` visits' residents, one for each day before today.
    static let giveTimeline = """
        with given as (
            insert into exchange.checkup_result (person, result, version, party, identifier_system,
                identifier, status, checkup, day, face, warnings, follow_ups, municipality, visit,
                rules, recorded_at)
            select v.person, gen_random_uuid(), 1, 'institution:1319999996', 'bench',
                gen_random_uuid()::text, 'final', 'infant-6-7m', current_date - n,
                '{"identifier":{"system":"bench","value":"' || n || '"},"status":"final",'
                || '"checkup":"infant-6-7m","effective":"' || current_date - n
                || '","performers":[{"name":"見本 医師"}],"entries":['
                || '{"item":"weight","quantity":"7.42","unit":"kg"},'
                || '{"item":"height","quantity":"66.5","unit":"cm"},'
                || '{"item":"head-circumference","quantity":"42.0","unit":"cm"},'
                || '{"item":"nutrition","choice":"breast"},'
                || '{"item":"child-judgement","choice":"healthy"}]}',
                '{}', '{}', '132101', v.visit, 'bench', now() - n * interval '1 day'
            from (select person, visit from exchange.visit order by visit limit $2) v,
                generate_series(1, $1) as n
            returning person, result, day)
        insert into exchange.checkup_line (person, result, version, municipality, checkup, day,
            judgement, is_out_of_area, made_at)
        select person, result, 1, '132101', 'infant-6-7m', day, 'healthy', false, now() from given
        """
}

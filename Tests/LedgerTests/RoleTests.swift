import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 役割: what each database role tries and must not be able to do, and what nobody may do, the owner
/// included.
@Suite struct RoleTests {
    struct Attempt: Sendable, CustomTestStringConvertible {
        let role: String
        let sql: String
        var testDescription: String { "\(role): \(sql)" }
    }

    static let columns = "entry, format, party, purpose, outcome, salt"
    static let values = "gen_random_uuid(), 1, 'institution:1319999995', 'open-visit', 'ok', 'salt'"
    static let logTables = ["access_entry", "position", "tile", "checkpoint", "epoch", "archive"]

    static let forbidden: [Attempt] =
        ["gateway", "office", "sealer", "reader"].flatMap { role in
            logTables.flatMap { table in
                [
                    Attempt(
                        role: role,
                        sql: "update log.\(table) set \(column(table)) = \(column(table))"),
                    Attempt(role: role, sql: "delete from log.\(table)"),
                    Attempt(role: role, sql: "truncate log.\(table) cascade"),
                    Attempt(role: role, sql: "drop table log.\(table) cascade"),
                ]
            } + [
                Attempt(role: role, sql: "alter table log.access_entry disable trigger all"),
                Attempt(role: role, sql: "set session_replication_role = replica"),
                Attempt(role: role, sql: "create table log.mine (row int)"),
                Attempt(
                    role: role, sql: "insert into log.archive_request (month) values ('2015-03-01')"
                ),
                Attempt(role: role, sql: "delete from log.archive_request"),
                Attempt(role: role, sql: "create table public.mine (row int)"),
                Attempt(role: role, sql: "update exchange.rule_book set files = '{}'"),
                Attempt(role: role, sql: "update exchange.party set is_opted_in = true"),
                Attempt(role: role, sql: "insert into public.tsunagi_migration values ('x', 'y')"),
            ]
        } + own + versions + borne + aroundTheNeedle + acting + offices

    /// What one role may and the others may not.
    static let own: [Attempt] =
        ["gateway", "sealer", "reader"].flatMap { role in
            [
                Attempt(role: role, sql: "select * from office.number_key"),
                Attempt(role: role, sql: "select * from office.file"),
                Attempt(role: role, sql: "select numbers from office.file_chunk"),
                Attempt(role: role, sql: "select * from office.early_protection"),
                Attempt(role: role, sql: "select * from office.file_plan"),
                Attempt(
                    role: role,
                    sql: "insert into exchange.person (person) values (gen_random_uuid())"),
                Attempt(role: role, sql: "delete from exchange.entitlement"),
            ]
        }
        + ["gateway", "office", "reader"].flatMap { role in
            [
                Attempt(role: role, sql: "update log.head set size = 0"),
                Attempt(
                    role: role,
                    sql: "insert into log.position values (0, gen_random_uuid(), sha256(''))"),
                Attempt(role: role, sql: "insert into log.checkpoint values (0, '', '')"),
                Attempt(
                    role: role,
                    sql: "insert into log.epoch values (1, gen_random_uuid(), 0, sha256(''), now())"
                ),
                Attempt(role: role, sql: "insert into log.archive (month) values ('2015-03-01')"),
                Attempt(role: role, sql: "update log.map_tile set epoch = 0"),
                Attempt(role: role, sql: "update log.map_edge set epoch = 0"),
                Attempt(role: role, sql: "select log.ensure_partitions(1)"),
            ]
        }
        + ["sealer", "reader"].flatMap { role in
            [
                Attempt(
                    role: role, sql: "insert into log.access_entry (\(columns)) values (\(values))"),
                Attempt(role: role, sql: "select * from exchange.entitlement"),
                Attempt(role: role, sql: "select * from exchange.identity"),
                Attempt(role: role, sql: "select * from exchange.card_binding"),
                Attempt(role: role, sql: "select * from exchange.visit"),
            ]
        }
        + [
            "delete from log.head", "truncate log.head",
            "insert into log.head values (true, 0, '', '1')", "delete from log.map_tile",
            "delete from log.map_edge",
        ].map {
            Attempt(role: "sealer", sql: $0)
        }
        + [
            Attempt(role: "gateway", sql: "update exchange.visit set consents = '{}'"),
            Attempt(role: "gateway", sql: "delete from exchange.visit"),
            Attempt(role: "gateway", sql: "delete from exchange.visit_evidence"),
            Attempt(
                role: "gateway", sql: "insert into exchange.card_binding (person) values (null)"),
            Attempt(role: "gateway", sql: "update exchange.key_check set value = value"),
            Attempt(role: "gateway", sql: "delete from exchange.key_check"),
            Attempt(role: "office", sql: "update exchange.entitlement set valid_to = '2099-01-01'"),
            Attempt(role: "office", sql: "update exchange.key_check set value = value"),
            Attempt(role: "office", sql: "delete from exchange.entitlement"),
            Attempt(role: "office", sql: "delete from exchange.registration_task"),
            Attempt(role: "office", sql: "delete from office.number_key"),
            Attempt(role: "office", sql: "update office.number_key set person = person"),
            Attempt(role: "office", sql: "insert into exchange.visit (person) values (null)"),
        ]

    /// 版: inserted by one role, changed by none, read by no other.
    static let versions: [Attempt] =
        [
            "exchange.vaccination", "exchange.vaccination_claim", "exchange.bill",
            "exchange.refund_case", "exchange.refund_reckoning",
            "exchange.checkup_result", "exchange.sensitive_checkup_result", "exchange.checkup_line",
        ].flatMap { table -> [Attempt] in
            let changes = ["gateway", "office", "sealer", "reader"].flatMap { role -> [Attempt] in
                [
                    "update \(table) set version = version", "delete from \(table)",
                    "truncate \(table) cascade",
                ].map { Attempt(role: role, sql: $0) }
            }
            return changes
                + ["office", "sealer", "reader"].map {
                    Attempt(role: $0, sql: "select * from \(table)")
                }
        } + [Attempt(role: "office", sql: "select judgement, yen from exchange.checkup_line")]

    /// 償還払いの後に残る負担: kept as it was decided, and read by no other role.
    static let borne: [Attempt] =
        ["gateway", "office", "sealer", "reader"].flatMap { role in
            [
                "update exchange.refund_borne set share = share",
                "delete from exchange.refund_borne", "truncate exchange.refund_borne cascade",
            ].map { Attempt(role: role, sql: $0) }
        }
        + ["office", "sealer", "reader"].map {
            Attempt(role: $0, sql: "select * from exchange.refund_borne")
        }

    /// 予防接種の前後: answers of residents are the gateway's alone, invitations the office's to write; what a
    /// municipality received and which cards were signed nobody takes back.
    static let aroundTheNeedle: [Attempt] =
        ["office", "sealer", "reader"].flatMap { role in
            [
                "screening_response", "sensitive_screening_response", "delivery",
                "delivery_receipt", "health_card", "paper_form", "paper_form_use",
            ].map { Attempt(role: role, sql: "select * from exchange.\($0)") }
        }
        + [
            "update exchange.screening_response set status = status",
            "delete from exchange.screening_response",
            "update exchange.sensitive_screening_response set status = status",
            "delete from exchange.sensitive_screening_response",
            "update exchange.paper_form set last_day = last_day", "delete from exchange.paper_form",
            "update exchange.paper_form_use set person = person",
            "delete from exchange.paper_form_use",
            "insert into exchange.vaccination_target (person) values (null)",
            "update exchange.delivery set body = body",
            "insert into exchange.delivery (person) values (null)",
            "delete from exchange.delivery", "delete from exchange.delivery_receipt",
            "update exchange.health_card set records = records", "delete from exchange.health_card",
        ].map { Attempt(role: "gateway", sql: $0) }
        + [
            "update exchange.vaccination_target set is_removed = true",
            "delete from exchange.vaccination_target", "select * from exchange.notice",
        ].map { Attempt(role: "office", sql: $0) }

    /// 代理: who is a guardian is the office's to say, and nobody's to change; what a resident lets others do,
    /// forbids and takes back is the gateway's alone, and is not taken away from the record.
    static let acting: [Attempt] =
        [
            "insert into exchange.guardianship (person) values (null)",
            "update exchange.guardianship set is_custody_lost = false",
            "delete from exchange.guardianship", "delete from exchange.delegation",
            "update exchange.delegation set kinds = '{}'", "delete from exchange.block",
            "update exchange.block set party = party",
            "update exchange.resident_token set representative = null",
        ].map { Attempt(role: "gateway", sql: $0) }
        + [
            "update exchange.guardianship set is_custody_lost = false",
            "delete from exchange.guardianship",
        ].map { Attempt(role: "office", sql: $0) }
        + ["office", "sealer", "reader"].flatMap { role in
            ["delegation", "block", "relation", "withheld", "visit_now"].map {
                Attempt(role: role, sql: "select * from exchange.\($0)")
            }
        }

    /// 役所の閲覧・災害: what was withheld, declared or answered stays so, and only the sealer fills the index.
    static let offices: [Attempt] =
        ["gateway", "office", "sealer", "reader"].flatMap { role in
            [
                "update log.withholding set release_at = now()", "delete from log.withholding",
                "update log.withholding_lift set lifted_at = now()",
                "delete from log.withholding_lift",
                "update log.office_entry set position = 0", "delete from log.office_entry",
                "delete from log.follower", "update log.follower set name = name",
                "update exchange.disaster set areas = areas", "delete from exchange.disaster",
                "update exchange.emergency_review set due_at = now()",
                "delete from exchange.emergency_review", "delete from exchange.complaint",
                "update exchange.institution_area set municipality = municipality",
                "update exchange.record_merge set person = person",
                "delete from exchange.record_merge",
                "delete from exchange.merge_proposal",
            ].map { Attempt(role: role, sql: $0) }
        }
        + ["gateway", "office", "reader"].map {
            Attempt(role: $0, sql: "insert into log.office_entry values ('x', 0)")
        }
        + ["office", "sealer", "reader"].flatMap { role in
            ["complaint", "disaster", "emergency_review", "visit_try", "cap_month"].map {
                Attempt(role: role, sql: "select * from exchange.\($0)")
            }
        }
        + [
            Attempt(role: "sealer", sql: "select known_at from exchange.residence"),
            Attempt(role: "gateway", sql: "select face from exchange.checkup_target"),
            Attempt(role: "gateway", sql: "select address from exchange.identity"),
            Attempt(role: "gateway", sql: "select is_not_disclosed from exchange.identity"),
            Attempt(role: "gateway", sql: "select * from exchange.identity"),
            Attempt(role: "gateway", sql: "select face from exchange.life_event"),
            Attempt(role: "gateway", sql: "select * from exchange.guardianship"),
            Attempt(role: "gateway", sql: "select * from exchange.death"),
            Attempt(role: "gateway", sql: "select certificate from exchange.visit_evidence"),
            Attempt(role: "office", sql: "select party from exchange.visit"),
            Attempt(role: "office", sql: "select person from log.access_entry"),
            Attempt(role: "office", sql: "select person from log.position"),
            Attempt(role: "office", sql: "select patient from exchange.visit"),
            Attempt(role: "office", sql: "select * from exchange.visit_evidence"),
            Attempt(role: "gateway", sql: "select * from exchange.merge_proposal"),
            Attempt(
                role: "gateway",
                sql: "select exchange.in_the_way_of_merge(gen_random_uuid(), gen_random_uuid())"),
            Attempt(
                role: "gateway", sql: "select exchange.used_since_merge(gen_random_uuid())"),
            Attempt(role: "gateway", sql: "select exchange.join_blocks(gen_random_uuid())"),
            Attempt(role: "gateway", sql: "select exchange.part_blocks(gen_random_uuid())"),
            Attempt(role: "office", sql: "update exchange.block set lifted_at = now()"),
            Attempt(
                role: "gateway",
                sql: "update exchange.record_merge set parted_by = '', parted_at = now()"),
        ]

    static let allowed: [Attempt] = [
        Attempt(
            role: "gateway", sql: "insert into log.access_entry (\(columns)) values (\(values))"),
        Attempt(
            role: "office", sql: "insert into log.access_entry (\(columns)) values (\(values))"),
        Attempt(role: "office", sql: "do $$ begin perform * from office.number_key; end $$"),
        Attempt(role: "office", sql: "do $$ begin perform address from exchange.identity; end $$"),
        Attempt(
            role: "gateway",
            sql: "do $$ begin perform name, birth_date from exchange.identity; end $$"),
        Attempt(
            role: "gateway",
            sql: "do $$ begin perform * from exchange.relation, exchange.withheld; end $$"),
        Attempt(role: "sealer", sql: "update log.head set size = size"),
        Attempt(role: "sealer", sql: "update log.map_edge set mapped = mapped"),
        Attempt(
            role: "sealer",
            sql: "insert into log.position values (0, gen_random_uuid(), sha256(''))"),
        Attempt(
            role: "reader", sql: "do $$ begin perform * from log.access_entry, log.head; end $$"),
    ]

    /// 見る範囲: which roles read a column that says who somebody is, or what an office wrote of them. Whatever
    /// table or view of these schemas has such a column stands here.
    static let sight: [String: [String]] = [
        "exchange.card_binding.card_hash": ["gateway", "office"],
        "exchange.card_revocation.card_hash": ["office"],
        "exchange.checkup_result.face": ["gateway"],
        "exchange.checkup_target.face": ["office"],
        "exchange.checkup_target.identity_key": ["gateway", "office"],
        "exchange.checkup_ticket_face.identity_key": ["gateway", "office"],
        "exchange.claim.sex": ["gateway"],
        "exchange.death.died_on": ["office"],
        "exchange.deceased.died_on": ["gateway", "office"],
        "exchange.entitlement.birth_date": ["gateway", "office"],
        "exchange.entitlement.face": ["gateway", "office"],
        "exchange.guardianship.guardian_key": ["office"],
        "exchange.guardianship.person_key": ["office"],
        "exchange.identity.address": ["office"],
        "exchange.identity.birth_date": ["gateway", "office"],
        "exchange.identity.is_not_disclosed": ["office"],
        "exchange.identity.name": ["gateway", "office"],
        "exchange.identity.name_kana": ["gateway", "office"],
        "exchange.identity.sex": ["gateway", "office"],
        "exchange.life_event.face": ["office"],
        "exchange.life_event.identity_key": ["gateway", "office"],
        "exchange.life_event.is_not_disclosed": ["office"],
        "exchange.mass_checkup.face": ["office"],
        "exchange.maternal_notification.face": ["gateway", "office"],
        "exchange.party.name": ["gateway", "office", "reader", "sealer"],
        "exchange.past_dose.face": ["office"],
        "exchange.relation.birth_date": ["gateway"],
        "exchange.relation.name": ["gateway"],
        "exchange.screening_response.face": ["gateway"],
        "exchange.sensitive_checkup_result.face": ["gateway"],
        "exchange.sensitive_mass_checkup.face": ["office"],
        "exchange.sensitive_screening_response.face": ["gateway"],
        "exchange.vaccination.face": ["gateway"],
        "exchange.vaccination_target.identity_key": ["gateway", "office"],
        "exchange.vaccine_reaction.face": ["gateway"],
        "exchange.visit.party": ["gateway"],
        "exchange.visit.patient": ["gateway"],
        "exchange.visit_evidence.signature": [],
        "exchange.visit_now.party": ["gateway"],
        "exchange.visit_now.patient": ["gateway"],
        "office.file_chunk.numbers": ["office"],
        "office.number_key.number_hash": ["office"],
    ]

    @Test func `the catalogue gives each role the sight that is its own, and no more`() async throws
    {
        try await LedgerWorld.with { world in
            let seen = try await world.texts(
                """
                select n.nspname || '.' || c.relname || '.' || a.attname || ' ' || coalesce((
                    select string_agg(substr(r.rolname, 9), ' ' order by r.rolname) from pg_roles r
                    where r.rolname in ('tsunagi_gateway', 'tsunagi_office', 'tsunagi_reader',
                            'tsunagi_sealer')
                        and has_schema_privilege(r.oid, n.oid, 'usage')
                        and has_column_privilege(r.oid, c.oid, a.attnum, 'select')), '')
                from pg_class c
                join pg_namespace n on n.oid = c.relnamespace and n.nspname in ('exchange', 'office')
                join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                where c.relkind in ('r', 'p', 'v', 'm') and (a.attname in ('name', 'name_kana', 'address',
                        'birth_date', 'sex', 'face', 'card_hash', 'number_hash', 'numbers', 'signature',
                        'identity_key', 'person_key', 'guardian_key', 'died_on', 'is_not_disclosed')
                    or c.relname in ('visit', 'visit_now') and a.attname in ('party', 'patient'))
                    and c.relname not in ('paper_form', 'paper_form_use')
                """)
            let own = Self.sight.map { ([$0.key] + $0.value).joined(separator: " ") }
            let found = seen.map { $0.hasSuffix(" ") ? String($0.dropLast()) : $0 }
            #expect(Set(found).subtracting(own).sorted() == [])
            #expect(Set(own).subtracting(found).sorted() == [])
        }
    }

    private static func column(_ table: String) -> String {
        [
            "access_entry": "outcome", "position": "leaf", "tile": "root", "checkpoint": "note",
            "epoch": "root", "archive": "root",
        ][table] ?? ""
    }

    @Test func `no role can do what is not its own`() async throws {
        try await LedgerWorld.with { world in
            for attempt in Self.forbidden {
                let error = await #expect(throws: DatabaseError.self, "\(attempt.testDescription)")
                {
                    try await world.execute(attempt.sql, as: "tsunagi_\(attempt.role)")
                }
                // 42501: insufficient_privilege. Nothing else may be what stopped it.
                #expect(error?.sqlState == "42501", "\(attempt.testDescription)")
            }
        }
    }

    @Test func `each role can do what is its own`() async throws {
        try await LedgerWorld.with { world in
            for attempt in Self.allowed {
                try await world.execute(attempt.sql, as: "tsunagi_\(attempt.role)")
            }
        }
    }

    @Test func `even the owner is stopped from changing entries, positions, tiles and checkpoints`()
        async throws
    {
        try await LedgerWorld.with { world in
            try await Self.fill(world)
            let partition = try #require(
                try await world.texts(
                    "select tableoid::regclass::text from log.access_entry limit 1"
                ).first)
            for table in Self.logTables.map({ "log.\($0)" }) + [partition] {
                let column = Self.column(
                    table == partition ? "access_entry" : String(table.dropFirst("log.".count)))
                for sql in [
                    "update \(table) set \(column) = \(column)", "delete from \(table)",
                    "truncate \(table) cascade",
                ] {
                    let error = await #expect(throws: DatabaseError.self, "owner: \(sql)") {
                        try await world.execute(sql)
                    }
                    #expect(error?.sqlState == "42501", "owner: \(sql)")
                }
                #expect(try await world.count(table) == 1)
            }
        }
    }

    /// Table, its mark, and who may set it.
    static let marks: [(table: String, mark: String, role: String)] = [
        ("resident_token", "revoked_at", "gateway"), ("resident_token", "revoked_at", "office"),
        ("health_card", "revoked_at", "gateway"), ("health_card", "revoked_at", "office"),
        ("delegation", "ended_at", "gateway"),
        ("card_binding", "revoked_at", "office"), ("card_binding", "superseded_by", "office"),
        ("block", "lifted_at", "gateway"),
    ]

    @Test(arguments: marks)
    func `who sets a mark does not take it back`(_ row: (table: String, mark: String, role: String))
        async throws
    {
        try await LedgerWorld.with { world in
            try await world.execute(
                """
                insert into exchange.person (person) values ('00000000-0000-4000-8000-00000000000a');
                insert into exchange.resident_token (person, token_hash, party, certificate_hash, nonce,
                    issued_at, expires_at)
                values ('00000000-0000-4000-8000-00000000000a', sha256(''), 'portal:test-portal',
                    sha256(''), 'n', now(), now());
                insert into exchange.health_card (person, card, key, records, issued_at)
                values ('00000000-0000-4000-8000-00000000000a', 'c', 'k', '{}', now());
                insert into exchange.delegation (person, delegation, code_hash, kinds, valid_to, made_at,
                    code_lapses_at)
                values ('00000000-0000-4000-8000-00000000000a', gen_random_uuid(), sha256(''), '{}',
                    '2040-01-01', now(), now());
                insert into exchange.card_binding (person, card_hash, valid_from, valid_to)
                values ('00000000-0000-4000-8000-00000000000a', sha256(''), now(), now());
                insert into exchange.block (person, block, party, set_at)
                values ('00000000-0000-4000-8000-00000000000a', gen_random_uuid(),
                    'institution:1319999995', now());
                """)
            let isHash = row.mark == "superseded_by"
            let set = "update exchange.\(row.table) set \(row.mark) = "
            let role = "tsunagi_\(row.role)"
            try await world.execute(set + (isHash ? "sha256('')" : "'2026-01-01'"), as: role)
            for other in ["null"] + (isHash ? [] : ["'infinity'", "'2025-01-01'"]) {
                let error = await #expect(throws: DatabaseError.self, "\(row) \(other)") {
                    try await world.execute(set + other, as: role)
                }
                #expect(error?.sqlState == "42501", "\(row) \(other)")
            }
            #expect(
                try await world.count("exchange.\(row.table) where \(row.mark) is not null") == 1)
            // Said again it is the same.
            try await world.execute(set + (isHash ? "sha256('a')" : "'2026-01-01'"), as: role)
        }
    }

    @Test func `whoever took a delegation keeps it, and nobody is put in their place`() async throws
    {
        try await LedgerWorld.with { world in
            try await world.execute(
                """
                insert into exchange.person (person)
                select ('00000000-0000-4000-8000-00000000000' || n)::uuid from unnest('{a,b,c}'::text[]) n;
                insert into exchange.delegation (person, delegation, code_hash, kinds, valid_to, made_at,
                    code_lapses_at)
                values ('00000000-0000-4000-8000-00000000000a', gen_random_uuid(), sha256(''), '{}',
                    '2040-01-01', now(), now());
                """)
            func take(_ proxy: String, _ at: String) async throws {
                try await world.execute(
                    "update exchange.delegation set proxy = \(proxy), accepted_at = \(at)",
                    as: "tsunagi_gateway")
            }
            let first = "'00000000-0000-4000-8000-00000000000b'"
            try await take(first, "'2026-01-01'")
            for (proxy, at) in [
                ("'00000000-0000-4000-8000-00000000000c'", "'2026-01-01'"),
                (first, "'2026-01-02'"), ("null", "null"),
            ] {
                let error = await #expect(throws: DatabaseError.self, "\(proxy)") {
                    try await take(proxy, at)
                }
                #expect(error?.sqlState == "42501", "\(proxy) \(at)")
            }
            try await take(first, "'2026-01-01'")
            try await world.execute(
                "update exchange.delegation set ended_at = now()", as: "tsunagi_gateway")
        }
    }

    /// One row in each table of the log.
    private static func fill(_ world: LedgerWorld) async throws {
        try await world.execute(
            """
            insert into log.access_entry (\(columns)) values (\(values));
            insert into log.position values (0, gen_random_uuid(), sha256(''));
            insert into log.tile values (0, 0, decode(repeat('00', 8192), 'hex'), sha256(''));
            insert into log.checkpoint values (1, sha256(''), 'note');
            insert into log.epoch values (1, gen_random_uuid(), 0, sha256(''), now());
            insert into log.archive values
                ('2015-03-01', gen_random_uuid(), 0, 0, 1, sha256(''), sha256(''), now());
            """)
    }
}

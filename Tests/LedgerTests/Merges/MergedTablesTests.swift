import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 統合の範囲: every table that speaks of a person is carried over by a merge, refuses one, or is read together; a
/// table of tomorrow is in one of these lists before it is released.
@Suite struct MergedTablesTests {
    /// Said again of the survivor, or read for whoever the record is of now.
    static let carried: Set<String> = [
        "identity", "entitlement", "checkup_target", "vaccination_target", "block", "card_binding",
        "residence", "life_event", "death", "visit", "resident_token", "notice", "record_merge",
    ]
    /// 統合の妨げ: `exchange.in_the_way_of_merge` asks each of them.
    static let refusing: Set<String> = [
        "guardianship", "delegation", "emergency_review",
    ]
    /// 併せて読むもの: stays where it was recorded and is read for whoever that is now; a version of it says for
    /// whom it was decided. New ones are of the survivor, but for a case (償還払い) of a bill of the other, and
    /// an undoing looks at them.
    static let versioned: Set<String> = [
        "vaccination", "vaccine_reaction", "screening_response", "sensitive_screening_response",
        "checkup_result", "sensitive_checkup_result", "maternal_notification", "bill",
        "refund_case",
    ]
    /// The same of what has no versions.
    static let together: Set<String> = versioned.union([
        "health_card", "checkup_ticket", "follow_up", "cap_month", "refund_request",
    ])
    /// Parts of those that may be written beside them and tie two records together: an undoing looks at them.
    static let tying: Set<String> = [
        "checkup_ticket_event", "checkup_ticket_face", "follow_up_source", "follow_up_handover",
    ]
    /// A month goes with its bills: an undoing looks at those.
    static let withoutTime: Set<String> = ["cap_month"]
    /// Of a row in one of the above, without which it is not there.
    static let parts: Set<String> = [
        "cap_hold", "vaccination_claim", "checkup_ticket_event", "checkup_line",
        "follow_up_answer", "follow_up_handover", "follow_up_source", "screening_ticket",
        "refund_answer", "refund_reckoning", "refund_borne", "visit_evidence", "visit_confirmation",
        "checkup_ticket_face", "cap_year",
        "paper_form_use",
    ]
    /// Stays with the record that it was written about: what was done, and to whom it was told.
    static let past: Set<String> = [
        "bulk_resident", "complaint", "delivery", "claim_verdict", "loss", "check_notice",
        "checkup_reminder", "vaccination_reminder",
    ]

    @Test func `every table that speaks of a person has its place in a merge`() async throws {
        try await LedgerWorld.with { world in
            let tables = try await world.texts(
                """
                select c.table_name::text from information_schema.columns c
                join information_schema.tables t using (table_schema, table_name)
                where c.table_schema = 'exchange' and c.column_name = 'person'
                    and t.table_type = 'BASE TABLE' and c.table_name <> 'person' order by 1
                """)
            let placed = [Self.carried, Self.refusing, Self.together, Self.parts, Self.past]
            #expect(Set(tables) == placed.reduce(into: []) { $0.formUnion($1) })
            #expect(placed.reduce(0) { $0 + $1.count } == tables.count)
            let asked = try await world.texts(
                "select pg_get_functiondef('exchange.in_the_way_of_merge'::regproc)")
            let used = try await world.texts(
                "select pg_get_functiondef('exchange.used_since_merge'::regproc)")
            for table in Self.refusing.union(Self.together) {
                let isRefused = Self.refusing.contains(table)
                #expect(asked[0].contains("exchange.\(table) ") == isRefused, "\(table)")
                let isOfAnother = Self.withoutTime.contains(table)
                #expect(used[0].contains("exchange.\(table) ") != isOfAnother, "\(table)")
            }
            for table in Self.tying {
                #expect(Self.parts.contains(table) && used[0].contains("exchange.\(table) "))
            }
            let guarded = try await world.texts(
                """
                select c.relname::text from pg_trigger g join pg_class c on c.oid = g.tgrelid
                where g.tgname = c.relname || '_off_absorbed' order by 1
                """)
            let others = ["block", "paper_form_use"]
            #expect(Set(guarded) == Self.refusing.union(Self.together).union(others))
            // Whatever a visit brought is held against the record that the visit is of, and a version against
            // whom it was decided for.
            for column in ["visit", "survivor"] {
                let unlike = try await world.texts(
                    """
                    select c.relname::text from pg_trigger g join pg_class c on c.oid = g.tgrelid
                    left join pg_attribute a on a.attrelid = c.oid and a.attname = '\(column)'
                    where g.tgname = c.relname || '_off_absorbed'
                        and (a.attname is null) = (encode(g.tgargs, 'escape') like '%\(column)%')
                    """)
                #expect(unlike.isEmpty, "\(column): \(unlike)")
            }
            let decided = try await world.texts(
                """
                select c.relname::text from pg_trigger g join pg_class c on c.oid = g.tgrelid
                where g.tgname = c.relname || '_off_absorbed'
                    and encode(g.tgargs, 'escape') like '%survivor%' order by 1
                """)
            #expect(Set(decided) == Self.versioned)
        }
    }

    @Test func `what is recorded waits for a merge of the same record, and for no life event`()
        async throws
    {
        try await LedgerWorld.with { world in
            let person = "7d444840-9dc0-41d1-b245-5ffdce74fad2"
            try await world.execute("insert into exchange.person (person) values ('\(person)')")
            /// While somebody holds every place of a lane, as a body of 10,000 rows does.
            func record(beside lane: Int, month: String) async throws {
                async let held: Void = world.execute(
                    """
                    select pg_advisory_xact_lock(\(lane) + place) from generate_series(0, 1023) place;
                    select pg_sleep(4);
                    """)
                let last = "select pg_try_advisory_xact_lock(\(lane) + 1023)::text"
                while try await world.texts(last) == ["true"] {
                    try await Task.sleep(for: .milliseconds(20))
                }
                try await world.execute(
                    """
                    set local lock_timeout = '500ms';
                    insert into exchange.cap_month (person, body, certificate_type, sub_key, month)
                    values ('\(person)', '132101', 'kodomo', '', '\(month)');
                    """)
                try await held
            }
            try await record(beside: 7_461_760_000, month: "2026-04-01")
            await #expect(throws: DatabaseError.self) {
                try await record(beside: 7_461_770_000, month: "2026-05-01")
            }
        }
    }
}

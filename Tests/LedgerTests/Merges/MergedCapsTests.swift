import Ledger
import Postgres
import TestSupport
import Testing

/// 統合した記録の上限額: which cap two records have together, what is due back of both, and that an undoing leaves
/// each as it was alone.
@Suite struct MergedCapsTests {
    /// What one record holds of the month, in one bill.
    struct Held {
        var collected: Int
        var cap: Int?
        /// Of the month after it.
        var day: Int
    }

    static let stays = "7d444840-9dc0-41d1-b245-5ffdce74fad2"
    static let gone = "7d444840-9dc0-41d1-b245-5ffdce74fad3"
    static let merge = "7d444840-9dc0-41d1-b245-5ffdce74fad4"
    static let other = "7d444840-9dc0-41d1-b245-5ffdce74fad5"

    /// Two records that were merged in this moment, and another that had been before.
    private func plant(
        _ world: LedgerWorld, stays: Held, gone: Held, other: Held? = nil, limit: Int? = nil
    ) async throws {
        var sql = """
            set local session_replication_role = replica;
            insert into exchange.record_merge
                (merge, person, survivor, municipality, sequence, task, joined_at)
            values ('\(Self.merge)', '\(Self.gone)', '\(Self.stays)', '132101', 'm',
                gen_random_uuid(), now());
            """
        var records = [(Self.stays, stays), (Self.gone, gone)]
        if let other {
            records.append((Self.other, other))
            sql += """
                insert into exchange.record_merge
                    (merge, person, survivor, municipality, sequence, task, joined_at)
                values (gen_random_uuid(), '\(Self.other)', '\(Self.stays)', '132101', 'o',
                    gen_random_uuid(), now() - interval '1 day');
                """
        }
        for (person, held) in records {
            let cap = held.cap.map { String($0) } ?? "null"
            sql += """
                insert into exchange.person (person) values ('\(person)');
                insert into exchange.cap_month (person, body, certificate_type, sub_key, month,
                    position, cap, share, collected, cost, decided_at)
                values ('\(person)', '130001', 'nanbyo', '', '2026-08-01', 1, \(cap),
                    \(held.collected), \(held.collected), \(held.collected * 5),
                    '2026-09-\(held.day + 10)');
                insert into exchange.bill (person, bill, version, party, identifier_system,
                    identifier, status, body, certificate_type, sub_key, month, position, day, cost,
                    percent, due, share, collected, is_as_collected, cap, month_collected,
                    month_held, month_cost, notes, warnings, rules, visit, recorded_at)
                values ('\(person)', gen_random_uuid(), 1, 'institution:1319999995', 's',
                    '\(person)', 'confirmed', '130001', 'nanbyo', '', '2026-08-01', 1,
                    '2026-08-05', \(held.collected * 5), 30, \(held.collected), \(held.collected),
                    \(held.collected), false, \(cap), \(held.collected), 0, \(held.collected * 5),
                    '[]', '{}', 'r', gen_random_uuid(), '2026-09-\(held.day + 10)');
                """
        }
        if let limit {
            sql += """
                insert into exchange.cap_year
                    (person, first_month, last_month, yen, is_outpatient_only, decided_at)
                values ('\(Self.stays)', '2026-08-01', '2027-07-01', \(limit), false, '2026-09-11');
                """
        }
        try await world.execute(sql)
    }

    private func follow(_ world: LedgerWorld) async throws {
        try await world.execute(
            "select exchange.follow_caps('\(Self.merge)')", as: "tsunagi_office")
    }

    private func part(_ world: LedgerWorld) async throws {
        try await world.execute(
            """
            update exchange.record_merge set parted_by = 'u', parted_at = now()
            where merge = '\(Self.merge)';
            select exchange.follow_caps('\(Self.merge)');
            """, as: "tsunagi_office")
    }

    /// What is due back now: above what, how much, and whether its row names the survivor.
    private func due(_ world: LedgerWorld) async throws -> [String] {
        try await world.texts(
            """
            select above || ' ' || yen || case when survivor is null then '' else ' merged' end
            from exchange.refund_case r
            where yen > 0 and not exists (
                select 1 from exchange.refund_case later
                where later.refund = r.refund and later.version > r.version)
            order by 1
            """)
    }

    static let months: [(stays: Held, gone: Held, due: [String])] = [
        // The cap is the one that was decided by last, under whichever record.
        (
            Held(collected: 5_000, cap: 5_000, day: 1), Held(collected: 8_000, cap: 10_000, day: 2),
            ["month 3000 merged"]
        ),
        (
            Held(collected: 5_000, cap: 5_000, day: 2), Held(collected: 8_000, cap: 10_000, day: 1),
            ["month 8000"]
        ),
        // To the very yen.
        (
            Held(collected: 4_000, cap: 10_000, day: 1),
            Held(collected: 6_000, cap: 10_000, day: 2), []
        ),
        (
            Held(collected: 4_000, cap: 10_000, day: 1),
            Held(collected: 6_010, cap: 10_000, day: 2), ["month 10 merged"]
        ),
        // A month without a cap has nothing above it.
        (Held(collected: 4_000, cap: 10_000, day: 1), Held(collected: 9_000, day: 2), []),
    ]

    @Test(arguments: months.indices)
    func `what both put over the cap that was decided last is due back while they are one`(
        _ index: Int
    ) async throws {
        let row = Self.months[index]
        try await LedgerWorld.with { world in
            try await plant(world, stays: row.stays, gone: row.gone)
            try await follow(world)
            #expect(try await due(world) == row.due)
            // Made twice, it is due once.
            try await follow(world)
            #expect(try await due(world) == row.due)
            try await part(world)
            #expect(try await due(world) == [])
        }
    }

    /// 10,000 yen lay over the limit before, since a class was told anew: nobody pays them back for a merge.
    @Test func `of a year what both together put over the limit is due back, and nothing older`()
        async throws
    {
        try await LedgerWorld.with { world in
            try await plant(
                world, stays: Held(collected: 300_000, day: 1),
                gone: Held(collected: 50_000, day: 2), limit: 290_000)
            try await follow(world)
            #expect(try await due(world) == ["year 50000 merged"])
            try await follow(world)
            #expect(try await due(world) == ["year 50000 merged"])
            try await part(world)
            #expect(try await due(world) == [])
        }
    }

    private func isUsed(_ world: LedgerWorld) async throws -> Bool {
        try await world.texts("select exchange.used_since_merge('\(Self.merge)')::text") == ["true"]
    }

    /// The newest bill is of a third record, which stays merged: the case stands with it.
    @Test(arguments: [nil, 290_000] as [Int?])
    func `what three records put over a cap is taken back where it stands`(limit: Int?)
        async throws
    {
        let cap = limit == nil ? 300_000 : nil
        try await LedgerWorld.with { world in
            try await plant(
                world, stays: Held(collected: 270_000, cap: cap, day: 1),
                gone: Held(collected: 50_000, cap: cap, day: 2),
                other: Held(collected: 20_000, cap: cap, day: 3), limit: limit)
            try await follow(world)
            #expect(
                try await due(world)
                    == [limit == nil ? "month 40000 merged" : "year 50000 merged"])
            #expect(try await isUsed(world) == false)
            try await part(world)
            #expect(try await due(world) == [])
        }
    }

    /// Its body answered because they are one.
    @Test func `a case of the merge that was answered under a third record is in its way`()
        async throws
    {
        try await LedgerWorld.with { world in
            try await plant(
                world, stays: Held(collected: 270_000, cap: 300_000, day: 1),
                gone: Held(collected: 50_000, cap: 300_000, day: 2),
                other: Held(collected: 20_000, cap: 300_000, day: 3))
            try await follow(world)
            #expect(try await isUsed(world) == false)
            try await world.manipulate(
                """
                insert into exchange.refund_answer
                    (person, refund, version, decision, yen, day, party, answered_at)
                select person, refund, 1, 'approved', yen, current_date, 'prefecture:130001', now()
                from exchange.refund_case
                """)
            #expect(try await isUsed(world))
        }
    }

    @Test func `nobody but the office follows a merge, and nobody reads what it reads`()
        async throws
    {
        try await LedgerWorld.with { world in
            for (role, sql) in [
                ("tsunagi_gateway", "select exchange.follow_caps(gen_random_uuid())"),
                ("tsunagi_reader", "select exchange.follow_caps(gen_random_uuid())"),
                (
                    "tsunagi_office",
                    "select exchange.paid_in_months(array[gen_random_uuid()], now()::date, "
                        + "now()::date, false)"
                ),
            ] {
                await #expect(throws: DatabaseError.self) {
                    try await world.execute(sql, as: role)
                }
            }
        }
    }
}

import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 月の境: entries go on from one month's partition to the next, and a month without one is a clear no.
@Suite struct LogMonthsTests {
    static let someone = Someone(name: "month")

    /// `log.access_entry_YYYY_MM` of so many months from now, in Japan.
    static func partition(_ months: Int, _ world: LedgerWorld) async throws -> String {
        let names = try await world.texts(
            """
            select 'log.access_entry_' || to_char(date_trunc('month', now() at time zone 'Asia/Tokyo')
                + make_interval(months => \(months)), 'YYYY_MM')
            """)
        return try #require(names.first)
    }

    @Test func `entries before and after the turn of the month are in two partitions and one tree`()
        async throws
    {
        try await LedgerWorld.with { world in
            let turn = """
                (date_trunc('month', now() at time zone 'Asia/Tokyo') + interval '1 month')
                    at time zone 'Asia/Tokyo'
                """
            for moment in ["\(turn) - interval '1 microsecond'", turn] {
                try await world.execute(
                    """
                    insert into log.access_entry (entry, at, format, party, purpose, outcome, salt)
                    values (gen_random_uuid(), \(moment), 1, 'institution:1319999995', 'open-visit',
                        'ok', 'salt')
                    """)
            }
            #expect(try await world.sealAll() == 2)
            for month in 0...1 {
                let name = try await Self.partition(month, world)
                #expect(try await world.count(name) == 1)
            }
            #expect(try await world.audit(world.note()).findings.isEmpty)
        }
    }

    @Test func `a sealer makes the months ahead, and it is told when the next is missing`()
        async throws
    {
        try await LedgerWorld.with { world in
            #expect(try await world.ledger.logMonths() == .ahead)
            let next = try await Self.partition(1, world)
            try await world.execute("drop table \(next)")
            #expect(try await world.ledger.logMonths() == .thisMonthOnly)
            try await world.welcome(Self.someone)
            await (try world.sealer()).ensurePartitions()
            #expect(try await world.ledger.logMonths() == .ahead)
        }
    }

    @Test func `in a month without a partition nothing is answered, and nothing is lost by it`()
        async throws
    {
        try await LedgerWorld.with { world in
            try await world.welcome(Self.someone)
            let visit = try await world.openVisit(Self.someone, nonce: "before")
            let before = try await world.sealAll()
            let month = try await Self.partition(0, world)
            try await world.execute("alter table log.access_entry detach partition \(month)")
            #expect(try await world.ledger.logMonths() == .none)
            let day = try CalendarDay("2026-06-15")
            let refused: [@Sendable () async throws -> Void] = [
                { _ = try await world.openVisit(Self.someone, nonce: "during") },
                { _ = try await world.check(visit, on: day) },
                { _ = try await world.openVisit(Someone(name: "nobody"), nonce: "refusal") },
            ]
            for access in refused {
                let error = await #expect(throws: (any Error).self) { try await access() }
                #expect(LedgerError.refusal(for: try #require(error)) == .notReady)
            }
            #expect(try await world.count("exchange.visit") == 1)
            try await world.execute(
                """
                do $$ declare first timestamp := date_trunc('month', now() at time zone 'Asia/Tokyo');
                begin execute format('alter table log.access_entry attach partition \(month)
                    for values from (%L) to (%L)', first at time zone 'Asia/Tokyo',
                    (first + interval '1 month') at time zone 'Asia/Tokyo'); end $$
                """)
            _ = try await world.check(visit, on: day)
            #expect(try await world.sealAll() == 1)
            #expect(try await world.count("log.position") == before + 1)
            #expect(try await world.audit(world.note()).findings.isEmpty)
        }
    }
}

import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 紙の受給者証の試行: thirty an hour for each party, however many are sent at once.
@Suite struct PaperTryTests {
    private static func guess() throws -> PaperCertificate {
        PaperCertificate(
            payerNumber: "88113014", recipientNumber: "1234566",
            birthDate: try BirthDate("2020-04-01"))
    }

    /// What each of `count` tries sent at once was told.
    private static func told(_ count: Int, _ world: LedgerWorld, by caller: Caller) async throws
        -> [Refusal: Int]
    {
        try await withThrowingTaskGroup(of: Refusal.self) { group in
            for _ in 0..<count {
                group.addTask {
                    do {
                        let counted = try await world.ledger.countPaperTry(caller)
                        _ = try await world.ledger.access(caller, .openPaperVisit) { records in
                            try records.openPaperVisit(
                                guess(), counted,
                                CardlessRequest(digest: [], end: { $0 }) { _ in
                                    PairwiseIDs(current: "nobody")
                                })
                        }
                        throw Refusal.recordUnknown
                    } catch let refusal as Refusal { return refusal }
                }
            }
            return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        }
    }

    @Test func `a hundred tries at once are thirty tries`() async throws {
        try await LedgerWorld.with { world in
            let told = try await Self.told(100, world, by: LedgerWorld.clinic)
            #expect(told == [.paperNotConfirmed: PaperTry.perHourMax, .paperTooMany: 70])
            let other = try await Self.told(2, world, by: LedgerWorld.pharmacy)
            #expect(other == [.paperNotConfirmed: 2])
            let entered = try await world.texts(
                """
                select party || ' ' || outcome || ' ' || count(*) from log.access_entry
                where purpose = 'open-paper-visit' group by party, outcome order by 1
                """)
            #expect(
                entered == [
                    "institution:1319999995 paper-not-confirmed 30",
                    "institution:1349999992 paper-not-confirmed 2",
                ])
        }
    }

    @Test func `a try is free again an hour after it was made, and a refused one cost none`()
        async throws
    {
        try await LedgerWorld.with { world in
            _ = try await Self.told(40, world, by: LedgerWorld.clinic)
            // The first five an hour ago, the others a minute less.
            try await world.execute(
                """
                update exchange.visit_try set tries = array(
                    select at - interval '59 minutes' - case when n <= 5 then interval '1 minute'
                        else interval '0' end
                    from unnest(tries) with ordinality as u(at, n))
                """)
            let told = try await Self.told(10, world, by: LedgerWorld.clinic)
            #expect(told == [.paperNotConfirmed: 5, .paperTooMany: 5])
            let kept = try await world.texts(
                "select cardinality(tries)::text from exchange.visit_try")
            #expect(kept == ["30"])
        }
    }
}

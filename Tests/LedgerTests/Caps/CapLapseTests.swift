import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 失効・取消・償還払い: what ends of a month gives back exactly what it took.
@Suite struct CapLapseTests {
    @Test func `a reservation ends with the day in Japan, and gives back what it kept`()
        async throws
    {
        try await LedgerWorld.with { world in
            let visits = try await world.chronic("one", cap: 10_000)
            let today = visits[0].term.opened.dayInJapan
            let kept = try await world.settle(
                SampleBill(identifier: "r", use: "preauthorization", cost: 50_000, day: today),
                visits[0], by: LedgerWorld.clinic)
            #expect(kept.lapses == .startOfDay(today.adding(days: 1)))
            #expect(kept.month.rest == 0)
            let other = SampleBill(identifier: "o", cost: 30_000, day: today)
            var quote = other
            quote.use = "predetermination"
            let before = try await world.settle(quote, visits[1], by: LedgerWorld.pharmacy)
            #expect(before.amounts.collected == 0)
            try await world.execute("update exchange.cap_hold set lapses_at = now()")
            let after = try await world.settle(other, visits[1], by: LedgerWorld.pharmacy)
            #expect(after.amounts.collected == 6_000 && after.month.held == 0)
            // The bill that came next swept it away; its own institution gets what is left.
            #expect(try await world.count("exchange.cap_hold") == 0)
            let late = try await world.settle(
                SampleBill(identifier: "r", cost: 50_000, day: today), visits[0],
                by: LedgerWorld.clinic)
            #expect(late.version == 2 && late.amounts.collected == 4_000)
        }
    }

    @Test func `a void gives back exactly what the bill took, whatever came after it`()
        async throws
    {
        try await LedgerWorld.with { world in
            let visits = try await world.chronic("one", cap: 10_000)
            let today = visits[0].term.opened.dayInJapan
            var first = SampleBill(identifier: "1", cost: 25_010, day: today)
            let second = SampleBill(identifier: "2", cost: 50_000, day: today)
            _ = try await world.settle(first, visits[0], by: LedgerWorld.clinic)
            let capped = try await world.settle(second, visits[1], by: LedgerWorld.pharmacy)
            #expect(capped.amounts.collected == 5_000 && capped.amounts.share == 4_998)
            first.status = "cancelled"
            _ = try await world.settle(first, visits[0], by: LedgerWorld.clinic)
            // What the pharmacy confirmed stays as it was.
            #expect(try await world.monthTotals().totals == [3, 4_998, 5_000, 50_000, 0])
            var third = SampleBill(identifier: "3", cost: 90_000, day: today)
            let rest = try await world.settle(third, visits[2], by: LedgerWorld.hospital)
            #expect(rest.amounts.collected == 5_000 && rest.amounts.share == 5_002)
            for (bill, place) in [(second, 1), (third, 2)] {
                third = bill
                third.status = "cancelled"
                _ = try await world.settle(
                    third, visits[place], by: LedgerWorld.institutions[place])
            }
            #expect(try await world.monthTotals().totals == [6, 0, 0, 0, 0])
        }
    }

    @Test func `refunds due follow what lies over the cap, newest case first`() async throws {
        try await LedgerWorld.with { world in
            let visits = try await world.chronic("one", cap: 5_000)
            let today = visits[0].term.opened.dayInJapan
            var bills = (0..<3).map { place in
                SampleBill(
                    identifier: "\(place)", cost: 20_000, collected: 4_000, day: today)
            }
            var due: [Int] = []
            for (place, bill) in bills.enumerated() {
                _ = try await world.settle(
                    bill, visits[place], by: LedgerWorld.institutions[place])
                due.append(try await world.monthTotals().refunds)
            }
            #expect(due == [0, 3_000, 7_000])
            bills[0].status = "cancelled"
            _ = try await world.settle(bills[0], visits[0], by: LedgerWorld.clinic)
            let cases = try await world.texts(
                """
                select string_agg(version || ' ' || yen || ' ' || status, ', ' order by version)
                from exchange.refund_case group by refund order by min(at)
                """)
            #expect(cases == ["1 3000 open", "1 4000 open, 2 0 withdrawn"])
        }
    }

    /// 500 yen a visit, twice a month. A third one that was told it is free makes no other free.
    @Test func `a reservation keeps its place among the visits that count`() async throws {
        try await LedgerWorld.with { world in
            let someone = Someone(name: "one")
            try await world.welcome(someone)
            let row = SampleRow(payer: "89132104", from: "2019-01-01", to: "2099-12-31")
            _ = try await world.register([row], of: someone, key: "one")
            var visits: [OpenedVisit] = []
            for caller in LedgerWorld.institutions {
                visits.append(
                    try await world.openVisit(someone, nonce: caller.party.code, by: caller))
            }
            let today = visits[0].term.opened.dayInJapan
            func settle(_ place: Int, _ use: String) async throws -> Int {
                let bill = SampleBill(
                    identifier: "\(place)", use: use, cost: 10_000, day: today,
                    certificates: [SampleBill.local])
                let told = try await world.settle(
                    bill, visits[place], by: LedgerWorld.institutions[place])
                return told.amounts.collected
            }
            for (place, yen) in [500, 500, 0].enumerated() {
                #expect(try await settle(place, "preauthorization") == yen)
            }
            #expect(try await settle(0, "predetermination") == 500)
            for (place, yen) in [(1, 500), (0, 500), (2, 0)] {
                #expect(try await settle(place, "claim") == yen)
            }
            #expect(try await world.monthTotals(on: "kodomo").totals[2] == 1_000)
        }
    }

    /// A cap that a body registers anew counts from the next bill on.
    @Test func `a cap that is lowered makes a refund due with the next bill`() async throws {
        try await LedgerWorld.with { world in
            let visits = try await world.chronic("one", cap: 10_000)
            let today = visits[0].term.opened.dayInJapan
            _ = try await world.settle(
                SampleBill(identifier: "1", cost: 40_000, day: today), visits[0],
                by: LedgerWorld.clinic)
            let row = SampleRow(
                type: "nanbyo", key: "h1", segment: "C1", recipient: "1234566",
                from: "2019-01-01", to: "2099-12-31", cap: 5_000,
                designated: LedgerWorld.institutions.map(\.party.code).joined(separator: ";"))
            _ = try await world.register(
                [row], of: Someone(name: "one"), by: LedgerWorld.tokyo, key: "lower")
            let next = try await world.settle(
                SampleBill(identifier: "2", cost: 10_000, day: today), visits[1],
                by: LedgerWorld.pharmacy)
            #expect(next.amounts.collected == 0 && next.month.cap == 5_000)
            #expect(try await world.monthTotals().refunds == 3_000)
        }
    }
}

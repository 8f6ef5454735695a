import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 上限額の台帳 under several institutions at once: whatever the interleaving and whoever dies, the
/// versions in their order are what a simple model makes of them, and the cap is never exceeded.
@Suite struct CapInterleavingTests {
    /// 手作業の台帳: one month on paper, written as plainly as can be.
    struct Paper {
        struct Line {
            var share: Int
            var collected: Int
            var cost: Int
            var isLate: Bool
        }

        let cap: Int
        var confirmed: [String: Line] = [:]
        var held: [String: Line] = [:]

        var collected: Int { confirmed.values.reduce(0) { $0 + $1.collected } }

        /// What the bill costs after all others of the month.
        func line(for bill: KeptBill) -> Line {
            let due = (bill.cost * min(bill.percent, 20) + 50) / 100
            if bill.isLate {
                return Line(
                    share: due, collected: (due + 5) / 10 * 10, cost: bill.cost, isLate: true)
            }
            var shares = 0
            var collected = 0
            for (other, line) in Array(confirmed) + Array(held) where other != bill.id {
                shares += line.share
                collected += line.collected
            }
            let share = min(due, max(0, cap - shares))
            return Line(
                share: share, collected: min((share + 5) / 10 * 10, max(0, cap - collected)),
                cost: bill.cost, isLate: false)
        }

        /// What the bill must have said, after it is written down.
        mutating func write(_ bill: KeptBill) -> Line? {
            let line = line(for: bill)
            held[bill.id] = nil
            switch bill.status {
            case "reserved": held[bill.id] = line
            case "confirmed": confirmed[bill.id] = line
            default:
                confirmed[bill.id] = nil
                return nil
            }
            return line
        }
    }

    @Test(arguments: Seeded.seeds(10))
    func `the month is what its versions make of it, one after the other`(seed: UInt64)
        async throws
    {
        try await LedgerWorld.with { world in
            let cap = [2_500, 10_000, 20_000, 0][Int(seed % 4)]
            let visits = try await world.chronic("seed \(seed)", cap: cap)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (place, caller) in LedgerWorld.institutions.enumerated() {
                    let visit = visits[place]
                    group.addTask {
                        try await Self.act(
                            Seeded(seed &+ UInt64(place) &* 77), world, visit, caller)
                    }
                }
                try await group.waitForAll()
            }
            try await Self.verify(world, cap: cap)
        }
    }

    /// One institution's day: reserves, confirms, voids, repeats itself at once, and dies now and
    /// then.
    private static func act(
        _ chance: Seeded, _ world: LedgerWorld, _ visit: OpenedVisit, _ caller: Caller
    ) async throws {
        var chance = chance
        var open: [SampleBill] = []
        var done: [SampleBill] = []
        let today = visit.term.opened.dayInJapan
        for step in 0..<12 {
            var bill = SampleBill(
                identifier: "\(caller.party.code) \(step)", use: "preauthorization",
                cost: chance.int(1...4_000) * 10, percent: chance.pick([10, 20, 30]), day: today)
            switch chance.int(0...9) {
            case 0...2: open.append(bill)
            case 3...5 where !open.isEmpty:
                bill = open.removeFirst()
                bill.use = "claim"
                if chance.oneIn(3) { bill.cost += 110 }
                done.append(bill)
            case 6 where !done.isEmpty:
                bill = done.removeFirst()
                bill.status = "cancelled"
            case 7 where !open.isEmpty:
                bill = open.removeFirst()
                bill.status = "cancelled"
            case 8:
                let due = (bill.cost * min(bill.percent, 20) + 50) / 100
                bill.use = "claim"
                bill.collected = (due + 5) / 10 * 10
                done.append(bill)
            default:
                bill.use = "claim"
                done.append(bill)
            }
            try await insist(bill, world, visit, caller, &chance)
        }
    }

    /// Until it is told, as a counter does whose gateway died: nothing of what died may stay.
    private static func insist(
        _ bill: SampleBill, _ world: LedgerWorld, _ visit: OpenedVisit, _ caller: Caller,
        _ chance: inout Seeded
    ) async throws {
        if chance.oneIn(4) {
            await #expect(throws: Died.self) {
                try await world.settle(bill, visit, by: caller, dies: true)
            }
        }
        guard chance.oneIn(3) else {
            _ = try await world.settle(bill, visit, by: caller)
            return
        }
        async let first = world.settle(bill, visit, by: caller)
        async let second = world.settle(bill, visit, by: caller)
        let told = try await (first, second)
        #expect(told.0 == told.1)
    }

    /// Everything that was kept, against paper.
    static func verify(_ world: LedgerWorld, cap: Int) async throws {
        let bills = try await world.keptBills()
        var paper = Paper(cap: cap)
        for bill in bills {
            if let line = paper.write(bill) {
                #expect([bill.share, bill.collected] == [line.share, line.collected])
            }
            let held = paper.held.values.reduce(0) { $0 + $1.collected }
            let cost = paper.confirmed.values.reduce(0) { $0 + $1.cost }
            #expect(bill.month == [cap, paper.collected, held, cost])
            let decided = paper.confirmed.values.filter { !$0.isLate } + Array(paper.held.values)
            #expect(decided.reduce(0) { $0 + $1.collected } <= cap)
            #expect(bill.collected >= 0 && bill.share >= 0)
        }
        let (totals, refunds) = try await world.monthTotals()
        let shares = paper.confirmed.values.reduce(0) { $0 + $1.share }
        let cost = paper.confirmed.values.reduce(0) { $0 + $1.cost }
        #expect(totals == [bills.count, shares, paper.collected, cost])
        // Due back is what lies over the cap, and nothing else.
        #expect(refunds == max(0, paper.collected - cap))
        #expect(try await world.count("exchange.cap_hold") == paper.held.count)
    }
}

/// 保存された版, as its row says it.
struct KeptBill: Sendable {
    let id: String
    let status: String
    let cost: Int
    let percent: Int
    let share: Int
    let collected: Int
    let isLate: Bool
    /// Cap, collected, held, cost.
    let month: [Int]
}

extension LedgerWorld {
    /// Of the only month there is, in their order, which has no gap.
    func keptBills() async throws -> [KeptBill] {
        try await pool.transaction { transaction in
            let rows = try transaction.query(
                Statement(
                    """
                    select bill::text, status, cost, percent, share, collected, is_as_collected,
                        array[cap, month_collected, month_held, month_cost], position
                    from exchange.bill order by position
                    """))
            return try rows.map { row in
                KeptBill(
                    id: try row.text(0), status: try row.text(1), cost: try row.int(2),
                    percent: try row.int(3), share: try row.int(4), collected: try row.int(5),
                    isLate: try row.bool(6), month: try row.ints(7))
            }
        }
    }

    /// Position, share, collected and cost of the only month there is, and what is due back.
    func monthTotals() async throws -> (totals: [Int], refunds: Int) {
        try await pool.transaction { transaction in
            let row = try transaction.query(
                Statement(
                    """
                    select array[position, share, collected, cost], (
                        select coalesce(sum(yen), 0)::bigint from exchange.refund_case r
                        where not exists (
                            select 1 from exchange.refund_case later
                            where later.refund = r.refund and later.version > r.version))
                    from exchange.cap_month
                    """))[0]
            return (try row.ints(0), try row.int(1))
        }
    }
}

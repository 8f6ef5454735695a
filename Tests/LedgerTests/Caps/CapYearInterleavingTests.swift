import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 年間上限 under several institutions at once: on whichever certificates they bill, and whoever dies, what
/// was decided never passes the year's limit, and what was taken as it was and lies over it is due
/// back, to the yen.
@Suite struct CapYearInterleavingTests {
    /// 区分オ.
    static let limit = 290_000
    static let cap = 9_000_000
    /// Of a month at one institution, and what a part of its receipt has to reach to be added up.
    static let month = (limit: 36_900, countedFrom: 21_000)

    @Test(arguments: Seeded.seeds(8))
    func `the year ends at its limit, whatever the interleaving`(seed: UInt64) async throws {
        try await LedgerWorld.with { world in
            let visits = try await world.chronic("year \(seed)", cap: Self.cap, local: Self.cap)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (place, caller) in LedgerWorld.institutions.enumerated() {
                    let counter = CapInterleavingTests.Counter(
                        world: world, gateway: try await world.anotherGateway(),
                        visit: visits[place], caller: caller)
                    group.addTask {
                        try await Self.act(Seeded(seed &+ UInt64(place) &* 77), counter)
                    }
                }
                try await group.waitForAll()
            }
            let sums = try await world.yearSums()
            #expect(sums.decided <= Self.limit)
            for receipt in try await world.receiptSums() {
                #expect(receipt < Self.month.limit + Self.month.countedFrom)
            }
            // Whoever pays after late ones pays what they left, and nothing where they left nothing.
            #expect(sums.confirmed >= 0 && sums.due == max(0, sums.confirmed - Self.limit))
            try await Self.voidAll(world, visits)
            let after = try await world.yearSums()
            #expect(after == YearSums(decided: 0, confirmed: 0, due: 0))
            // 取消 restores exactly: the whole year is open again.
            var bill = SampleBill(
                identifier: "elsewhere", cost: (Self.limit - 1_000) * 5,
                day: visits[1].term.opened.dayInJapan)
            _ = try await world.settle(bill, visits[1], by: LedgerWorld.pharmacy)
            bill.identifier = "after"
            bill.cost = 50_000
            bill.limitClass = "オ"
            let told = try await world.settle(bill, visits[0], by: LedgerWorld.clinic)
            #expect(told.amounts.collected == 1_000)
        }
    }

    /// The year has no row before the confirmation says the class: the void that comes at that moment takes
    /// its turn all the same, and leaves nothing due.
    @Test func `a void beside the first bill that says a class gives back what that bill made due`()
        async throws
    {
        try await LedgerWorld.with { world in
            let visit = try await world.chronic("first of a year", cap: Self.cap)[0]
            var bill = SampleBill(
                identifier: "x", use: "preauthorization", cost: 1_500_000,
                day: visit.term.opened.dayInJapan)
            _ = try await world.settle(bill, visit, by: LedgerWorld.clinic)
            #expect(try await world.count("exchange.cap_year") == 0)
            let (confirming, voiding) = (
                try await world.anotherGateway(), try await world.anotherGateway()
            )
            let (locked, mayGo) = (Gate(), Gate())
            async let busy: Void = world.pool.transaction { transaction in
                try transaction.script("select * from exchange.cap_month for update")
                locked.open()
                mayGo.waitBlocking()
            }
            try await locked.wait()
            bill.use = "claim"
            bill.limitClass = "オ"
            bill.collected = Self.limit + 10_000
            let claim = bill
            async let confirmed = world.settle(
                claim, visit, by: LedgerWorld.clinic, through: confirming)
            try await eventually { try await world.isWaitingForALock }
            bill.status = "cancelled"
            let cancelled = bill
            async let voided = world.settle(
                cancelled, visit, by: LedgerWorld.clinic, through: voiding)
            try await eventually {
                try await world.count(
                    """
                    pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()
                    """) == 2
            }
            mayGo.open()
            try await busy
            #expect(try await confirmed.first.status == .confirmed)
            #expect(try await voided.first.status == .voided)
            // There was a case, or this would show nothing.
            #expect(try await world.count("exchange.refund_case where above = 'year'") == 2)
            let sums = try await world.yearSums()
            #expect(sums == YearSums(decided: 0, confirmed: 0, due: 0))
            await confirming.shutdown()
            await voiding.shutdown()
        }
    }

    private static func act(
        _ chance: Seeded, _ counter: CapInterleavingTests.Counter
    ) async throws {
        var chance = chance
        var open: [SampleBill] = []
        var done: [SampleBill] = []
        for step in 0..<10 {
            var bill = SampleBill(
                identifier: "\(counter.caller.party.code) \(step)", use: "preauthorization",
                cost: chance.int(0...20) * 12_500, day: counter.visit.term.opened.dayInJapan)
            bill.limitClass = "オ"
            bill.certificates = chance.pick([
                [SampleBill.national], [SampleBill.local],
                [SampleBill.national, SampleBill.local],
            ])
            switch chance.int(0...7) {
            case 0...1: open.append(bill)
            case 2...3 where !open.isEmpty:
                bill = open.removeFirst()
                bill.use = "claim"
                done.append(bill)
            case 4 where !done.isEmpty:
                bill = done.removeFirst()
                bill.status = "cancelled"
            case 5:
                bill.use = "claim"
                bill.collected = (bill.cost * 20 + 50) / 100
                done.append(bill)
            default:
                bill.use = "claim"
                done.append(bill)
            }
            if chance.oneIn(4) {
                let sent = bill
                await #expect(throws: Died.self) { try await counter.settle(sent, dies: true) }
            }
            _ = try await counter.settle(bill)
        }
        await counter.gateway.shutdown()
    }

    private static func voidAll(_ world: LedgerWorld, _ visits: [OpenedVisit]) async throws {
        let standing = try await world.pool.transaction { transaction in
            try transaction.query(
                Statement(
                    """
                    select party, identifier from exchange.bill b
                    where place = 1 and status <> 'voided' and not exists (
                        select 1 from exchange.bill later
                        where later.bill = b.bill and later.version > b.version)
                    """)
            ).map { (try $0.text(0), try $0.text(1)) }
        }
        for (party, identifier) in standing {
            let place = try #require(
                LedgerWorld.institutions.firstIndex { $0.party.key == party })
            var bill = SampleBill(
                identifier: identifier, day: visits[place].term.opened.dayInJapan)
            bill.status = "cancelled"
            _ = try await world.settle(
                bill, visits[place], by: LedgerWorld.institutions[place])
        }
    }
}

/// 年の合計, as the rows say it.
struct YearSums: Equatable, Sendable {
    /// What the gateway decided, confirmed or held.
    let decided: Int
    /// What was paid at counters, late or not.
    let confirmed: Int
    let due: Int
}

extension LedgerWorld {
    /// What the gateway decided at each institution.
    func receiptSums() async throws -> [Int] {
        try await pool.transaction { transaction in
            try transaction.query(
                Statement(
                    """
                    select sum(collected)::bigint from exchange.bill b
                    where is_last and not is_as_collected and status <> 'voided' and not exists (
                        select 1 from exchange.bill later
                        where later.bill = b.bill and later.version > b.version)
                    group by party
                    """)
            ).map { try $0.int(0) }
        }
    }

    func yearSums() async throws -> YearSums {
        try await pool.transaction { transaction in
            let row = try transaction.query(
                Statement(
                    """
                    select coalesce(sum(paid) filter (where not is_as_collected), 0)::bigint,
                        coalesce(sum(paid) filter (where status = 'confirmed'), 0)::bigint, (
                        select coalesce(sum(yen), 0)::bigint from exchange.refund_case r
                        where r.above = 'year' and not exists (
                            select 1 from exchange.refund_case later
                            where later.refund = r.refund and later.version > r.version))
                    from (
                        select status, is_as_collected,
                            case when is_last then collected else paid_over end as paid
                        from exchange.bill b
                        where status <> 'voided' and not exists (
                            select 1 from exchange.bill later
                            where later.bill = b.bill and later.version > b.version)) newest
                    """))[0]
            return YearSums(
                decided: try row.int(0), confirmed: try row.int(1), due: try row.int(2))
        }
    }
}

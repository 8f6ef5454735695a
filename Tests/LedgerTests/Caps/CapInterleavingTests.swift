import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 上限額の台帳 under several institutions at once: whatever the interleaving and whoever dies, the
/// versions in their order are what a simple model makes of them, and no cap is ever exceeded; of one
/// certificate or of two on one bill, under a cap over all counters or one of each institution.
@Suite struct CapInterleavingTests {
    /// 手作業の台帳: one certificate's month on paper, written as plainly as can be.
    struct Paper {
        struct Line {
            var share: Int
            var collected: Int
            var cost: Int
            var isLate: Bool
            let institution: String
            /// What of it the next certificate took over.
            var passedOn = 0
            /// What the cap leaves to 1 yen, and nothing that was paid above that.
            var left = 0
        }

        let cap: Int
        /// What the certificate before it leaves to 1 yen, by version of a bill, as its own paper says.
        let before: [String: Int]
        /// 医療機関ごとの上限
        var isPerInstitution = false
        /// What this one leaves.
        var left: [String: Int] = [:]
        var confirmed: [String: Line] = [:]
        var held: [String: Line] = [:]

        var collected: Int { confirmed.values.reduce(0) { $0 + $1.collected } }
        var passedOn: Int {
            confirmed.values.reduce(0) { $0 + $1.passedOn }
        }

        /// What the bill costs after all others of the month, and after the certificate before it.
        func line(for bill: KeptLine) -> Line {
            var due = before[bill.version] ?? (bill.cost * bill.percent + 50) / 100
            if bill.isNational { due = min(due, (bill.cost * 20 + 50) / 100) }
            var line = Line(
                share: due, collected: (due + 5) / 10 * 10, cost: bill.cost,
                isLate: bill.paid != nil, institution: bill.institution)
            if let paid = bill.paid, bill.isLast {
                // What the certificate before it does not answer for stands as it was.
                line.collected = paid - (bill.left?.over ?? 0)
                if line.collected < (due + 5) / 10 * 10 { line.share = min(due, line.collected) }
                return line
            }
            var shares = 0
            var collected = 0
            for (other, line) in Array(confirmed) + Array(held)
            where other != bill.id
                && (!isPerInstitution || line.institution == bill.institution)
            {
                shares += line.share
                collected += line.collected
            }
            line.share = min(due, max(0, cap - shares))
            line.left = line.share
            line.collected = min((line.share + 5) / 10 * 10, max(0, cap - collected))
            if let left = bill.left { line.collected = min(line.collected, left.collected) }
            guard !bill.isLast else { return line }
            line.passedOn = line.collected
            if let paid = bill.paid {
                let over = max(0, paid - min(line.collected, (line.share + 5) / 10 * 10))
                line.collected += over
                line.share = min(due, line.share + over)
            }
            return line
        }

        /// What the bill must have said, after it is written down.
        mutating func write(_ bill: KeptLine) -> Line? {
            let line = line(for: bill)
            left[bill.version] = line.left
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
    func `each month is what its versions make of it, one after the other`(seed: UInt64)
        async throws
    {
        try await LedgerWorld.with { world in
            let cap = [2_500, 10_000, 20_000, 0][Int(seed % 4)]
            let local = [800, 4_000, 30_000][Int(seed / 4 % 3)]
            let visits = try await world.chronic("seed \(seed)", cap: cap, local: local)
            // Each institution at a gateway of its own: what puts them in a row is the database
            // alone.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (place, caller) in LedgerWorld.institutions.enumerated() {
                    let counter = Counter(
                        world: world, gateway: try await world.anotherGateway(),
                        visit: visits[place], caller: caller)
                    group.addTask {
                        try await Self.act(Seeded(seed &+ UInt64(place) &* 77), counter)
                    }
                }
                try await group.waitForAll()
            }
            let first = try await Self.verify(world, SampleBill.national, cap: cap)
            let second = try await Self.verify(
                world, SampleBill.local, cap: local, after: first.left)
            let held = first.held.count + second.held.count
            #expect(try await world.count("exchange.cap_hold") == held)
        }
    }

    /// 地方単独の制度が二つ: a cap over all counters and one of each institution, beside each other and in the same
    /// moment.
    @Test(arguments: Seeded.seeds(6))
    func `a cap of each institution is each one's own, and one over all is everybody's`(
        seed: UInt64
    ) async throws {
        try await LedgerWorld.with(template: LocalCaps.template) { world in
            let visits = try await LocalCaps.visits(of: "seed \(seed)", in: world)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (place, caller) in LedgerWorld.institutions.enumerated() {
                    let counter = Counter(
                        world: world, gateway: try await world.anotherGateway(),
                        visit: visits[place], caller: caller)
                    group.addTask {
                        try await Self.act(
                            Seeded(seed &+ UInt64(place) &* 77), counter,
                            on: [[LocalCaps.ofEach], [LocalCaps.overAll]], isLate: false)
                    }
                }
                try await group.waitForAll()
            }
            let ofEach = try await Self.verify(
                world, LocalCaps.ofEach, cap: LocalCaps.yenOfEach, isPerInstitution: true)
            let overAll = try await Self.verify(
                world, LocalCaps.overAll, cap: LocalCaps.yenOverAll)
            let held = ofEach.held.count + overAll.held.count
            #expect(try await world.count("exchange.cap_hold") == held)
        }
    }

    struct Counter: Sendable {
        let world: LedgerWorld
        let gateway: Ledger
        let visit: OpenedVisit
        let caller: Caller

        func settle(_ bill: SampleBill, dies: Bool = false) async throws -> BillLines {
            try await world.settle(bill, visit, by: caller, dies: dies, through: gateway)
        }
    }

    private static let nationalAndLocal = [
        [SampleBill.national], [SampleBill.local],
        // Written in either order: the gateway knows the order of law.
        [SampleBill.national, SampleBill.local], [SampleBill.local, SampleBill.national],
    ]

    /// One institution's day: reserves, confirms, voids, repeats itself at once, and dies now and
    /// then. `isLate`: some is entered when it was collected already.
    private static func act(
        _ chance: Seeded, _ counter: Counter, on certificates: [[String]] = Self.nationalAndLocal,
        isLate: Bool = true
    ) async throws {
        var chance = chance
        var open: [SampleBill] = []
        var done: [SampleBill] = []
        let today = counter.visit.term.opened.dayInJapan
        for step in 0..<12 {
            var bill = SampleBill(
                identifier: "\(counter.caller.party.code) \(step)", use: "preauthorization",
                cost: chance.int(1...4_000) * 10, percent: chance.pick([10, 20, 30]), day: today)
            bill.certificates = chance.pick(certificates)
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
            case 8 where isLate:
                // Of one certificate or of both, all that was asked or less.
                let due = (bill.cost * min(bill.percent, 20) + 50) / 100
                bill.use = "claim"
                if bill.certificates == [SampleBill.local] {
                    bill.certificates = [SampleBill.national]
                }
                bill.collected =
                    chance.oneIn(2) ? (due + 5) / 10 * 10 : chance.int(0...due / 10) * 10
                done.append(bill)
            default:
                bill.use = "claim"
                done.append(bill)
            }
            try await insist(bill, counter, &chance)
        }
        await counter.gateway.shutdown()
    }

    /// Until it is told, as a counter does whose gateway died: nothing of what died may stay.
    private static func insist(
        _ bill: SampleBill, _ counter: Counter, _ chance: inout Seeded
    ) async throws {
        if chance.oneIn(4) {
            await #expect(throws: Died.self) { try await counter.settle(bill, dies: true) }
        }
        guard chance.oneIn(3) else {
            _ = try await counter.settle(bill)
            return
        }
        async let first = counter.settle(bill)
        async let second = counter.settle(bill)
        let told = try await (first, second)
        #expect(told.0 == told.1)
    }

    /// Everything that was kept on one certificate, against paper, which it returns.
    static func verify(
        _ world: LedgerWorld, _ certificate: String, cap: Int, after before: [String: Int] = [:],
        isPerInstitution: Bool = false
    ) async throws -> Paper {
        let type = String(certificate.split(separator: " ")[1])
        let lines = try await world.keptLines(on: type)
        var paper = Paper(cap: cap, before: before, isPerInstitution: isPerInstitution)
        // A cap of an institution is none of the month's.
        let capOfMonth = isPerInstitution ? KeptLine.withoutCap : cap
        for bill in lines {
            if let line = paper.write(bill) {
                #expect([bill.share, bill.collected] == [line.share, line.collected])
            }
            let held = paper.held.values.reduce(0) { $0 + $1.collected }
            let cost = paper.confirmed.values.reduce(0) { $0 + $1.cost }
            #expect(bill.month == [capOfMonth, paper.collected, held, cost])
            let decided = paper.confirmed.values.filter { !$0.isLate } + Array(paper.held.values)
            let together = Dictionary(grouping: decided) {
                isPerInstitution ? $0.institution : ""
            }
            for lines in together.values {
                #expect(lines.reduce(0) { $0 + $1.collected } <= cap)
            }
            #expect(bill.collected >= 0 && bill.share >= 0)
        }
        let (totals, refunds) = try await world.monthTotals(on: type)
        let shares = paper.confirmed.values.reduce(0) { $0 + $1.share }
        let cost = paper.confirmed.values.reduce(0) { $0 + $1.cost }
        #expect(totals == [lines.count, shares, paper.collected, cost, paper.passedOn])
        // Due back is what lies over the cap and was paid at a counter, and nothing else.
        let due = max(0, paper.collected - max(cap, paper.passedOn))
        #expect(refunds == (isPerInstitution ? 0 : due))
        return paper
    }
}

/// 地方単独の上限: two schemes of the town for a ledger of their own, one with a cap over all counters, one with
/// a cap of each institution.
enum LocalCaps {
    static let ofEach = "132101 kodomo"
    static let overAll = "132101 shogai"
    static let yenOfEach = 8_000
    static let yenOverAll = 20_000

    private static func scheme(_ law: String, _ terms: String) -> String {
        #"""
        {"prefecture":"13","municipality":"210","law":"\#(law)","division":0,
         "name":{"ja":"例","en":"example"},"shortName":"小金井\#(law)",
         "effectiveFrom":"2015-01-01","conditions":{},"method":"in-kind",
         "outpatient":{"bearing":"all","unit":1,"method":"half-up",\#(terms)},
         "meals":"patient","bearsOtherExpense":true,"priority":1,
         "source":"試験","verified":"unverified"}
        """#
    }

    static func template() async throws -> String {
        try await TestPostgres.template("local_caps_template") { owner in
            _ = try await Migrations.apply(as: owner, logger: TestPostgres.logger)
            try await LedgerWorld.furnish(owner)
            var files = ProfileFiles.all
            let schemes = [
                scheme("89", #""perMonth":\#(yenOfEach),"countedPer":"institution""#),
                scheme("90", #""perMonth":\#(yenOverAll)"#),
            ].joined(separator: ",")
            files["subsidy/local-schemes/13-koganei.json"] = Array(
                #"{"source":"試験","verified":"unverified","note":"","schemes":[\#(schemes)]}"#.utf8)
            let pool = Pool(
                owner, limits: .init(connectionsMax: 1), label: "template",
                logger: TestPostgres.logger)
            _ = try await RuleShelf.load(files, into: pool)
            await pool.shutdown()
        }
    }

    /// Somebody who holds both certificates, at each institution.
    static func visits(of name: String, in world: LedgerWorld) async throws -> [OpenedVisit] {
        let someone = Someone(name: name)
        try await world.welcome(someone)
        let rows = [("kodomo", "89132104"), ("shogai", "90132101")].map { type, payer in
            SampleRow(type: type, payer: payer, from: "2019-01-01", to: "2099-12-31")
        }
        let report = try await world.register(rows, of: someone, key: name)
        try #require(report.receipt.counts[.applied] == rows.count)
        var visits: [OpenedVisit] = []
        for caller in LedgerWorld.institutions {
            visits.append(
                try await world.openVisit(
                    someone, nonce: "\(name) \(caller.party.code)", by: caller))
        }
        return visits
    }
}

/// 保存された行: a version of a bill on one certificate, as its row says it.
struct KeptLine: Sendable {
    let id: String
    /// The same on every certificate of the bill.
    let version: String
    let isNational: Bool
    let status: String
    let cost: Int
    let percent: Int
    let share: Int
    let collected: Int
    /// 徴収済額
    let paid: Int?
    let isLast: Bool
    /// Cap, collected, held, cost.
    let month: [Int]
    static let withoutCap = -1
    /// What the certificate before it leaves to 10 yen, and what was paid above that.
    let left: (collected: Int, over: Int)?

    var institution: String { String(version.prefix { $0 != " " }) }
}

extension LedgerWorld {
    /// Of the only month a certificate has, in their order, which has no gap.
    func keptLines(on type: String) async throws -> [KeptLine] {
        try await pool.transaction { transaction in
            let rows = try transaction.query(
                Statement(
                    """
                    select b.bill::text, b.status, b.cost, b.percent, b.share, b.collected,
                        case when b.is_as_collected then coalesce(b.paid, b.collected) end,
                        b.is_last,
                        array[coalesce(b.cap, \(KeptLine.withoutCap)), b.month_collected,
                            b.month_held, b.month_cost],
                        f.collected - f.paid_over, f.paid_over,
                        b.party || ' ' || b.identifier || ' ' || b.version
                    from exchange.bill b
                    left join exchange.bill f on f.party = b.party and f.identifier = b.identifier
                        and f.version = b.version and f.place = b.place - 1
                    where b.certificate_type = $1 order by b.position
                    """), [.text(type)])
            return try rows.map { row in
                var left: (collected: Int, over: Int)?
                if let collected = try row.optionalInt(9) {
                    left = (collected, try row.int(10))
                }
                return KeptLine(
                    id: try row.text(0), version: try row.text(11),
                    isNational: type == "nanbyo", status: try row.text(1),
                    cost: try row.int(2), percent: try row.int(3), share: try row.int(4),
                    collected: try row.int(5), paid: try row.optionalInt(6),
                    isLast: try row.bool(7), month: try row.ints(8), left: left)
            }
        }
    }

    /// Position, share, collected, cost and what was passed on, of the only month a certificate has, and
    /// what is due back.
    func monthTotals(on type: String = "nanbyo") async throws -> (totals: [Int], refunds: Int) {
        try await pool.transaction { transaction in
            let row = try transaction.query(
                Statement(
                    """
                    select array[position, share, collected, cost, passed_on], (
                        select coalesce(sum(yen), 0)::bigint from exchange.refund_case r
                        where r.certificate_type = m.certificate_type and not exists (
                            select 1 from exchange.refund_case later
                            where later.refund = r.refund and later.version > r.version))
                    from exchange.cap_month m where certificate_type = $1
                    """), [.text(type)])[0]
            return (try row.ints(0), try row.int(1))
        }
    }
}

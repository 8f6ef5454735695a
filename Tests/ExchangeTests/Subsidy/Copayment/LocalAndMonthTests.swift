import Exchange
import TestSupport
import Testing

/// Local schemes and the caps of a month, at the counter.
@Suite struct LocalAndMonthTests {
    static let counter = CopaymentSamples.roundings.counter

    static func numbers(_ output: JSONObject, _ name: String) -> [Int] {
        (output["visits"]?.array ?? []).compactMap { $0.object?[name]?.int }
    }

    static func output(_ input: String) throws -> JSONObject {
        try PublishedReceiptTests.output(try JSON(reading: input))
    }

    @Test func `the vendors' cases of local schemes come out, month by month`() throws {
        for row in try Vectors.rows("local-visits") {
            let id = try row.requiredString("id")
            let output = try PublishedReceiptTests.output(.object(row))
            for (theirs, ours) in [("public", "public"), ("patient", "pay")] {
                guard let expected = row[theirs]?.array?.compactMap(\.int) else { continue }
                #expect(Self.numbers(output, ours) == expected, "\(id) \(theirs)")
            }
            if let shares = row["share1yen"]?.array?.compactMap(\.int) {
                #expect(Self.numbers(output, "share1yen") == shares, "\(id)")
            }
        }
    }

    @Test(arguments: [
        (#"{"rate":30,"only":10000}"#, "insurer", 7000),
        (#"{"date":"2026-01-10","birth":"2021-05-05","only":10000}"#, "insurer", 8000),
        (#"{"rate":30,"publics":[{"law":"54","income":"低所得Ⅰ","amt":50000}]}"#, "patient", 2500),
        (#"{"rate":30,"publics":[{"law":"54","cap":2500,"amt":50000}]}"#, "publicPays", 12500),
        (
            #"{"cls":"低Ⅱ外来","rate":20,"publics":[{"law":"54","cap":2500,"amt":50000}]}"#,
            "highCost", 2000
        ),
        (
            #"{"cls":"低Ⅱ外来","rate":20,"publics":[{"law":"54","cap":2500,"amt":50000}]}"#,
            "publicPays", 5500
        ),
        (#"{"rate":30,"publics":[{"law":"21","points":700}]}"#, "patient", 700),
    ])
    func `the vendors' single receipts come out`(input: String, name: String, yen: Int) throws {
        #expect(try Self.output(input)[name]?.int == yen)
    }

    @Test func `the prefectures' ledgers come out line by line`() throws {
        for row in try Vectors.rows("month-ledgers") {
            let output = try PublishedReceiptTests.output(.object(row))
            let visits = try row.requiredArray("visits").compactMap(\.object)
            for name in ["pay", "cum"] {
                #expect(Self.numbers(output, name) == visits.compactMap { $0[name]?.int })
            }
            #expect(output["total"]?.int == visits.compactMap { $0["total"]?.int }.reduce(0, +))
        }
    }

    /// What the insurance leaves is held to the limit of the class that is said, over all visits at one
    /// institution (健康保険法施行令41条); the ledger's scheme pays what it leaves above the patient's part.
    static let months: [(input: String, pay: [Int], pays: [Int])] = [
        (#"{"steps_points":[100000],"rate":30,"cls":"ウ","scheme":"宮城83"}"#, [0], [87430]),
        (
            #"{"steps_points":[50000,50000],"rate":30,"cls":"ウ","scheme":"宮城83"}"#,
            [0, 0], [82430, 5000]
        ),
        (
            #"""
            {"visits":[{"inst":"A","total":500000},{"inst":"B","total":500000}],"rate":30,
             "cls":"ウ","scheme":"宮城83"}
            """#, [0, 0], [82430, 82430]
        ),
        (#"{"steps_points":[100000],"rate":30,"cls":"オ","scheme":"秋田74"}"#, [1000], [34400]),
        (
            #"""
            {"steps_points":[9000,1000],"rate":20,"cls":"一般外来","date":"2025-05-05",
             "scheme":"秋田74"}
            """#, [1000, 0], [17000, 0]
        ),
        (
            #"""
            {"steps_points":[100000],"cls":"Ⅱ","date":"2025-06-20","birth":"1950-06-25",
             "scheme":"宮城83"}
            """#, [0], [90910]
        ),
        // A day that is not said is a day of its own.
        (
            #"{"visits":[{"day":2,"total":10000},{"total":10000}],"rate":30,"scheme":"小金井90一般"}"#,
            [800, 800], [2200, 2200]
        ),
        (
            #"""
            {"visits":[{"day":2,"total":10000},{"day":2,"total":10000}],"rate":30,
             "scheme":"小金井90一般"}
            """#, [800, 0], [2200, 3000]
        ),
        // A ledger under a cap, with and without the class.
        (
            #"""
            {"cap":10000,"pct":20,"rate":30,"visits":[{"inst":"A","total":30000},
             {"inst":"B","total":15000},{"inst":"A","total":20000},{"inst":"B","total":15000}]}
            """#, [6000, 3000, 1000, 0], [3000, 1500, 5000, 4500]
        ),
        (
            #"{"cap":10000,"rate":30,"visits":[{"total":30000},{"total":10000}]}"#,
            [9000, 1000], [0, 2000]
        ),
        (
            #"{"cap":10000,"futanWari":3,"pct":20,"visits":[{"due":6000},{"total":30000}]}"#,
            [6000, 4000], [5000]
        ),
        (
            #"""
            {"cap":20000,"pct":20,"rate":30,"cls":"ウ","visits":[{"inst":"A","total":600000},
             {"inst":"A","total":400000},{"inst":"B","total":10000}]}
            """#, [20000, 0, 0], [63430, 4000, 3000]
        ),
        (
            #"""
            {"cap":30000,"pct":20,"rate":20,"cls":"一般外来","date":"2025-05-05","visits":[
             {"total":80000},{"total":80000}]}
            """#, [16000, 2000], [0, 0]
        ),
    ]

    @Test(arguments: months)
    func `what the insurance leaves of a month is shared out at the very yen`(
        input: String, pay: [Int], pays: [Int]
    ) throws {
        let output = try Self.output(input)
        #expect(Self.numbers(output, "pay") == pay)
        #expect(Self.numbers(output, "public") == pays)
        #expect(output["publicPays"]?.int == (pays.count == pay.count ? pays.reduce(0, +) : nil))
    }

    @Test func `where the share of the insurance is unsaid, nothing is said of who pays it`() throws
    {
        let output = try Self.output(
            #"{"cap":10000,"pct":20,"visits":[{"total":30000},{"total":30000}]}"#)
        #expect(output["publicPays"] == nil && output["patient"]?.int == 10_000)
        #expect(Self.numbers(output, "pay") == [6000, 4000])
        #expect(Self.numbers(output, "public") == [])
    }

    /// 110 and 295 yen are 110 and 300 at the counter: 410 of the cap are used, not 405.
    @Test func `both running totals stop at the cap, each on its own`() {
        var month = MonthlyCap(
            month: .init(of: SubsidyCase.day("2026-06-10")), cap: 1000, counter: Self.counter)
        month.confirm(1, cost: 0, due: 110)
        month.confirm(2, cost: 0, due: 295)
        let last = month.quote(due: 900)
        #expect(last.share == 595 && last.collected == 590)
    }

    @Test(arguments: [(0, 0), (4, 0), (5, 10), (14, 10), (158, 160), (384, 380)])
    func `less than five yen is dropped at the counter, five and more go up`(yen: Int, paid: Int) {
        #expect(Self.counter.yen(yen) == paid)
    }

    @Test(arguments: Seeded.seeds(300))
    func `a month of confirmations and voids is what a plain list says`(seed: UInt64) {
        var seeded = Seeded(seed)
        let cap = seeded.oneIn(6) ? nil : seeded.pick([0, 1000, 2500, 10_000])
        var month = MonthlyCap(
            month: .init(of: SubsidyCase.day("2026-06-10")), cap: cap, counter: Self.counter)
        var model: [(id: Int, share: Int, collected: Int)] = []
        for id in 0..<60 {
            if seeded.oneIn(4), !model.isEmpty {
                let place = seeded.int(0...(model.count - 1))
                let gone = model.remove(at: place)
                #expect(month.void(gone.id)?.quote.share == gone.share)
                #expect(month.void(gone.id) == nil)
            } else {
                let due = seeded.int(0...4000)
                let before = (model.map(\.share).reduce(0, +), model.map(\.collected).reduce(0, +))
                let share = cap.map { max(0, min(due, $0 - before.0)) } ?? due
                let rounded = (share + 5) / 10 * 10
                let taken = cap.map { max(0, min(rounded, $0 - before.1)) } ?? rounded
                let asked = month.quote(due: due)
                let quote = month.confirm(id, cost: due * 5, due: due)
                #expect(quote == asked && quote?.share == share && quote?.collected == taken)
                #expect(month.confirm(id, cost: 1, due: due) == nil)
                model.append((id, share, taken))
            }
            #expect(month.share == model.map(\.share).reduce(0, +))
            #expect(month.collected == model.map(\.collected).reduce(0, +))
            #expect(month.entries.map(\.id) == model.map(\.id))
            if let cap { #expect(month.collected <= cap && month.share <= cap) }
        }
    }

    @Test(arguments: Seeded.seeds(100))
    func `taking back what was just confirmed restores the month exactly`(seed: UInt64) {
        var seeded = Seeded(seed)
        var month = MonthlyCap(
            month: .init(of: SubsidyCase.day("2026-06-10")), cap: 10_000, counter: Self.counter)
        for id in 0..<seeded.int(0...8) { month.confirm(id, cost: 10, due: seeded.int(0...4000)) }
        let before = month
        month.confirm(99, cost: 5, due: seeded.int(0...9000))
        month.void(99)
        #expect(month == before)
    }

    @Test(arguments: Seeded.seeds(100))
    func `who collects depends on order, what is collected in all does not`(seed: UInt64) {
        var seeded = Seeded(seed)
        let dues = (0..<8).map { _ in seeded.int(0...300) * 10 }
        let totals = [dues, dues.shuffled(using: &seeded)].map { dues in
            var month = MonthlyCap(
                month: .init(of: SubsidyCase.day("2026-06-10")), cap: 10_000, counter: Self.counter)
            for (id, due) in dues.enumerated() { month.confirm(id, cost: 0, due: due) }
            return month.collected - month.refundDue
        }
        #expect(totals[0] == totals[1])
    }

    @Test func `what was collected over the cap elsewhere becomes a refund`() {
        var month = MonthlyCap(
            month: .init(of: SubsidyCase.day("2026-06-10")), cap: 10_000, counter: Self.counter)
        month.confirm(1, cost: 0, due: 6000)
        var other = MonthlyCap(month: month.month, cap: nil, counter: Self.counter)
        other.confirm(2, cost: 0, due: 7000)
        other.entries.forEach { month.take($0) }
        #expect(month.refundDue == 3000)
        #expect(month.rest == 0 && month.quote(due: 500).collected == 0)
    }

    @Test func `a month is that of the day in Japan`() {
        let late = SubsidyCase.instant("2026-06-30T15:00:00Z").dayInJapan
        let early = SubsidyCase.instant("2026-06-30T14:59:59Z").dayInJapan
        #expect(ServiceMonth(of: early) < ServiceMonth(of: late))
        #expect(ServiceMonth(of: late).month == 7)
    }
}

import Exchange
import TestSupport
import Testing

/// 高額な月の数と年間上限の年: months and yen in, what a resident may apply for out.
@Suite struct CostMonthsTests {
    static let certificate = BillAmountsTests.certificate().certificate

    static func sum(_ month: String, _ cost: Int, paid: Int = 0) throws -> MonthSum {
        MonthSum(
            capMonth: CapMonth(certificate: certificate, month: try ServiceMonth(month)),
            cost: cost, paid: paid)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let costs: [(month: String, cost: Int)]
        /// Months counted for each rule that counts any, and the rules that are reached.
        let expected: [String: Int]
        let reached: [String]
    }

    static let rows = [
        Row(testDescription: "nothing", costs: [], expected: [:], reached: []),
        Row(
            testDescription: "33,330 yen is not above 33,330 yen",
            costs: [("2026-06", 33_330)], expected: [:], reached: []),
        Row(
            testDescription: "three months of 33,331 yen",
            costs: [("2026-06", 33_331), ("2026-01", 33_331), ("2025-07", 33_331)],
            expected: ["mild-high-cost": 3], reached: ["mild-high-cost"]),
        Row(
            testDescription: "the thirteenth month back is too old",
            costs: [("2026-06", 33_331), ("2026-01", 33_331), ("2025-06", 33_331)],
            expected: ["mild-high-cost": 2], reached: []),
        Row(
            testDescription: "six months above 50,000 yen are also above 33,330",
            costs: (1...6).map { ("2026-0\($0)", 50_001) },
            expected: ["mild-high-cost": 6, "high-and-long": 6],
            reached: ["mild-high-cost", "high-and-long"]),
        Row(
            testDescription: "a month that has not come",
            costs: [("2026-07", 90_000)], expected: [:], reached: []),
    ]

    @Test(arguments: rows)
    func `months are counted as far as each rule looks back`(row: Row) throws {
        let sums = try row.costs.map { try Self.sum($0.month, $0.cost) }
        let counts = CostCount.all(sums, at: try ServiceMonth("2026-06"), Profiles.book)
        let counted = counts.map { ($0.rule.code, $0.months.count) }
        #expect(Dictionary(uniqueKeysWithValues: counted) == row.expected)
        #expect(counts.filter(\.isReached).map(\.rule.code) == row.reached)
    }

    private func crossings(_ months: [(month: String, day: String)]) throws -> [CostCrossing] {
        try months.map { row in
            CostCrossing(
                capMonth: CapMonth(
                    certificate: Self.certificate, month: try ServiceMonth(row.month)),
                above: 33_330, bill: RecordID(high: 1, low: 1),
                by: (try Party(role: .institution, code: "1319999995"), "見本病院"),
                at: .startOfDay(SubsidyCase.day(row.day)))
        }
    }

    @Test func `whoever reaches the number is told once, at the bill that completes it`() throws {
        let found = CostCrossing.completing(
            try crossings([
                // The bill of January comes last.
                ("2026-03", "2026-03-10"), ("2026-05", "2026-05-10"), ("2026-01", "2026-05-20"),
                ("2026-06", "2026-06-10"),
            ]), Profiles.book)
        #expect(found.map(\.rule.code) == ["mild-high-cost"])
        #expect(found.first?.crossing.capMonth.month.text == "2026-01")
        let again = CostCrossing.completing(
            try crossings([
                ("2025-01", "2025-01-10"), ("2025-02", "2025-02-10"), ("2025-03", "2025-03-10"),
                ("2026-03", "2026-03-10"), ("2026-04", "2026-04-10"), ("2026-05", "2026-05-10"),
            ]), Profiles.book)
        #expect(again.map(\.crossing.capMonth.month.text) == ["2025-03", "2026-05"])
    }

    /// Below 70 the first year with a limit starts in August 2026; from 70 that of outpatient care is older.
    static let years: [(day: String, from: String?, paid: Int, under70: Int?)] = [
        ("2018-07-31", "2017-08", 0, nil), ("2026-07-31", "2025-08", 1, nil),
        ("2026-08-01", "2026-08", 300, 530_000), ("2027-07-31", "2026-08", 300, 530_000),
        ("2027-08-01", "2027-08", 40, 530_000), ("2017-07-31", nil, 0, nil),
    ]

    @Test(arguments: years)
    func `the year of the yearly limits goes from August to July`(
        _ row: (day: String, from: String?, paid: Int, under70: Int?)
    ) throws {
        let rules = try #require(Profiles.book.copayment).highCost
        let sums = try [
            Self.sum("2026-07", 0, paid: 1), Self.sum("2026-08", 0, paid: 100),
            Self.sum("2027-07", 0, paid: 200), Self.sum("2027-08", 0, paid: 40),
        ]
        let year = PaidYear(sums, on: SubsidyCase.day(row.day), rules)
        #expect(year?.from.text == row.from)
        #expect((year?.paid ?? 0) == row.paid)
        let own = year?.limits.first { $0.age == .under70 && $0.code == "ウ" }
        #expect(own?.yen == row.under70 && own?.isVerified != true)
        if let year { #expect(year.to.number == year.from.number + 11) }
    }

    @Test func `of a limit of outpatient care a stay takes nothing`() throws {
        let rules = try #require(Profiles.book.copayment).highCost
        let month = CapMonth(certificate: Self.certificate, month: try ServiceMonth("2026-09"))
        let sums = [
            MonthSum(capMonth: month, cost: 0, paid: 300_000, inpatient: 250_000),
            // Of what was paid in hospital some is due back, and none of it is of other care.
            MonthSum(capMonth: month, cost: 0, paid: 20_000, inpatient: 30_000),
            try Self.sum("2026-10", 0, paid: 10_000),
        ]
        let year = try #require(PaidYear(sums, on: SubsidyCase.day("2026-11-01"), rules))
        #expect(year.paid == 330_000)
        #expect(year.limits.contains { $0.setting == .outpatient })
        // 世帯の年間上限 stands on the rows of stays, and is of all care.
        #expect(year.limits.contains { $0.code == "低Ⅱ" && $0.setting == nil && $0.yen == 290_000 })
        #expect(!year.limits.contains { $0.code == "低Ⅰ" && $0.setting == .outpatient })
        for limit in year.limits {
            let counted = limit.setting == .outpatient ? 60_000 : 330_000
            #expect(year.rest(of: limit) == max(0, limit.yen - counted))
        }
    }
}

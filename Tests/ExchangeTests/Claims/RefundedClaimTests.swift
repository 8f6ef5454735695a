import Exchange
import Testing

/// 償還払い済み: care that was paid back is not paid again, and other care of the month is no worse for it.
@Suite struct RefundedClaimTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let days: [Int]
        let count: Int
        var type = "1122"
        /// Items of the refund beside certificate, institution and month.
        let refunds: [String]
        let standing: ClaimStanding

        init(
            _ name: String, days: [Int], count: Int = 0, type: String = "1122",
            refunds: [String], _ standing: ClaimStanding
        ) {
            testDescription = name
            self.days = days
            self.count = count
            self.type = type
            self.refunds = refunds
            self.standing = standing
        }
    }

    private static func day(_ day: Int, cost: Int = 5_000) -> String {
        #","day":"2026-04-\#(day < 10 ? "0" : "")\#(day)","cost":\#(cost)"#
    }

    static let rows = [
        Row("the day that was paid back", days: [3], refunds: [day(3)], .rejected),
        Row("another day of the month", days: [20], refunds: [day(3)], .accepted),
        Row("another day of the same cost", days: [20], refunds: [day(3, cost: 30_000)], .accepted),
        Row("that day and another", days: [3, 20], refunds: [day(3)], .rejected),
        Row(
            "that day and another, of which one counts", days: [3, 20], count: 1,
            refunds: [day(3)], .questioned),
        Row("a month alone", days: [], refunds: [day(3)], .questioned),
        Row(
            "a month alone, of that very cost", days: [], refunds: [day(3, cost: 30_000)], .rejected
        ),
        Row("a refund of nobody knows which day", days: [3], refunds: [""], .questioned),
        Row(
            "the second of two that were paid back", days: [20], refunds: [day(3), day(20)],
            .rejected),
        Row(
            "a day between two of a stay", days: [1, 20], type: "1121", refunds: [day(3)],
            .questioned),
        Row(
            "a day of a whole stay", days: [1, 20], count: 20, type: "1121", refunds: [day(3)],
            .rejected),
        Row("the day after a stay", days: [1, 20], type: "1121", refunds: [day(21)], .accepted),
    ]

    @Test(arguments: rows)
    func `a refund is held against the day of its care`(row: Row) throws {
        let key = #""payer":"54136015","recipient":"1234566""#
        let at = #""institution":"1319999996","month":"2026-04""#
        let count = row.count > 0 ? ",\"dayCount\":\(row.count)" : ""
        var run = MonthRun(rules: ClaimSamples.rules, month: ClaimSamples.month)
        try run.readClaims(
            named: "a",
            Array(
                """
                [{\(at),"type":"\(row.type)","days":\(row.days),"points":3000,
                  "publics":[{\(key),"copayment":6000\(count)}]}]
                """.utf8))
        try run.readEntitlements(Array(ClaimSamples.entitlements.utf8))
        let refunds = row.refunds.map { "{\(key),\(at)\($0)}" }.joined(separator: ",")
        try run.readFacts(Array("{\"refunds\":[\(refunds)]}".utf8))
        let report = run.report()
        #expect(report.verdicts.standings == [row.standing])
        #expect(report.reasons(0) == (row.standing == .accepted ? [] : ["ALREADY_REFUNDED"]))
        let evidence = report.verdicts.findings.first?.evidence
        if case .refunded(let month, let day, _) = evidence {
            #expect(month == ClaimSamples.month)
            #expect((day == Claim.unsaidDay) == (row.refunds == [""]))
        } else {
            #expect(row.standing == .accepted)
        }
    }
}

import Exchange
import Testing

/// 入院の間の日: a stay is held against entitlement, insurance and checks on every day that it may have had, as
/// far as its receipt says which they are.
@Suite struct StayDaysTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let days: [Int]
        /// 実日数
        let count: Int?
        var type = "1121"
        let reason: String?
        var standing = ClaimStanding.rejected
        /// The day of April that is named.
        var day: Int?

        init(
            _ name: String, days: [Int], count: Int? = nil, reason: String? = nil,
            _ make: (inout Row) -> Void = { _ in }
        ) {
            testDescription = name
            self.days = days
            self.count = count
            self.reason = reason
            make(&self)
        }
    }

    /// It lapsed from the eleventh to the fourteenth.
    private static let lapsed = [("2026-04-01", "2026-04-10"), ("2026-04-15", "2027-03-31")]

    private static func entitlements(
        _ periods: [(String, String)], refundOnly: Int? = nil
    ) -> String {
        let rows = periods.enumerated().map { place, period in
            """
            {"payer": "54136015", "recipient": "1234566", "validFrom": "\(period.0)",
             "validTo": "\(period.1)", "isAlwaysReimbursement": \(place == refundOnly)}
            """
        }
        return "[\(rows.joined(separator: ","))]"
    }

    private static func report(
        _ row: Row, _ register: String = entitlements(lapsed), facts: String? = nil,
        insurer: String = ""
    ) throws -> MonthReport {
        let count = row.count.map { ",\"dayCount\":\($0)" } ?? ""
        let claims = """
            [{"institution": "1310000001", "month": "2026-04", "type": "\(row.type)", \(insurer)
              "days": \(row.days),
              "publics": [{"payer": "54136015", "recipient": "1234566"\(count)}]}]
            """
        var run = MonthRun(rules: ClaimSamples.rules, month: ClaimSamples.month)
        try run.readClaims(named: "stay", Array(claims.utf8))
        try run.readEntitlements(Array(register.utf8))
        if let facts { try run.readFacts(Array(facts.utf8)) }
        return run.report()
    }

    private static func named(_ day: Int?) -> Int32? {
        day.map { ClaimSamples.month.firstDay + Int32($0) - 1 }
    }

    static let rows = [
        Row(
            "every day was one of the stay", days: [1, 20], count: 20,
            reason: "NOT_ELIGIBLE_ON_DATE"
        ) {
            $0.day = 11
        },
        Row(
            "more days are counted than there are", days: [1, 20], count: 30,
            reason: "NOT_ELIGIBLE_ON_DATE"
        ) {
            $0.day = 11
        },
        Row("no more days are counted than are named", days: [1, 20], count: 2),
        Row("nobody counts the days", days: [1, 20], reason: "PART_OF_MONTH") {
            $0.standing = .questioned
            $0.day = 11
        },
        Row(
            "some of the days between are counted", days: [1, 20], count: 19,
            reason: "PART_OF_MONTH"
        ) {
            $0.standing = .questioned
            $0.day = 11
        },
        Row("each day is named", days: Array(1...20), reason: "NOT_ELIGIBLE_ON_DATE") {
            $0.day = 11
        },
        Row("a day that is named lapsed", days: [1, 13], reason: "NOT_ELIGIBLE_ON_DATE") {
            $0.day = 13
        },
        Row("the days of a visit are those that are named", days: [1, 20], count: 20) {
            $0.type = "1122"
        },
        Row("a stay before the lapse", days: [1, 10], count: 10),
        Row("a stay after the lapse", days: [15, 30], count: 16),
        Row("a stay of one day", days: [15], count: 1),
        Row(
            "no day is named, and all are counted", days: [], count: 30,
            reason: "NOT_ELIGIBLE_ON_DATE"
        ) {
            $0.day = 11
        },
        Row(
            "no day is named, and not all are counted", days: [], count: 29, reason: "PART_OF_MONTH"
        ) {
            $0.standing = .questioned
            $0.day = 11
        },
    ]

    @Test(arguments: rows)
    func `a lapse in the middle of a stay is named, or asked about`(row: Row) throws {
        let report = try Self.report(row)
        #expect(report.reasons(0) == [row.reason].compactMap(\.self))
        guard row.reason != nil else { return }
        #expect(report.verdicts.standings == [row.standing])
        let finding = try #require(report.verdicts.findings(of: 0).first)
        guard case .period(let service, _, _) = finding.evidence else {
            Issue.record("\(finding.evidence)")
            return
        }
        #expect(service == Self.named(row.day))
    }

    static let uncertain: [(count: Int?, standing: ClaimStanding)] = [
        (20, .rejected), (nil, .questioned), (2, .accepted),
    ]

    @Test(arguments: uncertain)
    func `days for refund alone in the middle of a stay are told in the same way`(
        _ row: (count: Int?, standing: ClaimStanding)
    ) throws {
        let periods = [Self.lapsed[0], ("2026-04-11", "2026-04-14"), Self.lapsed[1]]
        let report = try Self.report(
            Row("", days: [1, 20], count: row.count), Self.entitlements(periods, refundOnly: 1))
        #expect(report.verdicts.standings == [row.standing])
        #expect(report.reasons(0) == (row.standing == .accepted ? [] : ["REFUND_ONLY"]))
    }

    @Test(arguments: uncertain)
    func `another insurer in the middle of a stay is told in the same way`(
        _ row: (count: Int?, standing: ClaimStanding)
    ) throws {
        let periods = Self.lapsed.map { from, to in
            """
            {"payer": "54136015", "recipient": "1234566", "insurer": "01130012",
             "from": "\(from)", "to": "\(to)"}
            """
        }
        let report = try Self.report(
            Row("", days: [1, 20], count: row.count),
            Self.entitlements([("2026-04-01", "2027-03-31")]),
            facts: "{\"insurerPeriods\": [\(periods.joined(separator: ","))]}",
            insurer: "\"insurer\": \"01130012\",")
        #expect(report.verdicts.standings == [row.standing])
        #expect(report.reasons(0) == (row.standing == .accepted ? [] : ["INSURER_LAPSED"]))
    }

    @Test(arguments: uncertain)
    func `a check in the middle of a stay is held against it`(
        _ row: (count: Int?, standing: ClaimStanding)
    ) throws {
        let facts = """
            {"checks": [{"payer": "54136015", "recipient": "1234566", "institution": "1310000001",
                         "day": "2026-04-12", "outcome": "none-held"}]}
            """
        let report = try Self.report(
            Row("", days: [1, 20], count: row.count),
            Self.entitlements([("2026-04-01", "2027-03-31")]), facts: facts)
        let isTold = row.standing != .accepted
        #expect(report.reasons(0) == (isTold ? ["CHECK_ANSWERED_OTHERWISE"] : []))
    }

    @Test func `a receipt counts the days of each public payer, or those of the insurance`() throws
    {
        let publics = ["54136015,1234566,,12,3000,6000,,,,,", "88131016,1,,,3000,0,,,,,"]
        let lines = ClaimSamples.file([.init(type: "1132", publics: publics)])
        let reading = ClaimSamples.read(ClaimSamples.bytes(lines))
        var batch = ClaimBatch()
        var recipients = RecipientTexts()
        let receipt = try #require(reading.receipts.first)
        let isKept = batch.append(receipt, file: 0, recipients: &recipients)
        #expect(isKept && batch.parts(of: 0).map(\.dayCount) == [12, 1])
    }

    @Test func `more days than the month has are no count`() {
        #expect(throws: Refusal.malformed("[0].publics[0].dayCount")) {
            try Self.report(Row("", days: [1], count: 31))
        }
        #expect(throws: Never.self) { try Self.report(Row("", days: [1], count: 30)) }
    }
}

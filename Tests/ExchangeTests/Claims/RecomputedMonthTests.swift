import Exchange
import Testing

/// 再計算 of a month from files: by the law of a certificate and the cap that is given, and nothing is held
/// against a claim that only its holder's class could tell.
@Suite struct RecomputedMonthTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let copayment: Int
        var cap: Int?
        var birth = "19900102"
        let reasons: [String]
        var expected: Int32?

        init(
            _ name: String, _ copayment: Int, cap: Int? = nil, birth: String = "19900102",
            _ reasons: [String] = [], expected: Int32? = nil
        ) {
            testDescription = name
            self.copayment = copayment
            self.cap = cap
            self.birth = birth
            self.reasons = reasons
            self.expected = expected
        }
    }

    static let rows = [
        Row("above the scheme's share", 9_000, ["AMOUNT_MISMATCH"], expected: 6_000),
        Row("a yen above it", 6_001, ["AMOUNT_MISMATCH"], expected: 6_000),
        Row("the share", 6_000),
        Row("less, as a class may be asked", 2_500),
        Row("nothing", 0),
        Row(
            "above the cap that is given", 6_000, cap: 5_000,
            ["AMOUNT_MISMATCH", "OVER_MONTHLY_CAP"], expected: 5_000),
        Row("the cap that is given", 5_000, cap: 5_000),
        Row("of an age at which the income decides", 9_000, birth: "19500102"),
    ]

    private func report(_ row: Row, payer: String = "54136015") throws -> MonthReport {
        var run = MonthRun(rules: ClaimSamples.rules, month: ClaimSamples.month)
        let receipt = ClaimSamples.Receipt(
            birth: row.birth, publics: ["\(payer),1234566,,1,3000,\(row.copayment),,,,,"])
        var pieces = [ClaimSamples.bytes(ClaimSamples.file([receipt]))]
        run.readReceipts(named: "a", decode: ClaimSamples.decode) { pieces.popLast() }
        if let cap = row.cap {
            let caps = #"[{"payer": "\#(payer)", "recipient": "1234566", "cap": \#(cap)}]"#
            try run.readFacts(Array(#"{"caps": \#(caps)}"#.utf8))
        }
        var reckoning = ClaimReckoning(
            try #require(Profiles.book.copayment), Profiles.book.subsidy)
        run.recompute(by: &reckoning)
        return run.report()
    }

    @Test(arguments: rows)
    func `a copayment above what any class is asked is told`(row: Row) throws {
        let report = try report(row)
        #expect(report.reasons(0) == row.reasons)
        guard let expected = row.expected else { return }
        #expect(
            report.verdicts.findings.first?.evidence
                == .amount(claimed: Int32(row.copayment), expected: expected))
    }

    /// 本人支払額 of public assistance: the cap that is given is asked whole.
    @Test(arguments: [
        Row("the amount of the ticket", 3_000, cap: 3_000), Row("none is told", 0),
        Row(
            "above it", 3_010, cap: 3_000, ["AMOUNT_MISMATCH", "OVER_MONTHLY_CAP"],
            expected: 3_000),
        Row("asked where none is told", 3_000, ["AMOUNT_MISMATCH"], expected: 0),
    ])
    func `what a ticket of public assistance tells is asked`(row: Row) throws {
        let report = try report(row, payer: "12131009")
        #expect(report.reasons(0) == row.reasons)
        guard let expected = row.expected else { return }
        #expect(
            report.verdicts.findings.first?.evidence
                == .amount(claimed: Int32(row.copayment), expected: expected))
    }

    /// Neither a law of the table nor a cap: the month says nothing of the amount, and that it does not.
    @Test func `a local scheme without a cap is not computed`() throws {
        let report = try report(Row("", 9_000), payer: "83136010")
        #expect(!report.reasons(0).contains("AMOUNT_MISMATCH"))
        #expect(report.notExamined.contains(.amountMismatch))
        let known = try self.report(Row("", 6_000))
        #expect(!known.notExamined.contains(.amountMismatch))
    }

    /// A payer whose terms nobody knows says nothing of those before it.
    @Test(arguments: [(9_000, ["AMOUNT_MISMATCH"]), (6_000, [])])
    func `the first is held to its law, whoever comes behind it`(
        copayment: Int, reasons: [String]
    ) throws {
        let report = try claims(
            #"""
            "birthDate": "1990-01-02", "insurer": "01130012", "points": 3000, "publics": [
             {"payer": "54136015", "recipient": "1234566", "copayment": \#(copayment)},
             {"payer": "83136010", "recipient": "12345", "copayment": 100}]
            """#)
        #expect(report.reasons(0) == reasons)
    }

    /// 後期高齢者医療 from 65 on: what the insurance leaves depends on the income, as it does from 75 on.
    @Test(arguments: [("39131156", []), ("01130012", ["AMOUNT_MISMATCH"])])
    func `an insurer of the elderly tells no share at any age`(
        insurer: String, reasons: [String]
    ) throws {
        let report = try claims(
            #"""
            "birthDate": "1958-01-02", "insurer": "\#(insurer)", "points": 3000, "publics": [
             {"payer": "54136015", "recipient": "1234566", "copayment": 3000, "amount": 0}]
            """#)
        #expect(report.reasons(0) == reasons)
    }

    /// 1,500 points, of which the law 21 covers 700: 2,100 yen less 700.
    @Test(arguments: [(1_400, []), (1_401, ["AMOUNT_MISMATCH"])])
    func `a public payer may bear a part of the points`(amount: Int, reasons: [String]) throws {
        let report = try claims(
            #"""
            "birthDate": "1990-01-02", "insurer": "01130012", "points": 1500, "publics": [
             {"payer": "21136015", "recipient": "1234566", "copayment": 700, "amount": \#(amount),
              "points": 700}]
            """#)
        #expect(report.reasons(0) == reasons)
    }

    private func claims(_ items: String) throws -> MonthReport {
        var run = MonthRun(rules: ClaimSamples.rules, month: ClaimSamples.month)
        let claim = #"{"institution": "1319999996", "month": "2026-04", "days": [9], \#(items)}"#
        try run.readClaims(named: "a", Array("[\(claim)]".utf8))
        var reckoning = ClaimReckoning(
            try #require(Profiles.book.copayment), Profiles.book.subsidy)
        run.recompute(by: &reckoning)
        return run.report()
    }

    @Test func `what somebody computed before stands`() throws {
        var run = MonthRun(rules: ClaimSamples.rules, month: ClaimSamples.month)
        try run.readClaims(
            named: "a",
            Array(
                """
                [{"institution": "1319999996", "month": "2026-04", "type": "1122", "days": [9],
                  "birthDate": "1990-01-02", "insurer": "01130012", "points": 3000,
                  "publics": [{"payer": "54136015", "recipient": "1234566", "copayment": 9000,
                  "recomputedCopayment": 9000}]}]
                """.utf8))
        var reckoning = ClaimReckoning(
            try #require(Profiles.book.copayment), Profiles.book.subsidy)
        run.recompute(by: &reckoning)
        #expect(run.report().reasons(0) == [])
    }
}

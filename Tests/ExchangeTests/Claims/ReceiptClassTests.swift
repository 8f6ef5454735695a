import Exchange
import Testing

/// 所得区分の記載: amounts above the lowest limit, and those from 70 on, are computed again where the receipt says
/// the class, and nothing is held against one that says it twice or not at all.
@Suite struct ReceiptClassTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let notes: String
        let copayment: Int
        let expected: Int32?
        var cap = 70_000
        var points = 30_000
        var birth = "19900102"
        var type = "1122"

        init(_ name: String, _ notes: String, _ copayment: Int, _ expected: Int32?) {
            testDescription = name
            self.notes = notes
            self.copayment = copayment
            self.expected = expected
        }

        /// At 73, when a fifth is the share of all but earners.
        func elderly(_ type: String, cap: Int, points: Int = 3_000) -> Row {
            var row = self
            (row.type, row.cap, row.points, row.birth) = (type, cap, points, "19530102")
            return row
        }
    }

    static let rows = [
        Row("no class is said", "", 60_000, nil),
        Row("above the limit of エ", "29", 60_000, 57_600),
        Row("a yen above it", "29", 57_601, 57_600),
        Row("the limit", "29", 57_600, nil),
        Row("below the limit of ウ", "28", 60_000, nil),
        Row("above that of multiple months", "34", 50_000, 44_400),
        Row("two classes", "2829", 60_000, nil),
        Row("a long-term disease beside it", "0229", 60_000, nil),
        Row("from 70 on, the type says a fifth", "", 6_500, 6_000).elderly("1128", cap: 9_000),
        Row("the type says three tenths", "", 6_500, nil).elderly("1120", cap: 9_000),
        Row("above three tenths", "", 9_001, 9_000).elderly("1120", cap: 9_500),
        Row("neither type nor note say it", "", 6_500, nil).elderly("1122", cap: 9_000),
        Row("type and note contradict each other", "30", 6_500, nil).elderly("1120", cap: 9_000),
        Row("above the limit of visits", "29", 20_000, 18_000)
            .elderly("1128", cap: 30_000, points: 30_000),
        // 外来 and 入院 of the two classes of 区オ are not the same.
        Row("a stay of one of two classes", "30", 20_000, nil)
            .elderly("1127", cap: 30_000, points: 30_000),
    ]

    @Test(arguments: rows)
    func `an amount is computed again where the receipt says the class`(row: Row) throws {
        var run = MonthRun(rules: ClaimSamples.rules, month: ClaimSamples.month)
        let receipt = ClaimSamples.Receipt(
            type: row.type, birth: row.birth, notes: row.notes, points: row.points,
            publics: ["83136010,1234566,,1,\(row.points),\(row.copayment),,,,,"])
        var pieces = [ClaimSamples.bytes(ClaimSamples.file([receipt]))]
        run.readReceipts(named: "a", decode: ClaimSamples.decode) { pieces.popLast() }
        let caps = #"[{"payer": "83136010", "recipient": "1234566", "cap": \#(row.cap)}]"#
        try run.readFacts(Array(#"{"caps": \#(caps)}"#.utf8))
        var reckoning = ClaimReckoning(
            try #require(Profiles.book.copayment), Profiles.book.subsidy)
        run.recompute(by: &reckoning)
        let found = run.report().verdicts.findings.first { $0.reason == .amountMismatch }
        let expected: ClaimEvidence? = row.expected.map {
            .amount(claimed: Int32(row.copayment), expected: $0)
        }
        #expect(found?.evidence == expected)
    }

    // MARK: The counter's word

    private func claim(note: UInt64) -> Claim {
        var claim = Claim(month: ClaimSamples.month)
        claim.type = 1122
        claim.birth = 7_306
        claim.specialNotes = 1 << note
        return claim
    }

    @Test func `a note that names another class than the counter was told is found`() throws {
        let reckoning = ClaimReckoning(
            try #require(Profiles.book.copayment), Profiles.book.subsidy)
        let third = ClaimReckoning.ToldClass(code: "ウ", isMultiple: false)
        #expect(reckoning.differing(claim(note: 28), told: [third]) == nil)
        #expect(reckoning.differing(claim(note: 29), told: [third]) == 29)
        // 多ウ is another limit.
        #expect(reckoning.differing(claim(note: 33), told: [third]) == 33)
        #expect(reckoning.differing(claim(note: 29), told: []) == nil)
        // A note that says nothing of a class.
        #expect(reckoning.differing(claim(note: 10), told: [third]) == nil)
    }

    @Test func `it is asked about, with the note and the class that was told`() throws {
        var run = MonthRun(rules: ClaimSamples.rules, month: ClaimSamples.month)
        let receipt = ClaimSamples.Receipt(
            notes: "29", publics: ["54136015,1234566,,1,3000,6000,,,,,"])
        var pieces = [ClaimSamples.bytes(ClaimSamples.file([receipt]))]
        run.readReceipts(named: "a", decode: ClaimSamples.decode) { pieces.popLast() }
        let key = CertificateNumber(
            payer: 54_136_015, recipient: run.recipients.key("1234566"))
        let claim = try #require(run.batch.claims.first)
        let place = ClaimFacts.PlaceKey(key, claim.month, at: claim.institution)
        run.facts.otherClasses[place] = [
            .init(note: 29, told: "ウ", isInpatient: false),
            // Of a stay in the same month, which has a receipt of its own.
            .init(note: 29, told: "エ(多数回該当)", isInpatient: true),
        ]
        let report = run.report()
        #expect(report.reasons(0) == ["INCOME_CLASS_DIFFERS"])
        #expect(report.verdicts.findings.first?.evidence == .limitClass(note: 29, told: "ウ"))
        let told = String(decoding: report.json(all: false), as: UTF8.self)
        #expect(told.contains(#""specialNote":"29""#) && told.contains("\"toldClass\""))
    }
}

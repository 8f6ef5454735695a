import Exchange
import Testing

/// 重複: the same receipt twice goes back; of a pharmacy, which writes one for each institution that
/// prescribed, another one is asked about, and nobody is refused what may be right.
@Suite struct RepeatedReceiptTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let institution: String
        /// What the second claim says otherwise than the first: an item as it is written, and instead of it.
        let change: (String, String)?
        let reasons: [String]
        let standing: ClaimStanding
        var testDescription: String { name }

        init(
            _ name: String, at institution: String = "1340000002",
            change: (String, String)? = nil, _ reasons: [String], _ standing: ClaimStanding
        ) {
            self.name = name
            self.institution = institution
            self.change = change
            self.reasons = reasons
            self.standing = standing
        }
    }

    private static let otherPoints = ("\"points\": 500", "\"points\": 501")

    static let rows = [
        Row("a pharmacy's, alike in all", ["DUPLICATE_RECEIPT"], .rejected),
        Row(
            "a pharmacy's of other points", change: otherPoints, ["REPEATED_RECEIPT"],
            .questioned),
        Row(
            "a pharmacy's of other days", change: ("[9]", "[9, 10]"), ["REPEATED_RECEIPT"],
            .questioned),
        Row(
            "a pharmacy's of another share",
            change: ("\"copayment\": 1000", "\"copayment\": 990"), ["REPEATED_RECEIPT"],
            .questioned),
        Row("a pharmacy's under another type", change: ("4122", "4126"), [], .accepted),
        Row(
            "a clinic's of other points", at: "1310000001", change: otherPoints,
            ["DUPLICATE_RECEIPT"], .rejected),
        Row(
            "a dentist's of other days", at: "1330000001", change: ("[9]", "[10]"),
            ["DUPLICATE_RECEIPT"], .rejected),
    ]

    private func claim(at institution: String) -> String {
        """
        {"institution": "\(institution)", "month": "2026-04", "type": "4122", "days": [9],
         "points": 500, "publics": [{"payer": "54136015", "recipient": "1234566",
         "copayment": 1000, "dayCount": 1}]}
        """
    }

    private func report(_ claims: [String], facts: String = "{}") throws -> MonthReport {
        var run = MonthRun(rules: ClaimSamples.rules, month: ClaimSamples.month)
        try run.readClaims(
            named: "a", Array("{\"claims\": [\(claims.joined(separator: ","))]}".utf8))
        try run.readEntitlements(Array(ClaimSamples.entitlements.utf8))
        try run.readFacts(Array(facts.utf8))
        return run.report()
    }

    @Test(arguments: rows)
    func `a repeated receipt goes back, or is a question, by who writes it`(row: Row) throws {
        let first = claim(at: row.institution)
        var second = first
        if let (old, new) = row.change {
            second = first.replacing(old, with: new)
            #expect(second != first)
        }
        let report = try report([first, second])
        #expect(report.reasons(0) == [])
        #expect(report.reasons(1) == row.reasons)
        #expect(report.verdicts.standings == [.accepted, row.standing])
    }

    @Test func `of three, the one that says the same as another names that one`() throws {
        let first = claim(at: "1340000002")
        let other = first.replacing("\"points\": 500", with: "\"points\": 700")
        let report = try report([first, other, other, first])
        #expect(
            (0..<4).map { report.reasons($0) }
                == [[], ["REPEATED_RECEIPT"], ["DUPLICATE_RECEIPT"], ["DUPLICATE_RECEIPT"]])
        #expect(
            report.verdicts.findings.map(\.evidence).suffix(2) == [
                .duplicate(of: 1), .duplicate(of: 0),
            ])
    }

    /// 処方元: named by both and different, they have nothing to do with each other.
    @Test(
        arguments: [
            ([1, 2], [[], []]), ([1, 1], [[], ["REPEATED_RECEIPT"]]),
            ([1, nil], [[], ["REPEATED_RECEIPT"]]), ([nil, 1], [[], ["REPEATED_RECEIPT"]]),
            ([1, 2, 1], [[], [], ["REPEATED_RECEIPT"]]),
            ([1, 2, nil], [[], ["REPEATED_RECEIPT"], ["REPEATED_RECEIPT"]]),
        ] as [([Int?], [[String]])])
    func `a receipt for another prescriber is no second one`(
        prescribers: [Int?], reasons: [[String]]
    ) throws {
        let claims = prescribers.enumerated().map { place, prescriber in
            let named = prescriber.map { "\"prescriber\": \"131000000\($0)\", " } ?? ""
            return claim(at: "1340000002")
                .replacing("\"type\"", with: named + "\"type\"")
                .replacing("\"points\": 500", with: "\"points\": 50\(place)")
        }
        let report = try report(claims)
        #expect(claims.indices.map { report.reasons($0) } == reasons)
        // Alike in every number, they are duplicates unless the prescribers differ.
        let alike = prescribers.map { prescriber in
            let named = prescriber.map { "\"prescriber\": \"131000000\($0)\", " } ?? ""
            return claim(at: "1340000002").replacing("\"type\"", with: named + "\"type\"")
        }
        let duplicates = try self.report(alike)
        #expect(
            alike.indices.map { duplicates.reasons($0) }
                == reasons.map { $0.isEmpty ? [] : ["DUPLICATE_RECEIPT"] })
    }

    /// At an institution that writes one receipt for all, whoever is named is nothing to it.
    @Test func `a clinic's second receipt is one whatever prescriber it names`() throws {
        let first = claim(at: "1310000001")
        let second = first.replacing(
            "\"type\"", with: "\"prescriber\": \"1310000002\", \"type\"")
        #expect(try report([first, second]).reasons(1) == ["DUPLICATE_RECEIPT"])
        let wrong = first.replacing("\"type\"", with: "\"prescriber\": \"13\", \"type\"")
        #expect(throws: Refusal.malformed("claims[0].prescriber")) { try report([wrong]) }
    }

    /// It may be right, so what it asks of the patient is held to the month's cap like any other.
    @Test func `a receipt of another prescriber counts for the cap`() throws {
        let first = claim(at: "1340000002")
        let other = first.replacing("\"copayment\": 1000", with: "\"copayment\": 9500")
        let report = try report([first, other])
        #expect(report.reasons(1) == ["REPEATED_RECEIPT", "OVER_MONTHLY_CAP"])
    }
}

import Exchange
import Testing

/// 指定: held on the days of service, under the names that a scheme is designated by; what was only told later
/// is asked about.
@Suite struct DesignationDaysTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let of: ClaimFacts.Designation.Of
        /// First and last day of April; `nil`: without beginning, without end.
        let from: Int?
        let to: Int?
        var isAsTold = true
        let standing: ClaimStanding

        init(
            _ name: String, of: ClaimFacts.Designation.Of = .law(54), from: Int? = nil,
            to: Int? = nil, isAsTold: Bool = true, _ standing: ClaimStanding
        ) {
            testDescription = name
            self.of = of
            self.from = from
            self.to = to
            self.isAsTold = isAsTold
            self.standing = standing
        }
    }

    static let rows = [
        Row("by law", .accepted),
        Row("by payer", of: .payer(54_136_015), .accepted),
        Row("by the scheme of the certificate", of: .certificate(key), .accepted),
        Row("of another law", of: .law(21), .rejected),
        Row("of another payer", of: .payer(54_131_016), .rejected),
        Row("until the day itself", to: 9, .accepted),
        Row("until the day before", to: 8, .rejected),
        Row("told on the day itself", from: 9, .accepted),
        Row("told a day later", from: 10, .questioned),
        Row("beginning a day later", from: 10, isAsTold: false, .rejected),
    ]

    private static let key: CertificateNumber = {
        var recipients = RecipientTexts()
        return CertificateNumber(payer: 54_136_015, recipient: recipients.key("1234566"))
    }()

    @Test(arguments: rows)
    func `a designation counts on the days it is known for`(row: Row) throws {
        var run = MonthRun(rules: ClaimSamples.rules, month: ClaimSamples.month)
        var pieces = [ClaimSamples.bytes(ClaimSamples.file([.init()]))]
        run.readReceipts(named: "a", decode: ClaimSamples.decode) { pieces.popLast() }
        try run.readEntitlements(Array(ClaimSamples.entitlements.utf8))
        let before = ClaimSamples.month.firstDay - 1
        let first = row.from.map { before + Int32($0) } ?? Claim.unsaidDay
        let last = row.to.map { before + Int32($0) } ?? Claim.endlessDay
        let place = ClaimFacts.Designation(of: row.of, institution: 1_319_999_996)
        run.facts.designations = [place: [first...last]]
        run.facts.toldDesignations = row.isAsTold ? [place: [first]] : [:]
        let report = run.report()
        #expect(report.verdicts.standings == [row.standing])
        #expect(report.reasons(0) == (row.standing == .accepted ? [] : ["NOT_DESIGNATED"]))
    }

    /// 一つの負担者番号の二つの制度: whichever stands first, each certificate is held to its own.
    @Test(arguments: [[true, false], [false, true], [true, true], [false, false]])
    func `of two schemes under one payer number each asks for what it asks for`(
        isRequired: [Bool]
    ) throws {
        var run = MonthRun(rules: ClaimSamples.rules, month: ClaimSamples.month)
        let claims = ["R-1", "R-2"].map {
            """
            {"institution": "1319999996", "month": "2026-04", "type": "1122", "days": [9],
             "points": 1000, "publics": [{"payer": "88131016", "recipient": "\($0)"}]}
            """
        }
        try run.readClaims(named: "a", Array("[\(claims.joined(separator: ","))]".utf8))
        for (recipient, isRequired) in zip(["R-1", "R-2"], isRequired) {
            let key = CertificateNumber(payer: 88_131_016, recipient: run.recipients.key(recipient))
            run.facts.schemesOf[.init(key, ClaimSamples.month)] = SchemeCondition(
                ages: nil, requiresDesignation: isRequired)
        }
        run.facts.designations = [:]
        let report = run.report()
        let expected = isRequired.map { $0 ? ["NOT_DESIGNATED"] : [] }
        #expect([report.reasons(0), report.reasons(1)] == expected)
    }

    /// What a check at the counter asks the registry for.
    @Test func `a scheme is designated by its law and by its certificate type`() throws {
        let day = try CalendarDay("2026-04-09")
        let program = try #require(
            Profiles.book.subsidy.programs(of: "130001", on: day).first {
                $0.certificateTypeID == "nanbyo"
            })
        #expect(program.designatedAs == ["54", "nanbyo"])
        let local = try #require(
            Profiles.book.subsidy.programs(of: "132101", on: day).first {
                $0.certificateTypeID == "kodomo"
            })
        #expect(local.designatedAs == ["kodomo"])
    }
}

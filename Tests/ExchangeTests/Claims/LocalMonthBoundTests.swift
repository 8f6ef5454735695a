import Exchange
import Testing

/// 月額上限のない地方単独: a month asks about more than the scheme's row can leave, and about what the counter
/// confirmed otherwise, and about nothing else.
@Suite struct LocalMonthBoundTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let terms: String
        let most: Int
        var points = 3000
        var days = 1
        /// レセプト種別 of a stay.
        static let stay = "1121"

        init(_ name: String, _ terms: String, most: Int, points: Int = 3000, days: Int = 1) {
            testDescription = name
            self.terms = terms
            self.most = most
            self.points = points
            self.days = days
        }
    }

    static let rounding = #""unit":1,"method":"half-up""#

    static let rows = [
        Row("nothing", #""bearing":"nothing",\#(rounding)"#, most: 0),
        Row("an amount", #""bearing":"fixed","fixed":500,\#(rounding)"#, most: 500),
        Row(
            "an amount of each day", #""bearing":"fixed","fixed":500,\#(rounding)"#, most: 1_500,
            days: 3),
        Row(
            "what the insurance leaves is less", #""bearing":"fixed","fixed":500,\#(rounding)"#,
            most: 210, points: 70),
        Row("a percentage", #""bearing":"percent","percent":10,\#(rounding)"#, most: 3_000),
        Row(
            "as it is collected", #""bearing":"percent","percent":10,\#(rounding)"#, most: 3_010,
            points: 3005),
        Row(
            "to the scheme's own unit",
            #""bearing":"percent","percent":10,"unit":10,"method":"down""#, most: 3_000,
            points: 3005),
        Row(
            "a part of what is left",
            #""bearing":"fraction","numerator":1,"denominator":2,\#(rounding)"#, most: 4_500),
        Row("a cap of each visit", #""bearing":"all",\#(rounding),"perVisit":500"#, most: 500),
        Row(
            "for so many visits",
            #""bearing":"all",\#(rounding),"perVisit":500,"visitsMax":2"#, most: 1_000, days: 3),
        Row(
            "a cap of each day",
            #""bearing":"all",\#(rounding),"perDay":800,"daysMax":4"#, most: 2_400, days: 3),
        Row(
            "a percentage within a cap of the month",
            #""bearing":"percent","percent":10,\#(rounding),"perMonth":6000"#, most: 3_000),
        Row(
            "a cap of the month at each institution",
            #""bearing":"all",\#(rounding),"perMonth":600,"countedPer":"institution""#, most: 600,
            days: 3),
        Row(
            "pharmacies are free, and this is none",
            #""bearing":"fixed","fixed":500,\#(rounding),"pharmacies":"free""#, most: 500),
    ]

    private static let path = "subsidy/local-schemes/13-koganei.json"
    private static let programs = "subsidy/programs/132101.json"

    /// The town's children's scheme with these terms, in hospital and outside.
    private func book(_ terms: String, _ verified: String) throws -> RuleBook {
        var files = Profiles.files
        let scheme = #"""
            {"source":"試験","verified":"\#(verified)","note":"","schemes":[
             {"prefecture":"13","municipality":"210","law":"89","division":0,
              "name":{"ja":"例","en":"example"},"shortName":"小金井89",
              "effectiveFrom":"2015-01-01","conditions":{},"method":"in-kind",
              "inpatient":{\#(terms)},"outpatient":{\#(terms)},
              "meals":"patient","bearsOtherExpense":true,"priority":1,
              "source":"試験","verified":"\#(verified)"}]}
            """#
        files[Self.path] = Array(scheme.utf8)
        let text = String(decoding: try #require(files[Self.programs]), as: UTF8.self)
        files[Self.programs] = Array(
            text.replacing(#""unverified""#, with: #""\#(verified)""#).utf8)
        return try RuleBook(reading: files, version: "bound")
    }

    private func report(
        _ row: Row, claiming yen: Int, type: String = "1122", counted: Bool = true,
        verified: String = "verified", confirmed: [Int] = [],
        institution: String = "1319999996"
    ) throws -> MonthReport {
        let book = try book(row.terms, verified)
        var run = MonthRun(rules: ClaimSamples.rules, month: ClaimSamples.month)
        let days = (9..<9 + row.days).map(String.init).joined(separator: ",")
        let count = counted ? #","dayCount":\#(row.days)"# : ""
        let claim = #"""
            [{"institution":"\#(institution)","month":"2026-04","type":"\#(type)","days":[\#(days)],
              "birthDate":"1990-01-02","insurer":"01130012","points":\#(row.points),
              "publics":[{"payer":"89132104","recipient":"1","copayment":\#(yen)\#(count)}]}]
            """#
        try run.readClaims(named: "a", Array(claim.utf8))
        let bills = confirmed.map {
            #"{"payer":"89132104","recipient":"1","month":"2026-04","#
                + #""institution":"1319999996","amount":\#($0)}"#
        }
        try run.readFacts(Array(#"{"ledger":[\#(bills.joined(separator: ","))]}"#.utf8))
        var reckoning = ClaimReckoning(try #require(book.copayment), book.subsidy)
        let held = LocalLiveTests.certificate("kodomo", payer: "89132104")
        run.recompute { claim, parts in
            let day = CalendarDay(daysSince1970: Int(claim.serviceDays.first))
            let terms = reckoning.terms(
                of: held, on: day, isInpatient: claim.isInpatient,
                at: CareSpot(institution: institution))
            return reckoning.expected(
                claim, parts, [terms], confirmed: [confirmed.reduce(0, +)])
        }
        run.facts.hasUnexaminedCopayments = reckoning.hasUnexamined
        return run.report()
    }

    @Test(arguments: rows)
    func `the most that a scheme leaves is accepted, and a yen more is asked about`(
        row: Row
    ) throws {
        let right = try report(row, claiming: row.most)
        #expect(right.reasons(0) == [])
        #expect(!right.notExamined.contains(.amountMismatch))
        let wrong = try report(row, claiming: row.most + 1)
        #expect(wrong.reasons(0) == ["AMOUNT_MISMATCH"])
        #expect(
            wrong.verdicts.findings.first?.evidence
                == .amount(claimed: Int32(row.most + 1), expected: Int32(row.most)))
    }

    @Test(arguments: rows.filter { $0.days == 1 && !$0.terms.contains("perMonth") })
    func `what the counter confirmed is compared without a cap of the month`(row: Row) throws {
        let told = row.most / 10 * 10
        #expect(try report(row, claiming: told, confirmed: [told]).reasons(0) == [])
        let found = try report(row, claiming: told, confirmed: [told + 100])
        #expect(found.reasons(0) == ["LEDGER_MISMATCH"])
        #expect(
            found.verdicts.findings.first?.evidence
                == .amount(claimed: Int32(told), expected: Int32(told + 100)))
    }

    @Test func `nothing is asked at a pharmacy that is free`() throws {
        let row = Row(
            "free", #""bearing":"fixed","fixed":500,\#(Self.rounding),"pharmacies":"free""#,
            most: 0)
        let pharmacy = "1349999992"
        #expect(try report(row, claiming: 0, institution: pharmacy).reasons(0) == [])
        let asked = try report(row, claiming: 500, institution: pharmacy)
        #expect(asked.reasons(0) == ["AMOUNT_MISMATCH"])
    }

    /// 入院の月上限: of five days at one institution the counter asks the cap, `tsunagi copay` the same, and the
    /// month accepts that and not a yen more. Behind a visit at that institution it is one cap for both.
    @Test func `a stay is held to its institution's cap, as at the counter and by the command`()
        throws
    {
        let row = Row(
            "of each receipt",
            #""bearing":"all",\#(Self.rounding),"perMonth":600,"countedPer":"institution""#,
            most: 600, days: 5)
        let book = try book(row.terms, "verified")
        let spot = CareSpot(institution: "1319999996", visit: "a")
        let held = LocalLiveTests.certificate("kodomo", payer: "89132104")
        let program = try #require(
            book.subsidy.programs.first {
                $0.certificateTypeID == "kodomo" && $0.isOf(SubsidyCase.koganei)
            })
        let content = BillContent(
            identifier: RecordIdentifier(system: "urn:test", value: "1"),
            certificate: held.certificate, day: SubsidyCase.day("2026-04-09"), cost: 30_000,
            percent: 30, collected: nil, care: BillCare(isInpatient: true, days: 5))
        let reckoning = try BillReckoning(
            content, on: [(held, program)], at: spot, try #require(book.copayment))
        func told(after visits: [CapVisit]) throws -> Int {
            let balance = CapBalance(confirmed: CapRun(), cost: 0, held: CapRun(), visits: visits)
            return try reckoning.amounts(after: [balance])[0].collected
        }
        let visit = CapVisit(day: 1, share: 200, at: CareSpot(institution: spot.institution))
        #expect(try told(after: []) == 600)
        #expect(try told(after: [visit]) == 400)
        let output = try LocalOfCaseTests.output(
            #"""
            {"rate":30,"setting":"inpatient","local":{\#(row.terms)},
             "visits":[{"total":30000,"day":9,"days":5,"inst":"1319999996"}]}
            """#)
        let lines = (output["visits"]?.array ?? []).compactMap(\.object)
        #expect(lines.compactMap { $0["pay"]?.int } == [600])
        let right = try report(row, claiming: 600, type: Row.stay)
        #expect(right.reasons(0) == [])
        #expect(!right.notExamined.contains(.amountMismatch))
        let wrong = try report(row, claiming: 601, type: Row.stay, counted: false)
        #expect(wrong.reasons(0) == ["AMOUNT_MISMATCH"])
        #expect(
            wrong.verdicts.findings.first?.evidence == .amount(claimed: 601, expected: 600))
    }

    /// 同日再診: twice on one day is one day of the receipt, and two bills of the counter.
    @Test func `what the counter confirmed is no more than the scheme asks`() throws {
        let row = Self.rows[1]
        #expect(try report(row, claiming: 1_000, confirmed: [500, 500]).reasons(0) == [])
        #expect(try report(row, claiming: 0, confirmed: [500]).reasons(0) == ["LEDGER_MISMATCH"])
    }

    @Test func `what cannot be bounded is not asked about, and the month says so`() throws {
        let row = Self.rows[1]
        let silent = [
            try report(row, claiming: 9_000, verified: "unverified"),
            try report(row, claiming: 9_000, type: Row.stay),
            try report(row, claiming: 9_000, counted: false),
        ]
        for report in silent {
            #expect(report.reasons(0) == [])
            #expect(report.notExamined.contains(.amountMismatch))
        }
    }
}

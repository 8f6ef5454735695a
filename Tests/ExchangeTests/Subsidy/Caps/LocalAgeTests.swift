import Exchange
import Testing

/// 年齢と多数回該当 of local schemes at the counter: rows of one payer number by the holder's age, caps of multiple
/// months by the class that was told, each as the command says it or refused by the item.
@Suite struct LocalAgeTests {
    private static let payer = "89139992"
    private static let name = "試験89"
    private static let free = #""bearing": "nothing""#
    private static let fixed = #""bearing": "fixed", "fixed": 500"#
    private static let below6 = row(#""ageBelow": 6"#, free)
    private static let from6 = row(#""ageFrom": 6"#, fixed)

    private static func row(_ ages: String, _ terms: String, stays: String? = nil) -> String {
        """
        {"prefecture": "13", "municipality": "210", "law": "89", "payer": "\(payer)", "division": 1,
        "name": {"ja": "試験", "en": "Test"}, "shortName": "\(name)", "effectiveFrom": "2015-01-01",
        "conditions": {\(ages)}, "method": "in-kind",
        "inpatient": {\(stays ?? terms), "unit": 1, "method": "half-up"},
        "outpatient": {\(terms), "unit": 1, "method": "half-up"},
        "meals": "patient", "bearsOtherExpense": true, "priority": 1, "source": "試験",
        "verified": "unverified"}
        """
    }

    private static func book(_ rows: [String]) throws -> RuleBook {
        let file = """
            {"source": "試験", "verified": "unverified", "schemes": [\(rows.joined(separator: ","))]}
            """
        return try RuleBook(
            reading: Profiles.with("subsidy/local-schemes/tests.json", file), version: "v")
    }

    private static func told(
        _ rows: [String], cost: Int = 10_000, day: Int = 15, born birth: String? = nil,
        _ care: BillCare = .visit, items: String = "",
        after balance: CapBalance = BillAmountsTests.balance()
    ) throws -> BillAmounts {
        let reckoning = try LocalLiveTests.reckoning(
            [LocalLiveTests.certificate("kodomo", payer: payer, items: items)], cost: cost,
            day: day, care: care, born: birth.map(SubsidyCase.day), by: book(rows))
        return try reckoning.amounts(after: [balance])[0]
    }

    /// Of the counter, and of the command: share and what is collected.
    private static func command(_ rows: [String], _ input: String) throws -> [Int?] {
        let rules = try #require(book(rows).copayment)
        let text = #"{"data":[{"input":{\#(input),"scheme":"\#(name)"}}]}"#
        let json = try CopaymentFile(reading: Array(text.utf8)).answers(rules).json
        let data = try JSON(reading: json).object?["data"]?.array
        let output = data?.first?.object?["output"]?.object
        return [output?["localShare"]?.int, output?["collected"]?.int]
    }

    // MARK: Ages

    /// Six years old on the 15th: the day before it, on which the age is attained, is of the row below six.
    static let sixth: [(day: Int, yen: Int)] = [(13, 0), (14, 0), (15, 500), (16, 500)]

    @Test(arguments: sixth)
    func `of rows of several ages that of the day is priced, in whatever order they stand`(
        _ row: (day: Int, yen: Int)
    ) throws {
        for rows in [[Self.below6, Self.from6], [Self.from6, Self.below6]] {
            let told = try Self.told(rows, day: row.day, born: "2020-06-15")
            #expect([told.share, told.collected] == [row.yen, row.yen])
            let said = try Self.command(
                rows,
                #""rate":30,"only":10000,"date":"2026-06-\#(row.day)","birth":"2020-06-15""#)
            #expect(said == [row.yen, row.yen])
        }
    }

    static let apart: [(rows: [String], birth: String?)] = [
        ([below6, from6], nil),
        // Of both, and of none.
        ([below6, row(#""ageBelow": 18"#, fixed)], "2022-06-15"),
        ([below6, row(#""ageFrom": 65"#, fixed)], "1990-06-15"),
    ]

    @Test(arguments: apart.indices)
    func `rows that no age tells apart are refused`(_ index: Int) {
        let (rows, birth) = Self.apart[index]
        #expect(throws: Refusal.localSchemeNotPriced("conditions")) {
            try Self.told(rows, born: birth)
        }
    }

    /// The body issued the certificate: what it says of a single row's ages, nobody weighs again.
    @Test func `a row that is alone is priced whatever the age`() throws {
        #expect(try Self.told([Self.below6], born: "2016-06-15").share == 0)
        #expect(try Self.told([Self.from6], born: "2022-06-15").share == 500)
    }

    @Test func `a stay over the day that changes the row is refused, one on either side is priced`()
        throws
    {
        let rows = [Self.below6, Self.from6]
        let told = { (day: Int, days: Int) in
            try Self.told(
                rows, day: day, born: "2020-06-15", BillCare(isInpatient: true, days: days)
            ).share
        }
        #expect(try told(12, 3) == 0)
        #expect(try told(15, 3) == 500)
        #expect(throws: Refusal.localSchemeNotPriced("conditions")) { try told(13, 3) }
    }

    // MARK: Multiple months

    private static let tenth = #""bearing": "percent", "percent": 10"#
    private static let multiple = row("", tenth + #", "perMonth": 1000, "perMonthMultiple": 400"#)

    /// Of 3,000 yen that are asked; 300 of the month were paid before.
    @Test(arguments: [(false, 0, 1_000), (true, 0, 400), (false, 300, 700), (true, 300, 100)])
    func `in multiple months their own cap holds`(
        isMultiple: Bool, before: Int, yen: Int
    ) throws {
        let told = try Self.told(
            [Self.multiple], cost: 30_000, BillCare(limitClass: "ウ", isMultiple: isMultiple),
            after: BillAmountsTests.balance(before))
        #expect([told.share, told.collected] == [yen, yen])
        guard before == 0 else { return }
        let said = try Self.command(
            [Self.multiple],
            #"""
            "rate":30,"only":30000,"date":"2026-06-15","setting":"外来","cls":"ウ","multi":\#(isMultiple)
            """#)
        #expect(said == [yen, yen])
    }

    @Test func `the month's cap is the one that was applied`() throws {
        let row = LocalLiveTests.certificate("kodomo", payer: Self.payer)
        let reckoning = try LocalLiveTests.reckoning(
            [row], cost: 30_000, care: BillCare(limitClass: "ウ", isMultiple: true),
            by: Self.book([Self.multiple]))
        #expect(reckoning.caps == [400])
    }

    @Test func `without a class a cap of multiple months is refused where it would matter`() throws
    {
        #expect(throws: Refusal.localSchemeNotPriced("perMonthMultiple")) {
            try Self.told([Self.multiple], cost: 30_000)
        }
        let same = Self.row("", Self.tenth + #", "perMonth": 1000, "perMonthMultiple": 1000"#)
        #expect(try Self.told([same], cost: 30_000).share == 1_000)
    }

    @Test(arguments: [BillCare.visit, BillCare(limitClass: "ウ", isMultiple: true)])
    func `the cap of a certificate stands before both of the master's`(care: BillCare) throws {
        let told = try Self.told(
            [Self.multiple], cost: 30_000, care, items: #""maxCopaymentAmount":{"perMonth":700}"#)
        #expect(told.share == 700)
    }

    @Test func `visits and stays that differ in multiple months alone are refused only then`()
        throws
    {
        let rows = [
            Self.row(
                "", Self.tenth + #", "perMonth": 1000, "perMonthMultiple": 400"#,
                stays: Self.tenth + #", "perMonth": 1000"#)
        ]
        let stay = { (isMultiple: Bool) in
            try Self.told(
                rows, cost: 30_000,
                BillCare(isInpatient: true, limitClass: "ウ", isMultiple: isMultiple)
            ).share
        }
        #expect(try stay(false) == 1_000)
        #expect(throws: Refusal.localSchemeNotPriced("perMonth")) { try stay(true) }
    }
}

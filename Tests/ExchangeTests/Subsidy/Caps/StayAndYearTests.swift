import Exchange
import TestSupport
import Testing

/// 入院・食事・年間上限: stays in hospital by the master's terms, their meals, and the year's limit at its very yen.
@Suite struct StayAndYearTests {
    static func reckoning(
        _ row: EntitlementVersion, cost: Int, on day: String = "2026-06-10", percent: Int = 30,
        collected: Int? = nil, care: BillCare
    ) throws -> BillReckoning {
        let rules = try #require(Profiles.book.copayment)
        let program = try #require(
            Profiles.book.subsidy.programs.first {
                $0.isOf(row.body) && $0.certificateTypeID == row.certificateTypeID
            })
        let content = BillContent(
            identifier: RecordIdentifier(system: "urn:test", value: "1"),
            certificate: row.certificate, day: SubsidyCase.day(day), cost: cost, percent: percent,
            collected: collected, care: care)
        return try BillReckoning(content, on: [(row, program)], rules)
    }

    // MARK: Stays

    /// 500 yen a day for fourteen days of a month; half of the meals, at most 3,000 yen a month.
    static let child = LocalLiveTests.certificate("kodomo", payer: "89132104")

    @Test(arguments: [(1, 500), (13, 6_500), (14, 7_000), (15, 7_000), (20, 7_000)])
    func `a stay is asked for day by day, up to the days of a month`(days: Int, yen: Int) throws {
        let told = try Self.reckoning(
            Self.child, cost: 400_000, care: BillCare(isInpatient: true, days: days)
        ).amounts(after: [BillAmountsTests.balance()])[0]
        #expect([told.share, told.collected] == [yen, yen])
    }

    /// A day that another hospital was paid for already costs nothing more; the days after it do.
    @Test func `the day of a transfer is paid once`() throws {
        let care = BillCare(isInpatient: true, days: 3)
        let first = CapVisit(day: 8, days: 3, isInpatient: true, share: 1_500)
        let told = try Self.reckoning(Self.child, cost: 400_000, care: care).amounts(
            after: [
                CapBalance(
                    confirmed: CapRun(share: 1_500, collected: 1_500), cost: 0, held: CapRun(),
                    visits: [first])
            ])[0]
        #expect(told.share == 1_000)
    }

    /// Whatever stays overlap: no day is paid above its cap, and no more than fourteen are paid.
    @Test(arguments: Seeded.seeds(100))
    func `stays of several hospitals never pass the caps of their days`(seed: UInt64) throws {
        var chance = Seeded(seed)
        var visits: [CapVisit] = []
        var run = CapRun()
        for _ in 0..<8 {
            let day = chance.int(1...30)
            let days = chance.int(1...(31 - day))
            let told = try Self.reckoning(
                Self.child, cost: chance.int(1...3_000) * 10,
                on: "2026-06-" + (day < 10 ? "0\(day)" : "\(day)"),
                care: BillCare(isInpatient: true, days: days)
            ).amounts(
                after: [CapBalance(confirmed: run, cost: 0, held: CapRun(), visits: visits)])[0]
            #expect(told.share >= 0 && told.share <= days * 500)
            run.add(share: told.share, collected: told.collected)
            visits.append(CapVisit(day: day, days: days, isInpatient: true, share: told.share))
            let reached = Set(visits.flatMap { Array($0.day..<$0.day + $0.days) })
            #expect(run.share <= min(14, reached.count) * 500)
        }
    }

    /// 外来 twice a month, whatever was paid in hospital.
    @Test func `visits and stays are counted apart`() throws {
        let stays = (1...3).map { CapVisit(day: $0, isInpatient: true, share: 500) }
        let balance = CapBalance(
            confirmed: CapRun(share: 1_500, collected: 1_500), cost: 0, held: CapRun(),
            visits: stays)
        let told = try Self.reckoning(Self.child, cost: 10_000, care: .visit)
            .amounts(after: [balance])[0]
        #expect(told.share == 500)
    }

    @Test func `where visits and stays have caps of the month of their own, a stay is refused`() {
        let row = LocalLiveTests.certificate(
            "shogai", payer: "90132101", items: #""incomeSegment":"1""#)
        #expect(throws: Refusal.localSchemeNotPriced("perMonth")) {
            try Self.reckoning(row, cost: 1_000, care: BillCare(isInpatient: true))
        }
        // One that the body registered is of both.
        let held = LocalLiveTests.certificate(
            "shogai", payer: "90132101",
            items: #""incomeSegment":"1","maxCopaymentAmount":{"perMonth":300}"#)
        #expect(throws: Never.self) {
            try Self.reckoning(held, cost: 1_000, care: BillCare(isInpatient: true))
        }
    }

    /// The fifth day stays free, however often it is come on.
    @Test func `a day beyond those that are asked for is free all day`() throws {
        let row = LocalLiveTests.certificate(
            "shogai", payer: "90132101", items: #""incomeSegment":"1""#)
        let visits = (1...5).map { CapVisit(day: $0, share: $0 < 5 ? 800 : 0) }
        let balance = CapBalance(
            confirmed: CapRun(share: 3_200, collected: 3_200), cost: 0, held: CapRun(),
            visits: visits)
        for (day, yen) in [("05", 0), ("06", 0), ("04", 0)] {
            let told = try Self.reckoning(
                row, cost: 20_000, on: "2026-06-" + day, care: .visit
            ).amounts(after: [balance])[0]
            #expect(told.share == yen)
        }
    }

    @Test func `until the insurer's limit a scheme is priced once the class is told`() throws {
        let row = LocalLiveTests.certificate("kodomo", payer: "83041010", body: "041009")
        let rules = try #require(Profiles.book.copayment)
        let program = try #require(
            Profiles.book.subsidy.programs.first { $0.certificateTypeID == "kodomo" })
        let content = BillContent(
            identifier: RecordIdentifier(system: "urn:test", value: "1"),
            certificate: row.certificate, day: SubsidyCase.day("2026-06-10"), cost: 1_000_000,
            percent: 30, collected: nil, care: BillCare(isInpatient: true, limitClass: "ウ"))
        let told = try BillReckoning(content, on: [(row, program)], rules)
            .amounts(after: [BillAmountsTests.balance()])[0]
        #expect(told.share == 0)
    }

    // MARK: Meals

    @Test(arguments: [(1, 255, 0), (9, 2_295, 0), (11, 2_805, 0), (12, 3_000, 0), (12, 195, 2_805)])
    func `half of the meals is left, up to the month's cap of meals`(
        count: Int, yen: Int, before: Int
    ) throws {
        var balance = BillAmountsTests.balance()
        balance.meals = before
        let care = BillCare(
            isInpatient: true, days: 4, meals: MealsTaken(count: count, code: "一般"))
        let told = try Self.reckoning(Self.child, cost: 0, care: care).amounts(after: [balance])[0]
        // Meals are under no cap of the care.
        #expect(told.meals == yen && told.collected == 0)
        #expect(told.notes.last?.text.ja.hasPrefix("食事代と合わせて") == true)
    }

    @Test(arguments: [("nanbyo", "難病・小児慢性", 900), ("shoman", "難病・小児慢性", 450)])
    func `the law's schemes leave all of the meals, or half`(
        type: String, code: String, yen: Int
    ) throws {
        let items = #""incomeSegment":"C1""#
        let care = BillCare(isInpatient: true, meals: MealsTaken(count: 3, code: code))
        let told = try Self.reckoning(
            BillAmountsTests.certificate(type, items), cost: 100_000, care: care
        ).amounts(after: [BillAmountsTests.balance()])[0]
        #expect(told.meals == yen)
    }

    // MARK: The year

    static let wide = BillAmountsTests.certificate(
        "nanbyo", #""incomeSegment":"C1","maxCopaymentAmount":{"perMonth":10000000}"#)
    static let limit = 290_000

    static func asked(
        paid: Int, cost: Int = 100_000, code: String = "オ", isInpatient: Bool = false,
        on day: String = "2026-08-01", collected: Int? = nil
    ) throws -> BillAmounts {
        try reckoning(
            wide, cost: cost, on: day, collected: collected,
            care: BillCare(isInpatient: isInpatient, limitClass: code)
        ).amounts(after: [BillAmountsTests.balance()], paidInYear: paid)[0]
    }

    /// 20,000 yen are asked.
    @Test(arguments: [
        (-20_001, 20_000), (-20_000, 20_000), (-19_999, 19_999), (-1, 1), (0, 0), (1, 0),
    ])
    func `the year's limit holds to the yen`(beyond: Int, collected: Int) throws {
        let told = try Self.asked(paid: Self.limit + beyond)
        #expect([told.share, told.collected] == [collected, collected])
        let words = "高額療養費の年間上限290,000円まで、ほかの医療機関の分と合わせてあと"
        let isTold = told.notes.contains { $0.text.ja.hasPrefix(words) }
        #expect(isTold == (collected < 20_000))
        // No text of the ordinance was at hand.
        #expect(told.warnings.contains(.unverifiedRule))
        // What the year leaves no room for, the scheme does not pay.
        #expect(told.notes.contains { $0.text.ja == "公費が30,000円のうち10,000円を支払います。" })
    }

    @Test(arguments: ["2026-07-31", "2026-06-15"])
    func `no limit of a year holds before it is in force`(day: String) throws {
        #expect(try Self.asked(paid: 9_000_000, on: day).collected == 20_000)
    }

    /// From 70 the limit is of care outside hospital.
    @Test func `a limit of outpatient care lets a stay alone`() throws {
        #expect(try Self.asked(paid: 96_000, code: "低Ⅱ").collected == 0)
        #expect(try Self.asked(paid: 95_990, code: "低Ⅱ").collected == 10)
        #expect(try Self.asked(paid: 96_000, code: "低Ⅱ", isInpatient: true).collected == 20_000)
    }

    @Test func `what was collected already stands, whatever the year left`() throws {
        #expect(try Self.asked(paid: Self.limit, collected: 20_000).collected == 20_000)
    }

    private static func unclassed(
        _ row: EntitlementVersion = wide, cost: Int = 100_000, on day: String, _ care: BillCare
    ) throws -> BillAmounts {
        try reckoning(row, cost: cost, on: day, care: care)
            .amounts(after: [BillAmountsTests.balance()], paidInYear: 9_000_000)[0]
    }

    /// Before August 2026 only classes from 70 had a limit of the year, and of care outside hospital; before
    /// August 2017 none had.
    @Test(arguments: [
        ("2026-08-01", false, true), ("2026-08-01", true, true), ("2026-07-31", false, true),
        ("2026-07-31", true, false), ("2017-08-01", false, true), ("2017-07-31", false, false),
    ])
    func `without a class no year stops a bill, and its answer says so where one could`(
        day: String, isInpatient: Bool, isTold: Bool
    ) throws {
        let told = try Self.unclassed(on: day, BillCare(isInpatient: isInpatient))
        #expect(told.collected == 20_000)
        #expect(told.warnings.contains(.classUnsaid) == isTold)
    }

    @Test func `of a class that was told, and of nothing to pay, no class is missed`() throws {
        #expect(try !Self.asked(paid: 0).warnings.contains(.classUnsaid))
        #expect(try !Self.asked(paid: 9_000_000, code: "ア").warnings.contains(.classUnsaid))
        let free = try Self.unclassed(cost: 0, on: "2026-08-01", .visit)
        #expect(free.collected == 0 && !free.warnings.contains(.classUnsaid))
    }

    /// It is said once of a bill, beside what the patient pays.
    @Test func `of several certificates the last one says that no class is known`() throws {
        let lines = try SeveralCertificatesTests.reckoning(cost: 30_000).amounts(
            after: [BillAmountsTests.balance(), BillAmountsTests.balance()])
        #expect(lines.map { $0.warnings.contains(.classUnsaid) } == [false, true])
    }

    @Test(arguments: [
        ("2026-08-01", "2026-08", "2027-07"), ("2027-07-31", "2026-08", "2027-07"),
        ("2027-08-01", "2027-08", "2028-07"), ("2026-12-31", "2026-08", "2027-07"),
    ])
    func `a year runs from August to July`(day: String, from: String, to: String) throws {
        let year = try #require(CapYear(of: SubsidyCase.day(day), startingIn: 8))
        #expect([year.from.text, year.to.text] == [from, to])
        let first = try #require(CapYear(of: SubsidyCase.day(day), startingIn: 1))
        #expect([first.from.month, first.to.month] == [1, 12] && first.from.year == first.to.year)
    }
}

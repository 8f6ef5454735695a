import Exchange
import TestSupport
import Testing

/// 地方単独の窓口: rows of the national master in live quotes, as the command prices them, or refused by name.
@Suite struct LocalLiveTests {
    static func certificate(
        _ type: String, payer: String, body: String = SubsidyCase.koganei, items: String = ""
    ) -> EntitlementVersion {
        EntitlementVersion(
            version: 2, body: body, certificateTypeID: type, historyKey: "1", subKey: nil,
            validFrom: SubsidyCase.day("2026-01-01"), validTo: SubsidyCase.day("2030-12-31"),
            knownAt: SubsidyCase.instant("2026-01-01T00:00:00Z"), payerNumber: payer,
            recipientNumber: "1", certificationName: "見本", face: "{\(items)}")
    }

    static func reckoning(
        _ rows: [EntitlementVersion], cost: Int, percent: Int = 30, day: Int = 15,
        collected: Int? = nil, care: BillCare = .visit, born birth: CalendarDay? = nil,
        by book: RuleBook = Profiles.book
    ) throws -> BillReckoning {
        let rules = try #require(book.copayment)
        let held = try rows.map { row in
            let program = try #require(
                Profiles.book.subsidy.programs.first {
                    $0.certificateTypeID == row.certificateTypeID
                        && $0.isOf(
                            row.body == SubsidyCase.tokyo ? row.body : SubsidyCase.koganei)
                })
            return (row: row, program: program)
        }
        let content = BillContent(
            identifier: RecordIdentifier(system: "urn:test", value: "1"),
            certificate: rows[0].certificate,
            day: SubsidyCase.day("2026-06-\(day < 10 ? "0" : "")\(day)"), cost: cost,
            percent: percent, collected: collected, care: care)
        return try BillReckoning(content, on: held, born: birth, rules)
    }

    struct Scheme: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let certificate: EntitlementVersion
        let shortName: String
    }

    static let schemes = [
        Scheme(
            testDescription: "a cap of each visit, twice a month",
            certificate: certificate("kodomo", payer: "89132104"), shortName: "小金井89"),
        Scheme(
            testDescription: "a percentage with caps of day and month",
            certificate: certificate(
                "shogai", payer: "90132101", items: #""incomeSegment":"1""#),
            shortName: "小金井90一般"),
        Scheme(
            testDescription: "nothing",
            certificate: certificate(
                "shogai", payer: "90132101", items: #""incomeSegment":"2""#),
            shortName: "小金井90非課税"),
        Scheme(
            testDescription: "half, up to a month's cap",
            certificate: certificate("kodomo", payer: "74052018", body: "052019"),
            shortName: "秋田74"),
    ]

    /// The same month, visit after visit: what the counter is told is what the command computes.
    @Test(arguments: schemes, Seeded.seeds(12))
    func `a live quote is what the command computes`(scheme: Scheme, seed: UInt64) throws {
        let rules = try #require(Profiles.book.copayment)
        let day = SubsidyCase.day("2026-06-15")
        let row = try #require(rules.local(named: scheme.shortName, on: day))
        let terms = try #require(row.outpatient)
        var chance = Seeded(seed)
        var month = LocalMonth()
        var run = CapRun()
        var visits: [CapVisit] = []
        for _ in 0..<10 {
            let (cost, day) = (chance.int(1...2_000) * 10, chance.int(1...6))
            let percent = chance.pick([10, 20, 30])
            let visit = LocalMonth.Visit(
                cost: cost, left: (cost * percent + 50) / 100, day: day)
            let expected = month.quote(visit, row, terms, limit: nil, rules.roundings)
            month.confirm(visit, expected, terms)
            let told = try Self.reckoning(
                [scheme.certificate], cost: cost, percent: percent, day: day
            ).amounts(
                after: [
                    CapBalance(confirmed: run, cost: 0, held: CapRun(), visits: visits)
                ])[0]
            #expect([told.share, told.collected] == [expected.share, expected.collected])
            #expect(told.warnings.contains(.unverifiedRule))
            run.add(share: told.share, collected: told.collected)
            visits.append(CapVisit(day: day, share: told.share))
        }
    }

    /// 県と市: two local schemes at once, visit after visit.
    @Test(arguments: Seeded.seeds(12))
    func `several local schemes live are what the command computes`(seed: UInt64) throws {
        var chance = Seeded(seed)
        let percent = chance.pick([10, 20, 30])
        let visits = (0..<10).map { _ in
            (cost: chance.int(1...2_000) * 10, day: chance.int(1...6))
        }
        let rows = visits.map { #"{"total":\#($0.cost),"day":\#($0.day)}"# }
        let output = try LocalOfCaseTests.output(
            #"""
            {"rate":\#(percent),"scheme":["秋田74","小金井89"],
             "visits":[\#(rows.joined(separator: ","))]}
            """#)
        let certificates = [Self.schemes[3].certificate, Self.schemes[0].certificate]
        var runs = [CapRun(), CapRun()]
        var counted: [[CapVisit]] = [[], []]
        for (visit, told) in zip(visits, output["visits"]?.array ?? []) {
            let lines = try Self.reckoning(
                certificates, cost: visit.cost, percent: percent, day: visit.day
            ).amounts(
                after: [0, 1].map { place in
                    CapBalance(
                        confirmed: runs[place], cost: 0, held: CapRun(), visits: counted[place])
                })
            for (place, line) in lines.enumerated() {
                runs[place].add(share: line.share, collected: line.collected)
                counted[place].append(CapVisit(day: visit.day, share: line.share))
            }
            let each = LocalsOfCaseTests.each(told.object)
            #expect(lines.map(\.share) == each.compactMap { $0[0] })
            #expect(lines.last?.collected == told.object?["pay"]?.int)
        }
        #expect(output["visits"]?.array?.count == visits.count)
    }

    @Test func `a local scheme that follows another by its law number is priced`() throws {
        let rows = [
            Self.certificate("kodomo", payer: "89132104"),
            Self.certificate("shogai", payer: "90132101", items: #""incomeSegment":"1""#),
        ]
        #expect(throws: Refusal.localSchemeNotPriced("otherLaws")) {
            try Self.reckoning(rows, cost: 4_000)
        }
        let book = try RuleBook(
            reading: Profiles.replacing(
                "subsidy/local-schemes/13-koganei.json", #""54""#, #""89""#), version: "v")
        let lines = try Self.reckoning(rows, cost: 4_000, by: book).amounts(
            after: [BillAmountsTests.balance(), BillAmountsTests.balance()])
        #expect(lines.map(\.share) == [500, 400])
    }

    @Test func `the cap of a certificate stands before the master's`() throws {
        let row = Self.certificate(
            "kodomo", payer: "74052018", body: "052019",
            items: #""maxCopaymentAmount":{"perMonth":300}"#)
        let reckoning = try Self.reckoning([row], cost: 10_000)
        #expect(reckoning.caps == [300])
        #expect(try reckoning.amounts(after: [BillAmountsTests.balance()])[0].share == 300)
    }

    static let national = BillAmountsTests.certificate()

    static let refused: [(rows: [EntitlementVersion], item: String)] = [
        // Up to the insurer's limit, which needs the class.
        ([certificate("kodomo", payer: "83041010", body: "041009")], "bearsUpTo"),
        // Neither class of income is on the certificate.
        ([certificate("shogai", payer: "90132101")], "conditions"),
        (
            [
                national,
                certificate("shogai", payer: "90132101", items: #""incomeSegment":"2""#),
            ], "bearsOtherExpense"
        ),
        (
            [
                BillAmountsTests.certificate("seishintsuin", #""incomeSegment":"2""#),
                certificate("shogai", payer: "90132101", items: #""incomeSegment":"1""#),
            ], "otherLaws"
        ),
    ]

    @Test(arguments: refused)
    func `what a quote cannot hold is refused by the item's name`(
        _ row: (rows: [EntitlementVersion], item: String)
    ) {
        #expect(throws: Refusal.localSchemeNotPriced(row.item)) {
            try Self.reckoning(row.rows, cost: 10_000)
        }
    }

    @Test(arguments: [
        "conditions", "method", "inpatient", "outpatient", "perMonth", "perMonthMultiple",
        "bearsOtherExpense", "otherLaws", "bearsUpTo",
    ])
    func `the master's own name of the item is told, and our key beside it`(item: String) {
        let refusal = Refusal.localSchemeNotPriced(item)
        #expect(refusal.item == item)
        #expect(!refusal.ja.contains(item) && refusal.ja.contains("項目「"))
        #expect(!refusal.ja.contains("{") && !refusal.en.contains("{"))
    }

    /// Of 3,000 yen of share 500 are asked of a visit; a third visit costs nothing.
    @Test(arguments: [(500, 0, 500, 0), (490, 0, 490, 0), (500, 2, 0, 500), (500, 1, 500, 0)])
    func `what was collected is held to the caps of visit and day`(
        collected: Int, before: Int, share: Int, over: Int
    ) throws {
        let row = Self.certificate("kodomo", payer: "89132104")
        let visits = (0..<before).map { CapVisit(day: 1 + $0, share: 500) }
        let balance = CapBalance(
            confirmed: CapRun(share: 500 * before, collected: 500 * before), cost: 0,
            held: CapRun(), visits: visits)
        let reckoning = try Self.reckoning([row], cost: 10_000, collected: collected)
        let told = try reckoning.amounts(after: [balance])[0]
        #expect([told.share, told.collected, told.over] == [share, collected, over])
        var month = balance
        let content = BillContent(
            identifier: RecordIdentifier(system: "", value: ""), certificate: row.certificate,
            day: SubsidyCase.day("2026-06-15"), cost: 10_000, percent: 30, collected: collected)
        month.confirm(told, content)
        // Due back, though the scheme has no cap of the month.
        #expect(month.excess(over: nil) == over)
        month.void(told, content)
        #expect(month == balance)
    }

    /// 500 yen a visit, twice a month: the second place of two is kept, whoever came behind it meanwhile.
    @Test(arguments: [(1, 0, 500), (1, 1, 500), (1, 5, 500), (2, 1, 0), (0, 3, 500)])
    func `visits that took their places later do not count before a bill`(
        before: Int, later: Int, share: Int
    ) throws {
        let row = Self.certificate("kodomo", payer: "89132104")
        let visits =
            (0..<before).map { CapVisit(day: 1 + $0, share: 500) }
            + (0..<later).map { CapVisit(day: 10 + $0, share: 500).later }
        let balance = CapBalance(
            confirmed: CapRun(), cost: 0, held: CapRun(), visits: visits)
        let told = try Self.reckoning([row], cost: 10_000).amounts(after: [balance])[0]
        #expect(told.share == share)
    }

    /// 800 yen a day on four days: a later bill of the same day takes of its cap, one of another day no day.
    @Test(arguments: [(14, 3, 800), (15, 3, 300), (14, 4, 0)])
    func `what later visits paid fills their days and takes none`(
        day: Int, before: Int, share: Int
    ) throws {
        let row = Self.certificate(
            "shogai", payer: "90132101", items: #""incomeSegment":"1""#)
        let visits =
            (0..<before).map { CapVisit(day: 1 + $0, share: 800) }
            + [CapVisit(day: day, share: 500).later]
        let balance = CapBalance(
            confirmed: CapRun(), cost: 0, held: CapRun(), visits: visits)
        let told = try Self.reckoning([row], cost: 20_000).amounts(after: [balance])[0]
        #expect(told.share == share)
    }

    @Test(arguments: [510, 3_000])
    func `more than a visit can cost is refused`(collected: Int) throws {
        let row = Self.certificate("kodomo", payer: "89132104")
        #expect(throws: Refusal.collectedTooMuch) {
            try Self.reckoning([row], cost: 10_000, collected: collected).amounts(
                after: [BillAmountsTests.balance()])
        }
    }

    /// Between what is due, 1,236 yen, and its rounding to 10 yen.
    @Test(arguments: [(1_235, 1_235), (1_236, 1_236), (1_238, 1_236), (1_240, 1_236)])
    func `a share is never more than is due`(collected: Int, share: Int) throws {
        let told = try BillAmountsTests.reckoning(cost: 6_180, collected: collected)
            .amounts(after: [BillAmountsTests.balance()])[0]
        #expect([told.due, told.share, told.collected] == [1_236, share, collected])
    }

    @Test func `a stay is not priced by the row of visits`() {
        let row = Self.certificate(
            "shogai", payer: "90132101", items: #""incomeSegment":"2""#)
        #expect(throws: Refusal.localSchemeNotPriced("inpatient")) {
            try StayAndYearTests.reckoning(
                row, cost: 80_000, care: BillCare(isInpatient: true))
        }
    }

    @Test func `after a national scheme the local one bears what is left`() throws {
        let lines = try Self.reckoning(
            [Self.national, Self.certificate("kodomo", payer: "89132104")], cost: 30_000
        ).amounts(after: [BillAmountsTests.balance(), BillAmountsTests.balance()])
        #expect(lines.map(\.share) == [6_000, 500])
        #expect(
            lines[1].notes.map(\.text.ja) == [
                "第2公費分: 第1公費の患者負担6,000円を引き受けます。",
                "市区町村の助成により6,000円のうち6,000円を負担していただきます。", "助成制度の上限により500円までです。",
                "第2公費分: 公費が6,000円のうち5,500円を支払います。", "窓口では10円単位で500円をいただきます。",
            ])
    }
}

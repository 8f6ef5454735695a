import Exchange
import TestSupport
import Testing

/// 償還額の計算: receipts in, what is due back out, by the arithmetic of a counter.
@Suite struct RefundSumTests {
    static let koganei = "subsidy/local-schemes/13-koganei.json"

    /// The schemes of the town, every one of them paid back (償還払い).
    static func paidBack() throws -> RuleBook {
        try RuleBook(
            reading: Profiles.replacing(koganei, #""method": "in-kind""#, #""method": "refund""#),
            version: "test-refunds")
    }

    static func sum(
        _ receipts: [String], on row: EntitlementVersion,
        after balance: CapBalance = BillAmountsTests.balance(), by book: RuleBook = Profiles.book
    ) throws -> RefundSum {
        RefundSum(
            try request(row, receipts).receipts, on: [row], book.subsidy,
            try #require(book.copayment), after: balance)
    }

    static func receipt(
        day: String = "2026-06-15", cost: Int = 10_000, paid: Int = 3_000, more: String = ""
    ) -> String {
        """
        {"institution":"1319999995","day":"\(day)","cost":\(cost),"percent":30,"paid":\(paid)\(more)}
        """
    }

    static func request(
        _ row: EntitlementVersion, _ receipts: [String]
    ) throws -> RefundRequest {
        let text = """
            {"certificate":{"body":"\(row.body)","type":"\(row.certificateTypeID)"},\
            "month":"2026-06","receipts":[\(receipts.joined(separator: ","))]}
            """
        return try RefundRequest(
            reading: try #require(try JSON(reading: text).object),
            today: SubsidyCase.day("2026-06-30"))
    }

    // MARK: 償還払いの制度

    /// A cap of each visit; nothing at all.
    static let ways: [(row: EntitlementVersion, yen: Int)] = [
        (LocalLiveTests.certificate("kodomo", payer: "89132104"), 2_500),
        (
            LocalLiveTests.certificate(
                "shogai", payer: "90132101", items: #""incomeSegment":"2""#), 3_000
        ),
    ]

    @Test(arguments: ways.indices)
    func `a scheme that pays back is priced for refunds as if at a counter`(
        _ index: Int
    ) throws {
        let (row, yen) = Self.ways[index]
        for book in [Profiles.book, try Self.paidBack()] {
            let sum = try Self.sum([Self.receipt()], on: row, by: book)
            #expect(sum.yen == yen)
            #expect(!sum.notes.isEmpty)
        }
    }

    /// What whoever decides checks: the yen of each step, and the row of ours that it follows from.
    @Test func `each step of a case is told with its yen and its rule`() throws {
        let sum = try Self.sum([Self.receipt()], on: Self.child)
        let refund = RefundCase(
            id: RecordID(high: 1, low: 1),
            capMonth: CapMonth(
                certificate: Self.child.certificate,
                month: ServiceMonth(of: SubsidyCase.day("2026-06-15"))),
            origin: .receipts(paid: 3_000), yen: sum.yen,
            steps: try [BillNote](face: sum.notes.face), since: Instant(microseconds: 0),
            isWithdrawn: false, answer: nil, isToReexamine: false)
        var writer = JSONWriter(reservingBytes: 1_024)
        writer.beginObject()
        refund.write(id: "1", into: &writer)
        writer.endObject()
        let told = try JSON(reading: writer.text).requiredObject(at: "refund")
        let steps = try told.requiredArray("steps").compactMap(\.object)
        #expect(steps.map { $0["yen"]?.int } == sum.notes.map(\.yen))
        #expect(steps.map { $0["rule"]?.string } == sum.notes.map(\.rule))
        let counter = steps.last(where: { $0["rule"]?.string == "rounding/counter" })
        let last = try #require(counter)
        #expect(last["yen"]?.int == 500 && last["verified"]?.bool == true)
        #expect(last["source"]?.string?.isEmpty == false)
        // Of notes that were kept before it was told nothing is added.
        var before = JSONWriter(reservingBytes: 64)
        before.beginObject()
        try [BillNote](face: #"[{"ja":"一","en":"one"}]"#)[0].write(into: &before)
        before.endObject()
        #expect(before.text == #"{"ja":"一","en":"one"}"#)
    }

    @Test(arguments: ways.indices)
    func `a counter still prices no scheme that pays back`(_ index: Int) throws {
        let book = try Self.paidBack()
        #expect(throws: Refusal.localSchemeNotPriced("method")) {
            try LocalLiveTests.reckoning([Self.ways[index].row], cost: 10_000, by: book)
        }
    }

    // MARK: 入院

    /// 500 yen a day for fourteen days of a month in hospital; 500 a visit, twice a month, outside.
    static let child = ways[0].row

    static func yen(
        _ receipts: [String], after balance: CapBalance = BillAmountsTests.balance()
    ) throws -> Int? {
        try sum(receipts, on: child, after: balance).yen
    }

    static func stay(_ day: String, _ days: Int) -> String {
        receipt(
            day: day, cost: 400_000, paid: 120_000,
            more: #","setting":"inpatient","days":\#(days)"#)
    }

    @Test(arguments: [(1, 500), (5, 2_500), (14, 7_000), (15, 7_000)])
    func `a stay is asked for day by day`(days: Int, left: Int) throws {
        #expect(try Self.yen([Self.stay("2026-06-01", days)]) == 120_000 - left)
    }

    /// Two visits and five days: each by its own terms, and none counts for the other.
    @Test func `visits and stays of one application are counted apart`() throws {
        let visits = ["2026-06-01", "2026-06-02", "2026-06-03"].map { Self.receipt(day: $0) }
        let yen = try Self.yen(visits + [Self.stay("2026-06-10", 5)])
        #expect(yen == 2_500 + 2_500 + 3_000 + 117_500)
    }

    @Test func `what says nothing is one visit outside hospital`() throws {
        let plain = try Self.request(Self.child, [Self.receipt()]).receipts[0]
        #expect(!plain.isInpatient && plain.days == 1 && plain.lastDay == plain.day)
        let said = Self.receipt(more: #","setting":"outpatient","days":1"#)
        #expect(try Self.request(Self.child, [said]).receipts == [plain])
    }

    static let refused: [(more: String, refusal: Refusal)] = [
        (#","setting":"inpatient""#, .missing("receipts[0].days")),
        (#","setting":"inpatient","days":0"#, .malformed("receipts[0].days")),
        (#","setting":"inpatient","days":32"#, .malformed("receipts[0].days")),
        // From the 15th on, June has sixteen days.
        (#","setting":"inpatient","days":17"#, .malformed("receipts[0].days")),
        (#","setting":"outpatient","days":2"#, .malformed("receipts[0].days")),
        (#","days":2"#, .malformed("receipts[0].days")),
        (#","setting":"home""#, .malformed("receipts[0].setting")),
        (
            #","meals":{"count":1,"class":"一般","paid":510}"#,
            .unknownItem("receipts[0].meals")
        ),
        (
            #","setting":"inpatient","days":2,"meals":{"count":7,"class":"一般","paid":510}"#,
            .malformed("receipts[0].meals.count")
        ),
        (
            #","setting":"inpatient","days":2,"meals":{"count":6,"class":"一 般","paid":510}"#,
            .malformed("receipts[0].meals.class")
        ),
        (
            #","setting":"inpatient","days":2,"meals":{"count":6,"class":"一般","paid":0}"#,
            .malformed("receipts[0].meals.paid")
        ),
    ]

    @Test(arguments: refused.indices)
    func `a receipt that contradicts itself is refused`(_ index: Int) {
        let (more, refusal) = Self.refused[index]
        #expect(throws: refusal) {
            try Self.request(Self.child, [Self.receipt(more: more)])
        }
    }

    /// Institution, day and cost are one receipt, as they are across applications.
    @Test(arguments: [
        receipt(), receipt(paid: 2_000),
        receipt(
            more: #","setting":"inpatient","days":1,"#
                + #""meals":{"count":1,"class":"一般","paid":510}"#),
    ])
    func `a receipt that stands twice in one application is refused`(again: String) {
        #expect(throws: Refusal.duplicateItem("receipts[1]")) {
            try Self.request(Self.child, [Self.receipt(), again])
        }
        #expect(throws: Never.self) {
            try Self.request(Self.child, [Self.receipt(), Self.receipt(cost: 9_000)])
        }
    }

    // MARK: 高額療養費

    /// 8,000 yen a month outside hospital is the lowest limit of any class, 15,000 of a stay.
    static let high: [(receipts: [String], isTold: Bool)] = [
        ([receipt(cost: 26_000, paid: 7_800)], false),
        ([receipt(cost: 27_000, paid: 8_100)], true),
        ([receipt(cost: 20_000, paid: 6_000), receipt(day: "2026-06-16", paid: 3_000)], true),
        (
            [
                receipt(cost: 20_000, paid: 6_000),
                receipt(day: "2026-06-16", paid: 3_000).replacing("1319999995", with: "1319999994"),
            ], false
        ),
        ([stay("2026-06-01", 5)], true),
    ]

    @Test(arguments: high.indices)
    func `what the insurer may pay back is told beside the amount`(_ index: Int) throws {
        let (receipts, isTold) = Self.high[index]
        let sum = try Self.sum(receipts, on: Self.child)
        #expect(sum.yen != nil)
        #expect(sum.notes.contains { $0.text.ja.contains("高額療養費の対象") } == isTold)
    }

    // MARK: 全額の領収書

    /// Seven tenths of it are the insurer's to pay back.
    @Test func `of a receipt of the whole cost no amount is computed`() throws {
        let whole = Self.receipt(day: "2026-06-16", paid: 10_000).replacing(
            #""percent":30"#, with: #""percent":100"#)
        let sum = try Self.sum([Self.receipt(), whole], on: Self.child)
        #expect(sum.yen == nil && sum.borne.isEmpty)
        #expect(sum.notes.count == 1 && sum.notes[0].text.ja.contains("療養費"))
        // By the percentage of the insurance, of what was paid the scheme's part comes back.
        let insured = Self.receipt(day: "2026-06-16", paid: 10_000)
        #expect(try Self.sum([insured], on: Self.child).yen == 2_500)
    }

    // MARK: 受給者証を使った日

    static let billed: [(at: String, from: String, days: Int, stay: Bool, isComputed: Bool)] = [
        ("1319999995", "2026-06-15", 1, false, false), ("1319999995", "2026-06-14", 1, false, true),
        ("1319999995", "2026-06-16", 1, false, true), ("1319999996", "2026-06-15", 1, false, true),
        // A stay from the 10th to the 14th was asked for beside the visit of the 15th.
        ("1319999995", "2026-06-14", 3, true, false), ("1319999995", "2026-06-01", 10, true, false),
        ("1319999995", "2026-06-01", 9, true, true), ("1319999995", "2026-06-15", 1, true, true),
        ("1319999995", "2026-06-12", 1, false, true),
    ]

    /// The scheme has paid already, as far as anybody knows; so nothing behind it is computed either.
    @Test(arguments: billed.indices)
    func `of care that the certificate was used for no amount is computed`(_ index: Int) throws {
        let row = Self.billed[index]
        let days = BilledDays(
            institution: row.at, day: SubsidyCase.day(row.from), days: row.days,
            isInpatient: row.stay)
        let first = try Self.request(Self.child, [Self.receipt(), Self.stay("2026-06-10", 5)])
        let second = try Self.request(Self.child, [Self.receipt(day: "2026-06-20")])
        let book = Profiles.book
        let sums = RefundSum.inTurn(
            [first.receipts, second.receipts], on: [Self.child], book.subsidy,
            try #require(book.copayment), after: BillAmountsTests.balance(), besides: [days])
        #expect(sums.map { $0.yen != nil } == [row.isComputed, row.isComputed])
        #expect(sums.allSatisfy { !$0.notes.isEmpty })
        guard !row.isComputed else { return }
        #expect(sums[0].notes[0].text.ja.contains("受給者証を使った"))
        #expect(sums[0].borne.isEmpty)
    }

    private static func eaten(_ day: String, _ count: Int, paid: Int, code: String = "一般") -> String
    {
        receipt(
            day: day, cost: 400_000, paid: 120_000,
            more: #","setting":"inpatient","days":5,"#
                + #""meals":{"count":\#(count),"class":"\#(code)","paid":\#(paid)}"#)
    }

    /// Half of the meals, up to 3,000 yen a month, beside 2,500 yen for five days of care.
    @Test(arguments: [
        // Two meals of 510 yen: 510 stay.
        (2, 1_020, 510), (15, 7_650, 3_000),
        // More than the charge was paid, which is no matter of the scheme; and less than stays.
        (2, 2_000, 510), (2, 300, 300),
    ])
    func `meals of a stay are paid back but for what the certificate leaves`(
        count: Int, paid: Int, left: Int
    ) throws {
        let sum = try Self.sum([Self.eaten("2026-06-01", count, paid: paid)], on: Self.child)
        #expect(sum.yen == 117_500 + min(paid, count * 510) - left)
        #expect(sum.borne.map(\.meals) == [left])
    }

    @Test func `the month's cap of meals is borne once`() throws {
        let stays = [
            Self.eaten("2026-06-01", 15, paid: 7_650), Self.eaten("2026-06-10", 15, paid: 7_650),
        ]
        let sum = try Self.sum(stays, on: Self.child)
        #expect(sum.yen == 2 * 117_500 + 4_650 + 7_650)
        #expect(sum.borne.map(\.meals) == [3_000, 0])
        // Beyond the amount the body grants the care first, then the meals.
        let left = sum.left(granting: (sum.yen ?? 0) + 6_000)
        #expect(left.map(\.collected) == [0, 0] && left.map(\.meals) == [2_000, 0])
    }

    @Test func `meals of a class whose charge is not on file are refused`() throws {
        let request = try Self.request(
            Self.child, [Self.eaten("2026-06-01", 1, paid: 510, code: "特別")])
        let rules = try #require(Profiles.book.copayment)
        #expect(throws: Refusal.malformed("receipts.meals.class")) {
            try request.requireMeals(rules)
        }
    }

    @Test func `a stay that is not over yet is refused`() throws {
        let text = """
            {"certificate":{"body":"132101","type":"kodomo"},"month":"2026-06",\
            "receipts":[\(Self.stay("2026-06-10", 5))]}
            """
        let body = try #require(try JSON(reading: text).object)
        #expect(throws: Refusal.serviceDateOutOfRange) {
            try RefundRequest(reading: body, today: SubsidyCase.day("2026-06-13"))
        }
        #expect(throws: Never.self) {
            try RefundRequest(reading: body, today: SubsidyCase.day("2026-06-14"))
        }
    }

    /// The third visit of a month is paid back whole, as the counter would not have asked for it.
    @Test(arguments: [(0, 2_500), (1, 2_500), (2, 3_000)])
    func `a refund is computed after the visits of the month`(before: Int, yen: Int) throws {
        let balance = CapBalance(
            confirmed: CapRun(share: 500 * before, collected: 500 * before), cost: 0,
            held: CapRun(), visits: (0..<before).map { CapVisit(day: 1 + $0, share: 500) })
        #expect(try Self.yen([Self.receipt()], after: balance) == yen)
    }

    // MARK: 同じ月の申請

    /// 難病: a fifth, at most 10,000 yen a month.
    static let chronic = BillAmountsTests.certificate()

    static let costly = (1...4).map {
        receipt(day: "2026-06-0\($0)", cost: 100_000, paid: 30_000)
    }

    static func inTurn(
        _ cases: [[String]], on row: EntitlementVersion = chronic,
        after balance: CapBalance? = BillAmountsTests.balance()
    ) throws -> [RefundSum] {
        RefundSum.inTurn(
            try cases.map { try request(row, $0).receipts }, on: [row], Profiles.book.subsidy,
            try #require(Profiles.book.copayment), after: balance)
    }

    @Test func `two receipts of a month bring back the same, sent together or apart`() throws {
        let two = Array(Self.costly.prefix(2))
        #expect(try Self.inTurn([two]).map(\.yen) == [50_000])
        #expect(try Self.inTurn(two.map { [$0] }).map(\.yen) == [20_000, 30_000])
    }

    /// Whatever is bought, and however it is spread over applications: the cap is borne once.
    @Test(arguments: Seeded.seeds(60))
    func `however receipts are spread over applications, the same comes back`(
        seed: UInt64
    ) throws {
        var chance = Seeded(seed)
        let row = seed % 2 == 0 ? Self.chronic : Self.child
        var paid = 0
        let receipts = (1...6).map { day in
            let cost = chance.int(10...6_000) * 10
            paid += (cost * 3 / 10 + 5) / 10 * 10
            return Self.receipt(
                day: "2026-06-0\(day)", cost: cost, paid: (cost * 3 / 10 + 5) / 10 * 10)
        }
        var cases: [[String]] = [[]]
        for receipt in receipts {
            if chance.int(0...1) == 0, !cases[cases.count - 1].isEmpty { cases.append([]) }
            cases[cases.count - 1].append(receipt)
        }
        let whole = try Self.inTurn([receipts], on: row)
        let parts = try Self.inTurn(cases, on: row)
        #expect(whole.compactMap(\.yen) == [parts.compactMap(\.yen).reduce(0, +)])
        #expect(whole.flatMap(\.borne) == parts.flatMap(\.borne))
        let borne = parts.flatMap(\.borne).reduce(0) { $0 + $1.collected }
        #expect(parts.compactMap(\.yen).reduce(0, +) + borne == paid)
        if seed % 2 == 0 { #expect(borne <= 10_000) }
    }

    @Test func `what approved cases left borne and what counters took count together`() throws {
        var balance = BillAmountsTests.balance(3_000)
        balance.bear([BorneReceipt(visit: CapVisit(day: 1, share: 4_000), collected: 4_000)])
        let sum = try Self.inTurn([[Self.costly[1]]], after: balance)[0]
        // 3,000 of 10,000 are left.
        #expect(sum.yen == 27_000 && sum.borne.map(\.collected) == [3_000])
        #expect(sum.cap == 10_000)
        let told = try BillAmountsTests.reckoning(cost: 100_000).amounts(after: [balance])[0]
        #expect([told.share, told.collected] == [3_000, 3_000])
    }

    /// Taken at a counter without asking, after the refund had filled the month: due back whole.
    @Test func `what is collected above a cap that a refund filled is due back`() throws {
        var balance = BillAmountsTests.balance(2_000)
        balance.bear([BorneReceipt(visit: CapVisit(day: 1, share: 9_000), collected: 9_000)])
        #expect(balance.excess(over: 10_000) == 1_000 && balance.paid(under: 10_000) == 1_000)
        #expect(balance.excess(over: 20_000) == 0 && balance.counted == 11_000)
        // Never more than counters took.
        #expect(balance.excess(over: 5_000) == 2_000)
    }

    @Test func `behind a case that cannot be computed none is computed`() throws {
        let stay = Self.receipt(
            day: "2026-06-01", more: #","setting":"inpatient","days":1"#)
        let row = LocalLiveTests.certificate(
            "shogai", payer: "90132101", items: #""incomeSegment":"1""#)
        let visit = Self.receipt(day: "2026-06-02")
        #expect(try Self.inTurn([[visit]], on: row)[0].yen != nil)
        let sums = try Self.inTurn([[stay], [visit]], on: row)
        #expect(sums.map(\.yen) == [nil, nil] && sums.allSatisfy(\.borne.isEmpty))
        #expect(sums[0].notes.isEmpty && sums[1].notes.count == 1)
        // What an approved case left borne is not known.
        #expect(try Self.inTurn([[visit]], on: row, after: nil)[0].yen == nil)
    }

    /// 自己負担上限額 as bodies register it: what is not known is not guessed.
    static let caps: [(items: String, yen: Int?)] = [
        (#""maxCopaymentAmount":{"perDay":"500"}"#, nil),
        (#""maxCopaymentAmount":{"perMonth":10000,"perVisit":500}"#, nil),
        (#""maxCopaymentAmount":{"perMonth":"10,000"}"#, nil),
        (#""maxCopaymentAmount":{"perMonth":5000}"#, 25_000),
        (#""maxCopaymentAmount":{"perMonth":"5000","perVisit":null}"#, 25_000),
        (#""maxCopaymentAmount":{"perMonth":5000,"perVisit":""}"#, 25_000),
        (#""maxCopaymentAmount":{}"#, 20_000),
    ]

    @Test(arguments: caps.indices)
    func `under a cap that nobody can count the body names the amount`(_ index: Int) throws {
        let (items, yen) = Self.caps[index]
        let row = BillAmountsTests.certificate("nanbyo", #""incomeSegment":"C1","# + items)
        let sums = try Self.inTurn([[Self.costly[0]], [Self.costly[1]]], on: row)
        #expect(sums.map(\.yen) == [yen, yen == nil ? nil : 30_000])
        #expect(sums[0].borne.isEmpty == (yen == nil) && sums[0].notes.isEmpty == (yen == nil))
        // A counter, which cannot wait for the body, is told so.
        let told = try BillAmountsTests.reckoning(row).amounts(after: [BillAmountsTests.balance()])
        #expect(told[0].warnings.contains(.capUncounted) == (yen == nil))
    }

    @Test func `who paid less than is asked bore no more than was paid`() throws {
        let little = Self.receipt(day: "2026-06-01", cost: 100_000, paid: 4_000)
        let sums = try Self.inTurn([[little], [Self.costly[1]]])
        #expect(sums[0].yen == 0 && sums[0].borne.map(\.collected) == [4_000])
        #expect(sums[1].yen == 24_000)
    }

    static let grants: [(granted: Int?, left: [Int])] = [
        (nil, [6_000, 4_000]), (50_000, [6_000, 4_000]), (51_000, [6_000, 3_000]),
        (55_000, [5_000, 0]), (60_000, [0, 0]), (0, [6_000, 4_000]),
    ]

    @Test(arguments: grants.indices)
    func `what the body grants beyond the amount is borne by nobody`(_ index: Int) throws {
        let (granted, left) = Self.grants[index]
        let receipts = [
            Self.receipt(day: "2026-06-01", cost: 30_000, paid: 9_000),
            Self.receipt(day: "2026-06-02", cost: 170_000, paid: 51_000),
        ]
        let sum = try Self.inTurn([receipts])[0]
        #expect(sum.yen == 50_000)
        #expect(sum.left(granting: granted).map(\.collected) == left)
        #expect(sum.left(granting: granted).map(\.visit.share) == left)
    }

    @Test func `a receipt is read again as it was kept`() throws {
        let receipts = try Self.request(
            Self.child,
            [
                Self.receipt(day: "2026-06-01"), Self.stay("2026-06-10", 5),
                Self.eaten("2026-06-20", 4, paid: 2_040),
            ]
        ).receipts
        #expect(receipts[2].line.hasSuffix(" inpatient 5 meals 4 一般 2040"))
        #expect(receipts.map(\.line)[0] == "1319999995 2026-06-01 10000 30 3000")
        #expect(receipts.compactMap { RefundRequest.Receipt(line: $0.line[...]) } == receipts)
        for wrong in [
            "", "1319999995 2026-06-01 10000 30", "1319999995 2026-06-01 x 30 3000",
            "1319999995 2026-06-01 10000 30 3000 inpatient", "1319999995 2026-06-01 1 30 1 home 2",
            "1319999995 2026-06-01 1 30 1 inpatient 2 meals 3 一般",
            "1319999995 2026-06-01 1 30 1 inpatient 2 meal 3 一般 510",
        ] { #expect(RefundRequest.Receipt(line: wrong[...]) == nil) }
    }
}

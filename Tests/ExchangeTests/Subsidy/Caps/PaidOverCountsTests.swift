import Exchange
import TestSupport
import Testing

/// 過徴収額の内訳: what was paid above caps that count visits or days on several certificates is due back to the
/// yen, and fills no month; and what a receptionist is told of it.
@Suite struct PaidOverCountsTests {
    /// 800 yen a day for four days and 6,000 yen a month, and then 500 yen of each of two visits.
    static let certificates = [
        LocalLiveTests.certificate(
            "shogai", payer: "90132101", items: #""incomeSegment":"1""#),
        LocalLiveTests.certificate("kodomo", payer: "89132104"),
    ]
    static let caps: [Int?] = [6_000, nil]

    static func balance(_ yen: Int, _ visits: [CapVisit] = []) -> CapBalance {
        CapBalance(
            confirmed: CapRun(share: yen, collected: yen), cost: 0, held: CapRun(), visits: visits)
    }

    static func content(_ place: Int, cost: Int, collected: Int) -> BillContent {
        BillContent(
            identifier: RecordIdentifier(system: "", value: ""),
            certificate: certificates[place].certificate,
            place: BillPlace(number: place + 1, isLast: place == 1),
            day: SubsidyCase.day("2026-06-15"), cost: cost, percent: 30, collected: collected)
    }

    /// A line for each certificate, with the balances after them.
    static func settle(
        cost: Int, collected: Int, _ balances: [CapBalance]
    ) throws -> (lines: [BillAmounts], after: [CapBalance]) {
        let lines = try LocalLiveTests.reckoning(certificates, cost: cost, collected: collected)
            .amounts(after: balances)
        var after = balances
        for (place, line) in lines.enumerated() {
            after[place].confirm(line, content(place, cost: cost, collected: collected))
        }
        return (lines, after)
    }

    static let fourDays = (1...4).map { CapVisit(day: $0, share: 800) }

    /// The fifth day costs nothing, and the counter that could not ask took 500.
    @Test func `a day beyond those that are asked for is due back, and fills nothing`() throws {
        let before = [Self.balance(3_200, Self.fourDays), Self.balance(0)]
        let (lines, after) = try Self.settle(cost: 8_000, collected: 500, before)
        #expect(
            lines.map { [$0.share, $0.collected, $0.over, $0.overCounts] }
                == [[0, 500, 500, 500], [0, 0, 0, 0]])
        #expect(after[0].confirmed.collected == 3_200 && after[0].confirmed.share == 3_200)
        #expect(after[0].passedOn == 0 && after[0].excess(over: 6_000) == 500)
        #expect(after[0].paid(under: 6_000) == 3_200)
    }

    /// 300 of the day are left and 100 of the month: the 200 between them are the month's.
    @Test func `what the month leaves less fills it, and what the day leaves less does not`() throws
    {
        let before = [Self.balance(5_900, [CapVisit(day: 15, share: 500)]), Self.balance(0)]
        let (lines, after) = try Self.settle(cost: 8_000, collected: 500, before)
        #expect(
            lines.map { [$0.share, $0.collected, $0.over, $0.overCounts] }
                == [[300, 500, 400, 200], [100, 100, 0, 0]])
        #expect(after[0].confirmed.collected == 6_200 && after[0].passedOn == 100)
        #expect(after[0].excess(over: 6_000) == 400)
    }

    /// Whatever was paid on whichever days: all cases together are what nobody would have asked for, and a
    /// void leaves both months as they were.
    @Test(arguments: Seeded.seeds(300))
    func `what is due back is what nobody would have asked for, where days are counted`(
        seed: UInt64
    ) throws {
        var chance = Seeded(seed)
        let days = (0..<chance.int(0...5)).map { place in
            CapVisit(
                day: chance.oneIn(6) ? 15 : place + 1,
                share: place < 4 ? chance.int(0...8) * 100 : 0)
        }
        let paid = days.reduce(0) { $0 + $1.share }
        let month = paid + (chance.oneIn(2) ? 0 : chance.int(0...(6_000 - paid) / 10) * 10)
        let visits = (0..<chance.int(0...3)).map { CapVisit(day: $0 + 1, share: $0 < 2 ? 500 : 0) }
        let before = [
            Self.balance(month, days),
            Self.balance(visits.reduce(0) { $0 + $1.share }, visits),
        ]
        let cost = chance.int(0...1_500) * 10
        let asked = try LocalLiveTests.reckoning(Self.certificates, cost: cost)
            .amounts(after: before)
        let most = (min(cost / 10, 500) + 5) / 10
        let taken = chance.int(0...most) * 10
        let (lines, settled) = try Self.settle(cost: cost, collected: taken, before)
        #expect(lines.allSatisfy { $0.share <= $0.due && $0.overCounts <= $0.over })
        let due = zip(settled, Self.caps).reduce(0) { $0 + $1.0.excess(over: $1.1) }
        #expect(due == max(0, taken - asked[1].collected))
        var after = settled
        for place in lines.indices {
            after[place].void(
                lines[place], Self.content(place, cost: cost, collected: taken))
        }
        #expect(after == before)
    }

    /// Of 205 yen 200 are left, and 210 were collected.
    @Test func `what the next certificate takes over is told to the yen`() throws {
        let lines = try SeveralCertificatesTests.reckoning(cost: 1_025, collected: 210).amounts(
            after: [BillAmountsTests.balance(9_800), BillAmountsTests.balance()])
        #expect([lines[0].share, lines[0].over, lines[0].passedOn] == [205, 10, 200])
        #expect(lines[1].due == 200)
    }

    /// 300 above the first one's cap, 200 of the second one, and half of the meals.
    @Test func `the sum with meals holds what was paid over`() throws {
        let rules = try #require(Profiles.book.copayment)
        let rows = [BillAmountsTests.certificate(), Self.certificates[1]]
        let held = try rows.map { row in
            let program = try #require(
                Profiles.book.subsidy.programs.first {
                    $0.isOf(row.body) && $0.certificateTypeID == row.certificateTypeID
                })
            return (row: row, program: program)
        }
        let content = BillContent(
            identifier: RecordIdentifier(system: "urn:test", value: "1"),
            certificate: rows[0].certificate, place: BillPlace(number: 1, isLast: false),
            day: SubsidyCase.day("2026-06-10"), cost: 30_000, percent: 30, collected: 500,
            care: BillCare(isInpatient: true, meals: MealsTaken(count: 3, code: "一般")))
        let lines = try BillReckoning(content, on: held, rules).amounts(
            after: [BillAmountsTests.balance(9_800), BillAmountsTests.balance()])
        #expect(lines.map(\.over) == [300, 0] && lines[1].collected == 200)
        #expect(lines[1].meals == 765)
        #expect(lines[1].notes.last?.text.ja == "食事代と合わせて1,265円をいただきます。")
    }

    // MARK: Claims

    struct Claimed: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let certificate: EntitlementVersion
        /// Of a visit, of a stay, and of what does not say.
        let caps: [Int?]
    }

    static let claimed = [
        Claimed(
            testDescription: "a cap of visits and another of stays", certificate: certificates[0],
            caps: [6_000, nil, nil]),
        Claimed(
            testDescription: "one cap that the body registered",
            certificate: LocalLiveTests.certificate(
                "shogai", payer: "90132101",
                items: #""incomeSegment":"1","maxCopaymentAmount":{"perMonth":300}"#),
            caps: [300, 300, 300]),
        Claimed(
            testDescription: "a scheme of the law", certificate: BillAmountsTests.certificate(),
            caps: [10_000, 10_000, 10_000]),
    ]

    @Test(arguments: claimed)
    func `a claim is held to a cap of its own setting, or to none`(row: Claimed) throws {
        let reckoning = ClaimReckoning(
            try #require(Profiles.book.copayment), Profiles.book.subsidy)
        let settings: [Bool?] = [false, true, nil]
        let told = settings.map {
            reckoning.terms(
                of: row.certificate, on: SubsidyCase.day("2026-06-15"), isInpatient: $0)?.cap
        }
        #expect(told == row.caps)
    }

    @Test(arguments: [(1121, true), (1122, false), (1129, true), (1120, false), (4122, false)])
    func `the type of a receipt says whether it is of a stay`(number: Int, isInpatient: Bool) throws
    {
        #expect(try #require(ReceiptType(number: number)).isInpatient == isInpatient)
    }
}

import Exchange
import TestSupport
import Testing

/// 併用: several certificates on one bill, in the order of law, each under its own month.
@Suite struct SeveralCertificatesTests {
    /// 指定難病 of Tokyo, then the child's certificate of Koganei.
    static func reckoning(
        cost: Int, percent: Int = 30, local: String = #""maxCopaymentAmount":{"perMonth":500}"#,
        collected: Int? = nil
    ) throws -> BillReckoning {
        let rules = try #require(Profiles.book.copayment)
        let national = BillAmountsTests.certificate()
        let town = EntitlementVersion(
            version: 2, body: SubsidyCase.koganei, certificateTypeID: "kodomo", historyKey: "1",
            subKey: nil, validFrom: national.validFrom, validTo: national.validTo,
            knownAt: national.knownAt, payerNumber: "88131016", recipientNumber: "1",
            certificationName: "見本", face: "{\(local)}")
        let held = try [national, town].map { row in
            let program = try #require(
                Profiles.book.subsidy.programs.first {
                    $0.isOf(row.body) && $0.certificateTypeID == row.certificateTypeID
                })
            return (row: row, program: program)
        }
        let content = BillContent(
            identifier: RecordIdentifier(system: "urn:test", value: "1"),
            certificate: national.certificate, place: BillPlace(number: 1, isLast: false),
            day: SubsidyCase.day("2026-06-15"), cost: cost, percent: percent,
            collected: collected)
        return try BillReckoning(content, on: held, rules)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let cost: Int
        /// What the months hold already: to 1 yen, and as collected.
        let before: [(share: Int, collected: Int)]
        /// Due, share and collected of each.
        let expected: [[Int]]
    }

    static let rows = [
        Row(
            testDescription: "the town bears what the law's scheme leaves, up to its own cap",
            cost: 30_000, before: [(0, 0), (0, 0)],
            expected: [[6_000, 6_000, 6_000], [6_000, 500, 500]]),
        Row(
            testDescription: "the first one's cap leaves less", cost: 30_000,
            before: [(9_800, 9_800), (0, 0)], expected: [[6_000, 200, 200], [200, 200, 200]]),
        Row(
            testDescription: "the first one's cap is reached", cost: 30_000,
            before: [(10_000, 10_000), (0, 0)], expected: [[6_000, 0, 0], [0, 0, 0]]),
        Row(
            testDescription: "the second one's cap is reached", cost: 30_000,
            before: [(0, 0), (500, 500)], expected: [[6_000, 6_000, 6_000], [6_000, 0, 0]]),
        Row(
            testDescription: "to ten yen the first one left nothing, to one yen five",
            cost: 30_000, before: [(9_995, 10_000), (0, 0)],
            expected: [[6_000, 5, 0], [5, 5, 0]]),
        Row(
            testDescription: "nothing costs nothing", cost: 0, before: [(0, 0), (0, 0)],
            expected: [[0, 0, 0], [0, 0, 0]]),
    ]

    @Test(arguments: rows)
    func `each certificate bears what the one before it leaves`(row: Row) throws {
        let balances = row.before.map { BillAmountsTests.balance($0.share, $0.collected) }
        let lines = try Self.reckoning(cost: row.cost).amounts(after: balances)
        #expect(lines.map { [$0.due, $0.share, $0.collected] } == row.expected)
    }

    @Test func `the steps say who bears what, and only the last one collects`() throws {
        let lines = try Self.reckoning(cost: 30_000).amounts(
            after: [BillAmountsTests.balance(), BillAmountsTests.balance()])
        #expect(
            lines.map { $0.notes.map(\.text.ja) } == [
                [
                    "第1公費分: 医療費30,000円の30％で9,000円です。",
                    "第1公費分: 公費の患者負担は医療費30,000円の20％で6,000円です。",
                    "第1公費分: 公費が9,000円のうち3,000円を支払います。",
                ],
                [
                    "第2公費分: 第1公費の患者負担6,000円を引き受けます。",
                    "第2公費分: 今月の上限額500円まで、ほかの医療機関の分と合わせてあと500円です。",
                    "第2公費分: 公費が6,000円のうち5,500円を支払います。", "窓口では10円単位で500円をいただきます。",
                ],
            ])
    }

    struct Late: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let collected: Int
        let before: [(share: Int, collected: Int)]
        /// Share, collected and paid over of each.
        let expected: [[Int]]
    }

    static let late = [
        Late(
            testDescription: "what the schemes ask, as it was", collected: 6_000,
            before: [(0, 0), (0, 0)], expected: [[6_000, 6_000, 0], [6_000, 6_000, 0]]),
        Late(
            testDescription: "less than they ask", collected: 500, before: [(0, 0), (0, 0)],
            expected: [[6_000, 6_000, 0], [500, 500, 0]]),
        Late(
            testDescription: "one step below what the first one's cap leaves", collected: 190,
            before: [(9_800, 9_800), (0, 0)], expected: [[200, 200, 0], [190, 190, 0]]),
        Late(
            testDescription: "just what the first one's cap leaves", collected: 200,
            before: [(9_800, 9_800), (0, 0)], expected: [[200, 200, 0], [200, 200, 0]]),
        Late(
            testDescription: "one step more, which its body owes", collected: 210,
            before: [(9_800, 9_800), (0, 0)], expected: [[210, 210, 10], [200, 200, 0]]),
        Late(
            testDescription: "over both caps, each of what it alone left less", collected: 600,
            before: [(9_800, 9_800), (400, 400)],
            expected: [[600, 600, 400], [200, 200, 0]]),
        Late(
            testDescription: "the first one's cap was reached", collected: 6_000,
            before: [(10_000, 10_000), (0, 0)],
            expected: [[6_000, 6_000, 6_000], [0, 0, 0]]),
    ]

    /// The second certificate's own excess is its month's: 500 of it and 100 are left here.
    @Test(arguments: late)
    func `what was collected before is shared out in the order of law`(row: Late) throws {
        let balances = row.before.map { BillAmountsTests.balance($0.share, $0.collected) }
        let lines = try Self.reckoning(cost: 30_000, collected: row.collected)
            .amounts(after: balances)
        #expect(lines.map { [$0.share, $0.collected, $0.over] } == row.expected)
        let paid = zip(lines, [false, true]).reduce(0) { sum, line in
            sum + line.0.paid(as: BillPlace(number: 1, isLast: line.1))
        }
        #expect(paid == row.collected)
    }

    @Test func `no more was collected than all schemes together ask`() throws {
        #expect(throws: Refusal.collectedTooMuch) {
            try Self.reckoning(cost: 30_000, collected: 6_010).amounts(
                after: [BillAmountsTests.balance(), BillAmountsTests.balance()])
        }
    }

    /// Whatever was collected, wherever: what is due back of both months is what was paid and would not
    /// have been asked, to the yen.
    @Test(arguments: Seeded.seeds(200))
    func `what is due back is what nobody would have asked for`(seed: UInt64) throws {
        var chance = Seeded(seed)
        let local = chance.int(0...80) * 100
        let cost = chance.int(0...3_000) * 10
        let caps = [10_000, local]
        let items = #""maxCopaymentAmount":{"perMonth":\#(local)}"#
        var balances = caps.map { cap in
            let collected = chance.int(0...cap / 10) * 10
            return BillAmountsTests.balance(collected, collected)
        }
        let asked = try Self.reckoning(cost: cost, local: items).amounts(after: balances)
        let most = (cost * 20 + 50) / 100
        let taken = chance.int(0...(most + 5) / 10) * 10
        let late = try Self.reckoning(cost: cost, local: items, collected: taken)
        let lines = try late.amounts(after: balances)
        for (place, line) in lines.enumerated() {
            let content = BillContent(
                identifier: RecordIdentifier(system: "", value: ""),
                certificate: BillAmountsTests.certificate().certificate,
                place: BillPlace(number: place + 1, isLast: place == 1),
                day: SubsidyCase.day("2026-06-15"), cost: cost, percent: 30, collected: taken)
            #expect(line.share <= line.due && line.over <= line.collected)
            balances[place].confirm(line, content)
        }
        let due = zip(balances, caps).reduce(0) { $0 + $1.0.excess(over: $1.1) }
        #expect(due == max(0, taken - asked[1].collected))
    }

    /// Whatever the months hold: nobody pays past any cap, neither to 1 yen nor to 10, and a second
    /// certificate never makes a visit dearer.
    @Test(arguments: Seeded.seeds(200))
    func `no cap is passed, and no line asks more than the one before it leaves`(
        seed: UInt64
    ) throws {
        var chance = Seeded(seed)
        let local = chance.int(0...60) * 100 + chance.int(0...9)
        var balances = [BillAmountsTests.balance(), BillAmountsTests.balance()]
        let caps = [10_000, local]
        for _ in 0..<12 {
            let reckoning = try Self.reckoning(
                cost: chance.int(0...5_000) * 10 + chance.int(0...9),
                percent: chance.pick([10, 20, 30]),
                local: #""maxCopaymentAmount":{"perMonth":\#(local)}"#)
            let alone = try reckoning.amounts(after: balances)
            #expect(alone[1].share <= alone[0].share)
            #expect(alone[1].collected <= alone[0].collected)
            for (place, line) in alone.enumerated() {
                #expect(line.share >= 0 && line.collected >= 0 && line.share <= line.due)
                balances[place].confirmed.add(share: line.share, collected: line.collected)
                #expect(balances[place].confirmed.share <= caps[place])
                #expect(balances[place].confirmed.collected <= caps[place])
            }
        }
    }

    @Test func `what was passed on and lies over the cap is nobody's refund`() throws {
        let first = BillContent(
            identifier: RecordIdentifier(system: "urn:test", value: "1"),
            certificate: BillAmountsTests.certificate().certificate,
            place: BillPlace(number: 1, isLast: false), day: SubsidyCase.day("2026-06-15"),
            cost: 30_000, percent: 30, collected: nil)
        let amounts = BillAmounts(
            due: 6_000, share: 6_000, collected: 6_000, notes: [], warnings: [])
        var month = BillAmountsTests.balance(1_000)
        month.confirm(amounts, first)
        #expect(month.passedOn == 6_000 && month.excess(over: 5_000) == 1_000)
        #expect(month.excess(over: 6_500) == 500)
        month.void(amounts, first)
        #expect(month == BillAmountsTests.balance(1_000))
    }
}

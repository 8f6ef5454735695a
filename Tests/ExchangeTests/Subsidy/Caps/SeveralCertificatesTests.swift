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

    @Test func `what was collected before is of one certificate alone`() {
        #expect(throws: Refusal.collectedOnSeveral) {
            try Self.reckoning(cost: 30_000, collected: 500)
        }
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

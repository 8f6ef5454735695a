import Exchange
import TestSupport
import Testing

/// 窓口負担額: certificate, day and what the month holds in, yen and words out.
@Suite struct BillAmountsTests {
    /// A certificate of Tokyo with the items of its face that decide.
    static func certificate(
        _ type: String = "nanbyo", _ items: String = #""incomeSegment":"C1""#
    ) -> EntitlementVersion {
        let day = SubsidyCase.day("2026-01-01")
        return EntitlementVersion(
            version: 1, body: SubsidyCase.tokyo, certificateTypeID: type, historyKey: "1",
            subKey: nil, validFrom: day, validTo: SubsidyCase.day("2030-12-31"),
            knownAt: SubsidyCase.instant("2026-01-01T00:00:00Z"), payerNumber: "54136015",
            recipientNumber: "1234566", certificationName: "見本", face: "{\(items)}")
    }

    static func reckoning(
        _ row: EntitlementVersion = certificate(), cost: Int = 30_000, percent: Int = 30,
        collected: Int? = nil, on day: String = "2026-06-15"
    ) throws -> BillReckoning {
        let rules = try #require(Profiles.book.copayment)
        let program = try #require(
            Profiles.book.subsidy.programs.first {
                $0.isOf(row.body) && $0.certificateTypeID == row.certificateTypeID
            })
        let content = BillContent(
            identifier: RecordIdentifier(system: "urn:test", value: "1"),
            certificate: row.certificate, day: SubsidyCase.day(day), cost: cost, percent: percent,
            collected: collected)
        return try BillReckoning(content, on: [(row, program)], rules)
    }

    static func balance(_ share: Int = 0, _ collected: Int? = nil, held: Int = 0) -> CapBalance {
        CapBalance(
            confirmed: CapRun(share: share, collected: collected ?? share), cost: 0,
            held: CapRun(share: held, collected: held))
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var type = "nanbyo"
        var items = #""incomeSegment":"C1""#
        var cost = 30_000
        var percent = 30
        var before = balance()
        /// Cap, due, share, collected.
        let expected: [Int?]

        init(_ name: String, _ expected: [Int?], _ make: (inout Row) -> Void = { _ in }) {
            testDescription = name
            self.expected = expected
            make(&self)
        }
    }

    static let rows = [
        Row("two of ten, where the insurance asks three", [10_000, 6_000, 6_000, 6_000]),
        Row("one of ten stays one of ten", [10_000, 3_000, 3_000, 3_000]) { $0.percent = 10 },
        Row("all of it at once", [10_000, 20_000, 10_000, 10_000]) { $0.cost = 100_000 },
        Row("up to the rest", [10_000, 6_000, 1_000, 1_000]) { $0.before = balance(9_000) },
        Row("reservations of others count", [10_000, 6_000, 500, 500]) {
            $0.before = balance(9_000, held: 500)
        },
        Row("nothing is left", [10_000, 6_000, 0, 0]) { $0.before = balance(10_000) },
        Row("more than the cap was collected", [10_000, 6_000, 0, 0]) {
            $0.before = balance(12_000)
        },
        Row("to ten yen, from five", [10_000, 5_015, 5_015, 5_020]) { $0.cost = 25_075 },
        Row("to ten yen, below five", [10_000, 5_014, 5_014, 5_010]) { $0.cost = 25_070 },
        Row("both totals stop at the cap, each on its own", [10_000, 6_000, 4_986, 4_990]) {
            $0.before = balance(5_014, 5_010)
        },
        Row("long and costly", [5_000, 6_000, 5_000, 5_000]) {
            $0.items += #","additionalConditions":"01-1""#
        },
        Row("on a ventilator", [1_000, 6_000, 1_000, 1_000]) {
            $0.items += #","additionalConditions":"01-1;02-1""#
        },
        Row("public assistance", [0, 6_000, 0, 0]) { $0.items = #""incomeSegment":"A""# },
        Row("the registered cap before the table's", [7_500, 6_000, 6_000, 6_000]) {
            $0.items += #","maxCopaymentAmount":{"perMonth":7500}"#
        },
        Row("a registered cap in digits", [4_000, 6_000, 4_000, 4_000]) {
            $0.items += #","maxCopaymentAmount":{"perMonth":"4000"}"#
        },
        Row("a chronically ill child", [5_000, 6_000, 5_000, 5_000]) {
            $0.type = "shoman"
            $0.items = #""incomeSegment":"C1""#
        },
        Row("outpatient mental care, one of ten", [5_000, 3_000, 3_000, 3_000]) {
            $0.type = "seishintsuin"
            $0.items = #""incomeSegment":"2""#
        },
        Row("nothing costs nothing", [10_000, 0, 0, 0]) { $0.cost = 0 },
    ]

    @Test(arguments: rows)
    func `each certificate asks what its scheme and its month leave`(row: Row) throws {
        let reckoning = try Self.reckoning(
            Self.certificate(row.type, row.items), cost: row.cost, percent: row.percent)
        let amounts = try reckoning.amounts(after: [row.before])[0]
        #expect(
            [reckoning.caps[0], amounts.due, amounts.share, amounts.collected] == row.expected)
        #expect(amounts.warnings.contains(.unverifiedRule))
        #expect(try [BillNote](face: amounts.notes.face) == amounts.notes)
        #expect(amounts.notes.allSatisfy { !$0.text.ja.isEmpty && !$0.text.en.isEmpty })
    }

    @Test func `each step is kept with its yen and the rule it follows from`() throws {
        let notes = try Self.reckoning().amounts(after: [Self.balance()])[0].notes
        let law = "law/54/2015-01-01"
        #expect(notes.map(\.yen) == [9_000, 6_000, 3_000, 6_000])
        #expect(notes.map(\.rule) == [nil, law, law, "rounding/counter"])
        #expect(notes.allSatisfy { ($0.rule == nil) == ($0.source == nil) })
        let counter = try #require(notes.last?.source)
        #expect(counter.text.hasPrefix("健康保険法75条") && counter.isVerified)
    }

    /// What was answered is on its entry by a digest, and the same version is told in the same bytes.
    @Test func `a bill that was kept before steps had sources is told as it was`() throws {
        let kept =
            #"[{"ja":"公費が9,000円のうち3,000円を支払います。","en":"The scheme pays 3,000 yen of 9,000 yen.","#
            + #""rule":"law/54/2015-01-01"}]"#
        let notes = try [BillNote](face: kept)
        #expect(notes.face == kept)
        let content = BillContent(
            identifier: RecordIdentifier(system: "urn:test", value: "1"),
            certificate: Self.certificate().certificate, day: SubsidyCase.day("2026-06-15"),
            cost: 30_000, percent: 30, collected: nil)
        let now = SubsidyCase.instant("2026-06-15T00:00:00Z")
        let version = BillVersion(
            id: RecordID(high: 0x0198_0000_0000_7000, low: 0x8000_0000_0000_0001), version: 1,
            status: .confirmed, institution: try Party(role: .institution, code: "1319999996"),
            content: content,
            amounts: BillAmounts(
                due: 6_000, share: 6_000, collected: 6_000, notes: notes, warnings: []),
            month: .init(cap: 10_000, collected: 6_000, held: 0, cost: 30_000), lapses: nil,
            rulesVersion: "of-then", recordedAt: now)
        let bytes = BillLines(version).render(as: "pw-0001", visitID: nil, at: now)
        let told = try #require(try JSON(reading: bytes).object?["processNote"]?.array)
        #expect(told.count == 2)
        let members = told.map { $0.object?.members.map(\.name) }
        #expect(members.allSatisfy { $0 == ["number", "type", "text", "language"] })
    }

    static let unknown: [(type: String, items: String)] = [
        ("nanbyo", ""), ("nanbyo", #""incomeSegment":"Z""#),
        ("nanbyo", #""incomeSegment":"Z","maxCopaymentAmount":{"perMonth":-1}"#),
        ("nanbyo", #""maxCopaymentAmount":{"perVisit":500}"#),
    ]

    @Test(arguments: unknown)
    func `what no rule says is not guessed at`(_ row: (type: String, items: String)) {
        #expect(throws: Refusal.copaymentRulesUnknown) {
            try Self.reckoning(Self.certificate(row.type, row.items))
        }
    }

    @Test func `what was collected stands as it was, and is never more than the scheme asks`()
        throws
    {
        let full = Self.balance(10_000)
        for yen in [0, 10, 4_000, 6_000] {
            let amounts = try Self.reckoning(collected: yen).amounts(after: [full])[0]
            #expect(amounts.collected == yen && amounts.share <= amounts.due)
        }
        #expect(throws: Refusal.collectedTooMuch) {
            try Self.reckoning(collected: 6_010).amounts(after: [Self.balance()])
        }
    }

    /// The same bills in every order: who collects depends on it, collected minus what is due back
    /// does not.
    @Test(arguments: Seeded.seeds(60))
    func `collected minus refunds due is the same in every order`(seed: UInt64) throws {
        var chance = Seeded(seed)
        var bills = (0..<6).map { _ in
            (cost: chance.int(0...400) * 50, isLate: chance.oneIn(3))
        }
        var sums: Set<Int> = []
        let due = bills.reduce(0) { $0 + $1.cost / 5 }
        for _ in 0..<8 {
            bills.shuffle(using: &chance)
            var month = Self.balance()
            for bill in bills {
                let reckoning = try Self.reckoning(
                    cost: bill.cost, collected: bill.isLate ? bill.cost / 5 : nil)
                let amounts = try reckoning.amounts(after: [month])[0]
                #expect(amounts.collected >= 0)
                month.confirmed.add(share: amounts.share, collected: amounts.collected)
            }
            sums.insert(month.confirmed.collected - month.excess(over: 10_000))
        }
        #expect(sums == [min(due, 10_000)])
    }

    static let edges: [(day: String, month: String)] = [
        ("2026-06-30", "2026-06"), ("2026-07-01", "2026-07"), ("2026-12-31", "2026-12"),
        ("2027-01-01", "2027-01"), ("2028-02-29", "2028-02"), ("2019-04-30", "2019-04"),
        ("2019-05-01", "2019-05"),
    ]

    /// 平成31年4月30日 and 令和元年5月1日 are two months like any others.
    @Test(arguments: edges)
    func `a day is of its own month`(_ edge: (day: String, month: String)) throws {
        let month = ServiceMonth(of: SubsidyCase.day(edge.day))
        #expect(month.text == edge.month)
        let key = CapMonth(certificate: Self.certificate().certificate, month: month)
        let content = BillContent(
            identifier: RecordIdentifier(system: "urn:test", value: "1"),
            certificate: Self.certificate().certificate, day: SubsidyCase.day(edge.day), cost: 0,
            percent: 0, collected: nil)
        #expect(content.capMonth == key)
    }
}

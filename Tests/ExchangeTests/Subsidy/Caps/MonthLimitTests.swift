import Exchange
import TestSupport
import Testing

/// 高額療養費の月の限度額 at the counter: of one bill and of all bills of a receipt, at the very yen.
@Suite struct MonthLimitTests {
    /// Where one certificate is of the law 10, which asks five of a hundred and has no cap.
    static let tuberculosis: RuleBook = {
        let files = Profiles.replacing(
            "subsidy/programs/130001.json", #""lawNumber": "21""#, #""lawNumber": "10""#)
        guard let book = try? RuleBook(reading: files, version: "law 10") else {
            fatalError("no rules of law 10")
        }
        return book
    }()

    /// Where it is public assistance, which asks nothing, or 本人支払額.
    static let publicAssistance: RuleBook = {
        let files = Profiles.replacing(
            "subsidy/programs/130001.json", #""lawNumber": "21""#, #""lawNumber": "12""#)
        guard let book = try? RuleBook(reading: files, version: "law 12") else {
            fatalError("no rules of law 12")
        }
        return book
    }()

    struct Facts: Sendable {
        var type = "nanbyo"
        var items = Facts.wide
        var cost = 0
        var percent = 30
        var day = "2026-06-15"
        var birth: String?
        var code: String? = "ウ"
        var isInpatient = false
        var isMultiple = false
        var longTerm: Int?
        var collected: Int?
        var book = Profiles.book

        /// A cap that no bill here reaches.
        static let wide = capped(9_000_000)

        static func capped(_ yen: Int) -> String {
            #""incomeSegment":"C2","maxCopaymentAmount":{"perMonth":\#(yen)}"#
        }

        init(_ make: (inout Facts) -> Void) { make(&self) }

        func told(
            after balance: CapBalance = BillAmountsTests.balance(), _ others: [ReceiptBill] = []
        ) throws -> BillAmounts {
            let rules = try #require(book.copayment)
            let row = BillAmountsTests.certificate(type, items)
            let program = try #require(
                book.subsidy.programs.first {
                    $0.isOf(row.body) && $0.certificateTypeID == type
                })
            let content = BillContent(
                identifier: RecordIdentifier(system: "urn:test", value: "1"),
                certificate: row.certificate, day: SubsidyCase.day(day), cost: cost,
                percent: percent, collected: collected,
                care: BillCare(
                    isInpatient: isInpatient, limitClass: code, isMultiple: isMultiple,
                    longTerm: longTerm))
            return try BillReckoning(
                content, on: [(row, program)], born: birth.map(SubsidyCase.day), rules
            ).amounts(after: [balance], onReceipt: others)[0]
        }

        /// The bill as another of its receipt.
        func onReceipt(_ told: BillAmounts) -> ReceiptBill {
            ReceiptBill(
                certificate: BillAmountsTests.certificate(type, items).certificate,
                day: SubsidyCase.day(day), cost: cost, percent: percent, due: told.due,
                borne: told.share)
        }
    }

    /// Whole and part of the step that says what the scheme pays.
    static func paid(_ told: BillAmounts) -> [Int] {
        let step = told.notes.map(\.text.ja).first { $0.hasPrefix("公費が") } ?? ""
        return step.filter { $0 != "," }.split { !("0"..."9").contains($0) }
            .compactMap { Int($0) }
    }

    // MARK: One bill

    @Test func `a limit below the cap is what is asked`() throws {
        let facts = Facts {
            $0.items = Facts.capped(20_000)
            $0.cost = 150_000
            $0.percent = 20
            $0.code = "一般"
        }
        let told = try facts.told()
        #expect([told.due, told.share, told.collected] == [18_000, 18_000, 18_000])
        #expect(Self.paid(told) == [18_000, 0])
        #expect(
            told.notes.map(\.text.ja).contains(
                "第1公費分: 高額療養費の限度額は18,000円です（医療費150,000円）。"))
        #expect(!told.warnings.contains(.noLimit))
    }

    @Test func `without a cap the patient's own limit holds over the share of the scheme`() throws {
        let told = try Facts {
            $0.type = "seishintsuin"
            $0.items = ""
            $0.cost = 1_000_000
            $0.code = "オ"
            $0.book = Self.tuberculosis
        }.told()
        #expect([told.due, told.share, told.collected] == [50_000, 35_400, 35_400])
        // The class ウ stands in for what the scheme pays.
        #expect(Self.paid(told) == [87_430, 37_430])
        #expect(!told.warnings.contains(.noLimit))
    }

    @Test func `what the insurer pays as high-cost benefit the scheme does not`() throws {
        let told = try Facts {
            $0.items = Facts.capped(20_000)
            $0.cost = 1_540_000
            $0.code = "ア"
        }.told()
        #expect([told.due, told.share] == [259_580, 20_000])
        #expect(Self.paid(told) == [259_580, 239_580])
    }

    struct Limit: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let share: Int
        let facts: Facts

        init(_ name: String, _ share: Int, _ make: (inout Facts) -> Void) {
            testDescription = name
            self.share = share
            facts = Facts(make)
        }

        /// From 70, two of ten outside hospital.
        static func elderly(
            _ name: String, _ share: Int, cost: Int = 150_000,
            _ make: (inout Facts) -> Void = { _ in }
        ) -> Limit {
            Limit(name, share) { facts in
                facts.cost = cost
                facts.percent = 20
                facts.code = "一般"
                make(&facts)
            }
        }
    }

    static let limits = [
        Limit.elderly("just below the limit", 17_998, cost: 89_990),
        .elderly("at the limit", 18_000, cost: 90_000),
        .elderly("just above the limit", 18_000, cost: 90_010),
        .elderly("the last day of a table", 18_000) { $0.day = "2026-07-31" },
        .elderly("the first day of the table of August 2026", 22_000) { $0.day = "2026-08-01" },
        .elderly("a stay", 57_600, cost: 400_000) { $0.isInpatient = true },
        .elderly("a stay of August 2026", 61_500, cost: 400_000) {
            $0.isInpatient = true
            $0.day = "2026-08-01"
        },
        .elderly("the month of the 75th birthday, before it", 9_000) { $0.birth = "1951-06-20" },
        .elderly("the month of the 75th birthday, after it", 9_000) { $0.birth = "1951-06-10" },
        .elderly("75 on the last day of the month", 9_000) { $0.birth = "1951-06-30" },
        .elderly("75 on the second", 9_000) { $0.birth = "1951-06-02" },
        .elderly("75 on the first: one insurer alone", 18_000) { $0.birth = "1951-06-01" },
        .elderly("75 in the month before", 18_000) { $0.birth = "1951-05-31" },
        .elderly("75 on the first of the next month", 18_000) { $0.birth = "1951-07-01" },
        .elderly("75 in August 2026", 11_000) {
            $0.day = "2026-08-01"
            $0.birth = "1951-08-02"
        },
        Limit("below 70 with the part above the threshold", 87_430) { $0.cost = 1_000_000 },
        Limit("the same of August 2026", 92_940) {
            $0.cost = 1_000_000
            $0.day = "2026-08-01"
        },
        Limit("multiple months", 44_400) {
            $0.cost = 1_000_000
            $0.isMultiple = true
        },
        Limit("a specific disease", 10_000) {
            $0.cost = 400_000
            $0.longTerm = 10_000
        },
        Limit("a specific disease, and no class", 20_000) {
            $0.cost = 400_000
            $0.code = nil
            $0.longTerm = 20_000
        },
        Limit("a specific disease below its limit", 6_000) {
            $0.cost = 30_000
            $0.longTerm = 10_000
        },
        .elderly("a specific disease in the month of the 75th birthday", 5_000) {
            $0.longTerm = 10_000
            $0.birth = "1951-06-20"
        },
        Limit("multiple months of one's own class, and never of the one that stands in", 44_400) {
            $0.type = "seishintsuin"
            $0.items = ""
            $0.cost = 1_000_000
            $0.isMultiple = true
            $0.book = MonthLimitTests.tuberculosis
        },
    ]

    @Test(arguments: limits)
    func `the limit is that of class, setting, day and age`(row: Limit) throws {
        #expect(try row.facts.told().share == row.share)
    }

    @Test(arguments: [("多ウ", "ウ", true), ("区分ウ", "ウ", false), ("多オ", "オ", true)])
    func `multiple months are told with the class`(
        written: String, code: String, isMultiple: Bool
    ) throws {
        let rules = try #require(Profiles.book.copayment)
        let told = try #require(
            rules.highCost.code(written: written, on: SubsidyCase.day("2026-06-15")))
        #expect(told.code == code && told.isMultiple == isMultiple)
    }

    /// 特定給付対象療養: below 70 the class ウ stands in for any class of the law 21, told or not.
    @Test(
        arguments: [
            ("1990-01-01", [87_430, 87_430, 0]), ("1953-01-15", [100_000, 300_000, 200_000]),
            (nil, [100_000, 300_000, 200_000]),
        ] as [(String?, [Int])])
    func `a class that stands in whatever the own one is needs none told`(
        birth: String?, amounts: [Int]
    ) throws {
        let told = try Facts {
            $0.type = "seishintsuin"
            $0.items = #""incomeSegment":"3""#
            $0.cost = 1_000_000
            $0.code = nil
            $0.birth = birth
        }.told()
        #expect([told.share] + Self.paid(told) == amounts)
        // The patient's own class may still bring it down.
        #expect(told.warnings.contains(.noLimit))
    }

    /// 本人支払額: a cap that was registered is asked whole; without one nothing is.
    @Test(arguments: [
        (#""maxCopaymentAmount":{"perMonth":3000}"#, [3_000, 30_000, 27_000]),
        (#""maxCopaymentAmount":{"perMonth":0}"#, [0, 30_000, 30_000]),
        ("", [0, 30_000, 30_000]),
    ])
    func `public assistance asks what its ticket tells`(items: String, amounts: [Int]) throws {
        let told = try Facts {
            $0.type = "seishintsuin"
            $0.items = items
            $0.cost = 100_000
            $0.book = Self.publicAssistance
        }.told()
        #expect([told.share] + Self.paid(told) == amounts)
    }

    /// 一定以上 outside 重度かつ継続 is not of the law 21: no amount is made of it, unless a cap was registered.
    @Test func `a class that the scheme does not take is not priced`() throws {
        let files = Profiles.replacing(
            "subsidy/programs/130001.json", #""ja": "中間所得""#, #""ja": "一定以上""#)
        let facts = Facts {
            $0.type = "seishintsuin"
            $0.items = #""incomeSegment":"3""#
            $0.cost = 300_000
        }
        var outside = facts
        outside.book = try RuleBook(reading: files, version: "outside")
        #expect(throws: Refusal.copaymentRulesUnknown) { try outside.told() }
        outside.items += #","maxCopaymentAmount":{"perMonth":20000}"#
        #expect(try outside.told().share == 20_000)
        #expect(try facts.told().share == 30_000)
    }

    @Test func `bills of one receipt share the limit of a class that stands in`() throws {
        func bill() -> Facts {
            Facts {
                $0.type = "seishintsuin"
                $0.items = #""incomeSegment":"3""#
                $0.cost = 500_000
                $0.code = nil
                $0.birth = "1990-01-01"
            }
        }
        let first = try bill().told()
        #expect(first.share == 50_000)
        #expect(try bill().told([bill().onReceipt(first)]).share == 37_430)
    }

    // MARK: What is said

    @Test func `no class is said to be missing where none was told, and there alone`() throws {
        for items in [Facts.wide, Facts.capped(10_000)] {
            let unsaid = try Facts {
                $0.items = items
                $0.cost = 30_000
                $0.code = nil
            }.told()
            #expect(unsaid.share == 6_000 && unsaid.warnings.contains(.noLimit))
            let said = try Facts {
                $0.items = items
                $0.cost = 30_000
            }.told()
            #expect(!said.warnings.contains(.noLimit) && !said.warnings.contains(.classUnsaid))
        }
        let free = try Facts { $0.code = nil }.told()
        #expect(!free.warnings.contains(.noLimit))
    }

    /// The insurer pays back what is above its limit; the body of the certificate owes nothing of it.
    @Test(arguments: [(18_000, false), (18_010, true), (20_000, true)])
    func `what was collected above the limit stands, and is said`(
        collected: Int, isTold: Bool
    ) throws {
        let told = try Facts {
            $0.items = Facts.capped(20_000)
            $0.cost = 150_000
            $0.percent = 20
            $0.code = "一般"
            $0.collected = collected
        }.told()
        #expect([told.collected, told.over] == [collected, 0])
        #expect(told.warnings.contains(.overLimit) == isTold)
    }

    static let caps: [(items: String, isTold: Bool)] = [
        (#""incomeSegment":"C1","maxCopaymentAmount":{"perMonth":10000,"perVisit":500}"#, true),
        (#""incomeSegment":"C1","maxCopaymentAmount":{"perDay":"500"}"#, true),
        (#""incomeSegment":"C1","maxCopaymentAmount":{"perMonth":"10,000"}"#, true),
        (#""incomeSegment":"C1","maxCopaymentAmount":{"perMonth":10000,"perVisit":null}"#, false),
        (#""incomeSegment":"C1","maxCopaymentAmount":{}"#, false),
        (#""incomeSegment":"C1""#, false),
    ]

    @Test(arguments: caps)
    func `a cap that cannot be counted is said`(_ row: (items: String, isTold: Bool)) throws {
        let told = try Facts {
            $0.items = row.items
            $0.cost = 100_000
        }.told()
        #expect(told.share == 10_000)
        #expect(told.warnings.contains(.capUncounted) == row.isTold)
    }

    // MARK: The receipt of a month

    /// 一般 outside hospital, 18,000 yen a month.
    @Test(arguments: [
        (100_000, 100_000, [18_000, 0]), (60_000, 60_000, [12_000, 6_000]),
        (60_000, 30_000, [12_000, 6_000]), (60_000, 29_990, [12_000, 5_998]),
        (0, 150_000, [0, 18_000]),
    ])
    func `bills of one receipt share one limit`(first: Int, second: Int, shares: [Int]) throws {
        func bill(_ cost: Int) -> Facts {
            Facts {
                $0.cost = cost
                $0.percent = 20
                $0.code = "一般"
            }
        }
        let before = try bill(first).told()
        let told = try bill(second).told([bill(first).onReceipt(before)])
        #expect([before.share, told.share] == shares)
        let rest = told.notes.map(\.text.ja).filter { $0.contains("この医療機関の今月の医療費") }
        #expect(rest.isEmpty == (second * 2 / 10 <= 18_000 - before.share))
    }

    @Test func `the step says what the month's limit leaves, and what the scheme adds`() throws {
        func bill() -> Facts { Facts { $0.cost = 300_000 } }
        let first = try bill().told()
        #expect(first.share == 60_000 && Self.paid(first) == [80_430, 20_430])
        let told = try bill().told([bill().onReceipt(first)])
        // 600,000 yen in one bill come to 83,430 as well.
        #expect(told.share == 23_430 && Self.paid(told) == [23_430, 0])
        #expect(
            told.notes.map(\.text.ja).contains(
                "第1公費分: この医療機関の今月の医療費600,000円で高額療養費の限度額は83,430円、残りは23,430円です。"))
    }

    /// However a month is split: its bills come to what one bill of all of it comes to.
    @Test(arguments: Seeded.seeds(80))
    func `splitting a receipt changes nothing`(seed: UInt64) throws {
        var chance = Seeded(seed)
        let isOld = chance.oneIn(2)
        let isLaw10 = chance.oneIn(3)
        let code = chance.pick(
            isOld ? ["現役Ⅲ", "現役Ⅰ", "一般", "低Ⅱ", "低Ⅰ"] : ["ア", "イ", "ウ", "エ", "オ"])
        let isInpatient = chance.oneIn(2)
        let day = chance.pick(["2026-06-15", "2026-08-01"])
        let longTerm: Int? = chance.oneIn(4) ? 10_000 : nil
        func bill(_ cost: Int) -> Facts {
            Facts {
                $0.cost = cost
                $0.code = code
                $0.isInpatient = isInpatient
                $0.day = day
                $0.longTerm = longTerm
                guard isLaw10 else { return }
                $0.type = "seishintsuin"
                $0.items = ""
                $0.book = Self.tuberculosis
            }
        }
        var others: [ReceiptBill] = []
        var (share, cost) = (0, 0)
        for _ in 0..<chance.int(2...6) {
            let next = bill(chance.int(0...900) * 1_000)
            let told = try next.told(others)
            #expect(told.share >= 0 && told.share <= told.due)
            others.append(next.onReceipt(told))
            share += told.share
            cost += next.cost
        }
        #expect(try bill(cost).told().share == share)
    }

    /// From the birthday on the latter-stage insurer counts, and its half is its own.
    @Test(arguments: [("2026-06-10", 9_000), ("2026-06-19", 9_000), ("2026-06-20", 0)])
    func `bills of before the 75th birthday are another insurer's`(day: String, share: Int) throws {
        func bill(_ day: String) -> Facts {
            Facts {
                $0.cost = 150_000
                $0.percent = 20
                $0.code = "一般"
                $0.day = day
                $0.birth = "1951-06-20"
            }
        }
        let before = try bill(day).told()
        #expect(before.share == 9_000)
        #expect(try bill("2026-06-25").told([bill(day).onReceipt(before)]).share == share)
    }

    /// 合算対象基準額: below 70 a part of 21,000 yen counts, a smaller one does not.
    @Test(arguments: [
        (cost: 400_000, borne: 35_400, share: 0), (cost: 70_000, borne: 14_000, share: 21_400),
        (cost: 69_990, borne: 13_998, share: 35_400),
    ])
    func `parts on different certificates are added up`(
        _ row: (cost: Int, borne: Int, share: Int)
    ) throws {
        let other = ReceiptBill(
            certificate: HeldCertificate(body: "130001", typeID: "other", subKey: ""),
            day: SubsidyCase.day("2026-06-01"), cost: row.cost, percent: 30, due: row.borne,
            borne: row.borne)
        let told = try Facts {
            $0.cost = 200_000
            $0.code = "オ"
        }.told([other])
        #expect(told.share == row.share)
    }
}

import Exchange
import Testing

@Suite struct CheckupResultTests {
    typealias Entry = CheckupResult.Entry
    static let rules = MaternalCase.rules
    static let birth = MaternalCase.day("2025-01-15")
    static let inWindow = MaternalCase.day("2026-08-01")

    /// One value of the checkup at 1 year 6 months beside everything it requires.
    static func findings(_ entry: Entry, on day: CalendarDay = inWindow) -> [ItemFinding] {
        let complete = [
            Entry(item: "weight", value: .quantity("10.25", unit: "kg")),
            Entry(item: "height", value: .quantity("80.5", unit: "cm")),
            Entry(item: "child-judgement", value: .choice("healthy")),
        ]
        let entries = complete.filter { $0.item != entry.item } + [entry]
        let result = CheckupResult(checkup: "infant-18m", day: day, entries: entries)
        return rules.check(result, of: .birth(birth)).findings
    }

    static func codes(_ value: CheckupResult.Value, of item: CheckupItem) -> [ItemFinding.Code] {
        findings(Entry(item: item.code, value: value)).map(\.code)
            .filter { $0 != .notOfCheckup }
    }

    static let items = rules.items.byCode.values.sorted { $0.code < $1.code }
    static let quantities = items.filter { if case .quantity = $0.kind { true } else { false } }
    static let choices = items.filter { if case .choice = $0.kind { true } else { false } }

    /// One step of the last decimal above or below, as text.
    static func beside(_ limit: MeasuredAmount, _ step: Int, decimals: Int) -> String {
        let units = [1000, 100, 10, 1][decimals]
        let moved = limit.thousandths / units + step
        let scale = [1, 10, 100, 1000][decimals]
        guard decimals > 0 else { return "\(moved)" }
        let fraction = "\(moved % scale)"
        let zeros = String(repeating: "0", count: decimals - fraction.count)
        return "\(moved / scale).\(zeros)\(fraction)"
    }

    @Test(arguments: quantities)
    func `each measured item holds its range, its unit and its decimals`(
        item: CheckupItem
    ) throws {
        guard case .quantity(let rule) = item.kind else { return }
        func codes(_ text: String, _ unit: String = rule.unit) -> [ItemFinding.Code] {
            Self.codes(.quantity(text, unit: unit), of: item)
        }
        for limit in [rule.range.min, rule.range.max] {
            #expect(codes(Self.beside(limit, 0, decimals: rule.range.decimals)).isEmpty)
        }
        #expect(codes(Self.beside(rule.range.min, 1, decimals: rule.range.decimals)).isEmpty)
        #expect(codes(Self.beside(rule.range.max, -1, decimals: rule.range.decimals)).isEmpty)
        #expect(
            codes(Self.beside(rule.range.max, 1, decimals: rule.range.decimals)) == [.aboveRange])
        if rule.range.min.thousandths > 0 {
            #expect(
                codes(Self.beside(rule.range.min, -1, decimals: rule.range.decimals)) == [
                    .belowRange
                ])
        }
        let tooLong =
            Self.beside(rule.range.min, 1, decimals: rule.range.decimals)
            + (rule.range.decimals == 0 ? ".0" : "0")
        #expect(codes(tooLong) == [.tooPrecise])
        #expect(codes(rule.range.min.text, "lb") == [.wrongUnit])
        for text in ["", "-1", "1e1", "+1", ".5", "1.", "1,5", "１０", " 1", "1.2.3", "NaN"] {
            #expect(codes(text) == [.notANumber], "\(text)")
        }
        #expect(Self.codes(.choice("1"), of: item) == [.wrongKind])
    }

    @Test(arguments: choices)
    func `each chosen item takes its codes and no other`(item: CheckupItem) {
        guard case .choice(let choices) = item.kind else { return }
        for choice in choices {
            #expect(Self.codes(.choice(choice.code), of: item).isEmpty)
        }
        for code in ["", "no such code", choices[0].code + " "] {
            #expect(Self.codes(.choice(code), of: item) == [.unknownChoice])
        }
        #expect(Self.codes(.quantity("1", unit: "kg"), of: item) == [.wrongKind])
    }

    @Test func `days exist, texts end, and what was not examined has a known reason`() throws {
        let day = try #require(Self.rules.items["examination-day"])
        #expect(Self.codes(.day("2024-02-29"), of: day).isEmpty)
        #expect(Self.codes(.day("2026-02-29"), of: day) == [.notADay])
        let text = try #require(Self.rules.items["remarks"])
        #expect(Self.codes(.text(String(repeating: "あ", count: 1000)), of: text).isEmpty)
        #expect(Self.codes(.text(String(repeating: "あ", count: 1001)), of: text) == [.tooLong])
        let weight = try #require(Self.rules.items["weight"])
        #expect(Self.codes(.notExamined(reason: "not-possible"), of: weight).isEmpty)
        #expect(Self.codes(.notExamined(reason: "tired"), of: weight) == [.unknownReason])
    }

    static let days: [(day: String, code: ItemFinding.Code?)] = [
        ("2025-01-14", .beforeBirth), ("2025-01-15", .outsideWindow),
        ("2026-07-14", .outsideWindow), ("2026-07-15", nil), ("2026-07-16", nil),
        ("2027-01-13", nil), ("2027-01-14", nil), ("2027-01-15", .outsideWindow),
    ]

    @Test(arguments: days)
    func `a child seen too late was seen, a child not yet born was not`(
        day: String, code: ItemFinding.Code?
    ) {
        let entry = Entry(item: "nutrition", value: .choice("good"))
        let found = Self.findings(entry, on: MaternalCase.day(day))
        #expect(found.map(\.code) == (code.map { [$0] } ?? []))
        #expect(found.allSatisfy { ($0.severity == .warning) == ($0.code == .outsideWindow) })
    }

    @Test func `what is required, given twice, unknown or of another checkup is told`() {
        let result = CheckupResult(
            checkup: "infant-18m", day: Self.inWindow,
            entries: [
                Entry(item: "weight", value: .quantity("10250", unit: "g")),
                Entry(item: "height", value: .quantity("80", unit: "cm")),
                Entry(item: "height", value: .quantity("81", unit: "cm")),
                Entry(item: "gbs", value: .choice("negative")),
                Entry(item: "123456789018", value: .text("x")),
            ])
        let checked = Self.rules.check(result, of: .birth(Self.birth))
        #expect(
            checked.findings.map(\.code) == [
                .wrongUnit, .duplicateItem, .notOfCheckup, .unknownItem, .required,
            ])
        #expect(!checked.isAccepted)
        #expect(checked.findings[3].item == "*")
        #expect(checked.findings[4].item == "child-judgement")
        #expect(!checked.findings.contains { ($0.ja + $0.en).contains("123456789018") })
    }

    @Test func `a pregnancy is held to its calendar and to the tests of every week`() {
        let calendar = MaternalCase.due("2026-11-17")
        func codes(_ day: String) -> [ItemFinding.Code] {
            let result = CheckupResult(
                checkup: "prenatal", day: MaternalCase.day(day),
                entries: [
                    Entry(item: "maternal-weight", value: .quantity("58.4", unit: "kg")),
                    Entry(item: "systolic", value: .quantity("112", unit: "mm[Hg]")),
                    Entry(item: "diastolic", value: .quantity("70", unit: "mm[Hg]")),
                    Entry(item: "urine-protein", value: .choice("+-")),
                    Entry(item: "urine-sugar", value: .notExamined(reason: "not-done")),
                    Entry(item: "htlv-1", value: .choice("negative")),
                ])
            return Self.rules.check(result, of: .pregnancy(calendar)).findings.map(\.code)
        }
        #expect(codes("2026-02-09") == [.beforePregnancy])
        #expect(codes("2026-02-10").isEmpty && codes("2026-11-17").isEmpty)
        #expect(codes("2026-12-14").isEmpty)
        #expect(codes("2026-12-15") == [.outsideWindow])
        #expect(codes("2015-03-31").contains(.unknownCheckup))
    }

    @Test func `a judgement and a finding each ask for their follow-up, once`() {
        let result = CheckupResult(
            checkup: "infant-3y", day: MaternalCase.day("2028-03-01"),
            entries: [
                Entry(item: "weight", value: .quantity("13.8", unit: "kg")),
                Entry(item: "height", value: .quantity("94.3", unit: "cm")),
                Entry(item: "eyes", value: .choice("found")),
                Entry(item: "abuse-signs", value: .choice("found")),
                Entry(item: "child-judgement", value: .choice("detailed-examination")),
            ])
        let checked = Self.rules.check(result, of: .birth(Self.birth))
        #expect(checked.isAccepted && checked.findings.isEmpty)
        #expect(checked.followUps == ["detailed-examination", "safety"])
    }

    @Test func `a result is judged by the rules of its own day`() {
        let entry = Entry(item: "weight", value: .quantity("4", unit: "kg"))
        let old = CheckupResult(
            checkup: "infant-1m", day: MaternalCase.day("2019-06-01"), entries: [entry])
        let checked = Self.rules.check(old, of: .birth(MaternalCase.day("2019-05-01")))
        #expect(checked.findings.map(\.code) == [.unknownCheckup])
    }

    @Test(arguments: ItemFinding.Code.allCases)
    func `every finding of this suite can be read in both languages`(code: ItemFinding.Code) {
        #expect(!code.rawValue.isEmpty)
        let values: [CheckupResult.Value] = [
            .quantity("x", unit: "kg"), .quantity("1", unit: "g"), .quantity("1.0001", unit: "kg"),
            .quantity("0.1", unit: "kg"), .quantity("61", unit: "kg"), .choice("x"),
            .notExamined(reason: "x"),
        ]
        for value in values {
            for finding in Self.findings(Entry(item: "weight", value: value)) {
                #expect(finding.ja.hasSuffix("。") && finding.ja.contains("体重"))
                #expect(finding.en.hasSuffix(".") && finding.en.contains("Weight"))
            }
        }
    }
}

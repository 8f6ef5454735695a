import Exchange
import Testing

/// 長期療養特例: the time given again, at −1, 0 and +1 day of its first and last day, with the law it comes from.
@Suite struct LongIllnessTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let law: String
        let birth: String
        var sex: String?
        let vaccine: String
        /// 特別の事情がなくなった日.
        let ended: String
        var until: String?
        /// The last day of the time given again, and the law that sets it.
        let last: String

        var testDescription: String { law }
    }

    /// 令 is 予防接種法施行令, 規則 is 予防接種法施行規則.
    static let rows: [Row] = [
        .init(
            law: "令3条2項 水痘、起算して2年、年齢の上限なし", birth: "2020-05-10", vaccine: "水痘",
            ended: "2024-07-01", last: "2026-06-30"),
        .init(
            law: "令3条2項 起算日が2月29日", birth: "2020-05-10", vaccine: "水痘",
            ended: "2024-02-29", last: "2026-02-28"),
        .init(
            law: "令3条2項 MR 1期", birth: "2025-05-10", vaccine: "MR",
            ended: "2028-03-01", last: "2030-02-28"),
        .init(
            law: "令3条2項 B型肝炎", birth: "2020-05-10", vaccine: "B型肝炎",
            ended: "2021-08-01", last: "2023-07-31"),
        .init(
            law: "令3条2項 DT 2期", birth: "2020-05-10", vaccine: "DT",
            ended: "2033-10-01", last: "2035-09-30"),
        .init(
            law: "令3条2項 HPV", birth: "2020-05-10", sex: "female", vaccine: "HPV9",
            ended: "2037-06-01", last: "2039-05-31"),
        .init(
            law: "規則2条の9 五種混合は15歳に達するまで", birth: "2020-05-10", vaccine: "5種",
            ended: "2034-01-10", last: "2035-05-09"),
        .init(
            law: "規則2条の9 四種混合は15歳に達するまで", birth: "2020-05-10", vaccine: "4種",
            ended: "2034-01-10", last: "2035-05-09"),
        .init(
            law: "規則2条の9 三種混合に年齢の上限なし", birth: "2020-05-10", vaccine: "dpt",
            ended: "2034-01-10", last: "2036-01-09"),
        .init(
            law: "規則2条の9 結核は4歳に達するまで", birth: "2020-05-10", vaccine: "BCG",
            ended: "2022-06-01", last: "2024-05-09"),
        .init(
            law: "令3条2項 結核も2年が先に終わればそれまで", birth: "2020-05-10", vaccine: "BCG",
            ended: "2021-07-01", last: "2023-06-30"),
        .init(
            law: "規則2条の9 Hib感染症は10歳に達するまで", birth: "2020-05-10", vaccine: "hib",
            ended: "2029-01-01", last: "2030-05-09"),
        .init(
            law: "規則2条の9 小児の肺炎球菌は6歳に達するまで", birth: "2020-05-10", vaccine: "PCV20",
            ended: "2025-06-01", last: "2026-05-09"),
        .init(
            law: "令3条2項 高齢者の肺炎球菌は起算して1年", birth: "1960-05-10", vaccine: "PCV20",
            ended: "2026-07-01", last: "2027-06-30"),
        .init(
            law: "令3条2項 帯状疱疹は起算して1年", birth: "1955-05-10", vaccine: "zoster-live",
            ended: "2026-06-01", last: "2027-05-31"),
        .init(
            law: "市区町村の終わりの日が先", birth: "2020-05-10", vaccine: "水痘",
            ended: "2024-07-01", until: "2025-03-31", last: "2025-03-31"),
        .init(
            law: "市区町村の終わりの日が法より後", birth: "2020-05-10", vaccine: "水痘",
            ended: "2024-07-01", until: "2027-03-31", last: "2026-06-30"),
    ]

    private static func text(_ row: Row, on day: String, isTold: Bool = true) -> String {
        let until = row.until.map { #","until":"\#($0)""# } ?? ""
        let sex = row.sex.map { #","sex":"\#($0)""# } ?? ""
        let told =
            #","longTermIllness":{"ended":"\#(row.ended)","recognised":["\#(row.vaccine)"]"# + until
            + "}"
        return #"{"id":"x","birth":"\#(row.birth)""# + sex
            + #","given":[{"v":"\#(row.vaccine)","date":"\#(day)"}]"# + (isTold ? told : "") + "}"
    }

    private static func judge(_ text: String) throws -> VaccinationCase {
        try #require(try VaccinationCase.answers(JSON(reading: "[\(text)]"))["x"])
    }

    private static func day(_ text: String, _ days: Int) throws -> String {
        try CalendarDay(text).adding(days: days).text
    }

    @Test(arguments: rows)
    func `the time is given again from the day on which the reason ended to its last`(
        row: Row
    ) throws {
        let days: [(day: String, isOpen: Bool)] = [
            (try Self.day(row.ended, -1), false), (row.ended, true),
            (try Self.day(row.ended, 1), true), (try Self.day(row.last, -1), true),
            (row.last, true), (try Self.day(row.last, 1), false),
        ]
        for (day, isOpen) in days {
            let answer = try Self.judge(Self.text(row, on: day))
            #expect(answer.verdict == (isOpen ? "accept" : "reject"), "\(day) \(answer)")
            #expect(answer.rule == (isOpen ? "long-term-illness" : "too-late"), "\(day) \(answer)")
            if isOpen { #expect(answer.latest == row.last, "\(day)") }
            // Nobody who was not recognised has it.
            let other = try Self.judge(Self.text(row, on: day, isTold: false))
            #expect(other.verdict == "reject" && other.rule == "too-late", "\(day) \(other)")
        }
        let late = try Self.judge(Self.text(row, on: Self.day(row.last, 1)))
        #expect(late.latest == row.last)
    }

    @Test func `before the special case was law there was none`() throws {
        let row = Row(
            law: "平成25年1月30日から", birth: "2010-05-10", vaccine: "MR", ended: "2012-10-01",
            last: "2014-09-30")
        let before = try Self.judge(Self.text(row, on: "2013-01-29"))
        #expect(before.verdict == "reject")
        let first = try Self.judge(Self.text(row, on: "2013-01-30"))
        #expect(first.rule == "long-term-illness" && first.latest == "2014-09-30")
    }

    @Test func `who could come in time needs no special case`() throws {
        let row = Row(
            law: "対象期間の内", birth: "2025-05-10", vaccine: "水痘", ended: "2026-08-01",
            last: "2028-07-31")
        let within = try Self.judge(Self.text(row, on: "2028-05-09"))
        #expect(within.verdict == "accept" && within.rule == nil)
        // 対象期間の内に事情がなくなった: the two years reach beyond the usual period.
        let behind = try Self.judge(Self.text(row, on: "2028-05-10"))
        #expect(behind.rule == "long-term-illness" && behind.latest == "2028-07-31")
    }

    @Test(arguments: ["ロタリックス", "ロタテック", "インフルエンザ", "コロナ", "おたふくかぜ", "no-such"])
    func `what the special case leaves out is refused by its place`(vaccine: String) throws {
        let text = #"""
            [{"birth":"2020-05-10","given":[{"v":"MR","date":"2024-07-01"}],
              "longTermIllness":{"ended":"2024-06-01","recognised":["\#(vaccine)"]}}]
            """#
        let cases = try ImmunizationCheckCases(
            reading: Array(text.utf8), VaccinationCase.rules())
        #expect(cases.complaints.count == 1)
        #expect(cases.complaints.first?.contains("longTermIllness.recognised[0]") == true)
    }

    @Test func `a misspelt member is told`() throws {
        let text = #"""
            [{"birth":"2020-05-10","given":[{"v":"水痘","date":"2024-07-02"}],
              "longTermIllness":[{"ended":"2024-07-01","recognised":["varicella"],"to":"2025-03-31"}]}]
            """#
        let cases = try ImmunizationCheckCases(
            reading: Array(text.utf8), VaccinationCase.rules())
        #expect(cases.complaints.isEmpty)
        #expect(cases.warnings.count == 1)
        #expect(cases.warnings.first?.contains("longTermIllness[0].to") == true)
    }

    // MARK: Beside the check

    private static func illness(_ ended: String, _ programme: String) throws -> LongIllness {
        LongIllness(ended: try CalendarDay(ended), programmes: [programme])
    }

    @Test(arguments: [
        ("2022-05-31", "closed", "2021-05-09"), ("2022-06-10", "overdue", "2024-05-09"),
        ("2024-05-09", "overdue", "2024-05-09"), ("2024-05-10", "closed", "2024-05-09"),
    ])
    func `the forecast tells of the time given again`(
        today: String, status: String, latest: String
    ) throws {
        let rules = try VaccinationCase.rules()
        func entry(_ illnesses: [LongIllness]) throws -> VaccinationForecast? {
            forecastVaccinations(
                birth: try CalendarDay("2020-05-10"), sex: nil, history: [],
                today: try CalendarDay(today), longIllnesses: illnesses, rules
            ).first { rules.programmes[$0.programme].code == "bcg" }
        }
        // On the day before the reason ended nobody has told of its end.
        let isEnded = today > "2022-06-01"
        let told = try #require(
            try entry(isEnded ? [Self.illness("2022-06-01", "bcg")] : []))
        #expect(told.status.rawValue == status && told.latest?.text == latest, "\(told)")
        let other = try #require(try entry([Self.illness("2022-06-01", "mr")]))
        #expect(other.status == .closed && other.latest?.text == "2021-05-09")
    }

    @Test func `an old dose within it is a dose of the Act, and a voluntary one asks nothing`()
        throws
    {
        let rules = try VaccinationCase.rules()
        let birth = try CalendarDay("2020-05-10")
        let dose = GivenDose(rules.vaccine(named: "BCG"), on: try CalendarDay("2022-07-01"))
        let illness = try Self.illness("2022-06-01", "bcg")
        let told = judgeDose(
            dose, birth: birth, sex: nil, history: [], longIllnesses: [illness], rules)
        #expect(told.verdict == .fine && told.leading?.rule == .longIllness)
        #expect(rules.source(of: try #require(told.leading)).text.contains("第3条第2項"))
        #expect(
            rules.text(of: try #require(told.leading), for: .parent).ja.contains("2024-05-09"))
        let untold = judgeDose(dose, birth: birth, sex: nil, history: [], rules)
        #expect(untold.leading?.rule == .tooLate)
        let voluntary = judgeDose(
            dose, birth: birth, sex: nil, basis: .voluntary, history: [],
            longIllnesses: [illness], rules)
        #expect(!voluntary.findings.contains { $0.rule == .longIllness })
        let history = judgeHistory(
            birth: birth, sex: nil, history: [dose], longIllnesses: [illness], rules)
        #expect(history.map(\.verdict) == [.fine])
    }
}

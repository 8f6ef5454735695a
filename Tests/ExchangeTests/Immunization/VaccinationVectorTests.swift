import Exchange
import Testing

/// The published vectors of the immunization field.
@Suite(.enabled(if: Shared.isThere)) struct VaccinationVectorTests {
    @Test func `the legal windows are those of the vectors, key by key`() throws {
        let cases = try #require(Shared.vector("immunization_windows").object?["cases"]?.array)
        #expect(!cases.isEmpty)
        for one in cases {
            let row = try #require(one.object)
            let birth = try CalendarDay(row.requiredString("birth"))
            let rules = try VaccinationCase.rules()
            let told = try JSON(reading: rules.legalWindowsJSON(birth: birth, sex: nil))
            let windows = try #require(told.object?["windows"]?.object)
            let expected = try row.requiredObject("windows")
            #expect(
                Set(windows.members.map(\.name)) == Set(expected.members.map(\.name)),
                "\(birth.text)")
            for member in expected.members {
                #expect(windows[member.name] == member.value, "\(birth.text) \(member.name)")
            }
        }
    }

    /// To each interval of the vectors: who is given it, and what stands around `previous`.
    struct IntervalCase {
        let birth: String
        var sex: String?
        var before = ""
        let last: String
        var between = ""
        let vaccine: String
    }

    static let intervals: [String: IntervalCase] = [
        "注射生ワクチン→注射生ワクチン(例 MR→水痘, BCG→MR)":
            .init(birth: "2025-01-15", last: "MR", vaccine: "水痘"),
        "小児肺炎球菌 追加(3回目から)":
            .init(
                birth: "2025-06-15", before: "PCV20 2025-09-01, PCV20 2025-10-15, ",
                last: "PCV20", vaccine: "PCV20"),
        "B型肝炎 1→3":
            .init(
                birth: "2026-01-10", last: "B型肝炎", between: ", B型肝炎 2026-05-15",
                vaccine: "B型肝炎"),
        "五種混合 追加":
            .init(
                birth: "2026-01-10", before: "5種 2026-03-15, 5種 2026-04-30, ", last: "5種",
                vaccine: "5種"),
        "日本脳炎 1期追加":
            .init(
                birth: "2023-01-10", before: "日本脳炎 2026-04-20, ", last: "日本脳炎", vaccine: "日本脳炎"),
        "HPV9 2回法(15歳未満開始)":
            .init(birth: "2013-06-01", sex: "female", last: "HPV9", vaccine: "HPV9"),
        "HPV9 3回法 2→3":
            .init(
                birth: "2010-06-01", sex: "female", before: "HPV9 2026-01-10, ", last: "HPV9",
                vaccine: "HPV9"),
        "帯状疱疹 組換え 1→2":
            .init(birth: "1961-08-10", last: "シングリックス", vaccine: "シングリックス"),
    ]

    @Test func `each interval has its earliest day, and the day before is refused`() throws {
        let cases = try #require(Shared.vector("immunization_intervals").object?["cases"]?.array)
        #expect(cases.count == Self.intervals.count)
        for one in cases {
            let row = try #require(one.object)
            let rule = try row.requiredString("rule")
            let given = try #require(Self.intervals[rule], "\(rule)")
            let previous = try row.requiredString("previous")
            let earliest = try row.requiredString("earliestOk")
            func judge(_ day: String) throws -> VaccinationCase {
                let history = "\(given.before)\(given.last) \(previous)\(given.between)"
                return try VaccinationCase.judge(
                    "\(history), \(given.vaccine) \(day)", birth: given.birth, sex: given.sex)
            }
            let refused = try judge(row.requiredString("reject"))
            #expect(refused.verdict == "reject", "\(rule): \(refused)")
            #expect(refused.earliest == earliest, "\(rule): \(refused)")
            let taken = try judge(earliest)
            #expect(taken.verdict != "reject", "\(rule): \(taken)")
            let isMonthEnd = try row.requiredBool("monthEndConvention")
            #expect((taken.rule == "month-end-convention") == isMonthEnd, "\(rule): \(taken)")
        }
    }

    @Test func `the error cases are judged as published`() throws {
        let cases = try #require(Shared.vector("immunization_error_cases").array)
        let told = try VaccinationCase.answers(.array(cases))
        for one in cases {
            let row = try #require(one.object)
            let id = try row.requiredString("id")
            let expected = try row.requiredString("expect")
            let answer = try #require(told[id])
            let words = expected.prefix { $0 != ":" && $0 != " " }.split(separator: "/")
            #expect(words.contains(Substring(answer.verdict)), "\(id): \(answer)")
            if let day = expected.firstMatch(of: /(?:earliest|before) (\d{4}-\d\d-\d\d)/)?.1 {
                #expect(answer.earliest == String(day), "\(id): \(answer)")
            }
            if let day = expected.firstMatch(of: /last day (\d{4}-\d\d-\d\d)/)?.1 {
                #expect(answer.latest == String(day) && answer.earliest == nil, "\(id): \(answer)")
            }
        }
    }
}

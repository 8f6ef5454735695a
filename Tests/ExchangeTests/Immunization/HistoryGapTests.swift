import Exchange
import Testing

/// 接種歴の空白: said where a dose that nobody told of could have changed the answer, and nowhere else.
@Suite struct HistoryGapTests {
    struct Situation: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let vaccine: String
        let birth: String
        let held: [String]
        let gap: (from: String, to: String)
        let day: String
        let isTold: Bool

        init(
            _ name: String, _ vaccine: String, born birth: String, held: [String] = [],
            gap: (String, String), on day: String, _ isTold: Bool
        ) {
            testDescription = name
            self.vaccine = vaccine
            self.birth = birth
            self.held = held
            self.gap = gap
            self.day = day
            self.isTold = isTold
        }
    }

    static let situations: [Situation] = [
        // 施行令3条: MR 1期 is from 12 months on, attained the day before the birthday.
        Situation(
            "the gap ends before MR could be given", "MR", born: "2025-06-01",
            gap: ("2025-06-01", "2026-05-30"), on: "2026-07-15", false),
        Situation(
            "the gap holds the first day of MR", "MR", born: "2025-06-01",
            gap: ("2025-06-01", "2026-05-31"), on: "2026-07-15", true),
        // 実施規則: 追加 is six months after the third.
        Situation(
            "the fourth dose was not due in the gap", "五種混合", born: "2025-06-01",
            held: ["2025-08-10", "2025-09-10", "2025-10-10"],
            gap: ("2025-06-01", "2026-04-09"), on: "2026-06-15", false),
        Situation(
            "the fourth dose was due on the gap's last day", "五種混合", born: "2025-06-01",
            held: ["2025-08-10", "2025-09-10", "2025-10-10"],
            gap: ("2025-06-01", "2026-04-10"), on: "2026-06-15", true),
        // Whichever dose of the first three it is, it may be given.
        Situation(
            "any number of doses would be far enough", "五種混合", born: "2025-06-01",
            gap: ("2025-06-01", "2025-09-01"), on: "2026-06-15", false),
        // Were it the fourth, it would be too early: two before the last day of the gap, and one on it.
        Situation(
            "three doses in the gap would make it too early", "五種混合", born: "2025-06-01",
            gap: ("2025-06-01", "2026-05-01"), on: "2026-06-15", true),
        // A held MR after the gap was the first: nobody gives 1期 twice.
        Situation(
            "what is held after the gap excludes one in it", "MR", born: "2024-06-01",
            held: ["2025-09-01"], gap: ("2024-06-01", "2025-08-01"), on: "2030-05-15", false),
        // 水痘: the second no earlier than three months after the first, and 27 days after any live injection.
        Situation(
            "another live vaccine could be too near", "水痘", born: "2025-01-10",
            held: ["2026-01-20"], gap: ("2026-03-01", "2026-03-24"), on: "2026-04-20", true),
        Situation(
            "another live vaccine would be far enough", "水痘", born: "2025-01-10",
            held: ["2026-01-20"], gap: ("2026-03-01", "2026-03-23"), on: "2026-04-20", false),
        Situation(
            "the gap begins on the day itself", "MR", born: "2025-06-01",
            gap: ("2026-07-15", "2026-07-20"), on: "2026-07-15", false),
    ]

    @Test(arguments: situations)
    func `a gap is told where it matters`(_ row: Situation) throws {
        let rules = try VaccinationCase.rules()
        let vaccine = rules.vaccine(named: row.vaccine)?.vaccine
        var question = NeedleQuestion(
            birth: try CalendarDay(row.birth), sex: .female,
            history: try row.held.map { GivenDose(vaccine, on: try CalendarDay($0)) },
            candidate: GivenDose(vaccine, on: try CalendarDay(row.day)))
        question.gaps = [try CalendarDay(row.gap.from)...CalendarDay(row.gap.to)]
        let told = checkBeforeNeedle(question, rules)
        #expect(told.findings.contains { $0.rule == .historyGap } == row.isTold, "\(told.findings)")
        // Nothing else is said differently because of it.
        question.gaps = []
        let without = checkBeforeNeedle(question, rules)
        #expect(told.findings.filter { $0.rule != .historyGap } == without.findings)
    }

    @Test func `it names the last day and asks for the handbook`() throws {
        let rules = try VaccinationCase.rules()
        let mr = rules.vaccine(named: "MR")?.vaccine
        var question = NeedleQuestion(
            birth: nil, history: [], candidate: GivenDose(mr, on: try CalendarDay("2026-06-15")))
        question.gaps = [CalendarDay(daysSince1970: 0)...(try CalendarDay("2026-06-15"))]
        let finding = try #require(
            checkBeforeNeedle(question, rules).findings.first { $0.rule == .historyGap })
        #expect(finding.verdict == .caution)
        #expect(rules.text(of: finding, for: .nurse).ja.contains("2026-06-15"))
    }
}

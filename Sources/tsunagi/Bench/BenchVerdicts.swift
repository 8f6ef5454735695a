import ArgumentParser
import Exchange
import Foundation

/// The check's own rate on one core: rules read once, text not rendered.
extension BenchCommand {
    struct Verdicts: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Judge doses after a history of ten on one core; prints one JSON line.")

        @Option(help: "The folder of rules.") var profiles = "profiles"
        @Option(help: "For how long.") var seconds = 5.0

        func run() async throws {
            let rules = try ImmunizationRules(reading: ProfileFolder.read(profiles))
            let cases = try Self.cases(rules)
            var count = 0
            var wrong = 0
            let started = Date()
            while Date().timeIntervalSince(started) < seconds {
                for _ in 0..<100 {
                    for one in cases {
                        let answer = checkBeforeNeedle(one.question, rules)
                        // Every answer is looked at, so that none is left out as unused.
                        if answer.verdict != one.verdict || answer.earliest != one.earliest {
                            wrong += 1
                        }
                    }
                }
                count += 100 * cases.count
            }
            let rate = Double(count) / Date().timeIntervalSince(started)
            guard wrong == 0 else {
                throw SettingProblem("\(wrong) of \(count) verdicts are not what the law says.")
            }
            Output.line("{\"per_second\":\(Int(rate)),\"verdicts\":\(count)}")
        }

        private struct Case {
            let question: NeedleQuestion
            let verdict: NeedleVerdict
            let earliest: CalendarDay?
        }

        /// Ten doses of a child's first year.
        private static let given = [
            ("5種", "2025-03-15"), ("PCV20", "2025-03-15"), ("HBV", "2025-03-15"),
            ("5種", "2025-04-15"), ("PCV20", "2025-04-15"), ("HBV", "2025-04-15"),
            ("5種", "2025-05-15"), ("PCV20", "2025-05-15"), ("BCG", "2025-06-20"),
            ("HBV", "2025-09-01"),
        ]

        /// 12月に至った日 and the day before it, and what was given already.
        private static let asked:
            [(name: String, day: String, verdict: NeedleVerdict, earliest: String?)] =
                [
                    ("MR", "2026-01-13", .stop, "2026-01-14"), ("MR", "2026-01-14", .fine, nil),
                    ("水痘", "2026-01-13", .stop, "2026-01-14"), ("水痘", "2026-01-14", .fine, nil),
                    ("日本脳炎", "2026-01-14", .fine, nil), ("BCG", "2025-12-01", .stop, nil),
                ]

        private static func cases(_ rules: ImmunizationRules) throws -> [Case] {
            func dose(_ name: String, _ day: String) throws -> GivenDose {
                guard let vaccine = rules.vaccine(named: name) else {
                    throw SettingProblem("The rules have no vaccine \(name).")
                }
                return GivenDose(vaccine, on: try CalendarDay(day))
            }
            let birth = try CalendarDay("2025-01-15")
            let history = try given.map { try dose($0.0, $0.1) }
            return try asked.map { name, day, verdict, earliest in
                var question = NeedleQuestion(
                    birth: birth, sex: .female, history: history, candidate: try dose(name, day))
                question.today = question.candidate.day
                return Case(
                    question: question, verdict: verdict,
                    earliest: try earliest.map { try CalendarDay($0) })
            }
        }
    }
}

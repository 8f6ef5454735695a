import Exchange
import TestSupport
import Testing

/// 年月だけの接種歴: where the missing day would change the verdict, nobody is stopped and nobody is told that it
/// is fine; where it would not, the verdict is the same as with the day.
@Suite struct UnsureDayTests {
    /// A history with a month or a year alone, and days of the candidate, each with its verdict and rule.
    struct Row: Sendable, CustomTestStringConvertible {
        let why: String
        let history: String
        let vaccine: String
        let days: [(day: String, verdict: String, rule: String)]

        var testDescription: String { why }
    }

    private static let born = "2025-05-10"
    private static let partial = "history-partial"

    static let rows: [Row] = [
        .init(
            why: "注射生ワクチンの間27日: 5月の最後の日から数えて足りるまで", history: "MR 2026-05", vaccine: "水痘",
            days: [
                ("2026-06-06", "warn", partial), ("2026-06-27", "warn", partial),
                ("2026-06-28", "accept", partial),
            ]),
        .init(
            why: "水痘 3月: どの日でも足りない、日による、どの日でも足りる", history: "水痘 2026-06",
            vaccine: "水痘",
            days: [
                ("2026-08-31", "reject", "interval"), ("2026-09-01", "warn", partial),
                ("2026-09-29", "warn", partial), ("2026-09-30", "accept", partial),
            ]),
        .init(
            why: "年だけの記録", history: "水痘 2026", vaccine: "水痘",
            days: [("2027-03-30", "warn", partial), ("2027-03-31", "accept", partial)]),
        .init(
            why: "BCG 1回は、どの日でも済んでいる", history: "BCG 2025-10", vaccine: "BCG",
            days: [("2026-04-01", "reject", "needless")]),
        .init(
            why: "生まれた月の記録は、生まれた日から", history: "BCG 2025-05", vaccine: "BCG",
            days: [("2026-04-01", "reject", "needless")]),
        .init(
            why: "生まれる前の月の記録は、その人のものでない", history: "BCG 2025-04", vaccine: "BCG",
            days: [("2026-04-01", "warn", "history-impossible-day")]),
        .init(
            why: "MR 1期は生後12月から: それより前の回は数えない", history: "MR 2026-04", vaccine: "MR",
            days: [("2026-09-01", "accept", partial)]),
        .init(
            why: "MR 1期: 12月に至る月の記録は、1期かもしれない", history: "MR 2026-05", vaccine: "MR",
            days: [("2026-09-01", "warn", partial)]),
        .init(
            why: "MR 1期: 12月に至ったあとの月", history: "MR 2026-06", vaccine: "MR",
            days: [("2026-09-01", "reject", "needless"), ("2031-04-01", "accept", partial)]),
        .init(
            why: "日本脳炎1期追加6月: 同じ月の1回目と2回目は、順のとおり別の日", history: "日本脳炎1 2028-06, 日本脳炎2 2028-06",
            vaccine: "日本脳炎",
            days: [
                ("2028-12-01", "reject", "interval"), ("2028-12-02", "warn", partial),
                ("2028-12-29", "warn", partial), ("2028-12-30", "accept", partial),
            ]),
        .init(
            why: "回の分からない同じ月の2件は、1回かもしれない", history: "日本脳炎 2028-06, 日本脳炎 2028-06",
            vaccine: "日本脳炎",
            days: [("2028-08-01", "warn", partial), ("2028-12-30", "accept", partial)]),
        .init(
            why: "関わりのない記録の日は要らない", history: "日本脳炎 2028-06", vaccine: "MR",
            days: [("2031-04-01", "accept", partial), ("2031-03-31", "reject", "too-late")]),
        .init(
            why: "ロタ 同じ製剤でないことは、どの日でも同じ", history: "ロタテック 2025-07", vaccine: "ロタリックス",
            days: [("2025-10-10", "reject", "product")]),
    ]

    @Test(arguments: rows)
    func `a missing day is neither a stop nor a green light`(row: Row) throws {
        for (day, verdict, rule) in row.days {
            let answer = try VaccinationCase.judge(
                row.history + ", \(row.vaccine) \(day)", birth: Self.born)
            #expect(
                answer.verdict == verdict && answer.rule == rule, "\(row.why) \(day): \(answer)")
        }
    }

    @Test func `who must wait is told the day by which it is certain`() throws {
        let answer = try VaccinationCase.judge("水痘 2026-06, 水痘 2026-08-31", birth: Self.born)
        #expect(answer.earliest == "2026-09-30", "\(answer)")
        let rules = try VaccinationCase.rules()
        let varicella = rules.vaccine(named: "水痘")
        let question = NeedleQuestion(
            birth: try CalendarDay(Self.born),
            history: [
                GivenDose(varicella, on: nil, within: try GivenTime("2026-06").days)
            ], candidate: GivenDose(varicella, on: try CalendarDay("2026-08-31")))
        let interval = try #require(
            checkBeforeNeedle(question, rules).findings.first { $0.rule == .interval })
        #expect(interval.otherDay == nil, "a day that was only tried is nobody's word")
    }

    @Test(arguments: ["2026-13", "2026-00", "26-06", "1867", "2026-06-00"])
    func `a month that is none is refused by its path`(date: String) throws {
        let text =
            #"[{"id":1,"given":[{"v":"BCG","date":"\#(date)"},{"v":"BCG","date":"2026-08-01"}]}]"#
        let told = try ImmunizationCheckCases(
            reading: Array(text.utf8), VaccinationCase.rules()
        ).answers
        #expect(told.contains(#""error":"#) && told.contains("[0].given[0].date"), "\(told)")
    }

    @Test func `the candidate has a day`() throws {
        let text = #"[{"id":1,"given":[{"v":"BCG","date":"2026-06"}]}]"#
        let told = try ImmunizationCheckCases(
            reading: Array(text.utf8), VaccinationCase.rules()
        ).answers
        #expect(told.contains(#""error":"#), "\(told)")
    }

    private static let names = [
        "5種", "PCV20", "HBV", "ロタリックス", "BCG", "MR", "水痘", "日本脳炎", "Hib", "DT",
    ]

    /// Of a dose whose month alone is known, stop and fine come only where every day of the month says so;
    /// else it is a caution.
    @Test(arguments: Seeded.seeds(120))
    func `what is said without the day holds for every day of the month`(seed: UInt64) throws {
        var numbers = Seeded(seed)
        let rules = try VaccinationCase.rules()
        let birth = CalendarDay(daysSince1970: 19_815 + numbers.int(0...700))
        func dose() throws -> GivenDose {
            GivenDose(
                rules.vaccine(named: numbers.pick(Self.names)),
                on: birth.adding(days: numbers.int(0...2200)))
        }
        var history = try (0..<numbers.int(1...8)).map { _ in try dose() }
        let candidate = try dose()
        let day = try #require(history[0].day)
        let month = try #require(try GivenTime(String(day.text.prefix(7))).days)
        func verdict(_ first: GivenDose) -> NeedleVerdict {
            history[0] = first
            return checkBeforeNeedle(
                NeedleQuestion(birth: birth, history: history, candidate: candidate), rules
            ).verdict
        }
        let vaccine = history[0].vaccine
        var every: Set<NeedleVerdict> = []
        for number in month.lowerBound.daysSince1970...month.upperBound.daysSince1970 {
            let possible = CalendarDay(daysSince1970: number)
            if possible >= birth { every.insert(verdict(GivenDose(vaccine, on: possible))) }
        }
        let told = verdict(GivenDose(vaccine, on: nil, within: month))
        let certain = every.count == 1 ? every.first : NeedleVerdict.caution
        #expect(told == certain)
    }

    /// A dose of a month or a year alone, the birth, and the schedule that it is of.
    @Test(arguments: [
        ("BCG", "2025-10", "2025-05-10", NeedleVerdict.fine, "bcg" as String?),
        ("BCG", "2026-06", "2025-05-10", .stop, "bcg"),
        ("BCG", "2026-05", "2025-05-10", .caution, "bcg"),
        ("BCG", "2025", "2025-05-10", .fine, "bcg"), ("BCG", "2026", "2025-05-10", .caution, "bcg"),
        // 出生6週から24週: neither the first day of the year nor the last is in it.
        ("ロタリックス", "2025", "2025-01-05", .caution, "rota-monovalent"),
        // By the law of its month, not of today, which knows another product.
        ("PPSV23", "2016-10", "1951-05-10", .fine, "pneumococcal-elderly"),
        ("PPSV23", "2026-04", "1960-12-10", .stop, nil),
    ])
    func `a dose of a month alone is valid where the whole month says so`(
        vaccine: String, month: String, birth: String, verdict: NeedleVerdict, programme: String?
    ) throws {
        let rules = try VaccinationCase.rules()
        let dose = GivenDose(
            rules.vaccine(named: vaccine), on: nil, within: try GivenTime(month).days)
        let answer = judgeDose(
            dose, birth: try CalendarDay(birth), sex: nil, history: [], rules)
        #expect(answer.verdict == verdict, "\(answer.findings)")
        #expect(answer.findings.contains { $0.rule == .dateUnknown })
        let judged = answer.programme.map { rules.programmes[$0].code }
        #expect(programme == nil || judged == programme)
    }

    @Test func `an invitation goes by the last day that it can have been`() throws {
        let rules = try VaccinationCase.rules()
        let varicella = rules.vaccine(named: "水痘")
        let forecasts = forecastVaccinations(
            birth: try CalendarDay(Self.born), sex: nil,
            history: [GivenDose(varicella, on: nil, within: try GivenTime("2026-06").days)],
            today: try CalendarDay("2026-09-10"), rules)
        let next = try #require(
            forecasts.first { rules.programmes[$0.programme].code == "varicella" })
        #expect(next.earliest.text == "2026-09-30" && next.status == .notYet)
        // Two of one month are two, and the third is what is left.
        let hepatitis = rules.vaccine(named: "HBV")
        let third = forecastVaccinations(
            birth: try CalendarDay(Self.born), sex: nil,
            history: try (1...2).map { number in
                GivenDose(
                    hepatitis?.vaccine, on: nil, number: number,
                    within: try GivenTime("2025-08").days)
            }, today: try CalendarDay("2026-03-01"), rules)
        #expect(
            third.first { rules.programmes[$0.programme].code == "hepatitis-b" }?.dose.ja == "3回目")
    }

    /// 未接種者: where no birth date says more, who may have come since the invitation began is not asked again.
    @Test(arguments: [
        ("2026-04", "2026-05-20", true), ("2026-05", "2026-05-20", false),
        ("2026-05", "2026-05-31", false), ("2026-05", "2026-06-01", true),
        ("2026", "2026-12-31", false), ("2026", "2027-01-01", true),
    ])
    func `who may have come in a month alone is waited for no more`(
        month: String, from: String, isWaitedFor: Bool
    ) throws {
        let rules = try VaccinationCase.rules()
        let programme = try #require(rules.programme("mr"))
        let dose = GivenDose(
            rules.vaccine(named: "MR"), on: nil, within: try GivenTime(month).days)
        let person = NeedlePerson(birth: nil, sex: nil, held: [dose])
        let first = try CalendarDay(from)
        let last = first.adding(days: 365)
        // While the invitation lasts, and once it is over.
        for today in [first.adding(days: 10), last.adding(days: 10)] {
            let isUnvaccinated = rules.isUnvaccinated(
                of: programme, person, invited: first...last, today: today)
            #expect(isUnvaccinated == isWaitedFor, "\(today)")
        }
    }

    /// Of a month or a year alone, and without a number.
    private static func doses(_ names: [String], _ time: String) throws -> [GivenDose] {
        let rules = try VaccinationCase.rules()
        return try names.map { name in
            GivenDose(rules.vaccine(named: name), on: nil, within: try GivenTime(time).days)
        }
    }

    private static func verdicts(_ history: [GivenDose]) throws -> [NeedleVerdict] {
        judgeHistory(
            birth: try CalendarDay(born), sex: nil, history: history, try VaccinationCase.rules()
        ).map(\.verdict)
    }

    /// 令和2年9月30日までの間隔 touches nothing of today: however many doses of other vaccines there are, in the
    /// same year, they are nothing to this one.
    @Test(arguments: [0, 8, 9, 40])
    func `doses of other vaccines without a day change nothing`(count: Int) throws {
        let rules = try VaccinationCase.rules()
        let crowd = try Self.doses(Array(repeating: "PCV20", count: count), "2026")
        func check(_ name: String, _ history: [GivenDose]) throws -> NeedleVerdict {
            checkBeforeNeedle(
                NeedleQuestion(
                    birth: try CalendarDay("2026-01-10"), history: history,
                    candidate: GivenDose(
                        rules.vaccine(named: name), on: try CalendarDay("2026-08-10"))), rules
            ).verdict
        }
        #expect(try check("HBV", crowd) == .fine)
        #expect(try check("HBV", Self.doses(["HBV"], "2026-03") + crowd) == .fine)
        #expect(try check("HBV", Self.doses(["HBV"], "2026-08") + crowd) == .caution)
        let dated = GivenDose(rules.vaccine(named: "HBV"), on: try CalendarDay("2026-04-10"))
        let known = try Self.doses(["HBV"], "2026-02") + [dated]
        #expect(try Self.verdicts(known) == [.fine, .fine])
        let told = try Self.verdicts(crowd + known)
        #expect(told.count == count + 2 && Array(told.suffix(2)) == [.fine, .fine])
    }

    /// Three times eight years alone would be tried out twenty thousand times: at some number of ways it
    /// ends. Of the doses after that nothing definite is said that hangs on a missing day; those whose day is
    /// known came before, and what no missing day touches is judged as ever.
    @Test func `a history that nobody can try out ends in cautions`() throws {
        let rules = try VaccinationCase.rules()
        let encephalitis = rules.vaccine(named: "日本脳炎")
        let known = try [
            GivenDose(encephalitis, on: nil, within: try GivenTime("2028-06").days),
            GivenDose(encephalitis, on: nil, within: try GivenTime("2030-06").days),
            GivenDose(encephalitis, on: CalendarDay("2031-06-10")),
        ]
        #expect(try Self.verdicts(known) == [.fine, .fine, .fine])
        let crowd = try ["PCV20", "HBV", "5種"].flatMap { name in
            try Self.doses(Array(repeating: name, count: 8), "2026")
        }
        let first = try Self.verdicts(known + crowd)
        #expect(Array(first.prefix(3)) == [.fine, .caution, .fine])
        let last = try Self.verdicts(crowd + known)
        #expect(Array(last.suffix(3)) == [.fine, .caution, .fine])
    }

    /// 6日以上: of a whole year the days just before the record decide, however few are tried.
    @Test func `a record is held against the days just before it`() throws {
        let rules = try VaccinationCase.rules()
        let encephalitis = rules.vaccine(named: "日本脳炎")
        func verdict(_ first: String) throws -> NeedleVerdict {
            judgeDose(
                GivenDose(encephalitis, on: try CalendarDay("2028-07-03")),
                birth: try CalendarDay(Self.born), sex: nil,
                history: [GivenDose(encephalitis, on: nil, within: try GivenTime(first).days)],
                rules
            ).verdict
        }
        #expect(try verdict("2028") == .caution)
        #expect(try verdict("2028-07") == .caution)
        #expect(try verdict("2028-05") == .fine)
    }

    /// A second dose could have been given in the gap only if the first was early in its month.
    @Test func `a gap that matters by some days alone is told`() throws {
        let rules = try VaccinationCase.rules()
        let varicella = rules.vaccine(named: "水痘")
        func answer(gap: (first: String, last: String)) throws -> NeedleAnswer {
            var question = NeedleQuestion(
                birth: try CalendarDay(Self.born),
                history: [GivenDose(varicella, on: nil, within: try GivenTime("2026-06").days)],
                candidate: GivenDose(varicella, on: try CalendarDay("2026-11-20")))
            question.gaps = [try CalendarDay(gap.first)...CalendarDay(gap.last)]
            return checkBeforeNeedle(question, rules)
        }
        // The first of June and three months are the first of September.
        let without = try answer(gap: ("2026-08-01", "2026-08-31"))
        #expect(without.verdict == .fine, "\(without.findings)")
        let hidden = try answer(gap: ("2026-08-01", "2026-09-15"))
        #expect(hidden.verdict == .caution && hidden.leading?.rule == .historyGap)
        // The last of June and three months are the last of September.
        let always = try answer(gap: ("2026-08-01", "2026-10-01"))
        #expect(always.leading?.rule == .historyGap)
    }
}

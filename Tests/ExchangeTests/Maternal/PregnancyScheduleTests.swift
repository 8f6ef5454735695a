import Exchange
import Testing

@Suite struct PregnancyScheduleTests {
    static let rules = MaternalCase.rules

    @Test func `the expected date is 40 weeks 0 days, and the last period 0 weeks 0 days`() {
        let calendar = MaternalCase.due("2026-11-17")
        #expect(calendar.weekZero.text == "2026-02-10")
        #expect(calendar.age(on: calendar.expectedDate)?.text == "40w0d")
        #expect(calendar.age(on: calendar.weekZero)?.text == "0w0d")
        #expect(calendar.age(on: calendar.weekZero.adding(days: -1)) == nil)
        let fromPeriod = PregnancyCalendar(lastPeriod: MaternalCase.day("2026-02-10"))
        #expect(fromPeriod == calendar)
    }

    @Test(arguments: ["2024-02-29", "2026-03-01", "2026-12-31", "2027-04-01"])
    func `weeks change every seventh day and never between`(due: String) throws {
        let calendar = MaternalCase.due(due)
        for week in 0...43 {
            let range = calendar.days(of: week...week)
            for (day, isInside) in [
                (range.first.adding(days: -1), false), (range.first, true), (range.last, true),
                (range.last.adding(days: 1), false),
            ] {
                #expect((calendar.age(on: day)?.weeks == week) == isInside)
            }
            #expect(calendar.age(on: range.last)?.daysBeyond == 6)
        }
    }

    static let boundaries: [(weeks: Int, days: Int, visit: Int?, every: Int)] = [
        (0, 0, 1, 4), (7, 6, 1, 4), (8, 0, 1, 4), (11, 6, 1, 4), (12, 0, 2, 4), (19, 6, 3, 4),
        (20, 0, 4, 4), (23, 6, 4, 4), (24, 0, 5, 2), (25, 6, 5, 2), (26, 0, 6, 2),
        (33, 6, 9, 2), (34, 0, 10, 2), (35, 6, 10, 2), (36, 0, 11, 1), (36, 6, 11, 1),
        (37, 0, 12, 1), (39, 6, 14, 1), (40, 0, 15, 1), (41, 6, 16, 1), (43, 6, 18, 1),
        (44, 0, nil, 0),
    ]

    @Test(arguments: boundaries)
    func `each day belongs to the visit of its week`(
        weeks: Int, days: Int, visit: Int?, every: Int
    ) throws {
        let calendar = MaternalCase.due("2026-11-17")
        let day = calendar.weekZero.adding(days: weeks * 7 + days)
        let found = Self.rules.pregnancy.visit(at: try #require(calendar.age(on: day)))
        #expect(found?.number == visit)
        #expect(found.map(\.band.everyWeeks) ?? 0 == every)
    }

    @Test func `fourteen visits come to the due date, those after it are beyond the standard`() {
        let visits = Self.rules.visits(of: MaternalCase.due("2026-11-17"))
        let weeks = visits.filter { !$0.rule.isBeyondStandard }.map(\.rule.week)
        #expect(weeks == [8, 12, 16, 20, 24, 26, 28, 30, 32, 34, 36, 37, 38, 39])
        #expect(visits.filter(\.rule.isBeyondStandard).map(\.rule.week) == [40, 41, 42, 43])
        for (visit, next) in zip(visits, visits.dropFirst()) {
            #expect(visit.days.last.adding(days: 1) == next.days.first)
            #expect(visit.days.contains(visit.standard))
        }
        #expect(visits[0].days.first.text == "2026-02-10")
        #expect(visits[0].standard.text == "2026-04-07")
        #expect(visits[13].days.last.text == "2026-11-16")
    }

    static let tests: [(code: String, first: String, last: String)] = [
        ("hiv", "2026-02-10", "2026-05-18"), ("htlv-1", "2026-02-10", "2026-09-14"),
        ("glucose-middle", "2026-07-28", "2026-10-19"), ("gbs", "2026-09-29", "2026-11-02"),
        ("blood-count-late", "2026-10-20", "2026-12-14"),
    ]

    @Test(arguments: tests)
    func `a test is due within its weeks and at the visits that share them`(
        code: String, first: String, last: String
    ) throws {
        let calendar = MaternalCase.due("2026-11-17")
        let test = try #require(Self.rules.pregnancy.tests.first { $0.span.code == code })
        let days = calendar.days(of: test.span.weeks)
        #expect(days.first.text == first && days.last.text == last)
        for visit in Self.rules.visits(of: calendar) {
            #expect(visit.tests.contains(test) == visit.days.overlaps(days))
        }
    }

    @Test func `every infection test is sensitive, and none of them leaves with the minimum`() {
        let items = Self.rules.items
        let infections = [
            "hbs-antigen", "hcv-antibody", "hiv-antibody", "syphilis", "htlv-1", "chlamydia",
            "gbs", "cmv",
        ]
        let others = [
            "epds-total", "epds-question-10", "partner-violence", "abuse-signs", "birth-outcome",
            "smoking", "alcohol", "cervical-cytology", "postpartum-judgement",
        ]
        for code in infections + others {
            #expect(items.isSensitive(code), "\(code)")
            #expect(items[code]?.dataSet != .minimum)
        }
        // 機微に触れる情報として標準的な電子的記録様式に含めないもの
        for code in ["hiv-antibody", "syphilis", "smoking", "alcohol", "birth-outcome"] {
            #expect(items[code]?.dataSet == .local)
        }
        #expect(items.isSensitive("an item nobody knows"))
        #expect(!items.isSensitive("weight"))
    }
}

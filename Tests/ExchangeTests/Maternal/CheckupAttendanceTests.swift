import Exchange
import TestSupport
import Testing

/// 未受診者の出生日 and 集計の秘匿: which births a window is about on a day, and what a number may tell.
@Suite struct CheckupAttendanceTests {
    @Test(arguments: Seeded.seeds(40))
    func `a birth is of those asked for exactly while its window was open`(seed: UInt64) throws {
        var seeded = Seeded(seed)
        let rule = seeded.pick(MaternalCase.rules.child)
        let today = MaternalCase.day("2024-02-29").adding(days: seeded.int(-400...400))
        let since = today.adding(days: -seeded.int(0...366))
        let births = try #require(rule.window.births(openBy: today, endingFrom: since))
        for count in -3...3 {
            for edge in [births.first, births.last] {
                let birth = edge.adding(days: count)
                let days = rule.window.days(from: birth)
                let isAsked = days.first <= today && days.last >= since
                #expect(births.contains(birth) == isAsked, "\(rule.code) \(birth.text)")
            }
        }
    }

    @Test(arguments: Seeded.seeds(200))
    func `of a pregnancy a visit is missing exactly while its days went by and the next is open`(
        seed: UInt64
    ) throws {
        var seeded = Seeded(seed)
        let rules = MaternalCase.rules
        let today = MaternalCase.day("2024-02-29").adding(days: seeded.int(-400...400))
        let due = today.adding(days: seeded.int(-40...290))
        let awaited = try rules.awaited(rules.pregnancy.checkup, on: today, item: "checkup")
        let spans = awaited.missing.filter { $0.origins.contains(due) }
        let visits = rules.visits(of: PregnancyCalendar(expectedDate: due))
        let open = visits.firstIndex { $0.days.contains(today) } ?? 0
        let missed = open > 0 && !visits[open - 1].rule.isBeyondStandard ? visits[open - 1] : nil
        #expect(spans.count == (missed == nil ? 0 : 1), "\(due.text) on \(today.text)")
        let from = spans.first.flatMap(\.seenFromDay).map { due.adding(days: $0) }
        #expect(from == missed?.days.first)
        if let missed {
            #expect(awaited.days(from: due) == missed.days && missed.days.last < today)
        }
    }

    /// What was told yesterday is not today's with a day less.
    @Test(arguments: Seeded.seeds(20))
    func `the first month that is counted is whole`(seed: UInt64) throws {
        var seeded = Seeded(seed)
        let rules = MaternalCase.rules
        let today = MaternalCase.day("2026-03-01").adding(days: seeded.int(0...366))
        for code in ["infant-3y", "postpartum-1m", rules.pregnancy.checkup] {
            let awaited = try rules.awaited(code, on: today, item: "checkup")
            let first = awaited.counted.origins.first
            let since = awaited.missing.map(\.origins.first).min() ?? first
            #expect(first.day == 1 && first <= since, "\(code) on \(today.text)")
            if awaited.origin != .expectedDate {
                #expect(first.text.prefix(7) == since.text.prefix(7))
            }
        }
    }

    @Test func `every child and mother is waited for, and nobody for what another test asks for`()
        throws
    {
        let rules = MaternalCase.rules
        let today = MaternalCase.day("2026-06-01")
        for rule in rules.child + rules.postpartum {
            let awaited = try? rules.awaited(rule.code, on: today, item: "checkup")
            #expect((awaited == nil) == (rule.basis == .whenReferred), "\(rule.code)")
            if let awaited {
                #expect((awaited.origin == .birth) == rules.isOfChild(rule.code))
            }
        }
        #expect(throws: Refusal.malformed("checkup")) {
            try rules.awaited("prenatal-1", on: today, item: "checkup")
        }
    }

    static let cohorts: [(name: String, registered: Int, seen: Int, told: (Int?, Int?))] = [
        ("nobody", 0, 0, (nil, nil)), ("few", 9, 0, (nil, nil)), ("ten", 10, 0, (10, nil)),
        ("few seen", 30, 9, (30, nil)), ("few not seen", 30, 26, (30, 30)),
        ("all seen", 34, 34, (30, 30)), ("many of both", 35, 24, (40, 20)),
    ]

    @Test(arguments: cohorts)
    func `a number on few is left out, and any other is a multiple of the least`(
        name: String, registered: Int, seen: Int, told: (Int?, Int?)
    ) throws {
        let attendance = CheckupAttendance(
            checkup: "infant-3y",
            cohorts: [
                .init(
                    municipality: "132101", month: "2026-04",
                    byTimes: [0: registered - seen, 1: seen])
            ], least: 10)
        // A month of few is not there at all: it would tell that there is somebody.
        #expect(try JSON(reading: attendance.render()).text.contains("2026-04") == (told.0 != nil))
        let cohort = try JSON(reading: attendance.render()).object?["cohorts"]?.array?.first?.object
        #expect(cohort?["registered"]?.int == told.0, "\(name)")
        #expect(cohort?["seen"]?.int == told.1, "\(name)")
        #expect(cohort?["checkups"] == nil)
    }

    @Test func `of a checkup that comes again it is told how many came at least so often`() throws {
        let attendance = CheckupAttendance(
            checkup: "prenatal", times: 4,
            cohorts: [
                .init(
                    municipality: "132101", month: "2026-04",
                    byTimes: [0: 6, 1: 5, 2: 12, 3: 8, 4: 9])
            ], least: 10)
        let cohort = try JSON(reading: attendance.render()).object?["cohorts"]?.array?.first?.object
        #expect(cohort?["registered"]?.int == 40 && cohort?["seen"]?.int == 30)
        let often = (cohort?["checkups"]?.array ?? []).compactMap(\.object).map {
            [$0["atLeast"]?.int, $0["residents"]?.int]
        }
        // 29, 17 and 9: of few nothing is told.
        #expect(often == [[2, 30], [3, 20]])
    }
}

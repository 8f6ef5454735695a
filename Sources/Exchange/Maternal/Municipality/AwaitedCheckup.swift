/// 待たれる健診: a checkup that everybody is due for, of a child or of a mother, and of whom its result is missing
/// on a day.
package struct AwaitedCheckup: Hashable, Sendable {
    /// 起算日: what its days are counted from.
    package enum Origin: CaseIterable, Hashable, Sendable {
        case birth, delivery, expectedDate
    }

    /// Those of these days of origin, and in which days after it a result counts as this one; `nil`: in any.
    package struct Span: Hashable, Sendable {
        package let origins: DayRange
        package let seenFromDay: Int?
        package let seenToDay: Int?
    }

    private enum Course: Hashable, Sendable {
        case window(LifeWindow)
        case visits([PregnancyRules.Visit])
    }

    package let code: String
    package let origin: Origin
    /// 未受診: who is waited for, while no result counts.
    package let missing: [Span]
    /// 集計: who is told of in numbers.
    package let counted: Span
    /// 回数: how many of it everybody is due for.
    package let times: Int
    package let today: CalendarDay
    private let course: Course

    /// 対象期間 of somebody of this day of origin; `nil` of whom nothing is missing yet.
    package func days(from origin: CalendarDay) -> DayRange? {
        switch course {
        case .window(let window): return window.days(from: origin)
        case .visits(let visits):
            let calendar = PregnancyCalendar(expectedDate: origin)
            guard let age = calendar.age(on: today),
                let place = visits.firstIndex(where: { $0.weeks.contains(age.weeks) }), place > 0
            else { return nil }
            return calendar.days(of: visits[place - 1].weeks)
        }
    }
}

extension AwaitedCheckup {
    /// Whoever was not seen a year after the last day is past being invited.
    private static let daysBack = 366

    /// From its window on; where the window alone does not say when it is meant to be, from that day on.
    fileprivate init?(_ rule: CheckupRule, countedFrom origin: Origin, on today: CalendarDay) {
        let awaited = LifeWindow(from: rule.standard ?? rule.window.from, to: rule.window.to)
        let since = today.adding(days: -Self.daysBack)
        guard let origins = awaited.births(openBy: today, endingFrom: since) else { return nil }
        code = rule.code
        self.origin = origin
        // A child is born once; a mother is examined after each delivery.
        let span = Span(
            origins: origins, seenFromDay: origin == .birth ? nil : 0, seenToDay: nil)
        missing = [span]
        counted = Span(
            origins: origins.fromItsMonth, seenFromDay: span.seenFromDay,
            seenToDay: span.seenToDay)
        times = 1
        self.today = today
        course = .window(rule.window)
    }

    /// 妊婦健診: missing once the days of a whole visit of the schedule went by without any. After the standard
    /// number nobody is waited for: most have given birth, and the town is about to hear of it.
    fileprivate init(_ rules: PregnancyRules, on today: CalendarDay) {
        let visits = rules.visits
        // By how many days 0 weeks 0 days lies before the expected date.
        let term =
            PregnancyCalendar(lastPeriod: today).expectedDate.daysSince1970 - today.daysSince1970
        func expectedDate(along days: Int) -> CalendarDay { today.adding(days: term - days) }
        code = rules.checkup
        origin = .expectedDate
        missing = zip(visits, visits.dropFirst()).filter { !$0.0.isBeyondStandard }.map {
            missed, current in
            Span(
                origins: DayRange(
                    first: expectedDate(along: current.weeks.upperBound * 7 + 6),
                    last: expectedDate(along: current.weeks.lowerBound * 7)),
                seenFromDay: missed.weeks.lowerBound * 7 - term, seenToDay: nil)
        }
        counted = Span(
            origins: DayRange(
                first: today.adding(days: -Self.daysBack), last: expectedDate(along: 0)
            ).fromItsMonth,
            seenFromDay: -term, seenToDay: rules.weeksMax * 7 + 6 - term)
        times = rules.standardVisits
        self.today = today
        course = .visits(visits)
    }
}

extension DayRange {
    /// 月の初めから: a month of which a day less is counted every day would tell who was of that day.
    fileprivate var fromItsMonth: DayRange {
        DayRange(first: first.adding(days: 1 - first.day), last: last)
    }
}

extension MaternalRules {
    /// A checkup that every child, or every mother, is due for, as its rule of today has it. Throws
    /// `.malformed(item)`, also for a test that only another test asks for: who was not referred is not
    /// missing.
    package func awaited(
        _ code: String, on today: CalendarDay, item: String
    ) throws(Refusal) -> AwaitedCheckup {
        if code == pregnancy.checkup, pregnancy.effective.contains(today) {
            return AwaitedCheckup(pregnancy, on: today)
        }
        guard let rule = checkup(code, on: today), rule.basis != .whenReferred,
            let awaited = AwaitedCheckup(
                rule, countedFrom: isOfChild(code) ? .birth : .delivery, on: today)
        else { throw .malformed(item) }
        return awaited
    }

    /// 健診の名前, of any; `nil` for what is none.
    package func checkupName(_ code: String) -> BilingualText? {
        code == pregnancy.checkup
            ? pregnancy.name : (child + postpartum).first { $0.code == code }?.name
    }

    /// 妊産婦の健診: whoever reads of one reads of a pregnancy.
    package var checkupsOfMothers: [String] {
        [pregnancy.checkup] + postpartum.map(\.code)
    }
}

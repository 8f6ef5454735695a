/// 届け出られた妊娠: what doses of a pregnancy are counted from, and no more: of how it ended it says only that there
/// is nothing more to invite to.
package struct KnownPregnancy: Hashable, Sendable {
    /// 分娩予定日.
    package let dueDay: CalendarDay
    /// From 0 weeks 0 days to the last day of the last week that the schedule knows.
    private let days: ClosedRange<CalendarDay>
    private let isAwaited: Bool

    package init(_ pregnancy: Pregnancy, _ rules: PregnancyRules) {
        let calendar = pregnancy.calendar
        dueDay = calendar.expectedDate
        days = calendar.weekZero...calendar.days(of: 0...rules.weeksMax).last
        isAwaited = pregnancy.endedOn == nil
    }

    fileprivate func covers(_ day: CalendarDay) -> Bool { days.contains(day) }
    fileprivate var first: CalendarDay { days.lowerBound }
    fileprivate var dueWhileAwaited: CalendarDay? { isAwaited ? dueDay : nil }
}

extension [KnownPregnancy] {
    /// 分娩予定日 of the pregnancy that a day falls in: after a loss the next may begin within the weeks of the
    /// last, so the later counts. A dose is judged by it however the pregnancy went: the answer tells
    /// nobody that it ended.
    package func dueDay(on day: CalendarDay) -> CalendarDay? { last(covering: day)?.dueDay }

    /// The same, while the child is awaited: nobody is invited after the end of a pregnancy.
    package func dueDay(awaitedOn day: CalendarDay) -> CalendarDay? {
        last(covering: day)?.dueWhileAwaited
    }

    private func last(covering day: CalendarDay) -> KnownPregnancy? {
        filter { $0.covers(day) }.max { $0.first < $1.first }
    }
}

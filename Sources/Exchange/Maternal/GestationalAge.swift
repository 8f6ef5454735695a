/// 妊娠週数: completed weeks and days of a pregnancy. The expected date is 40 weeks 0 days, the first
/// day of the last period 0 weeks 0 days (満の数え方).
package struct GestationalAge: Hashable, Comparable, Sendable {
    /// Days since 0 weeks 0 days; never negative.
    package let days: Int

    package var weeks: Int { days / 7 }
    package var daysBeyond: Int { days % 7 }
    /// `23w6d`.
    package var text: String { "\(weeks)w\(daysBeyond)d" }

    package static func < (left: GestationalAge, right: GestationalAge) -> Bool {
        left.days < right.days
    }
}

/// 妊娠の暦: what a pregnancy is counted from. A date corrected by ultrasound replaces the one from the
/// last period; both give the same calendar.
package struct PregnancyCalendar: Hashable, Sendable {
    /// 最終月経の初日, or the day that stands for it: 0 weeks 0 days.
    package let weekZero: CalendarDay
    /// 分娩予定日.
    package let expectedDate: CalendarDay

    /// 40週0日: what 分娩予定日 means, and no rule that anybody could set otherwise.
    private static let termDays = 280

    package init(expectedDate: CalendarDay) {
        self.expectedDate = expectedDate
        weekZero = expectedDate.adding(days: -Self.termDays)
    }

    package init(lastPeriod: CalendarDay) {
        weekZero = lastPeriod
        expectedDate = lastPeriod.adding(days: Self.termDays)
    }

    /// `nil` before 0 weeks 0 days.
    package func age(on day: CalendarDay) -> GestationalAge? {
        let days = day.daysSince1970 - weekZero.daysSince1970
        return days < 0 ? nil : GestationalAge(days: days)
    }

    /// All days of whole weeks, first and last included.
    package func days(of weeks: ClosedRange<Int>) -> DayRange {
        DayRange(
            first: weekZero.adding(days: weeks.lowerBound * 7),
            last: weekZero.adding(days: weeks.upperBound * 7 + 6))
    }
}

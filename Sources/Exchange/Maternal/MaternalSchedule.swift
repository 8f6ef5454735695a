/// 健診の予定: every window and visit of one child, or of one pregnancy, as days, from the rules alone.
package enum MaternalSchedule {
    /// One checkup of a child, or of a mother after delivery.
    package struct Window: Hashable, Sendable {
        package let rule: CheckupRule
        package let days: DayRange
        package let standard: CalendarDay?
    }

    /// One visit of a pregnancy with the tests whose weeks it shares.
    package struct Visit: Hashable, Sendable {
        package let rule: PregnancyRules.Visit
        package let days: DayRange
        package let standard: CalendarDay
        package let tests: [PregnancyRules.Test]
    }
}

extension MaternalRules {
    /// In the order in which they open; a checkup whose rule is in force on no day of its window is left
    /// out.
    package func windows(ofChildBorn birth: CalendarDay) -> [MaternalSchedule.Window] {
        windows(of: child, from: birth)
    }

    package func windows(afterDelivery day: CalendarDay) -> [MaternalSchedule.Window] {
        windows(of: postpartum, from: day)
    }

    package func visits(of calendar: PregnancyCalendar) -> [MaternalSchedule.Visit] {
        pregnancy.visits.map { visit in
            MaternalSchedule.Visit(
                rule: visit,
                days: calendar.days(of: visit.weeks),
                standard: calendar.weekZero.adding(days: visit.week * 7),
                tests: pregnancy.tests(of: visit))
        }
    }

    private func windows(
        of rules: [CheckupRule], from origin: CalendarDay
    ) -> [MaternalSchedule.Window] {
        rules.compactMap { rule in
            let days = rule.window.days(from: origin)
            guard rule.effective.touches(days) else { return nil }
            return MaternalSchedule.Window(
                rule: rule, days: days, standard: rule.standard?.day(from: origin))
        }
        .sorted { ($0.days.first, $0.days.last) < ($1.days.first, $1.days.last) }
    }
}

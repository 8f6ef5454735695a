/// 受付の種類: how long one reading of the card carries, from `profiles/access/visit-kinds.json`.
package struct VisitKindRule: Hashable, Sendable {
    /// `outpatient`, `booked`, …
    package let code: String
    package let name: BilingualText
    package let term: Term
    /// The check alone may be asked for: every other reading of the resident is
    /// `.visitForCheckAlone`.
    package let isEligibilityOnly: Bool
    /// Others are opened where there is no card, by routes of their own.
    package let isOpenedByCard: Bool
    /// 入院: what is billed in it is of a stay in hospital.
    package let isInpatient: Bool
    package let source: RuleSource

    package enum Term: Hashable, Sendable {
        /// Until the end of the Japanese day.
        case endOfDay
        /// Until the end of the Japanese month; a new reading renews it.
        case endOfMonth
        /// Until somebody ends it, at most so many days.
        case days(Int)
    }

    /// The first instant at which a visit opened then has ended by itself.
    package func ends(opened: Instant) -> Instant {
        let day = opened.dayInJapan
        return switch term {
        case .endOfDay: .startOfDay(day.adding(days: 1))
        case .endOfMonth:
            .startOfDay(
                day.adding(days: CalendarDay.days(in: day.month, of: day.year) - day.day + 1))
        case .days(let days): .startOfDay(day.adding(days: days))
        }
    }
}

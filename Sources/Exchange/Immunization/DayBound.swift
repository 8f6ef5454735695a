/// 対象年齢の端: one end of a legal window, counted as the law counts it. An age is attained on the day
/// before the birthday (年齢計算ニ関スル法律); weeks of ロタ are days from birth; a school year (年度) runs
/// from 1 April to 31 March.
package enum DayBound: Hashable, Sendable {
    /// 出生n日後: the day of birth is 0.
    case afterBirth(days: Int)
    /// n月・n歳に至った日.
    case attained(months: Int)
    /// 1 April, or 31 March, of the school year in which the age is attained.
    case schoolYearStart(months: Int)
    case schoolYearEnd(months: Int)
    /// 妊娠n日 (28週0日 = 196), by the calendar that the expected date of birth gives.
    case gestation(days: Int)
    /// A day of the calendar; days since 1970.
    case calendar(Int)

    /// `42d`, `12m`, `5y`, `school-year-start:12y`, `school-year-end:16y`, `gestation:196d`,
    /// `2027-03-31`; `nil` for anything else.
    init?(_ text: String) {
        if let day = try? CalendarDay(text) {
            self = .calendar(day.daysSince1970)
            return
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard let last = parts.last, let unit = last.utf8.last, let count = Int(last.dropLast()),
            (0...36_600).contains(count), parts.count <= 2
        else { return nil }
        let months = unit == UInt8(ascii: "y") ? count * 12 : count
        let isAge = unit == UInt8(ascii: "y") || unit == UInt8(ascii: "m")
        let isDays = unit == UInt8(ascii: "d")
        guard months <= 2400 || isDays else { return nil }
        switch parts.count == 2 ? String(parts[0]) : "" {
        case "" where isDays: self = .afterBirth(days: count)
        case "" where isAge: self = .attained(months: months)
        case "school-year-start" where isAge: self = .schoolYearStart(months: months)
        case "school-year-end" where isAge: self = .schoolYearEnd(months: months)
        case "gestation" where isDays && count <= 300: self = .gestation(days: count)
        default: return nil
        }
    }

    /// Days since 1970, or `nil` when what it is counted from is not known.
    @inline(__always)
    func day(for person: PersonDays) -> Int? {
        switch self {
        case .calendar(let day): return day
        case .gestation(let days): return person.weekZero.map { $0 + days }
        case .afterBirth(let days): return person.birth.map { $0.daysSince1970 + days }
        case .attained(let months):
            return person.birth.map { $0.anniversaryNumber(months: months) - 1 }
        case .schoolYearStart(let months):
            return person.birth.map { $0.attains(months: months).fiscalYearStart.daysSince1970 }
        case .schoolYearEnd(let months):
            return person.birth.map { $0.attains(months: months).fiscalYearEnd.daysSince1970 }
        }
    }
}

/// What days are counted from: the birth, and in pregnancy the expected date of birth (出産予定日).
struct PersonDays: Hashable, Sendable {
    let birth: CalendarDay?
    /// 妊娠0週0日, as days since 1970.
    let weekZero: Int?

    init(birth: CalendarDay?, dueDay: CalendarDay?) {
        self.birth = birth
        weekZero = dueDay.map { PregnancyCalendar(expectedDate: $0).weekZero.daysSince1970 }
    }
}

/// 対象期間: from the later of its first days to the earlier of its last days, both inclusive.
package struct DoseWindow: Hashable, Sendable {
    package let from: [DayBound]
    /// Empty: without end.
    package let to: [DayBound]

    /// Days since 1970; `nil` when the birth (or the due day) it is counted from is unknown.
    @inline(__always)
    func days(for person: PersonDays) -> ClosedRange<Int>? {
        var first = Int.min
        var last = Self.never
        for bound in from {
            guard let day = bound.day(for: person) else { return nil }
            first = max(first, day)
        }
        for bound in to {
            guard let day = bound.day(for: person) else { return nil }
            last = min(last, day)
        }
        return first <= last ? first...last : nil
    }

    /// Behind any day of the calendar.
    static let never = 3_000_000
}

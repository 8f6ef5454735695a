/// 対象期間: the days on which something belongs to a person's life, both ends included, counted from
/// birth or delivery.
package struct LifeWindow: Hashable, Sendable {
    package let from: LifeMark
    package let to: LifeMark

    /// 誕生日の前日に年齢に達する: by 年齢計算ニ関スル法律 an age is attained when the day before the
    /// anniversary ends. So 満1歳6か月を超え opens on the anniversary, and 満2歳に達しない still holds on
    /// the day before it, as municipalities publish both.
    package func days(from origin: CalendarDay) -> DayRange {
        DayRange(first: from.day(from: origin), last: to.day(from: origin))
    }
}

/// One end of a window.
package enum LifeMark: Hashable, Sendable {
    /// 生後n日: the day of birth is day 0 (出生日を0日と数える).
    case day(Int)
    /// 満n月を超え: from the anniversary on.
    case exceeds(months: Int)
    /// 満n月に達しない: to the day before the anniversary.
    case below(months: Int)

    func day(from origin: CalendarDay) -> CalendarDay {
        switch self {
        case .day(let count): origin.adding(days: count)
        case .exceeds(let months): origin.anniversary(months: months)
        case .below(let months): origin.attains(months: months)
        }
    }
}

/// First and last day of a window, both included.
package struct DayRange: Hashable, Sendable {
    package let first: CalendarDay
    package let last: CalendarDay

    package func contains(_ day: CalendarDay) -> Bool { first <= day && day <= last }

    package func overlaps(_ other: DayRange) -> Bool { first <= other.last && other.first <= last }
}

extension RuleReader {
    /// `{"day": 28}`, `{"exceedsMonths": 18}` or `{"belowMonths": 24}`.
    func lifeMark(_ name: String) throws(RuleFault) -> LifeMark {
        let mark = try child(name)
        try mark.requireOnly(["day", "exceedsMonths", "belowMonths"])
        guard mark.object.members.count == 1 else {
            throw fault(name, "is not one of day, exceedsMonths, belowMonths")
        }
        if mark.object["day"] != nil { return .day(try mark.int("day", in: 0...7300)) }
        if mark.object["exceedsMonths"] != nil {
            return .exceeds(months: try mark.int("exceedsMonths", in: 1...240))
        }
        return .below(months: try mark.int("belowMonths", in: 1...240))
    }

    /// `from` and `to`; a window that would end before it begins is refused.
    func lifeWindow() throws(RuleFault) -> LifeWindow {
        let window = LifeWindow(from: try lifeMark("from"), to: try lifeMark("to"))
        // One birth shows the order: no window is as short as months differ from each other.
        let days = window.days(from: CalendarDay(daysSince1970: 0))
        guard days.first <= days.last else { throw fault("to", "is before from") }
        return window
    }
}

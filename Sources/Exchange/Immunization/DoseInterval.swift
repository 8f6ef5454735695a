/// 接種間隔: the least time between two doses, as the ordinance writes it (予防接種実施規則). "n日以上の間隔を
/// おいて" is n full days between, so the earliest day is n + 1 days later. "n月以上" is the same day
/// of the month n months later; where that day does not exist, the first of the month after.
package struct DoseInterval: Hashable, Sendable {
    package let months: Int
    /// Full days between; behind months, days on top (`2m15d`, 二月半).
    package let days: Int

    /// `27d`, `6m`, `2m15d`; `nil` for anything else.
    init?(_ text: String) {
        var months: Int?
        var days: Int?
        var digits = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39: digits.append(Character(Unicode.Scalar(byte)))
            case UInt8(ascii: "m"):
                guard months == nil, days == nil, let count = Int(digits) else { return nil }
                months = count
                digits = ""
            case UInt8(ascii: "d"):
                guard days == nil, let count = Int(digits) else { return nil }
                days = count
                digits = ""
            default: return nil
            }
        }
        guard digits.isEmpty, months != nil || days != nil, (months ?? 0) <= 1200,
            (days ?? 0) <= 36_600
        else { return nil }
        self.months = months ?? 0
        self.days = days ?? 0
    }

    /// The first day that keeps the interval; days since 1970 in and out.
    package func earliest(after day: Int) -> Int {
        guard months > 0 else { return day + days + 1 }
        return CalendarDay(daysSince1970: day).anniversaryNumber(months: months) + days
    }

    /// The interval rests on the convention for a day that does not exist in its month (月末の扱い).
    package func restsOnMonthEnd(after day: Int) -> Bool {
        months > 0 && CalendarDay(daysSince1970: day).lacksAnniversary(months: months)
    }

    /// `27 d`, `6 m`, `2 m 15 d`; in Japanese `27日`, `6か月`.
    package var text: BilingualText {
        let monthText = months > 0 ? "\(months)か月" : ""
        let dayText = days > 0 || months == 0 ? "\(days)日" : ""
        let parts = [
            months > 0 ? "\(months) months" : nil, days > 0 || months == 0 ? "\(days) days" : nil,
        ]
        return BilingualText(
            ja: monthText + dayText, en: parts.compactMap(\.self).joined(separator: " "))
    }
}

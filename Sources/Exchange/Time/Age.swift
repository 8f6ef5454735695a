/// 年齢と月数の数え方: ages and months exactly as 年齢計算ニ関スル法律 and 民法143条 count them, so that
/// every field of the exchange opens and closes a window on the same day.
extension CalendarDay {
    /// 応当日: the day of the same number so many months later. Where that month has no such day, the
    /// period ends with its last day (民法143条2項), so the next month of life begins on the first of
    /// the following one: one year after 2024-02-29 is 2025-03-01.
    package func anniversary(months: Int) -> CalendarDay {
        let count = year * 12 + month - 1 + months
        let lastDay = Self.days(in: count % 12 + 1, of: count / 12)
        return CalendarDay(
            daysSince1970: Self.daysSince1970(
                year: count / 12, month: count % 12 + 1, day: min(day, lastDay + 1)))
    }

    /// 年齢に達する日: a person born on this day attains the age on the day before its anniversary,
    /// when that day ends (年齢計算ニ関スル法律). 2024-02-29 attains one year on 2025-02-28.
    package func attains(months: Int) -> CalendarDay {
        anniversary(months: months).adding(days: -1)
    }

    /// 満月齢: months completed on `day` by a person born on this day; a new one begins with its
    /// anniversary. Negative before birth.
    package func monthsCompleted(on day: CalendarDay) -> Int {
        let months = (day.year - year) * 12 + day.month - month
        return anniversary(months: months) <= day ? months : months - 1
    }
}

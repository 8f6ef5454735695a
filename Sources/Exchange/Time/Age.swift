/// 年齢と月数の数え方: ages and months exactly as 年齢計算ニ関スル法律 and 民法143条 count them, so that
/// every field of the exchange opens and closes a window on the same day.
extension CalendarDay {
    /// 応当日: the day of the same number so many months later. Where that month has no such day, the
    /// period ends with its last day (民法143条2項), so the next month of life begins on the first of
    /// the following one: one year after 2024-02-29 is 2025-03-01.
    package func anniversary(months: Int) -> CalendarDay {
        CalendarDay(daysSince1970: anniversaryNumber(months: months))
    }

    /// The same as days since 1970, for those who count a history of doses.
    func anniversaryNumber(months: Int) -> Int {
        let count = year * 12 + month - 1 + months
        let lastDay = Self.days(in: count % 12 + 1, of: count / 12)
        return Self.daysSince1970(
            year: count / 12, month: count % 12 + 1, day: min(day, lastDay + 1))
    }

    /// 月末の扱い: the month so many months later has no day of this number.
    func lacksAnniversary(months: Int) -> Bool {
        let count = year * 12 + month - 1 + months
        return day > Self.days(in: count % 12 + 1, of: count / 12)
    }

    /// 年齢に達する日: a person born on this day attains the age on the day before its anniversary,
    /// when that day ends (年齢計算ニ関スル法律). 2024-02-29 attains one year on 2025-02-28.
    package func attains(months: Int) -> CalendarDay {
        CalendarDay(daysSince1970: anniversaryNumber(months: months) - 1)
    }

    /// 満月齢: months completed on `day` by a person born on this day; a new one begins with its
    /// anniversary. Negative before birth.
    package func monthsCompleted(on day: CalendarDay) -> Int {
        let months = (day.year - year) * 12 + day.month - month
        return anniversary(months: months) <= day ? months : months - 1
    }

    /// 満年齢: years completed, counted as the months are.
    package func yearsCompleted(on day: CalendarDay) -> Int {
        let months = monthsCompleted(on: day)
        return months >= 0 ? months / 12 : (months - 11) / 12
    }

    /// 年度末: the last day, 31 March, of the fiscal and school year this day lies in.
    package var fiscalYearEnd: CalendarDay {
        CalendarDay(
            daysSince1970: Self.daysSince1970(year: month <= 3 ? year : year + 1, month: 3, day: 31)
        )
    }

    /// 年度の初日: 1 April.
    package var fiscalYearStart: CalendarDay {
        CalendarDay(
            daysSince1970: Self.daysSince1970(year: month <= 3 ? year - 1 : year, month: 4, day: 1))
    }
}

/// 年齢による区分 on a day of service. An age is attained at the end of the day before the birthday
/// (年齢計算ニ関スル法律); the latter-stage system alone begins on the birthday itself.
package struct AgeStanding: Hashable, Sendable {
    package enum Group: String, CaseIterable, Sendable {
        /// 六歳に達する日以後の最初の三月三十一日まで
        case preschool
        case under70
        /// From the month after the one in which 70 is attained.
        case from70
        /// 後期高齢者医療, from the 75th birthday.
        case from75

        /// The tables of high-cost limits know two ages.
        var highCostAge: HighCostRules.Age {
            self == .from70 || self == .from75 ? .from70 : .under70
        }
    }

    package let group: Group
    /// 75歳到達月: two insurers count this month. Born on the first of a month, only one does.
    package let isMonthOf75: Bool

    package init(birth: CalendarDay, on day: CalendarDay) {
        let seventyFifth = Self.attains(75, birth).adding(days: 1)
        isMonthOf75 =
            (day.year, day.month) == (seventyFifth.year, seventyFifth.month)
            && seventyFifth.day != 1
        if day >= seventyFifth {
            group = .from75
        } else if Self.months(day) > Self.months(Self.attains(70, birth)) {
            group = .from70
        } else {
            let sixth = Self.attains(6, birth)
            let schoolYear = (sixth.month, sixth.day) <= (3, 31) ? sixth.year : sixth.year + 1
            let isBefore = (day.year, day.month) < (schoolYear, 4)
            group = isBefore ? .preschool : .under70
        }
    }

    package var highCostAge: HighCostRules.Age { group.highCostAge }

    /// The day at whose end an age is attained. Who was born on 29 February attains it on 28
    /// February, or in a leap year too: the day before the birthday.
    static func attains(_ age: Int, _ birth: CalendarDay) -> CalendarDay {
        let leapDays = birth.month == 2 && birth.day == 29 && !CalendarDay.isLeap(birth.year + age)
        let first = CalendarDay(
            daysSince1970: monthStart(birth.year + age, leapDays ? 3 : birth.month))
        return first.adding(days: (leapDays ? 1 : birth.day) - 2)
    }

    private static func monthStart(_ year: Int, _ month: Int) -> Int {
        // Every month has a first day, so the day before its second is always right.
        (try? CalendarDay(year: year, month: month, day: 1))?.daysSince1970 ?? 0
    }

    private static func months(_ day: CalendarDay) -> Int { day.year * 12 + day.month }
}

/// 年齢区分: a row of `ages` in `subsidy/insurance-share.json`: from which age, counted how, other
/// percentages and limits hold.
package struct AgeGroup: Hashable, Sendable {
    package let code: String
    /// 到達年齢 in years; 0 from birth.
    let from: Int
    let starts: Start
    /// The tables of high-cost limits that hold.
    package let limits: HighCostRules.Age
    /// 75歳到達月: two insurers count the month in which it starts.
    let splitsMonth: Bool
    /// 保険者番号の法別番号: whose insured are of this group at any age (65歳以上の障害認定).
    let insurers: [String]

    /// From when an age that is attained (年齢計算ニ関スル法律: on the day before the birthday) counts.
    enum Start: String, CaseIterable, Sendable {
        case birthday
        /// 達する日の属する月の翌月から
        case nextMonth = "next-month"
        /// 達する日以後の最初の三月三十一日の翌日から
        case nextFiscalYear = "next-fiscal-year"
    }

    func firstDay(born birth: CalendarDay) -> CalendarDay {
        let attained = birth.attains(months: from * 12)
        switch starts {
        case .birthday: return attained.adding(days: 1)
        case .nextMonth:
            let days = CalendarDay.days(in: attained.month, of: attained.year)
            return attained.adding(days: days - attained.day + 1)
        case .nextFiscalYear: return attained.fiscalYearEnd.adding(days: 1)
        }
    }
}

/// 年齢による区分 on a day of service.
package struct AgeStanding: Hashable, Sendable {
    package let group: AgeGroup
    /// Two insurers count this month. Born on the first of a month, only one does.
    package let isMonthOf75: Bool

    /// `nil` before birth.
    init?(_ groups: [AgeGroup], birth: CalendarDay, on day: CalendarDay) {
        guard let group = groups.last(where: { $0.firstDay(born: birth) <= day }) else {
            return nil
        }
        self.group = group
        isMonthOf75 = groups.contains { other in
            let first = other.firstDay(born: birth)
            return other.splitsMonth && first.day != 1
                && (first.year, first.month) == (day.year, day.month)
        }
    }

    private init(group: AgeGroup, isMonthOf75: Bool) {
        self.group = group
        self.isMonthOf75 = isMonthOf75
    }

    /// Of somebody whose insurer counts them to a group before their age does.
    func moved(to group: AgeGroup) -> AgeStanding {
        AgeStanding(group: group, isMonthOf75: isMonthOf75)
    }
}

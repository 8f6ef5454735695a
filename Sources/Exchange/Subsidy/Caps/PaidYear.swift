/// 年間上限の年: what a resident paid at counters from August to July, beside the limits that a year has for each
/// class of income (高額療養費の見直し, 2026年8月). Which class is theirs the insurer knows, and not the gateway.
package struct PaidYear: Hashable, Sendable {
    package struct Limit: Hashable, Sendable {
        package let age: HighCostRules.Age
        package let code: String
        /// `nil`: of all care.
        package let setting: HighCostClass.Setting?
        package let yen: Int
        package let isVerified: Bool
    }

    package let from: ServiceMonth
    package let to: ServiceMonth
    package let paid: Int
    /// What of it was paid outside hospital.
    let outpatient: Int
    package let limits: [Limit]

    /// `nil` where no table of the day has a limit of the year.
    package init?(_ sums: [MonthSum], on day: CalendarDay, _ rules: HighCostRules) {
        guard let start = rules.yearStart, let year = CapYear(of: day, startingIn: start) else {
            return nil
        }
        var limits: [Limit] = []
        for age in HighCostRules.Age.allCases {
            for row in rules.table(age, on: day)?.classes ?? [] {
                guard let yen = row.annual else { continue }
                // 世帯の年間上限: beside one of outpatient care alone, that of a stay's row is of all care.
                let limit = Limit(
                    age: age, code: row.code,
                    setting: row.setting == .outpatient ? .outpatient : nil, yen: yen,
                    isVerified: row.limit.rule.isVerified)
                if !limits.contains(limit) { limits.append(limit) }
            }
        }
        guard !limits.isEmpty else { return nil }
        from = year.from
        to = year.to
        self.limits = limits
        let counted = sums.filter { year.contains($0.capMonth.month) }
        paid = counted.reduce(0) { $0 + $1.paid }
        outpatient = counted.reduce(0) { $0 + $1.outpatient }
    }

    /// What is left of a limit; one of outpatient care leaves stays in hospital alone.
    package func rest(of limit: Limit) -> Int {
        max(0, limit.yen - (limit.setting == .outpatient ? outpatient : paid))
    }
}

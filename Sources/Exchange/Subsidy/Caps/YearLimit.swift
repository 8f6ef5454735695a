/// 年間上限の計算期間: the twelve months that a yearly limit of high-cost benefit counts.
package struct CapYear: Hashable, Sendable {
    package let from: ServiceMonth
    package let to: ServiceMonth

    /// The year of a day, where years start in the month `start`.
    package init?(of day: CalendarDay, startingIn start: Int) {
        guard
            let from = try? ServiceMonth(
                year: day.month < start ? day.year - 1 : day.year, month: start),
            let to = try? ServiceMonth(
                year: start == 1 ? from.year : from.year + 1, month: start == 1 ? 12 : start - 1)
        else { return nil }
        self.from = from
        self.to = to
    }

    package func contains(_ month: ServiceMonth) -> Bool { (from...to).contains(month) }
}

/// 年間上限: what a resident of one class pays at most in a year, all institutions and certificates together
/// (高額療養費の見直し, 2026年8月); a row of `subsidy/high-cost.json`.
package struct YearLimit: Hashable, Sendable {
    package let year: CapYear
    package let yen: Int
    /// 外来の年間上限: what is paid in hospital does not count towards it.
    package let isOutpatientOnly: Bool
    let rule: RuleMark
}

extension HighCostRules {
    /// A class as people write it, by its code, and whether it was written as that of multiple months; `nil`
    /// where no table of the day has it, or tables of both ages do.
    package func code(
        written text: String, on day: CalendarDay
    ) -> (code: String, isMultiple: Bool)? {
        let found = Age.allCases.compactMap { age in
            table(age, on: day).flatMap { table in
                table.code(written: text).map { ($0, table.saysMultiple(text)) }
            }
        }
        return found.count == 1 ? (code: found[0].0, isMultiple: found[0].1) : nil
    }

    /// The limit that a bill of the class counts towards; `nil` where the tables of the day have none for it.
    package func yearLimit(of care: BillCare, on day: CalendarDay) -> YearLimit? {
        guard let code = care.limitClass, let start = yearStart,
            let year = CapYear(of: day, startingIn: start)
        else { return nil }
        let row = Age.allCases.lazy.compactMap {
            table($0, on: day)?.row(code, care.setting)
        }.first
        guard let row, let yen = row.annual else { return nil }
        return YearLimit(
            year: year, yen: yen, isOutpatientOnly: row.setting == .outpatient,
            rule: row.limit.rule)
    }

    /// 適用区分のない会計: whether some class of the day would hold such a bill to a limit of the year.
    ///
    /// Without a class it is counted, never stopped, and its answer says so, as the calculator's does of the
    /// month (`no-limit`). There is no amount to stop it at that is the highest of every class: the age is
    /// not on a bill, and one of care outside hospital counts other payments than one of all care. And what
    /// the year leaves no room for the insurer bears, by the class (deploy/decisions/0043, 0054): without one
    /// nobody would.
    func mayLimitYear(of care: BillCare, on day: CalendarDay) -> Bool {
        guard yearStart != nil else { return false }
        return Age.allCases.contains { age in
            table(age, on: day)?.classes.contains { row in
                row.annual != nil && (row.setting ?? care.setting) == care.setting
            } ?? false
        }
    }
}

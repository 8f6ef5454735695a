/// 施行期間: from when, and to when if it has ended, a row of the rules is in force; both days included.
package struct EffectivePeriod: Hashable, Sendable {
    package let from: CalendarDay
    package let to: CalendarDay?

    package func contains(_ day: CalendarDay) -> Bool {
        from <= day && to.map { day <= $0 } ?? true
    }

    func touches(_ range: DayRange) -> Bool {
        from <= range.last && to.map { range.first <= $0 } ?? true
    }

    func overlaps(_ other: EffectivePeriod) -> Bool {
        (to.map { other.from <= $0 } ?? true) && (other.to.map { from <= $0 } ?? true)
    }

    /// The days of both; `nil` where they share none.
    func shared(with other: EffectivePeriod) -> EffectivePeriod? {
        guard overlaps(other) else { return nil }
        return EffectivePeriod(
            from: max(from, other.from), to: [to, other.to].compactMap(\.self).min())
    }

    /// The same as days since 1970, for those who ask for every dose of a history.
    var days: ClosedRange<Int> {
        from.daysSince1970...(to?.daysSince1970 ?? max(DoseWindow.never, from.daysSince1970))
    }
}

extension RuleReader {
    /// `effectiveFrom` to `effectiveTo`; without the latter it is still in force.
    func effectivePeriod() throws(RuleFault) -> EffectivePeriod {
        let from = try day("effectiveFrom")
        let to = try optionalDay("effectiveTo")
        if let to, to < from { throw fault("effectiveTo", "is before effectiveFrom") }
        return EffectivePeriod(from: from, to: to)
    }
}

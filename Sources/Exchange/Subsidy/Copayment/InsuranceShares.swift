/// 一部負担割合: what percent of the cost the insured person bears, by age, class and day
/// (健康保険法74条, 高齢者の医療の確保に関する法律67条), as `subsidy/insurance-share.json` holds it.
package struct InsuranceShares: Sendable, Hashable {
    struct Row: Sendable, Hashable {
        let group: AgeStanding.Group
        let period: RulePeriod
        /// Only for these classes; empty for all others.
        let classes: [String]
        /// 軽減特例措置: only for those born on or before this day.
        let bornUntil: CalendarDay?
        let percent: Int
        /// What insurance alone bears, where the law lowers it.
        let reducedPercent: Int?
        let rule: RuleMark
    }

    let rows: [Row]

    /// The share of a person, the row of the class before the row of all others.
    func row(
        _ group: AgeStanding.Group, class code: String?, birth: CalendarDay?, on day: CalendarDay
    ) -> Row? {
        let fitting = rows.filter { row in
            row.group == group && row.period.covers(day)
                && (row.classes.isEmpty || code.map(row.classes.contains) ?? false)
                && row.bornUntil.map { until in birth.map { $0 <= until } ?? false } ?? true
        }
        return fitting.first { !$0.classes.isEmpty } ?? fitting.first { $0.bornUntil != nil }
            ?? fitting.first
    }

    /// 軽減特例措置 where only the age of the table of limits is known; `nil` for a class with a row of
    /// its own (現役並み).
    func reducedPercent(
        _ age: HighCostRules.Age, class code: String?, on day: CalendarDay
    ) -> Int? {
        let fitting = rows.filter { $0.group.highCostAge == age && $0.period.covers(day) }
        guard !fitting.contains(where: { code.map($0.classes.contains) ?? false }) else {
            return nil
        }
        return fitting.compactMap(\.reducedPercent).first
    }
}

extension RuleFolder {
    func insuranceShares(
        _ citations: inout CitationList, _ highCost: HighCostRules
    ) throws(RuleFault) -> InsuranceShares {
        let file = try file("subsidy/insurance-share.json")
        let source = try file.source()
        try file.requireOnly(["source", "verified", "note", "rows"])
        var rows: [InsuranceShares.Row] = []
        for item in try file.children("rows") {
            try item.requireOnly([
                "id", "age", "classes", "bornUntil", "effectiveFrom", "effectiveTo", "percent",
                "reducedPercent", "source", "verified",
            ])
            let row = InsuranceShares.Row(
                group: try item.choice("age"), period: try item.period(),
                classes: item.object["classes"] == nil ? [] : try item.strings("classes"),
                bornUntil: try item.optionalDay("bornUntil"),
                percent: try item.int("percent", in: 0...100),
                reducedPercent: try item.optionalInt("reducedPercent", in: 0...100),
                rule: try citations.mark(
                    "insurance-share/" + item.string("id"), item.ownSource(or: source), at: item))
            if let code = row.classes.first(where: { !highCost.knows($0) }) {
                throw item.fault("classes", "names \(code), which no table of limits has")
            }
            if let reduced = row.reducedPercent, reduced > row.percent {
                throw item.fault("reducedPercent", "is above percent")
            }
            let isTwice = rows.contains {
                $0.group == row.group && $0.period.overlaps(row.period)
                    && $0.bornUntil == row.bornUntil
                    && ($0.classes == row.classes
                        || $0.classes.contains(where: row.classes.contains))
            }
            guard !isTwice else { throw item.fault("effectiveFrom", "overlaps another row") }
            rows.append(row)
        }
        for group in AgeStanding.Group.allCases where !rows.contains(where: { $0.group == group }) {
            throw file.fault("rows", "leaves out \(group.rawValue)")
        }
        return InsuranceShares(rows: rows)
    }
}

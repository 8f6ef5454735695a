/// 食事療養標準負担額: yen a meal by class and day (健康保険法85条2項), as `subsidy/meals.json` holds it. At most
/// three meals a day are charged; no limit of high-cost benefit ever counts them.
package struct MealCharges: Sendable, Hashable {
    struct Row: Sendable, Hashable {
        let code: String
        let period: RulePeriod
        let yenPerMeal: Int
        let rule: RuleMark
    }

    let rows: [Row]

    func row(_ code: String, on day: CalendarDay) -> Row? {
        rows.first { $0.code == code && $0.period.covers(day) }
    }
}

extension RuleFolder {
    func mealCharges(_ citations: inout CitationList) throws(RuleFault) -> MealCharges {
        let file = try file("subsidy/meals.json")
        let source = try file.source()
        try file.requireOnly(["source", "verified", "note", "rows"])
        var rows: [MealCharges.Row] = []
        for item in try file.children("rows") {
            try item.requireOnly([
                "class", "effectiveFrom", "effectiveTo", "yenPerMeal", "source", "verified",
            ])
            let code = try item.string("class")
            let period = try item.period()
            guard !rows.contains(where: { $0.code == code && $0.period.overlaps(period) }) else {
                throw item.fault("effectiveFrom", "overlaps another row of the same class")
            }
            let rule = try citations.mark(
                "meals/\(code)/\(period.from.text)", item.ownSource(or: source), at: item)
            rows.append(
                .init(
                    code: code, period: period,
                    yenPerMeal: try item.int("yenPerMeal", in: 0...9999),
                    rule: rule))
        }
        return MealCharges(rows: rows)
    }
}

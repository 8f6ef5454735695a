/// 食事療養標準負担額: yen a meal by class and day (健康保険法85条2項), as `subsidy/meals.json` holds it. At most
/// three meals a day are charged; no limit of high-cost benefit ever counts them.
package struct MealCharges: Sendable, Hashable {
    struct Row: Sendable, Hashable {
        let code: String
        let period: EffectivePeriod
        let yenPerMeal: Int
        /// 適用区分 and 法別番号 whose holders are of this class, where nobody says another.
        let limitClasses: [String]
        let laws: [String]
        let rule: RuleMark
    }

    let rows: [Row]

    func row(_ code: String, on day: CalendarDay) -> Row? {
        rows.first { $0.code == code && $0.period.contains(day) }
    }

    /// The class of whoever said none, by the class of their limit and their public expenses: of several the
    /// one that asks least.
    func row(limitClass: String?, laws: [String], on day: CalendarDay) -> Row? {
        rows.filter { row in
            row.period.contains(day)
                && (row.laws.contains(where: laws.contains)
                    || limitClass.map { row.limitClasses.contains($0) } ?? false)
        }.min { $0.yenPerMeal < $1.yenPerMeal }
    }
}

extension RuleFolder {
    func mealCharges(_ citations: inout CitationList) throws(RuleFault) -> MealCharges {
        let file = try file("subsidy/meals.json")
        _ = try file.source()
        try file.requireOnly(["source", "verified", "note", "rows"])
        let rows = try file.rows(
            "rows", apart: "another row of the same class",
            { (one: MealCharges.Row, other: MealCharges.Row) in
                one.code == other.code && one.period.overlaps(other.period)
            }
        ) { item throws(RuleFault) in
            try item.requireOnly([
                "class", "effectiveFrom", "effectiveTo", "yenPerMeal", "limitClasses", "laws",
                "source", "verified",
            ])
            let code = try item.string("class")
            let period = try item.effectivePeriod()
            return MealCharges.Row(
                code: code, period: period,
                yenPerMeal: try item.int("yenPerMeal", in: 0...9999),
                limitClasses: try item.optionalStrings("limitClasses"),
                laws: try item.optionalStrings("laws"),
                rule: try citations.mark(
                    "meals/\(code)/\(period.from.text)", item.source(), at: item))
        }
        return MealCharges(rows: rows)
    }
}

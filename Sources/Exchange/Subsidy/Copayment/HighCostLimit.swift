/// 自己負担限度額: an amount, and above a threshold of cost a percentage more (健康保険法施行令42条).
/// The same form carries 特定疾病 (an amount alone) and the 配慮措置 of the latter-stage elderly.
package struct HighCostLimit: Hashable, Sendable {
    package let base: Int
    /// Yen of cost from which `percentOver` is added. Without it the amount is flat.
    package let threshold: Int?
    package let percentOver: Int
    package let rule: RuleMark

    package init(
        base: Int, threshold: Int? = nil, percentOver: Int = 0, rule: RuleMark = .asGiven
    ) {
        self.base = base
        self.threshold = threshold
        self.percentOver = percentOver
        self.rule = rule
    }

    /// The limit for this cost of the month.
    package func yen(cost: Int, _ rounding: Rounding) -> Int {
        guard let threshold, cost > threshold else { return base }
        return base + rounding.yen(cost - threshold, percent: percentOver)
    }

    /// 75歳到達月: half of amount and threshold, because two insurers each count the month.
    package var halved: HighCostLimit {
        HighCostLimit(
            base: base / 2, threshold: threshold.map { $0 / 2 }, percentOver: percentOver,
            rule: rule)
    }
}

/// 所得区分: one row of a table of limits.
package struct HighCostClass: Hashable, Sendable {
    package enum Setting: String, CaseIterable, Sendable { case inpatient, outpatient }

    package let code: String
    /// Other ways the same class is written: 区分ア, 26区ア, 現役並みⅢ.
    let aliases: [String]
    /// How it is written in multiple months: 多ア.
    let multipleAliases: [String]
    /// `nil` holds for both.
    package let setting: Setting?
    /// 現役並み所得者
    package let isEarner: Bool
    let limit: HighCostLimit
    /// 多数回該当: the flat amount from the fourth month of twelve on.
    let multiple: Int?
    /// 年間上限, August to July.
    package let annual: Int?

    /// The limit of a month. Multiple months count before the half of the 75th birthday.
    package func limit(isMultiple: Bool, isHalved: Bool) -> HighCostLimit {
        var found = limit
        if isMultiple, let multiple {
            found = HighCostLimit(base: multiple, rule: limit.rule)
        }
        return isHalved ? found.halved : found
    }
}

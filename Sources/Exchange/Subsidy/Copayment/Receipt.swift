/// 明細書 for the arithmetic: one patient, one institution, one month, in yen, with every rule already
/// looked up. It holds no text, so that a month of a million of them is numbers alone.
package struct Receipt: Hashable, Sendable {
    /// 一部負担割合: percent of the cost.
    package var percent: Int
    package var percentRule: RuleMark = .asGiven
    /// 軽減特例措置: percent of what insurance bears alone, where it is lower.
    package var reducedPercent: Int?
    /// 医保単独分: cost that no public expense bears.
    package var insuranceOnly = 0
    /// 公費負担医療, in order of application.
    package var publics: [PublicExpense] = []
    /// The patient's own limit. Without it none is applied at the counter.
    package var limit: HighCostLimit?
    /// 合算対象基準額
    package var countedFrom = 0
    /// 特定疾病療養 (長)
    package var longTerm: HighCostLimit?
    /// 配慮措置: on the part of insurance alone.
    package var consideration: HighCostLimit?
    /// 年間上限: what may still be taken this year, with the row it comes from.
    package var annualRest: Annual?

    package struct Annual: Hashable, Sendable {
        package let yen: Int
        package let rule: RuleMark

        package init(yen: Int, rule: RuleMark) {
            self.yen = yen
            self.rule = rule
        }
    }

    package init(percent: Int) {
        self.percent = percent
    }

    /// No cost at all is above this: every product then fits far within `Int`.
    package static let yenMax = 100_000_000_000
}

/// 公費: one public expense on a receipt and the part of the cost it is the first to bear.
package struct PublicExpense: Hashable, Sendable {
    package var cost: Int
    /// 患者負担割合 of the scheme: percent of the cost. `nil`: the share of the insurance.
    package var percent: Int?
    /// 自己負担上限月額, or what is left of it.
    package var cap: Int?
    /// The limit of the insurer for this part. Without it the share itself counts.
    package var limit: HighCostLimit?
    /// Places in `Receipt.publics`, all before this one, whose remainder this one takes over.
    package var takesOver: [Int] = []
    package var rule: RuleMark = .asGiven

    package init(cost: Int, percent: Int? = nil, cap: Int? = nil) {
        self.cost = cost
        self.percent = percent
        self.cap = cap
    }
}

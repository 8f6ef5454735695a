/// 一部負担の計算結果: what the patient bears in yen, what each public expense takes over, and the steps
/// that led there as numbers.
package struct Copayment: Hashable, Sendable {
    /// 患者負担額, to 1 yen.
    package internal(set) var patient = 0
    /// 公費給付額: what all public expenses pay together.
    package internal(set) var publicPays = 0
    /// 公費に係る一部負担: what the insurance leaves to each public expense.
    package internal(set) var charged: [Int] = []
    /// 公費の患者負担: what each public expense leaves to the patient.
    package internal(set) var own: [Int] = []
    /// What each public expense pays.
    package internal(set) var paid: [Int] = []
    /// The whole cost of the receipt.
    package internal(set) var cost = 0
    /// 一部負担割合による額 of all parts, before any limit.
    package internal(set) var share = 0
    /// 指定公費: what the State pays between the two percentages of the 軽減特例措置.
    package internal(set) var designatedPays = 0
    package internal(set) var steps: [CopaymentStep] = []

    /// What the insurance does not pay.
    package var uncovered: Int { patient + publicPays }
    /// 保険給付 by percentage.
    package var insurancePays: Int { cost - share }
    /// 高額療養費, paid by the insurer beside it.
    package var highCostPays: Int { share - designatedPays - uncovered }

    /// A row behind a step has not been checked against its source yet.
    package var usedUnverified: Bool { steps.contains { !$0.rule.isVerified } }
}

/// 計算の一段: amounts and the row they follow from. Text is made of it on demand.
package struct CopaymentStep: Hashable, Sendable {
    package enum Kind: UInt8, CaseIterable, Sendable {
        /// `base` × `factor` percent of the cost.
        case insuranceShare
        /// 軽減特例措置: the same with the lower percent.
        case reducedShare
        /// 高額療養費: `base` came down to `amount`.
        case highCost
        /// 特定疾病
        case longTerm
        /// 配慮措置
        case consideration
        /// 公費の定率負担: `base` × `factor` percent.
        case schemeShare
        /// 公費の上限月額
        case schemeCap
        /// A later public expense takes over `amount` of an earlier one (place `factor`).
        case takesOver
        /// What all institutions together leave of the month's cap `base`.
        case monthRest
        /// The public expense pays `amount`.
        case publicPays
        /// Sum of the parts.
        case sum
        /// 合算: `base` came down to `amount` by the limit for the cost `factor`.
        case together
        /// 年間上限
        case annual
        /// 地方単独: what is asked before any cap.
        case localShare
        /// A cap of a visit, a day or a month; `factor` is the cap's rest.
        case localCap
        /// Beyond what the scheme bears, until the insurer refunds it.
        case beyond
        /// 10円単位 at the counter.
        case counter
        /// 食事: `factor` meals at `base`.
        case meals
        /// 年間上限: what all institutions together leave of the year's limit `base`.
        case yearRest
        /// 過徴収: paid already above what the certificate leaves.
        case paidOver
        /// 食事の助成: of `base` the schemes leave `amount`.
        case mealsLeft
        /// Care and meals together.
        case withMeals
        /// 高額療養費: of the limit `base` for the month's cost `factor` at one institution `amount` is left.
        case limitRest
        /// 他の公費の自己負担 that a local scheme does not bear.
        case notBorne
        /// 償還払い: what a local scheme pays back when it is asked to.
        case paidBack
    }

    package let kind: Kind
    /// Place of the public expense from 0; `nil`: insurance alone, or all parts.
    package let part: Int?
    package let amount: Int
    package let base: Int
    package let factor: Int
    package let rule: RuleMark

    init(
        _ kind: Kind, part: Int? = nil, _ amount: Int, of base: Int = 0, by factor: Int = 0,
        rule: RuleMark = .asGiven
    ) {
        self.kind = kind
        self.part = part
        self.amount = amount
        self.base = base
        self.factor = factor
        self.rule = rule
    }

    /// 窓口で支払う額, by the rounding that `roundings` name and cite for it.
    static func counter(_ yen: Int, of whole: Int, _ roundings: Roundings) -> CopaymentStep {
        CopaymentStep(.counter, yen, of: whole, rule: roundings.counterRule)
    }

    /// The same of another part.
    func of(part: Int?) -> CopaymentStep {
        CopaymentStep(kind, part: part, amount, of: base, by: factor, rule: rule)
    }
}

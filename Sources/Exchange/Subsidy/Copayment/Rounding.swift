/// 端数処理: one named way of rounding yen. Which is used where is data
/// (`subsidy/copayment.json`), each with the text it was taken from.
package struct Rounding: Hashable, Sendable {
    package enum Method: String, CaseIterable, Sendable {
        /// 四捨五入
        case halfUp = "half-up"
        /// 切捨て
        case down
        /// 切上げ
        case up
    }

    /// For yen that somebody else rounded already.
    package static let asGiven = Rounding(unit: 1, method: .down)

    /// 1, 10 or 100 yen.
    package let unit: Int
    package let method: Method

    package init(unit: Int, method: Method) {
        self.unit = unit
        self.method = method
    }

    /// `numerator / denominator` yen to the unit. The numerator is not negative.
    package func yen(_ numerator: Int, per denominator: Int = 1) -> Int {
        let step = denominator * unit
        let whole = numerator / step
        let rest = numerator - whole * step
        let up =
            switch method {
            case .halfUp: rest * 2 >= step
            case .down: false
            case .up: rest > 0
            }
        return (whole + (up ? 1 : 0)) * unit
    }

    /// The yen that round to `yen`; one that is no whole number of units was never rounded.
    package func origins(of yen: Int) -> ClosedRange<Int> {
        guard yen % unit == 0 else { return yen...yen }
        let first =
            switch method {
            case .halfUp: yen - unit / 2
            case .down: yen
            case .up: yen - unit + 1
            }
        return max(0, first)...max(0, first + unit - 1)
    }

    /// `percent` of `amount`.
    package func yen(_ amount: Int, percent: Int) -> Int { yen(amount * percent, per: 100) }
}

/// The roundings of one version of the rules, by where they are used.
package struct Roundings: Hashable, Sendable {
    /// A percentage of the cost (一部負担金, 公費の定率負担).
    package let share: Rounding
    /// The term above the threshold of a high-cost limit (1%加算).
    package let highCostTerm: Rounding
    /// What is paid at the counter (10円未満四捨五入).
    package let counter: Rounding
    /// 根拠 of `counter`, which a step of its own is told by.
    let counterRule: RuleMark
}

/// 測定値: a decimal number exactly as written, never a binary fraction: 8.90 kg is not 8.9000000000000004.
package struct MeasuredAmount: Hashable, Comparable, Sendable {
    /// The first three decimals; what a fourth would say is told by `decimals` alone.
    package let thousandths: Int
    /// How many decimals were written.
    package let decimals: Int

    /// Digits, with at most one point between digits: `3050`, `8.90`. No sign, exponent or unit; at
    /// most nine digits before the point. `nil` for anything else.
    package init?(_ text: String) {
        let parts = text.utf8.split(separator: 0x2E, omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let whole = Digits.values(parts[0]),
            (1...9).contains(whole.count)
        else { return nil }
        var fraction: [Int] = []
        if parts.count == 2 {
            guard let digits = Digits.values(parts[1]), !digits.isEmpty else { return nil }
            fraction = digits
        }
        decimals = fraction.count
        let kept = (0..<3).map { $0 < fraction.count ? fraction[$0] : 0 }
        thousandths = (whole + kept).reduce(0) { $0 * 10 + $1 }
    }

    package static func < (left: MeasuredAmount, right: MeasuredAmount) -> Bool {
        left.thousandths < right.thousandths
    }

    /// `8.90` with its decimals, as a rule prints a limit.
    package var text: String {
        guard decimals > 0 else { return "\(thousandths / 1000)" }
        let fraction = "\(thousandths % 1000)"
        let padded = String(repeating: "0", count: 3 - fraction.utf8.count) + fraction
        return "\(thousandths / 1000).\(padded.prefix(decimals))"
    }
}

/// 測れる範囲: which amounts can have been measured, and how finely they are written.
package struct MeasuredRange: Hashable, Sendable {
    package let min: MeasuredAmount
    package let max: MeasuredAmount
    package let decimals: Int

    enum Fault {
        case notANumber, tooPrecise, below, above
    }

    /// What is wrong with a number as it was written, if anything.
    func fault(in text: String) -> Fault? {
        guard let amount = MeasuredAmount(text) else { return .notANumber }
        guard amount.decimals <= decimals else { return .tooPrecise }
        if amount < min { return .below }
        return amount > max ? .above : nil
    }

    /// In words that fit 「…に直して」 and "Write …".
    var text: BilingualText {
        BilingualText(
            ja: "\(min.text)以上\(max.text)以下の数（小数\(decimals)桁まで）",
            en: "a number from \(min.text) to \(max.text) with at most \(decimals) decimals")
    }
}

extension RuleReader {
    /// `min`, `max` and `decimals`.
    func measuredRange() throws(RuleFault) -> MeasuredRange {
        let range = MeasuredRange(
            min: try amount("min"), max: try amount("max"),
            decimals: try int("decimals", in: 0...3))
        guard range.min < range.max else { throw fault("max", "is not above min") }
        return range
    }

    /// A number of a rule file, with at most three decimals.
    func amount(_ name: String) throws(RuleFault) -> MeasuredAmount {
        guard let value = object[name] else { throw fault(name, "is missing") }
        return try amount(value, at: name)
    }

    func amount(_ value: JSON, at name: String) throws(RuleFault) -> MeasuredAmount {
        guard case .number(let digits) = value, let amount = MeasuredAmount(digits),
            amount.decimals <= 3
        else { throw fault(name, "is no number of at most three decimals") }
        return amount
    }
}

import Exchange
import TestSupport

/// The same arithmetic a second time, written to be read: hundredths of a yen as fractions, one list of
/// parts, no steps. It shares nothing with the engine but the receipt it is given.
struct NaiveCopayment {
    var patient = 0
    var publicPays = 0
    var own: [Int] = []

    /// A yen amount that may have a fraction: `over` / `under`.
    private struct Fraction {
        let over: Int
        let under: Int

        /// 50銭未満切捨て、50銭以上切上げ
        var rounded: Int {
            let remainder = over % under
            return remainder + remainder >= under ? over / under + 1 : over / under
        }
    }

    private static func hundredths(_ yen: Int, _ percent: Int) -> Int {
        Fraction(over: yen * percent, under: 100).rounded
    }

    private static func ceiling(_ limit: HighCostLimit?, _ cost: Int) -> Int {
        guard let limit else { return .max }
        let above = limit.threshold.map { max(cost, $0) - $0 } ?? 0
        return limit.base + hundredths(above, limit.percentOver)
    }

    init(_ receipt: Receipt) {
        var rows: [(left: Int, cost: Int, share: Int)] = []
        for expense in receipt.publics {
            let share = Self.hundredths(expense.cost, receipt.percent)
            let candidates = [
                share, Self.ceiling(expense.limit, expense.cost),
                Self.ceiling(receipt.longTerm, expense.cost),
            ]
            var charged = candidates.min() ?? 0
            var cost = expense.cost
            var greatest = share
            for earlier in expense.takesOver {
                charged += rows[earlier].left
                cost += rows[earlier].cost
                greatest = max(greatest, rows[earlier].share)
                rows[earlier] = (0, 0, -1)
            }
            let byPercent = expense.percent.map { Self.hundredths(cost, $0) } ?? charged
            let left = [charged, byPercent, expense.cap ?? charged].min() ?? 0
            publicPays += charged - left
            own.append(left)
            rows.append((left, cost, greatest))
        }
        if receipt.insuranceOnly > 0 {
            let cost = receipt.insuranceOnly
            let share = Self.hundredths(cost, receipt.percent)
            var candidates = [
                share, Self.ceiling(receipt.limit, cost), Self.ceiling(receipt.longTerm, cost),
            ]
            if let reduced = receipt.reducedPercent {
                candidates.append(Self.hundredths(cost, reduced))
            }
            if receipt.longTerm == nil {
                candidates.append(Self.ceiling(receipt.consideration, cost))
            }
            rows.append((candidates.min() ?? 0, cost, share))
        }
        let large = rows.filter { $0.share >= receipt.countedFrom }
        let small = rows.filter { $0.share < receipt.countedFrom }
        let whole = large.map(\.left).reduce(0, +)
        let most = Self.ceiling(receipt.limit, large.map(\.cost).reduce(0, +))
        patient = min(whole, most) + small.map(\.left).reduce(0, +)
        if let rest = receipt.annualRest { patient = min(patient, rest.yen) }
    }
}

extension Seeded {
    /// Any receipt the rules of the repository can make, on any age and class.
    mutating func receipt() -> Receipt {
        let rules = CopaymentSamples.rules
        let age = pick(HighCostRules.Age.allCases)
        let day = SubsidyCase.day(pick(["2014-06-01", "2018-03-01", "2025-04-01", "2026-09-01"]))
        guard let table = rules.highCost.table(age, on: day) else { return Receipt(percent: 30) }
        let row = pick(table.classes)
        let isHalved = table.isHalvedInMonthOf75 && oneIn(5)
        let isMultiple = oneIn(4)
        var receipt = Receipt(percent: pick([10, 20, 30]))
        receipt.countedFrom = table.countedFrom
        receipt.limit = oneIn(6) ? nil : row.limit(isMultiple: isMultiple, isHalved: isHalved)
        receipt.insuranceOnly = oneIn(4) ? 0 : yen()
        if oneIn(8) { receipt.longTerm = HighCostLimit(base: pick([5000, 10000, 20000])) }
        if oneIn(8) {
            receipt.consideration = HighCostLimit(base: 6000, threshold: 30000, percentOver: 10)
        }
        if receipt.percent == 20, oneIn(8) { receipt.reducedPercent = 10 }
        if oneIn(10) { receipt.annualRest = .init(yen: int(0...600_000), rule: .asGiven) }
        for place in 0..<int(0...4) {
            var expense = PublicExpense(
                cost: yen(), percent: oneIn(3) ? nil : pick([0, 5, 10, 20]),
                cap: oneIn(3) ? nil : pick([0, 1000, 2500, 5000, 10000, 20000, 30000]))
            expense.limit = pick([
                receipt.limit, pick(table.classes).limit(isMultiple: false, isHalved: isHalved),
            ])
            if place > 0, oneIn(4) { expense.takesOver = [int(0...(place - 1))] }
            receipt.publics.append(expense)
        }
        return receipt
    }

    /// A cost as receipts have it, and now and then one no receipt has.
    mutating func yen() -> Int {
        let points = int(0...pick([300, 3_000, 30_000, 300_000]))
        return oneIn(10) ? points * 10 + int(0...9) : points * 10
    }
}

import Exchange
import TestSupport

/// The same arithmetic a second time, from the published tables and formulas alone, written to be read: its
/// own amounts, its own rounding, no steps. It shares nothing with the engine but the case.
///
/// One rule is read from the law where summaries of the published examples say "if every part reaches
/// 21,000 yen": 健康保険法施行令41条1項 takes each part that does, and no published example has both kinds with
/// a sum above the limit.
struct NaiveCopayment {
    var patient = 0
    var publicPays = 0
    var own: [Int] = []
    var insurer = 0
    var highCost = 0

    /// One receipt in words: what the engine must look up is named here, not given.
    struct Case {
        var table = Table.under70
        var cls = ""
        var percent = 30
        var isMultiple = false
        var isHalved = false
        var hasLimit = true
        var only = 0
        var parts: [Part] = []
        var longTerm: Int?
        var hasConsideration = false
        var reducedPercent: Int?
        var annualRest: Int?
    }

    struct Part {
        var cost: Int
        var percent: Int?
        var cap: Int?
        /// A fixed class that stands in for the patient's own, never with multiple months.
        var fixedClass: String?
        var takesOver: [Int] = []
    }

    /// Base, threshold and flat amount (多数回) of each class, as published.
    enum Table: String, CaseIterable {
        case under70 = "2025-04-01"
        case under70Next = "2026-09-01"
        case from70 = "2018-08-01"

        var rows: [String: (base: Int, over: Int?, flat: Int?)] {
            switch self {
            case .under70:
                [
                    "ア": (252_600, 842_000, 140_100), "イ": (167_400, 558_000, 93_000),
                    "ウ": (80_100, 267_000, 44_400), "エ": (57_600, nil, 44_400),
                    "オ": (35_400, nil, 24_600),
                ]
            case .under70Next:
                [
                    "ア": (270_300, 901_000, 140_100), "イ": (179_100, 597_000, 93_000),
                    "ウ": (85_800, 286_000, 44_400), "エ": (61_500, nil, 44_400),
                    "オ": (36_900, nil, 24_600),
                ]
            case .from70:
                [
                    "Ⅲ": (252_600, 842_000, 140_100), "Ⅱ": (167_400, 558_000, 93_000),
                    "Ⅰ": (80_100, 267_000, 44_400), "一般入院": (57_600, nil, 44_400),
                    "一般外来": (18_000, nil, nil), "低Ⅱ入院": (24_600, nil, nil),
                    "低Ⅱ外来": (8_000, nil, nil), "低Ⅰ入院": (15_000, nil, nil),
                    "低Ⅰ外来": (8_000, nil, nil),
                ]
            }
        }

        /// What one part must reach to be added up with others.
        var floor: Int { self == .from70 ? 0 : 21_000 }
    }

    /// 50銭未満切捨て、50銭以上切上げ
    private static func percent(_ percent: Int, of yen: Int) -> Int { (yen * percent + 50) / 100 }

    private static func limit(_ one: Case, _ cls: String, _ cost: Int, flat isFlat: Bool) -> Int {
        guard let row = one.table.rows[cls] else { return .max }
        let part = one.isHalved ? 2 : 1
        if isFlat, let flat = row.flat { return flat / part }
        let above = row.over.map { max(0, cost - $0 / part) } ?? 0
        return row.base / part + percent(1, of: above)
    }

    private static func ownLimit(_ one: Case, _ cost: Int) -> Int {
        one.hasLimit ? limit(one, one.cls, cost, flat: one.isMultiple) : .max
    }

    init(_ one: Case) {
        var rows: [(left: Int, cost: Int, share: Int)] = []
        for part in one.parts {
            let share = Self.percent(one.percent, of: part.cost)
            let most =
                part.fixedClass.map { Self.limit(one, $0, part.cost, flat: false) }
                ?? Self.ownLimit(one, part.cost)
            var charged = min(share, most, one.longTerm ?? .max)
            insurer += part.cost - share
            highCost += share - charged
            var (cost, greatest) = (part.cost, share)
            for earlier in part.takesOver {
                charged += rows[earlier].left
                cost += rows[earlier].cost
                greatest = max(greatest, rows[earlier].share)
                rows[earlier] = (0, 0, -1)
            }
            let byPercent = part.percent.map { Self.percent($0, of: cost) } ?? charged
            let left = min(charged, byPercent, part.cap ?? charged)
            publicPays += charged - left
            own.append(left)
            rows.append((left, cost, greatest))
        }
        if one.only > 0 { rows.append(alone(one)) }
        let large = rows.filter { $0.share >= one.table.floor }
        let sum = large.map(\.left).reduce(0, +)
        let most = Self.ownLimit(one, large.map(\.cost).reduce(0, +))
        patient = rows.map(\.left).reduce(0, +)
        let taken = min(patient - max(0, sum - most), one.annualRest ?? .max)
        highCost += patient - taken
        patient = taken
    }

    /// 医保単独分: high cost, then 指定公費, then 配慮措置 (6,000 yen and 10% above 30,000) or 長.
    private mutating func alone(_ one: Case) -> (left: Int, cost: Int, share: Int) {
        let share = Self.percent(one.percent, of: one.only)
        let limited = min(share, Self.ownLimit(one, one.only))
        let reduced = min(
            limited, one.reducedPercent.map { Self.percent($0, of: one.only) } ?? .max)
        let considered = 6_000 + Self.percent(10, of: max(0, one.only - 30_000))
        let last = one.longTerm ?? (one.hasConsideration ? considered : .max)
        let left = min(reduced, last)
        insurer += one.only - share
        highCost += share - limited + reduced - left
        return (left, one.only, share)
    }
}

extension NaiveCopayment.Case {
    /// The case as the engine takes it, with every row looked up in `profiles/`.
    var receipt: Receipt {
        let rules = CopaymentSamples.rules
        let age: HighCostRules.Age = table == .from70 ? .from70 : .under70
        guard let limits = rules.highCost.table(age, on: SubsidyCase.day(table.rawValue)) else {
            return Receipt(percent: percent)
        }
        func limit(_ written: String, _ isMultiple: Bool) -> HighCostLimit? {
            let (name, setting) = ClassText.split(written)
            return limits.code(written: name).flatMap { limits.row($0, setting ?? .inpatient) }?
                .limit(isMultiple: isMultiple, isHalved: isHalved)
        }
        var receipt = Receipt(percent: percent)
        receipt.countedFrom = limits.countedFrom
        receipt.limit = hasLimit ? limit(cls, isMultiple) : nil
        receipt.insuranceOnly = only
        receipt.longTerm = longTerm.map { HighCostLimit(base: $0) }
        if hasConsideration {
            receipt.consideration = HighCostLimit(base: 6000, threshold: 30000, percentOver: 10)
        }
        receipt.reducedPercent = reducedPercent
        receipt.annualRest = annualRest.map { .init(yen: $0, rule: .asGiven) }
        receipt.publics = parts.map { part in
            var expense = PublicExpense(cost: part.cost, percent: part.percent, cap: part.cap)
            expense.limit = part.fixedClass.map { limit($0, false) } ?? receipt.limit
            expense.takesOver = part.takesOver
            return expense
        }
        return receipt
    }
}

extension Seeded {
    /// Any receipt the published tables can make, on any age and class.
    mutating func copaymentCase() -> NaiveCopayment.Case {
        var one = NaiveCopayment.Case(table: pick(NaiveCopayment.Table.allCases))
        let classes = one.table.rows.keys.sorted()
        one.cls = pick(classes)
        one.percent = pick([10, 20, 30])
        one.isMultiple = oneIn(4)
        one.isHalved = oneIn(5)
        one.hasLimit = !oneIn(6)
        one.only = oneIn(4) ? 0 : yen()
        if oneIn(8) { one.longTerm = pick([5000, 10000, 20000]) }
        one.hasConsideration = oneIn(8)
        if one.percent == 20, oneIn(8) { one.reducedPercent = 10 }
        if oneIn(10) { one.annualRest = int(0...600_000) }
        for place in 0..<int(0...4) {
            var part = NaiveCopayment.Part(
                cost: yen(), percent: oneIn(3) ? nil : pick([0, 5, 10, 20]),
                cap: oneIn(3) ? nil : pick([0, 1000, 2500, 5000, 10000, 20000, 30000]))
            if oneIn(2) { part.fixedClass = pick(classes) }
            if place > 0, oneIn(4) { part.takesOver = [int(0...(place - 1))] }
            one.parts.append(part)
        }
        return one
    }

    /// A cost as receipts have it, and now and then one no receipt has.
    mutating func yen() -> Int {
        let points = int(0...pick([300, 3_000, 30_000, 300_000]))
        return oneIn(10) ? points * 10 + int(0...9) : points * 10
    }
}

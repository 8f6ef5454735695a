/// 診療の形: what else of a bill decides what is asked: whether it is of a stay in hospital, for how many days,
/// what was eaten there, the class of the insurer's limit, and whose prescription a pharmacy dispensed.
package struct BillCare: Hashable, Sendable {
    /// One visit, of which nothing more was said.
    package static let visit = BillCare()

    /// 入院: the visit that it was billed in is of such a kind (`access/visit-kinds.json`).
    package let isInpatient: Bool
    /// 入院日数, from the bill's day on; one for a visit.
    package let days: Int
    package let meals: MealsTaken?
    /// 適用区分, by the code of its table: the insurer decides it, and the institution read it at the insurer's.
    package let limitClass: String?
    /// 多数回該当: the class was told as that of the fourth month of twelve (多ウ).
    package let isMultiple: Bool
    /// 特定疾病 (長): the limit on the face of the certificate, in yen.
    package let longTerm: Int?
    /// 処方元の医療機関コード, of what a pharmacy dispensed.
    package let prescriber: String?

    package init(
        isInpatient: Bool = false, days: Int = 1, meals: MealsTaken? = nil,
        limitClass: String? = nil, isMultiple: Bool = false, longTerm: Int? = nil,
        prescriber: String? = nil
    ) {
        self.isInpatient = isInpatient
        self.days = days
        self.meals = meals
        self.limitClass = limitClass
        self.isMultiple = isMultiple
        self.longTerm = longTerm
        self.prescriber = prescriber
    }

    var setting: HighCostClass.Setting { isInpatient ? .inpatient : .outpatient }
}

/// 入院時食事療養: how many meals, and the class of their charge (`subsidy/meals.json`).
package struct MealsTaken: Hashable, Sendable {
    /// Three meals a day (健康保険法85条2項: 1日3食を限度).
    package static let perDay = 3

    package let count: Int
    package let code: String

    package init(count: Int, code: String) {
        self.count = count
        self.code = code
    }
}

extension SubmittedBill {
    /// What the bill says of its care, within a visit of that kind.
    ///
    /// Throws `billablePeriod` for a visit of several days, the extension `meals` where nobody stays or
    /// more was eaten than a stay has meals, or their class is unknown, and `limit-class` for a class
    /// that no table of the day has, or tables of both ages, and `long-term` before there was such a limit.
    package func care(isInpatient: Bool, _ rules: CopaymentRules) throws(Refusal) -> BillCare {
        let days = lastDay.daysSince1970 - day.daysSince1970 + 1
        guard isInpatient || days == 1 else { throw .malformed("billablePeriod") }
        if let meals {
            guard isInpatient else { throw .unknownItem(Self.mealsItem) }
            guard meals.count <= days * MealsTaken.perDay else {
                throw .malformed(Self.mealsItem + ".count")
            }
            guard rules.meals.row(meals.code, on: day) != nil else {
                throw .malformed(Self.mealsItem + ".class")
            }
        }
        var told: (code: String, isMultiple: Bool)?
        if let limitClass {
            told = rules.highCost.code(written: limitClass, on: day)
            guard told != nil else { throw .malformed(Self.limitClassItem) }
        }
        if let longTerm {
            let limit = rules.highCost.longTerm(
                given: longTerm, code: told?.code, isHalved: false, on: day)
            guard limit != nil else { throw .malformed(Self.longTermItem) }
        }
        return BillCare(
            isInpatient: isInpatient, days: days, meals: meals, limitClass: told?.code,
            isMultiple: told?.isMultiple ?? false, longTerm: longTerm, prescriber: prescriber)
    }

    static let mealsItem = "extension(meals)"
    static let limitClassItem = "extension(limit-class)"
    static let longTermItem = "extension(long-term)"
    static let prescriberItem = "extension(prescriber)"
}

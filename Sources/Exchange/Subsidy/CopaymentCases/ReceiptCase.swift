/// 明細書の例: one case in the form of the published calculation examples, read into a receipt. Percentages
/// and caps are taken as given, or looked up by 法別番号, income class and column.
package struct ReceiptCase: Sendable {
    package let receipt: Receipt
    /// 食事: of the patient and of schemes.
    package let meals: Meals?
    /// Local schemes over what is left to the patient.
    let locals: LocalsOfCase
    /// 入院日数・診療実日数, where the case says it.
    private let days: Int?
    let unread: [UnreadItem]
    package private(set) var warnings: [CaseWarning]

    package struct Meals: Sendable, Hashable {
        package let patient: Int
        package let scheme: Int
        package let step: CopaymentStep
        /// Neither the class of the meals nor that of the limit was said: less may be asked.
        let isClassUnsaid: Bool
        let unread: [UnreadItem]
    }

    init(_ input: JSONObject, path: String, _ rules: CopaymentRules) throws(CaseFault) {
        var reader = CaseReader(input, path: path)
        let patient = try PatientOfCase(&reader, rules)
        let share = try patient.percent(&reader, rules)
        var receipt = Receipt(percent: share.percent)
        receipt.percentRule = share.rule
        receipt.reducedPercent = share.reduced
        receipt.limit = patient.limit
        receipt.countedFrom = patient.table?.countedFrom ?? 0
        receipt.insuranceOnly =
            try reader.yen("only", "insuranceOnly", points: "onlyPoints", "points") ?? 0
        receipt.longTerm = try Self.longTerm(&reader, patient, rules)
        receipt.consideration = try Self.consideration(&reader, patient, share.percent, rules)
        receipt.annualRest = try Self.annualRest(&reader, patient)
        var schemes: [NationalScheme?] = []
        var laws: [String?] = []
        var unread: [UnreadItem] = []
        var isSettingUnsaid = false
        var isIncomeUnsaid = false
        for (index, row) in try reader.objects("publics", "public").enumerated() {
            var row = row
            let expense = try PublicOfCase(&row, place: index, patient, rules)
            receipt.publics.append(expense.expense)
            schemes.append(expense.scheme)
            laws.append(expense.law)
            isSettingUnsaid = isSettingUnsaid || expense.isSettingUnsaid
            isIncomeUnsaid = isIncomeUnsaid || expense.isIncomeUnsaid
            unread += row.unread()
        }
        guard !receipt.publics.isEmpty || reader.has("only") || receipt.insuranceOnly > 0 else {
            throw CaseFault(.missing, reader.place("only"))
        }
        let locals = try LocalsOfCase(
            &reader, laws: laws, at: reader.place("publics"), patient, rules)
        let days = try reader.int("days", in: 1...31)
        self.days = days
        // Of several visits on one receipt nobody knows what each of them asks.
        let isByVisit = locals.schemes.contains {
            $0.terms.perVisit != nil && $0.setting == .outpatient
        }
        if isByVisit, let days, days > 1 { throw CaseFault(.missing, reader.place("visits")) }
        meals = try Self.meals(
            &reader, schemes.compactMap { $0 }, locals, days: days, patient, rules)
        self.locals = locals
        self.receipt = receipt
        self.unread = unread + locals.unread + (meals?.unread ?? []) + reader.unread()
        warnings = patient.warnings
        if isSettingUnsaid { warnings.append(.settingUnsaid) }
        if isIncomeUnsaid { warnings.append(.incomeUnsaid) }
        if meals?.isClassUnsaid == true { warnings.append(.mealsClassUnsaid) }
        let isByDay = locals.schemes.contains {
            $0.terms.perDay != nil && $0.setting == .inpatient
        }
        if isByDay, days == nil { warnings.append(.daysUnsaid) }
        if !self.unread.isEmpty { warnings.append(.unknownItem) }
    }

    /// What insurance and public expenses leave to the local schemes.
    func leftToLocals(_ answer: Copayment) -> LocalsOfCase.Visit {
        var costs = receipt.publics.map(\.cost)
        var left = answer.own
        for (place, expense) in receipt.publics.enumerated() {
            for earlier in expense.takesOver {
                costs[place] += costs[earlier]
                costs[earlier] = 0
                left[earlier] = 0
            }
        }
        var rests = [
            LocalsOfCase.Rest(
                source: .insurance, cost: receipt.insuranceOnly,
                yen: max(0, answer.patient - left.reduce(0, +)))
        ]
        for place in costs.indices {
            rests.append(.init(source: .expense(place), cost: costs[place], yen: left[place]))
        }
        return .init(rests: rests, yen: answer.patient, days: days ?? 1)
    }

    private static func longTerm(
        _ reader: inout CaseReader, _ patient: PatientOfCase, _ rules: CopaymentRules
    ) throws(CaseFault) -> HighCostLimit? {
        guard let (_, value) = reader.present(["cho", "longTerm"]) else { return nil }
        if value == .bool(false) { return nil }
        var given: Int?
        if value != .bool(true) {
            given = try reader.int("cho", "longTerm", in: 0...Receipt.yenMax)
        }
        guard
            let limit = rules.highCost.longTerm(
                given: given, code: patient.row?.code, isHalved: patient.isHalved, on: patient.day)
        else { throw CaseFault(.notEffective, reader.place("cho")) }
        return limit
    }

    private static func consideration(
        _ reader: inout CaseReader, _ patient: PatientOfCase, _ percent: Int,
        _ rules: CopaymentRules
    ) throws(CaseFault) -> HighCostLimit? {
        guard try reader.bool("hairyo", "consideration") ?? false else { return nil }
        guard let rule = rules.highCost.consideration(on: patient.day) else {
            throw CaseFault(.notEffective, reader.place("hairyo"))
        }
        // What the case leaves unsaid is not held against it.
        let age = patient.table?.age
        let setting = patient.isSettingSaid ? patient.setting : rule.setting
        guard (rule.percent ?? percent) == percent, (rule.age ?? age) == (age ?? rule.age),
            (rule.setting ?? setting) == setting
        else { throw CaseFault(.contradiction, reader.place("hairyo")) }
        return rule.limit
    }

    /// 年間上限: only when the case says what was paid before in the year.
    private static func annualRest(
        _ reader: inout CaseReader, _ patient: PatientOfCase
    ) throws(CaseFault) -> Receipt.Annual? {
        guard let paid = try reader.yen("annualPaid") else { return nil }
        guard let row = patient.row, let annual = row.annual else {
            // Which class's year it is, nobody could tell.
            guard patient.row != nil else { throw CaseFault(.missing, reader.place("cls")) }
            throw CaseFault(.notEffective, reader.place("annualPaid"))
        }
        return .init(yen: max(0, annual - paid), rule: row.limit.rule)
    }

    private static func meals(
        _ reader: inout CaseReader, _ schemes: [NationalScheme], _ locals: LocalsOfCase,
        days: Int?, _ patient: PatientOfCase, _ rules: CopaymentRules
    ) throws(CaseFault) -> Meals? {
        guard let (_, value) = reader.present(["meals"]) else { return nil }
        guard let object = value.object else { throw CaseFault(.malformed, reader.place("meals")) }
        var row = CaseReader(object, path: reader.place("meals"))
        guard let count = try row.int("count", in: 0...93) else {
            throw CaseFault(.missing, row.place("count"))
        }
        let said = try row.text("class")
        let found =
            said == nil
            ? rules.meals.row(
                limitClass: patient.row?.code, laws: schemes.map(\.law), on: patient.day) : nil
        guard let charge = found ?? rules.meals.row(said ?? "一般", on: patient.day) else {
            throw CaseFault(
                .unknownClass, row.place("class"), known: rules.meals.codes(on: patient.day))
        }
        let isUnsaid = said == nil && patient.row == nil
        let whole = charge.yenPerMeal * count
        let step = CopaymentStep(
            .meals, whole, of: charge.yenPerMeal, by: count, rule: charge.rule)
        let mealDays = try row.int("days", in: 1...31) ?? days
        // The scheme that leaves least to the patient decides.
        var own = whole
        if schemes.contains(where: { $0.meals == .scheme }) {
            own = 0
        } else {
            let isHalf = schemes.contains { $0.meals == .half }
            if isHalf { own = rules.roundings.share.yen(whole, per: 2) }
            let place = row.place("days")
            for local in locals.schemes {
                own = min(own, try local.meals(whole, days: mealDays, at: place, rules))
            }
        }
        return Meals(
            patient: own, scheme: whole - own, step: step, isClassUnsaid: isUnsaid && own > 0,
            unread: row.unread())
    }
}

extension MealCharges {
    func codes(on day: CalendarDay) -> [String] {
        rows.filter { $0.period.contains(day) }.map(\.code)
    }
}

/// One row of `publics`.
struct PublicOfCase {
    let expense: PublicExpense
    let scheme: NationalScheme?
    /// 法別番号, on file or not.
    let law: String?
    /// The class that stands in has a limit for each setting, and the case says neither.
    let isSettingUnsaid: Bool
    /// The scheme asks by income, and the case says neither that nor what is asked.
    let isIncomeUnsaid: Bool

    init(
        _ row: inout CaseReader, place: Int, _ patient: PatientOfCase, _ rules: CopaymentRules
    ) throws(CaseFault) {
        let takesOver = try row.ints("after", in: 0...31) ?? []
        guard takesOver.allSatisfy({ $0 < place }), Set(takesOver).count == takesOver.count else {
            throw CaseFault(.outOfRange, row.place("after"))
        }
        guard
            let cost = try row.yen("amt", "amount", "cost", points: "points")
                ?? (takesOver.isEmpty ? nil : 0)
        else { throw CaseFault(.missing, row.place("amt")) }
        let scheme = try Self.scheme(&row, patient, rules)
        var income: (income: NationalScheme.Income, cap: Int?, isOutside: Bool)?
        if let scheme { income = try Self.income(&row, scheme) }
        let told = try row.yen("cap")
        // A cap on its face says that the scheme did take its holder.
        if let income, income.isOutside, told == nil {
            throw CaseFault(.outsideScheme, row.place("income"))
        }
        let cap = told ?? income?.cap
        let percent =
            try row.percent("pct", "percent") ?? income?.income.percent
            ?? scheme?.percent(besideCap: cap)
        var isSettingUnsaid = false
        var expense = PublicExpense(cost: cost, percent: percent, cap: cap)
        expense.takesOver = takesOver
        expense.rule = scheme?.rule ?? .asGiven
        expense.limit = patient.limit
        if let written = try row.text("kogaku") {
            expense.limit = try patient.limit(
                ofClass: written, rules, at: row.place("kogaku"))
        } else if let scheme,
            let other = try patient.standIn(of: scheme, rules, at: row.place("law"))
        {
            expense.limit = other.limit
            isSettingUnsaid = other.isSettingUnsaid
        }
        self.isSettingUnsaid = isSettingUnsaid
        isIncomeUnsaid =
            scheme?.incomes.isEmpty == false && income == nil && told == nil
            && !row.has("pct") && !row.has("percent")
        self.expense = expense
        self.scheme = scheme
        law = scheme?.law ?? row.object["law"]?.string
    }

    private static func scheme(
        _ row: inout CaseReader, _ patient: PatientOfCase, _ rules: CopaymentRules
    ) throws(CaseFault) -> NationalScheme? {
        guard let (name, value) = row.present(["law", "hobetsu"]) else { return nil }
        guard let law = value.string ?? ExactNumber(value)?.whole().map(String.init) else {
            throw CaseFault(.malformed, row.place(name))
        }
        guard let scheme = rules.scheme(law: law, on: patient.day) else {
            let known = rules.schemes.contains { $0.law == law }
            // What is on no file needs none where the case says itself what is asked.
            if !known, ["pct", "percent", "cap"].contains(where: { row.has($0) }) {
                return nil
            }
            throw CaseFault(known ? .notEffective : .unknownScheme, row.place(name))
        }
        return scheme
    }

    private static func income(
        _ row: inout CaseReader, _ scheme: NationalScheme
    ) throws(CaseFault) -> (income: NationalScheme.Income, cap: Int?, isOutside: Bool)? {
        let column = try row.text("column")
        guard let name = try row.text("income") else { return nil }
        guard let place = column.map(scheme.columns.firstIndex(of:)) ?? 0 else {
            throw CaseFault(.unknownIncome, row.place("column"), known: scheme.columns)
        }
        guard let income = scheme.income(written: name, column: place) else {
            let found = scheme.incomes(written: name)
            let known = found.isEmpty ? scheme.incomes : found
            throw CaseFault(.unknownIncome, row.place("income"), known: known.map(\.name))
        }
        return (income, income.caps[place], income.outside.contains(place))
    }
}

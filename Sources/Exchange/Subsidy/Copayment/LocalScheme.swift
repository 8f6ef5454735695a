/// 地方単独医療費助成: one condition row of a local scheme, by the items of the national master of local
/// schemes (地単公費マスター). The item numbers stand beside the members.
package struct LocalScheme: Sendable, Hashable {
    /// 3 都道府県番号, 4 市区町村コード, 5 法別番号, 8 公費負担者番号, 9 事業内区分コード
    package struct Key: Sendable, Hashable {
        package let prefecture: String
        package let municipality: String?
        package let law: String
        package let payer: String?
        package let division: Int
    }

    package let key: Key
    /// 1 正式名称
    package let name: BilingualText
    /// 2 略称: how the counter calls it (宮城83).
    package let shortName: String
    /// 10, 11
    let period: EffectivePeriod
    package let conditions: Conditions
    /// 31 助成方法
    package let method: Method
    /// 41–45, 53–62: `nil` when inpatient care is not borne (16).
    package let inpatient: LocalTerms?
    /// 46–50, 63–69
    package let outpatient: LocalTerms?
    /// 51 助成範囲（入院時食事療養費）
    package let meals: NationalScheme.MealsBearing
    /// 70, 71: caps of the meals a patient pays.
    package let mealsPerDay: Int?
    package let mealsPerMonth: Int?
    /// 74 他の公費負担医療の自己負担への助成, 75–77 other schemes it is limited to.
    package let bearsOtherExpense: Bool
    package let otherLaws: [String]
    /// 78 公費適用優先順位
    package let priority: Int
    /// Until the insurer's limit is applied at the counter, the scheme bears up to the limit of
    /// this class, and the patient what is above, to be refunded by the insurer. By age.
    package let bearsUpTo: [HighCostRules.Age: String]
    let rule: RuleMark
    /// Of a row of the national master itself: the item for which no counter prices it.
    let uncarried: String?

    package enum Method: String, CaseIterable, Sendable {
        /// 現物給付
        case inKind = "in-kind"
        /// 償還払い
        case refund

        /// 窓口: what a scheme bears there, the patient does not pay.
        package static let ofCounters: [Method] = [.inKind]
        /// 償還払いの申請: of a scheme whose way is another, where the certificate could not be used.
        package static let ofRefunds = Method.allCases
    }

    package struct Conditions: Sendable, Hashable {
        /// 12–15: years of age, from (以上) and below (未満).
        package let ageFrom: Int?
        package let ageBelow: Int?
        /// 18–20: empty for all.
        package let insurers: [Insurer]
        /// 22 所得区分, 24 就学状況: empty for all.
        package let incomes: [String]
        package let schooling: [String]
        /// 26, 27: from this many children on, and from this one on.
        package let childrenFrom: Int?
        package let childFrom: Int?
    }

    package enum Insurer: String, CaseIterable, Sendable {
        case employees
        case national
        case elderly
    }

    func terms(_ setting: HighCostClass.Setting) -> LocalTerms? {
        setting == .inpatient ? inpatient : outpatient
    }

    /// Of several rows those whose ages hold. Whoever attains an age on a day (年齢計算ニ関スル法律) is still below
    /// it and already of it: the day stays with the row of the day before.
    static func ofAge(
        _ rows: [LocalScheme], _ birth: CalendarDay?, on day: CalendarDay
    ) -> [LocalScheme] {
        let found = rows.filter { $0.conditions.mayHold(birth, on: day) }
        let staying = found.filter { $0.conditions.mayHold(birth, on: day.adding(days: -1)) }
        return staying.isEmpty ? found : staying
    }
}

extension LocalScheme.Conditions {
    /// 12 to 15; a birth that is not said holds nothing against anybody.
    func mayHold(_ birth: CalendarDay?, on day: CalendarDay) -> Bool {
        guard let birth else { return true }
        let born = Int32(birth.daysSince1970)
        return AgeRange(from: ageFrom, below: ageBelow)
            .mayHold(on: Int32(day.daysSince1970), born: (earliest: born, latest: born))
    }
}

/// 助成条件・自己負担: what the patient keeps, in one setting.
package struct LocalTerms: Sendable, Hashable {
    /// 41–50
    package enum Bearing: Sendable, Hashable {
        case nothing
        /// 固定額, each visit.
        case fixed(Int)
        /// 割合: percent of the cost.
        case percent(Int)
        /// 分数 of what is left to the patient.
        case fraction(Int, of: Int)
        /// All of it, up to the caps.
        case all
    }

    package var bearing: Bearing
    /// 56 計算単位, 計算方法
    package var rounding: Rounding
    /// 63, 64: cap of a visit, and after how many visits of a month nothing is asked any more.
    package var perVisit: Int?
    package var visitsMax: Int?
    /// 57–59, 65, 66
    package var perDay: Int?
    package var daysMax: Int?
    /// 61, 68
    package var perMonth: Int?
    /// 62, 69
    package var perMonthMultiple: Int?
    /// 53, 54
    package var countedPer = CountRange.all
    package var pharmacies = Pharmacies.counted

    /// What is asked depends on the bills of the month one by one: what a visit may cost also where another
    /// bill is a part of it.
    var countsVisits: Bool {
        if case .fixed = bearing { return true }
        return perVisit != nil || perDay != nil || capOfInstitution != nil
    }

    /// 多数回該当: from the fourth month of twelve on.
    func monthCap(isMultiple: Bool) -> Int? {
        (isMultiple ? perMonthMultiple : nil) ?? perMonth
    }

    package init(bearing: Bearing, rounding: Rounding, perMonth: Int? = nil) {
        self.bearing = bearing
        self.rounding = rounding
        self.perMonth = perMonth
    }
}

extension CopaymentRules {
    /// The rows that a certificate's 公費負担者番号 names on a day: those of the number itself, in the rules' own
    /// files or else in the national master, or else those of its
    /// law number, prefecture and, where a row says one, municipality.
    func locals(
        payer: String?, of body: String, on day: CalendarDay
    ) -> [LocalScheme] {
        guard let payer, payer.utf8.count == 8, body.utf8.count == 6 else { return [] }
        let effective = locals.filter { $0.period.contains(day) }
        let own = effective.filter { $0.key.payer == payer }
        guard own.isEmpty else { return own }
        let raw = (national[payer] ?? []).filter { $0.period.contains(day) }
        guard raw.isEmpty else { return raw }
        let municipality = String(body.dropFirst(2).prefix(3))
        return effective.filter { row in
            row.key.payer == nil && payer.hasPrefix(row.key.law + row.key.prefecture)
                && row.key.municipality.map { $0 == municipality } ?? true
        }
    }

    /// 略称 at the beginning of a text (宮城83, 2割): the longest that fits, and effective on the
    /// day.
    package func local(named text: String, on day: CalendarDay) -> LocalScheme? {
        locals.filter { text.hasPrefix($0.shortName) && $0.period.contains(day) }
            .max { $0.shortName.utf8.count < $1.shortName.utf8.count }
    }
}

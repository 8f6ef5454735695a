/// 地方単独の指定 of a case: by the short name of a row of ours, or with a row of its own (under `local`, by the
/// item names of `subsidy/local-schemes/`).
struct LocalOfCase {
    let scheme: LocalScheme
    let terms: LocalTerms
    /// Whose terms they are.
    let setting: HighCostClass.Setting
    let limit: HighCostLimit?
    let isMultiple: Bool
    /// 略称, as far as the case says one.
    let name: String?
    /// 5 法別番号
    let law: String?
    /// 78; `nil` where the case's own row says none.
    let priority: Int?
    /// Where in the case it stands.
    let place: String
    let unread: [UnreadItem]

    /// `name`: of the item that has it. `value` is what stands at `place`.
    init(
        _ value: JSON, _ name: String, at place: String, _ patient: PatientOfCase,
        _ rules: CopaymentRules, _ reader: CaseReader
    ) throws(CaseFault) {
        let scheme: LocalScheme
        var setting = patient.setting
        if let text = value.string {
            scheme = try Self.named(text, at: place, patient, rules, reader)
            unread = []
            self.name = scheme.shortName
            law = scheme.key.law
            priority = scheme.priority
        } else {
            guard name == "local", let own = value.object else {
                throw CaseFault(.malformed, place)
            }
            let row = try LocalRowOfCase(own, at: place, patient, rules)
            guard row.scheme.conditions.mayHold(patient.birth, on: patient.day) else {
                throw CaseFault(.contradiction, reader.place("birth"))
            }
            scheme = row.scheme
            unread = row.unread
            self.name = own["shortName"]?.string ?? own["name"]?.string
            law = own["law"]?.string
            priority = row.isPrioritySaid ? scheme.priority : nil
            // Where the case does not say the setting, it is that of the only terms it brings.
            if !patient.isSettingSaid, scheme.terms(setting) == nil {
                setting = setting == .inpatient ? .outpatient : .inpatient
            }
        }
        guard let terms = scheme.terms(setting) else {
            throw CaseFault(.contradiction, place)
        }
        self.scheme = scheme
        self.terms = terms
        self.setting = setting
        self.place = place
        isMultiple = patient.isMultiple
        // A certificate of limits is in use as soon as a class was said.
        let age = patient.table?.age ?? .under70
        if patient.row == nil, let other = scheme.bearsUpTo[age] {
            limit = try patient.limit(ofClass: other, rules, at: place)
        } else {
            limit = nil
        }
    }

    /// Of rows of one name the one whose ages hold, where the birth is known.
    private static func named(
        _ text: String, at place: String, _ patient: PatientOfCase, _ rules: CopaymentRules,
        _ reader: CaseReader
    ) throws(CaseFault) -> LocalScheme {
        guard let first = rules.local(named: text, on: patient.day) else {
            throw CaseFault(.unknownScheme, place, known: rules.locals.map(\.shortName))
        }
        let rows = rules.locals.filter {
            $0.shortName == first.shortName && $0.period.contains(patient.day)
        }
        guard let found = LocalScheme.ofAge(rows, patient.birth, on: patient.day).first else {
            throw CaseFault(.contradiction, reader.place("birth"))
        }
        return found
    }

    /// 74 to 77: whether it bears what the payer of a law leaves. Throws at `place`, where that payer stands,
    /// if the law decides and is not said.
    func bears(_ law: String?, at place: String) throws(CaseFault) -> Bool {
        guard scheme.bearsOtherExpense else { return false }
        guard !scheme.otherLaws.isEmpty else { return true }
        guard let law else { throw CaseFault(.missing, JSONPath.member("law", of: place)) }
        return scheme.otherLaws.contains(law)
    }

    /// 51, 70, 71: what the scheme leaves of the meals of so many days; of one that pays back, all at the
    /// counter. Throws at `place` where a cap needs the days and the case says none.
    func meals(
        _ whole: Int, days: Int?, at place: String, _ rules: CopaymentRules
    ) throws(CaseFault) -> Int {
        guard scheme.method == .inKind else { return whole }
        var left =
            switch scheme.meals {
            case .scheme: 0
            case .half: rules.roundings.share.yen(whole, per: 2)
            case .patient: whole
            }
        if let perDay = scheme.mealsPerDay {
            guard let days else { throw CaseFault(.missing, place) }
            left = min(left, perDay * days)
        }
        if let perMonth = scheme.mealsPerMonth { left = min(left, perMonth) }
        return left
    }
}

/// 地方単独の指定 of a case: by the short name of a row of ours (`scheme`), or with terms of its own (`local`, the
/// items of `inpatient` and `outpatient` in `subsidy/local-schemes/`).
struct LocalOfCase {
    let scheme: LocalScheme
    let terms: LocalTerms
    let limit: HighCostLimit?
    let isMultiple: Bool

    init?(
        _ reader: inout CaseReader, _ patient: PatientOfCase, _ rules: CopaymentRules
    ) throws(CaseFault) {
        guard let (name, value) = reader.present(["scheme", "local"]) else { return nil }
        let place = reader.place(name)
        let scheme: LocalScheme
        if let text = value.string {
            scheme = try Self.named(text, at: place, patient, rules, reader)
        } else {
            guard name == "local", let own = value.object else {
                throw CaseFault(.malformed, place)
            }
            scheme = try Self.own(own, at: place, patient)
        }
        // Two schemes at once: nobody could tell which is meant.
        if name == "scheme", let other = reader.object["local"], other != .null {
            throw CaseFault(.contradiction, reader.place("local"))
        }
        guard let terms = scheme.terms(patient.setting) else {
            throw CaseFault(.contradiction, place)
        }
        self.scheme = scheme
        self.terms = terms
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
        let found = rules.local(named: text, on: patient.day) {
            $0.shortName == first.shortName && $0.conditions.mayHold(patient.birth, on: patient.day)
        }
        guard let found else { throw CaseFault(.contradiction, reader.place("birth")) }
        return found
    }

    /// 現物給付 of whatever is left, and of no meals: what the terms of a case do not say.
    private static func own(
        _ object: JSONObject, at place: String, _ patient: PatientOfCase
    ) throws(CaseFault) -> LocalScheme {
        let terms: LocalTerms
        do throws(RuleFault) {
            let text = JSON.object(object).text
            terms = try RuleReader(file: place, bytes: Array(text.utf8)).localTerms()
        } catch {
            let path = error.path.isEmpty ? place : JSONPath.member(error.path, of: place)
            throw CaseFault(.malformed, path)
        }
        let nobody = BilingualText(ja: "", en: "")
        return LocalScheme(
            key: .init(prefecture: "", municipality: nil, law: "", payer: nil, division: 0),
            name: nobody, shortName: "", period: .init(from: patient.day, to: nil),
            conditions: .init(
                ageFrom: nil, ageBelow: nil, insurers: [], incomes: [], schooling: [],
                childrenFrom: nil, childFrom: nil),
            method: .inKind, inpatient: terms, outpatient: terms, meals: .patient,
            mealsPerDay: nil, mealsPerMonth: nil, bearsOtherExpense: true, otherLaws: [],
            priority: 0, bearsUpTo: [:], rule: .asGiven, uncarried: nil)
    }

    func quote(
        _ visit: LocalMonth.Visit, _ month: LocalMonth, _ rules: CopaymentRules
    ) -> LocalMonth.Quote {
        month.quote(
            visit, scheme, terms, limit: limit, isMultiple: isMultiple, rules.roundings)
    }
}

extension LocalOfCase {
    /// 窓口: what is taken there, with what other public expenses leave that the scheme does not bear.
    struct Counter {
        /// What of the visit the patient pays there, to 1 yen.
        let share: Int
        let collected: Int
        let paid: Int
        /// 償還払い: what the municipality pays back later.
        let paidBack: Int
        let steps: [CopaymentStep]
    }

    /// 31 助成方法: of a scheme that pays back, the counter takes everything.
    func counter(
        _ quote: LocalMonth.Quote, beside other: Int = 0, _ rules: CopaymentRules
    ) -> Counter {
        let rounding = rules.roundings.counter
        let own = quote.share + quote.beyond
        let isPaidBack = scheme.method == .refund
        let share = isPaidBack ? own + quote.paid : own
        // Rounded once, as it is taken; within the scheme's own cap to 10 yen.
        let collected =
            isPaidBack
            ? rounding.yen(share + other)
            : quote.collected + rounding.yen(own + other) - rounding.yen(own)
        var steps = isPaidBack ? [] : quote.steps.filter { $0.kind != .counter }
        if other > 0 { steps.append(.init(.notBorne, other, rule: scheme.rule)) }
        steps.append(.init(.counter, collected, of: share + other))
        if isPaidBack { steps.append(.init(.paidBack, quote.paid, rule: scheme.rule)) }
        return Counter(
            share: share, collected: collected, paid: isPaidBack ? 0 : quote.paid,
            paidBack: isPaidBack ? quote.paid : 0, steps: steps)
    }

    /// 74 to 77: whether it bears what the public expense of a law leaves; `nil` where the law decides, and
    /// is not said.
    func bears(law: String?) -> Bool? {
        guard scheme.bearsOtherExpense else { return false }
        guard !scheme.otherLaws.isEmpty else { return true }
        return law.map { scheme.otherLaws.contains($0) }
    }

    /// 51, 70, 71: what the scheme leaves of the meals; of one that pays back, all at the counter.
    func meals(
        _ whole: Int, _ row: inout CaseReader, _ rules: CopaymentRules
    ) throws(CaseFault) -> Int {
        let days = try row.int("days", in: 1...31)
        guard scheme.method == .inKind else { return whole }
        var left =
            switch scheme.meals {
            case .scheme: 0
            case .half: rules.roundings.share.yen(whole, per: 2)
            case .patient: whole
            }
        if let perDay = scheme.mealsPerDay {
            guard let days else { throw CaseFault(.missing, row.place("days")) }
            left = min(left, perDay * days)
        }
        if let perMonth = scheme.mealsPerMonth { left = min(left, perMonth) }
        return left
    }
}

extension LocalScheme.Conditions {
    /// 12 to 15; a birth that is not said holds nothing against anybody.
    fileprivate func mayHold(_ birth: CalendarDay?, on day: CalendarDay) -> Bool {
        guard let birth else { return true }
        let born = Int32(birth.daysSince1970)
        return AgeRange(from: ageFrom, below: ageBelow)
            .mayHold(on: Int32(day.daysSince1970), born: (earliest: born, latest: born))
    }
}

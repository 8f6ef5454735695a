/// 地方単独の指定 of a case: by the short name of a row of ours (`scheme`), or with a row of its own (`local`, by
/// the item names of `subsidy/local-schemes/`).
struct LocalOfCase {
    let scheme: LocalScheme
    let terms: LocalTerms
    /// Whose terms they are.
    let setting: HighCostClass.Setting
    let limit: HighCostLimit?
    let isMultiple: Bool
    let unread: [UnreadItem]

    init?(
        _ reader: inout CaseReader, _ patient: PatientOfCase, _ rules: CopaymentRules
    ) throws(CaseFault) {
        guard let (name, value) = reader.present(["scheme", "local"]) else { return nil }
        let place = reader.place(name)
        let scheme: LocalScheme
        var setting = patient.setting
        if let text = value.string {
            scheme = try Self.named(text, at: place, patient, rules, reader)
            unread = []
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
            // Where the case does not say the setting, it is that of the only terms it brings.
            if !patient.isSettingSaid, scheme.terms(setting) == nil {
                setting = setting == .inpatient ? .outpatient : .inpatient
            }
        }
        // Two schemes at once: nobody could tell which is meant.
        if name == "scheme", let other = reader.object["local"], other != .null {
            throw CaseFault(.contradiction, reader.place("local"))
        }
        guard let terms = scheme.terms(setting) else {
            throw CaseFault(.contradiction, place)
        }
        self.scheme = scheme
        self.terms = terms
        self.setting = setting
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

extension LocalScheme.Conditions {
    /// 12 to 15; a birth that is not said holds nothing against anybody.
    func mayHold(_ birth: CalendarDay?, on day: CalendarDay) -> Bool {
        guard let birth else { return true }
        let born = Int32(birth.daysSince1970)
        return AgeRange(from: ageFrom, below: ageBelow)
            .mayHold(on: Int32(day.daysSince1970), born: (earliest: born, latest: born))
    }
}

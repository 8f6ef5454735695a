/// 地方単独の指定 of a case: by the short name of a row of ours (`scheme`), or with terms of its own (`local`,
/// the same items as in `subsidy/local-schemes/`).
struct LocalOfCase {
    let scheme: LocalScheme
    let terms: LocalTerms
    let limit: HighCostLimit?
    let isMultiple: Bool

    init?(
        _ reader: inout CaseReader, _ patient: PatientOfCase, _ rules: CopaymentRules
    ) throws(CaseFault) {
        guard let name = try reader.text("scheme", "local") else { return nil }
        guard let scheme = rules.local(named: name, on: patient.day) else {
            throw CaseFault(
                .unknownScheme, reader.place("scheme"), known: rules.locals.map(\.shortName))
        }
        guard let terms = scheme.terms(patient.setting) else {
            throw CaseFault(.contradiction, reader.place("scheme"))
        }
        self.scheme = scheme
        self.terms = terms
        isMultiple = patient.isMultiple
        // A certificate of limits is in use as soon as a class was said.
        let age = patient.table?.age ?? .under70
        if patient.row == nil, let other = scheme.bearsUpTo[age] {
            limit = try patient.limit(ofClass: other, rules, at: reader.place("scheme"))
        } else {
            limit = nil
        }
    }

    func quote(
        _ visit: LocalMonth.Visit, _ month: LocalMonth, _ rules: CopaymentRules
    ) -> LocalMonth.Quote {
        month.quote(
            visit, scheme, terms, limit: limit, isMultiple: isMultiple, rules.roundings)
    }
}

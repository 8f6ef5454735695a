/// 台帳の写しの一行: what a dose of a municipality's own ledger is in its figures: by the law of its own day, and
/// never a claim: whoever gave it was paid long ago, or is paid for its own record.
package struct PastDoseLine: Hashable, Sendable {
    /// Our codes of schedule and vaccine.
    package let programme: String
    package let vaccine: String
    package let doseNumber: Int?
    package let isOutOfArea: Bool
    /// Cautions and stops that the law of the day has, and what could not be judged, as codes.
    package let remarks: [String]
}

/// What is known of the resident when a row of the ledger is taken.
package struct PastDoseFacts: Sendable {
    /// The register's word before the row's.
    package let birth: CalendarDay?
    package let sex: ResidentSex?
    /// What else is held, this record's own former versions apart.
    package let others: [CountedVaccination]
    /// Whose ledger it is.
    package let municipality: String
    /// 長期療養特例, as municipalities recognised it.
    package let longIllnesses: [LongIllness]

    package init(
        birth: CalendarDay?, sex: ResidentSex?, others: [CountedVaccination],
        municipality: String, longIllnesses: [LongIllness] = []
    ) {
        self.birth = birth
        self.sex = sex
        self.others = others
        self.municipality = municipality
        self.longIllnesses = longIllnesses
    }
}

extension PastDoseRow.Told {
    /// Throws why it is none, in the words of a claim: not given, voluntary, of a day or a vaccine that
    /// nobody knows, or nothing that the Act of its day provides for.
    package func line(
        _ facts: PastDoseFacts, _ rules: ImmunizationRules
    ) throws(VaccinationClaimRefusal) -> PastDoseLine {
        guard vaccination.status == .completed else { throw .notGiven }
        guard vaccination.basis == .routine else { throw .notRoutine }
        // By which law, and in which month it is counted, only a day says.
        guard vaccination.occurrence.day != nil else { throw .dayUnknown }
        guard let named = rules.vaccine(named: vaccination.vaccine),
            let dose = vaccination.dose(rules)
        else { throw .vaccineUnknown }
        // Who else tells of the same dose says nothing against it.
        let same = Set(rules.duplicates(of: vaccination.counted, among: facts.others))
        let answer = judgeDose(
            dose, birth: facts.birth ?? birth.day, sex: facts.sex ?? sex,
            history: facts.others.filter { !same.contains($0) }.compactMap { $0.dose(rules) },
            seasons: rules.seasons(in: facts.municipality), longIllnesses: facts.longIllnesses,
            rules)
        guard let programme = answer.programme.map({ rules.programmes[$0] }),
            programme.category != .voluntary, !answer.isOutsideTheAct
        else { throw .notOfTheAct }
        return PastDoseLine(
            programme: programme.code, vaccine: rules.vaccine(named.vaccine).code,
            doseNumber: dose.number, isOutOfArea: isOutOfArea(of: facts.municipality),
            remarks: answer.findings.filter(\.isRemarked).map(rules.code(of:)))
    }

    /// As the row says it, or by where the institution lies.
    private func isOutOfArea(of municipality: String) -> Bool {
        if let isOutOfArea { return isOutOfArea }
        let institution = vaccination.performers.lazy.compactMap(\.identifier).first {
            $0.system == FHIR.System.institution
        }
        return institution.map { $0.value.prefix(2) != municipality.prefix(2) } ?? false
    }
}

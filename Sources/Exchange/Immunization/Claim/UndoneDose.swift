/// 接種しなかった記録の一行: what a record of a dose that was not given is to the municipality that invites to it: its
/// list of those who did not come then knows that they came, and why nothing was given. It is no claim.
package struct UndoneDose: Hashable, Sendable {
    package let municipality: String
    /// Our codes of schedule and vaccine.
    package let programme: String
    package let vaccine: String
    package let doseNumber: Int?
    package let day: CalendarDay
    /// 里帰り, as of a claim.
    package let isOutOfArea: Bool

    /// `nil` where it is nobody's line: of a dose that the Act does not provide for this person on that day,
    /// that is voluntary or told by another, or whose day or residence nobody knows.
    package init?(
        _ record: VaccinationVersion, _ facts: VaccinationClaimFacts, _ rules: ImmunizationRules
    ) {
        let said = record.vaccination
        guard said.status == .notDone, said.isPrimarySource, said.basis != .voluntary,
            let day = said.occurrence.day, let vaccine = rules.vaccine(named: said.vaccine),
            let programme = facts.answer.programme.map({ rules.programmes[$0] }),
            programme.category != .voluntary, !facts.answer.isOutsideTheAct,
            let municipality = facts.municipality
        else { return nil }
        self.municipality = municipality
        self.programme = programme.code
        self.vaccine = rules.vaccine(vaccine.vaccine).code
        doseNumber = said.doseNumber ?? vaccine.number
        self.day = day
        isOutOfArea = record.institution.code.prefix(2) != municipality.prefix(2)
    }
}

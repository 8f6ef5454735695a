import Exchange
import Postgres

/// 答えた資格確認: what an institution asked once, and what it was decided from.
struct AnsweredCheck {
    let id: RecordID
    let basis: EligibilityBasis
    let visit: VisitReading.VisitRow
    let institution: Party

    /// Entry and basis, then the visit. Nothing of an answer that this release does not write.
    init?(_ row: Row, from column: Int, of institution: Party) throws {
        basis = try EligibilityBasis(try row.text(column + 1))
        guard basis.form == EligibilityAnswer.form else { return nil }
        id = try row.uuid(column).record
        visit = try VisitReading.VisitRow(row, from: column + 2)
        self.institution = institution
    }

    /// Of an entry `e` and its visit `v` as it is now; `agreed` is what was signed.
    static let columns = """
        e.entry, e.basis, v.visit, v.person, v.patient, v.agreed, v.limited_to, v.card_valid_to,
            v.opened_at, v.ends_at, false
        """

    var question: EligibilityQuestion {
        EligibilityQuestion(
            institution: institution, serviceDate: basis.serviceDate, visitID: visit.id.text,
            patientID: visit.patient, purposes: basis.purposes)
    }

    /// What it was decided from, out of everything that is held of the resident.
    func facts(_ versions: [EntitlementVersion], _ residences: [Residence]) -> EligibilityFacts {
        var agreed = visit.facts
        agreed.consents = basis.consents ?? agreed.consents
        let held = Set(basis.entitlements)
        let lived = Set(basis.residences)
        return EligibilityFacts(
            visit: agreed, residences: residences.filter { lived.contains($0.version) },
            entitlements: versions.filter { held.contains($0.version) }, bodies: basis.bodies,
            designations: basis.designations, reached: basis.reached, decidedAt: basis.decidedAt)
    }
}

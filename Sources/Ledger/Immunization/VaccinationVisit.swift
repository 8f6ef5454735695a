package import Exchange
import Postgres

/// 接種のための受付: the resident of a visit, and whether it opens their vaccinations.
package struct VaccinationVisit: Sendable {
    package let visit: RecordID
    package let person: PersonKey
    /// The id that the visit gave the resident.
    package let patientID: String
    package let term: VisitTerm
    /// The resident agreed to vaccinations being exchanged.
    package let isConsented: Bool
}

extension Records {
    /// The visit that a request names, for the patient that it names by any id the institution
    /// was given for them.
    ///
    /// Throws `.visitUnknown` for another institution's in the same words as for none,
    /// `.visitForCheckAlone`, and `.malformed(item)` where the visit is another patient's.
    package mutating func vaccinationVisit(
        _ id: String, of patient: String, item: String, rules: RuleBook
    ) throws -> VaccinationVisit {
        let id = try RecordID(id, item: "visit")
        let rows = try transaction.query(
            Self.selectVisit, [.text(caller.party.key), .id(id), .text(patient)])
        guard let row = rows.first else { throw Refusal.visitUnknown }
        subject.person = try row.uuid(0).person
        subject.visit = id
        let (kind, consents) = (try row.text(2), try row.texts(3))
        guard rules.readingVisitKinds.contains(kind) else { throw Refusal.visitForCheckAlone }
        let opening = rules.consentKinds(of: "immunization").map(\.code)
        guard try row.bool(1) else { throw Refusal.malformed(item) }
        return VaccinationVisit(
            visit: id, person: try row.uuid(0).person, patientID: try row.text(6),
            term: VisitTerm(
                opened: Instant(microseconds: try row.instant(4)),
                ends: Instant(microseconds: try row.instant(5))),
            isConsented: consents.contains(where: opening.contains))
    }

    private static let selectVisit = Statement(
        """
        select v.person, exists (
                select 1 from exchange.visit given
                where given.party = $1 and given.patient = $3 and given.person = v.person),
            v.kind, v.consents, v.opened_at, v.ends_at, v.patient
        from exchange.visit v where v.party = $1 and v.visit = $2
        """)
}

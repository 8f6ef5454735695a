package import Exchange
import Postgres

/// 記録のための受付: the resident of a visit, and whether it opens a field of exchange.
package struct FieldVisit: Sendable {
    package let visit: RecordID
    package let person: PersonKey
    /// The id that the visit gave the resident.
    package let patientID: String
    package let term: VisitTerm
    /// The resident agreed to records of the field being exchanged.
    package let isConsented: Bool

    /// An ended visit takes what was done while it was open: an outage must not lose a dose or a checkup. A
    /// mistake is seen when it is seen: the visit that brought a record takes its correction at any time.
    /// Throws `.consentNotGiven`, or `.visitEnded` for a visit that is over, was not of that day and did not
    /// bring what is corrected.
    func requireRecording(of day: CalendarDay?, broughtBy former: RecordID?, at now: Instant) throws
    {
        guard isConsented else { throw Refusal.consentNotGiven }
        guard former != visit, !term.isOpen(at: now) else { return }
        try term.requireAnswer(for: day ?? now.dayInJapan, at: now)
    }
}

extension Records {
    /// The visit that a request names, for the patient that it names by any id the institution
    /// was given for them. Any of `kinds` opens the field.
    ///
    /// Throws `.visitUnknown` for another institution's in the same words as for none,
    /// `.visitForCheckAlone`, and `.malformed(item)` where the visit is another patient's.
    package mutating func fieldVisit(
        _ id: String, of patient: String, item: String, opening kinds: Set<ConsentKind>,
        rules: RuleBook
    ) throws -> FieldVisit {
        let id = try RecordID(id, item: "visit")
        let rows = try transaction.query(
            Self.selectVisit, [.text(caller.party.key), .id(id), .text(patient)])
        guard let row = rows.first else { throw Refusal.visitUnknown }
        subject.person = try row.uuid(0).person
        subject.visit = id
        let (kind, consents) = (try row.text(2), try row.texts(3))
        guard rules.readingVisitKinds.contains(kind) else { throw Refusal.visitForCheckAlone }
        guard try row.bool(1) else { throw Refusal.malformed(item) }
        return FieldVisit(
            visit: id, person: try row.uuid(0).person, patientID: try row.text(6),
            term: VisitTerm(
                opened: Instant(microseconds: try row.instant(4)),
                ends: Instant(microseconds: try row.instant(5))),
            isConsented: consents.contains(where: kinds.map(\.code).contains))
    }

    /// `fieldVisit` of immunization.
    package mutating func vaccinationVisit(
        _ id: String, of patient: String, item: String, rules: RuleBook
    ) throws -> FieldVisit {
        try fieldVisit(
            id, of: patient, item: item, opening: rules.consentKinds(of: "immunization"),
            rules: rules)
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

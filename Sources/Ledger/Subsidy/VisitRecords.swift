package import Exchange

/// The handle of a shared read: what one visit opened for its institution, and nothing more. Like
/// `Records` it lives inside one `Ledger.access` closure.
package struct VisitRecords: ~Copyable {
    /// This access's entry, and so the id of the answer made from it.
    package let entry: RecordID
    package let visit: RecordID
    package let person: PersonKey
    /// The resident as this institution knew them when the visit was opened.
    package let patient: String
    package let term: VisitTerm
    package let now: Instant
    package let facts: EligibilityFacts

    /// `day`: 診療日 that is asked for. Throws `.visitUnknown`.
    init(
        _ reading: VisitReading, _ standing: PartyStanding, on day: CalendarDay?, entry: RecordID
    ) throws {
        guard let visit = reading.visit else { throw Refusal.visitUnknown }
        self.entry = entry
        self.visit = visit.id
        person = visit.person
        patient = visit.patient
        term = visit.term
        now = reading.now
        facts = reading.facts(visit, standing, on: day)
    }
}

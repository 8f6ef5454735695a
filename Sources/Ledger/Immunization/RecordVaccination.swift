package import Exchange
import Postgres

/// 接種記録の送信: what became of it.
package struct RecordedVaccination: Sendable {
    package let held: HeldVaccination
    /// False where the same record was there already.
    package let isNew: Bool

    package init(held: HeldVaccination, isNew: Bool) {
        self.held = held
        self.isNew = isNew
    }
}

extension Ledger {
    /// Takes a record, or its correction: record, line of the municipality, its delivery and the entry are
    /// one commit, and cards that hold what was corrected are revoked with it. The same record again is the
    /// one that is held, whatever became of its visit since; unless its claim was waiting and can now be
    /// made, which is a version of its own, as `makeWaitingClaims` makes it unasked. Those sent at the same
    /// moment share statements, locks and commit.
    ///
    /// `names`: the ids by which the caller knows a response; called as `RecordSending.answer` is, like
    /// `answer`. Throws what `FieldVisitReading.opening` and `VaccinationVersion.amended` do,
    /// `.recordUnknown` for a correction of what the caller never recorded of this resident,
    /// `.consentNotGiven`, `.visitEnded` for a visit that is over, was not of the day of the dose and did not
    /// bring the record; otherwise as `access`.
    package func recordVaccination(
        _ caller: Caller, _ sent: SubmittedVaccination, correcting correction: RecordCorrection?,
        rules: RuleBook, names: @escaping @Sendable (RecordID) -> PairwiseIDs,
        answer: @escaping @Sendable (RecordedVaccination) -> [UInt8]
    ) async throws -> (recorded: RecordedVaccination, answer: [UInt8]) {
        try await vaccinations.take(
            VaccinationSending(
                caller: caller, sent: sent, correction: correction,
                visit: try RecordID(sent.visitID, item: "extension(visit)"), book: rules,
                names: names,
                answer: answer))
    }
}

/// 接種記録の一括: one dose, or the correction of one.
struct VaccinationSending: RecordSending {
    typealias Desk = VaccinationDesk

    let caller: Caller
    let sent: SubmittedVaccination
    let correction: RecordCorrection?
    let visit: RecordID
    let book: RuleBook
    let names: @Sendable (RecordID) -> PairwiseIDs
    let answer: @Sendable (RecordedVaccination) -> [UInt8]

    var purpose: Purpose { .recordVaccination }
    var patient: (id: String, item: String) { (sent.patientID, "patient.reference") }
    var consentKinds: Set<ConsentKind> { book.consentKinds(of: "immunization") }

    static func lock(of person: PersonKey) -> Int { AdvisoryLock.vaccinations(of: person) }

    func decide(in visit: FieldVisit, at now: Instant, _ desk: inout VaccinationDesk) throws
        -> DecidedRecord<RecordedVaccination>
    {
        guard let rules = book.immunization else { throw Refusal.rulesUnknown }
        let held = try held(in: visit, desk)
        let amendment = try held?.newest.amended(
            by: sent.vaccination, from: caller.party, seen: correction?.seen)
        let repeated = amendment == .unchanged ? held : nil
        if let repeated, !(repeated.claim.isWaiting && visit.isConsented) {
            return DecidedRecord(recorded: .init(held: repeated, isNew: false))
        }
        if repeated == nil {
            try visit.requireRecording(
                of: sent.vaccination.occurrence.day, broughtBy: held?.visit, at: now)
        }
        var response = repeated?.response
        if response == nil, let id = sent.vaccination.screening?.responseID {
            response = try desk.screenings(of: visit.person).submitted(named: id, names).id
        }
        let facts = desk.facts(of: visit.person)
        let basis = facts.basis(rulesVersion: book.version)
        let version = VaccinationVersion(
            id: held?.id.text ?? RecordID.timeOrdered().text,
            version: (held?.newest.version ?? 0) + 1, recordedAt: now,
            institution: caller.party, vaccination: sent.vaccination)
        let answers = response.flatMap { id in
            desk.screenings(of: visit.person).first { $0.id == id }?.newest.response
        }
        let line = VaccinationLine(
            of: version, visit.person, facts, dueDay: answers?.dueDay, rules, prices: desk.prices)
        if let repeated, !line.replaces(repeated) {
            return DecidedRecord(recorded: .init(held: repeated, isNew: false), basis: basis)
        }
        let recorded = RecordedVaccination(
            held: try HeldVaccination(
                version, under: held?.record, in: visit, answering: response, line),
            isNew: repeated == nil)
        desk.keep(recorded, line, of: self)
        return DecidedRecord(recorded: recorded, basis: basis)
    }

    /// What the caller holds under this identifier, or what it corrects.
    private func held(in visit: FieldVisit, _ desk: VaccinationDesk) throws -> HeldVaccination? {
        if let correction {
            guard let held = desk.record(correction.id, of: caller.party),
                held.isOf(visit.person)
            else { throw Refusal.recordUnknown }
            return held
        }
        let held = desk.record(sent.vaccination.identifier, of: caller.party)
        guard held?.isOf(visit.person) ?? true else { throw Refusal.identifierReused }
        return held
    }
}

extension HeldVaccination {
    fileprivate init(
        _ version: VaccinationVersion, under record: PersonKey?, in visit: FieldVisit,
        answering response: RecordID?, _ line: VaccinationLine
    ) throws(Refusal) {
        id = try RecordID(version.id)
        person = visit.person
        self.record = record ?? visit.person
        self.visit = visit.visit
        patientID = visit.patientID
        self.response = response
        claim = line.status
        municipality = line.municipality
        stops = line.stops
        newest = version
    }
}

extension Records {
    /// As for records: what is written of one resident's vaccinations, and of the answers to
    /// questionnaires, and of the cards that hold doses, comes one after the other.
    package mutating func lockVaccinations(of person: PersonKey) throws {
        _ = try transaction.pipeline([
            (AdvisoryLock.wait, [.int(AdvisoryLock.vaccinations(of: person))]),
            AdvisoryLock.sharing(mergesOf: [person]),
        ])
    }
}

import Crypto
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
    /// made, which is a version of its own. Those sent at the same moment share statements, locks and commit.
    ///
    /// `names`: the ids by which the caller knows a response; `answer` gives the bytes to send, whose digest
    /// goes on the entry. They run on the lane's thread, where they MUST NOT wait for anything, and once more
    /// should the batch fail. Throws what `FieldVisitReading.opening` and `VaccinationVersion.amended` do,
    /// `.recordUnknown` for a correction of what the caller never recorded of this resident,
    /// `.consentNotGiven`, `.visitEnded` for a visit that is over, was not of the day of the dose and did not
    /// bring the record; otherwise as `access`.
    package func recordVaccination(
        _ caller: Caller, _ sent: SubmittedVaccination, correcting correction: RecordCorrection?,
        rules: RuleBook, names: @escaping @Sendable (RecordID) -> PairwiseIDs,
        answer: @escaping @Sendable (RecordedVaccination) -> [UInt8]
    ) async throws -> (recorded: RecordedVaccination, answer: [UInt8]) {
        let sending = VaccinationSending(
            caller: caller, sent: sent, correction: correction,
            visit: try RecordID(sent.visitID, item: "visit"), book: rules, names: names,
            answer: answer)
        do {
            return try await vaccinations.submit(sending)
        } catch let error as DatabaseError where error.isWorthAnotherTry {
            return try await vaccinations.submit(sending)
        }
    }
}

/// 接種記録の一括: one record of a shared batch. Visits are read in one statement; residents are locked in one
/// order, and whoever sends of one of them comes after whoever sent before, and sees it.
struct VaccinationSending: Sendable {
    let caller: Caller
    let sent: SubmittedVaccination
    let correction: RecordCorrection?
    let visit: RecordID
    let book: RuleBook
    let names: @Sendable (RecordID) -> PairwiseIDs
    let answer: @Sendable (RecordedVaccination) -> [UInt8]

    typealias Outcome = (recorded: RecordedVaccination, answer: [UInt8])

    /// One number twice in one turn, of two residents, is refused by the index: the batch is then settled one
    /// by one, and the later finds what the earlier sent.
    static func run(_ transaction: inout Transaction, _ batch: [VaccinationSending]) throws
        -> [Result<Outcome, any Error>]
    {
        let readings = try FieldVisitReading.load(
            &transaction,
            batch.map { .init(visit: $0.visit, patient: $0.sent.patientID, party: $0.caller.party) }
        )
        try lock(&transaction, Set(readings.compactMap(\.person)))
        let turns = BatchTurns(zip(batch, readings).map { ($0.book.version, $1.person) }).turns
        var entries: [Entry] = []
        var outcomes: [Int: Result<Outcome, any Error>] = [:]
        for turn in turns {
            var desk = try VaccinationDesk(&transaction, turn.map { (batch[$0], readings[$0]) })
            for place in turn {
                outcomes[place] = batch[place].outcome(readings[place], &desk, &entries)
            }
            let steps = try desk.steps(&transaction)
            _ =
                try turn == turns.last
                ? transaction.pipelineAndCommit(steps + EntryWriter.steps(entries))
                : transaction.pipeline(steps)
        }
        return batch.indices.compactMap { outcomes[$0] }
    }

    private func outcome(
        _ reading: FieldVisitReading, _ desk: inout VaccinationDesk, _ entries: inout [Entry]
    ) -> Result<Outcome, any Error> {
        var entry = Entry(id: .timeOrdered(), caller: caller, purpose: .recordVaccination)
        entry.visit = reading.visit
        entry.person = reading.person
        return entry.settled(into: &entries) { entry throws -> Outcome in
            let decided = try decide(reading, desk)
            let bytes = answer(decided.recorded)
            entry.basis = decided.basis
            entry.digest = Array(SHA256.hash(data: bytes))
            if let line = decided.line { desk.keep(decided.recorded, line, of: self) }
            return (decided.recorded, bytes)
        }
    }

    /// Throws what of a visit refuses before anything is read about its resident.
    func opened(_ reading: FieldVisitReading) throws -> FieldVisit {
        _ = try PartyStanding.admit(caller, .recordVaccination, reading.standing)
        return try reading.opening(
            book.consentKinds(of: "immunization"), item: "patient.reference", rules: book)
    }

    private func decide(_ reading: FieldVisitReading, _ desk: VaccinationDesk) throws
        -> DecidedVaccination
    {
        guard let rules = book.immunization else { throw Refusal.rulesUnknown }
        let visit = try opened(reading)
        let held = try held(in: visit, desk)
        let amendment = try held?.newest.amended(
            by: sent.vaccination, from: caller.party, seen: correction?.seen)
        let repeated = amendment == .unchanged ? held : nil
        if let repeated, !(repeated.claim.isWaiting && visit.isConsented) {
            return DecidedVaccination(recorded: .init(held: repeated, isNew: false))
        }
        if repeated == nil {
            try visit.requireRecording(
                of: sent.vaccination.occurrence.day, broughtBy: held?.visit, at: reading.now)
        }
        var response = repeated?.response
        if response == nil, let id = sent.vaccination.screening?.responseID {
            response = try desk.screenings(of: visit.person).submitted(named: id, names).id
        }
        let facts = desk.facts(of: visit.person)
        let basis = facts.basis(rulesVersion: book.version)
        let version = VaccinationVersion(
            id: held?.id.text ?? RecordID.random().text,
            version: (held?.newest.version ?? 0) + 1, recordedAt: reading.now,
            institution: caller.party, vaccination: sent.vaccination)
        let line = VaccinationLine(of: version, visit.person, facts, rules)
        if let repeated, repeated.claim == line.status {
            return DecidedVaccination(recorded: .init(held: repeated, isNew: false), basis: basis)
        }
        let new = try HeldVaccination(
            version, in: visit, answering: response, claim: line.status)
        return DecidedVaccination(
            recorded: .init(held: new, isNew: repeated == nil), basis: basis, line: line)
    }

    /// What the caller holds under this identifier, or what it corrects.
    private func held(in visit: FieldVisit, _ desk: VaccinationDesk) throws -> HeldVaccination? {
        if let correction {
            guard let held = desk.record(correction.id, of: caller.party),
                held.person == visit.person
            else { throw Refusal.recordUnknown }
            return held
        }
        let held = desk.record(sent.vaccination.identifier, of: caller.party)
        guard held?.person ?? visit.person == visit.person else { throw Refusal.identifierReused }
        return held
    }

    /// What is written of one resident's vaccinations comes one after the other; locked in one order, so that
    /// no two batches wait for each other in a ring.
    private static func lock(_ transaction: inout Transaction, _ persons: Set<PersonKey>) throws {
        let numbers = Set(persons.map(AdvisoryLock.vaccinations)).sorted()
        guard !numbers.isEmpty else { return }
        try transaction.run(AdvisoryLock.waitForAll, [.ints(numbers)])
    }
}

/// What is decided of one record: with its line, if a version is to be written.
private struct DecidedVaccination {
    let recorded: RecordedVaccination
    var basis: String?
    var line: VaccinationLine?
}

extension HeldVaccination {
    fileprivate init(
        _ version: VaccinationVersion, in visit: FieldVisit, answering response: RecordID?,
        claim: VaccinationClaimStatus
    ) throws(Refusal) {
        id = try RecordID(version.id)
        person = visit.person
        self.visit = visit.visit
        patientID = visit.patientID
        self.response = response
        self.claim = claim
        newest = version
    }
}

extension Records {
    /// As for records: what is written of one resident's vaccinations comes one after the other.
    mutating func lockVaccinations(of person: PersonKey) throws {
        try transaction.run(AdvisoryLock.wait, [.int(AdvisoryLock.vaccinations(of: person))])
    }
}

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

extension Records {
    /// Takes a record, or its correction: record, line of the municipality, its delivery and the entry are
    /// one commit, and cards that hold what was corrected are revoked with it. The same record again is the
    /// one that is held, whatever became of its visit since; unless its claim was waiting and can now be
    /// made, which is a version of its own. `names`: the ids by which the caller knows a response.
    ///
    /// Throws what `VaccinationVersion.amended` does, `.recordUnknown` for a correction of what the caller
    /// never recorded of this resident, `.consentNotGiven`, `.visitEnded` for a visit that is over, was not
    /// of the day of the dose and did not bring the record, and `.malformed` for a questionnaire of somebody
    /// else.
    package mutating func record(
        _ sent: SubmittedVaccination, correcting correction: RecordCorrection?,
        rules: RuleBook, names: (RecordID) -> PairwiseIDs
    ) throws -> RecordedVaccination {
        guard let immunization = rules.immunization else { throw Refusal.rulesUnknown }
        let visit = try vaccinationVisit(
            sent.visitID, of: sent.patientID, item: "patient.reference", rules: rules)
        let held = try held(sent.vaccination.identifier, correction, in: visit)
        let amendment = try held?.newest.amended(
            by: sent.vaccination, from: caller.party, seen: correction?.seen)
        let repeated = amendment == .unchanged ? held : nil
        if let repeated, !(repeated.claim.isWaiting && visit.isConsented) {
            enter(visit.person, visit: visit.visit)
            return RecordedVaccination(held: repeated, isNew: false)
        }
        if repeated == nil {
            try visit.requireRecording(
                of: sent.vaccination.occurrence.day, broughtBy: held?.visit, at: now)
        }
        var response = repeated?.response
        if response == nil, let id = sent.vaccination.screening?.responseID {
            response = try submittedScreening(named: id, of: visit.person, immunization, names).id
        }
        let facts = try vaccinationFacts(of: visit.person, rules: rules)
        enter(
            visit.person, visit: visit.visit, basis: facts.basis(rulesVersion: rules.version))
        let version = VaccinationVersion(
            id: held?.id.text ?? RecordID.random().text,
            version: (held?.newest.version ?? 0) + 1, recordedAt: now,
            institution: caller.party, vaccination: sent.vaccination)
        let line = VaccinationLine(of: version, visit.person, facts, immunization)
        if let repeated, repeated.claim == line.status {
            return RecordedVaccination(held: repeated, isNew: false)
        }
        let new = try HeldVaccination(
            version, in: visit, answering: response, claim: line.status)
        write([
            new.insertion(immunization), line.insertion(of: new, rulesVersion: rules.version),
            try deliveries(of: new, to: line.municipality),
        ])
        if held != nil, repeated == nil {
            write([HealthCards.revocation(holding: new.id, of: visit.person, at: now)])
        }
        return RecordedVaccination(held: new, isNew: repeated == nil)
    }

    /// What the caller holds under this identifier, or what it corrects. Of one resident, whoever sends
    /// comes after whoever sent before, and sees it.
    private mutating func held(
        _ identifier: RecordIdentifier, _ correction: RecordCorrection?,
        in visit: FieldVisit
    ) throws -> HeldVaccination? {
        try lockVaccinations(of: visit.person)
        if let correction {
            let held = try ownVaccination(correction.id)
            guard held.person == visit.person else { throw Refusal.recordUnknown }
            return held
        }
        let held = try transaction.query(
            HeldVaccination.selectByIdentifier,
            [.text(caller.party.key), .text(identifier.system), .text(identifier.value)]
        ).first.map(HeldVaccination.init)
        guard held?.person ?? visit.person == visit.person else {
            throw Refusal.identifierReused
        }
        return held
    }

    /// What is written of one resident's vaccinations comes one after the other.
    mutating func lockVaccinations(of person: PersonKey) throws {
        try transaction.run(AdvisoryLock.wait, [.int(AdvisoryLock.vaccinations(of: person))])
    }
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

    fileprivate func insertion(_ rules: ImmunizationRules) -> (Statement, [Value]) {
        let given = newest.vaccination
        let vaccine = rules.vaccine(named: given.vaccine)
        return (
            Self.insert,
            [
                .person(person), .id(id), .int(newest.version), .text(newest.institution.key),
                .text(given.identifier.system), .text(given.identifier.value),
                .text(given.status.rawValue),
                .text(optional: vaccine.map { rules.vaccine($0.vaccine).code }),
                .day(given.occurrence.day), .text(given.face(recordedBy: newest.institution)),
                .id(visit), .time(newest.recordedAt), .id(response),
            ]
        )
    }

    private static let insert = Statement(
        """
        insert into exchange.vaccination
            (person, vaccination, version, party, identifier_system, identifier, status, vaccine, day,
            face, visit, recorded_at, response)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """)
}

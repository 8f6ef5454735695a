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
    /// Takes a record, or its correction: record, line of the municipality and entry are one commit. The
    /// same record again is the one that is held, whatever became of its visit since.
    ///
    /// Throws what `VaccinationVersion.amended` does, `.recordUnknown` for a correction of what the caller
    /// never recorded of this resident, `.consentNotGiven`, and `.visitEnded` for a visit that is over and
    /// was not of the day of the dose.
    package mutating func record(
        _ sent: SubmittedVaccination, correcting correction: RecordCorrection?,
        rules: RuleBook
    ) throws -> RecordedVaccination {
        guard let immunization = rules.immunization else { throw Refusal.rulesUnknown }
        let visit = try vaccinationVisit(
            sent.visitID, of: sent.patientID, item: "patient.reference", rules: rules)
        let held = try held(sent.vaccination.identifier, correction, in: visit)
        let amendment = try held?.newest.amended(
            by: sent.vaccination, from: caller.party, seen: correction?.seen)
        if let held, amendment == .unchanged {
            enter(visit.person, visit: visit.visit)
            return RecordedVaccination(held: held, isNew: false)
        }
        try visit.requireRecording(of: sent.vaccination.occurrence.day, at: now)
        let new = HeldVaccination(
            sent.vaccination, after: held, in: visit, by: caller.party, at: now)
        let facts = try vaccinationFacts(of: visit.person, rules: rules)
        let line = VaccinationLine(of: new, facts, immunization)
        write([
            new.insertion(immunization),
            line.insertion(of: new, rulesVersion: rules.version),
        ])
        enter(
            visit.person, visit: visit.visit, basis: facts.basis(rulesVersion: rules.version))
        return RecordedVaccination(held: new, isNew: true)
    }

    /// What the caller holds under this identifier, or what it corrects. Of one resident, whoever sends
    /// comes after whoever sent before, and sees it.
    private mutating func held(
        _ identifier: RecordIdentifier, _ correction: RecordCorrection?,
        in visit: FieldVisit
    ) throws -> HeldVaccination? {
        try transaction.run(
            AdvisoryLock.wait, [.int(AdvisoryLock.vaccinations(of: visit.person))])
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
}

extension HeldVaccination {
    fileprivate init(
        _ vaccination: Vaccination, after held: HeldVaccination?, in visit: FieldVisit,
        by party: Party, at now: Instant
    ) {
        id = held?.id ?? .random()
        person = visit.person
        self.visit = visit.visit
        newest = VaccinationVersion(
            id: id.text, version: (held?.newest.version ?? 0) + 1, recordedAt: now,
            institution: party, vaccination: vaccination)
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
                .id(visit), .time(newest.recordedAt),
            ]
        )
    }

    private static let insert = Statement(
        """
        insert into exchange.vaccination
            (person, vaccination, version, party, identifier_system, identifier, status, vaccine, day,
            face, visit, recorded_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        """)
}

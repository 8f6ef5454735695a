package import Exchange
import Postgres

/// 健診結果の送信: what became of it.
package struct RecordedCheckup: Sendable {
    package let held: HeldCheckup
    /// False where the same report was there already.
    package let isNew: Bool

    package init(held: HeldCheckup, isNew: Bool) {
        self.held = held
        self.isNew = isNew
    }
}

extension Records {
    /// Takes a report, or its correction: report, line of the municipality with the ticket it uses, tasks of
    /// the municipality and entry are one commit. The same report again is the one that is held, whatever
    /// became of its visit since.
    ///
    /// Throws what `CheckupVersion.amended` does, `.recordUnknown` for a correction of what the caller never
    /// recorded of this resident, `.consentNotGiven`, `.visitEnded`, `.resultRefused` with everything that
    /// is wrong, and `.ticketRefused`.
    package mutating func record(
        _ sent: SubmittedCheckup, in compartment: CheckupCompartment,
        correcting correction: RecordCorrection?, rules: RuleBook
    ) throws -> RecordedCheckup {
        guard let maternal = rules.maternal else { throw Refusal.rulesUnknown }
        let visit = try fieldVisit(
            sent.visitID, of: sent.patientID, item: "subject.reference",
            opening: compartment.consentKinds(rules), rules: rules)
        let held = try held(
            sent.report.identifier, correction, visit, (compartment, maternal))
        let amendment = try held?.newest.amended(
            by: sent.report, from: caller.party, seen: correction?.seen)
        if let held, amendment == .unchanged {
            enter(visit.person, visit: visit.visit)
            return RecordedCheckup(held: held, isNew: false)
        }
        try visit.requireRecording(
            of: sent.report.result.day, broughtBy: held?.visit, at: now)
        let version = CheckupVersion(
            id: (held?.id ?? .random()).text, version: (held?.newest.version ?? 0) + 1,
            recordedAt: now, institution: caller.party, report: sent.report)
        let facts = try maternalFacts(of: visit.person, rules: rules)
        let filing = try CheckupFiling(
            version, in: compartment, visit, facts,
            others: compartment == .open
                ? checkups(of: visit.person, in: .open, rules: maternal).map(\.newest) : [],
            rules: (maternal, rules.version))
        write(filing.steps(by: caller.party))
        enter(
            visit.person, visit: visit.visit, basis: facts.basis(rulesVersion: rules.version))
        return RecordedCheckup(held: filing.held, isNew: true)
    }

    /// What the caller holds under this identifier, or what it corrects. Of one resident, whoever sends
    /// comes after whoever sent before, and sees it.
    private mutating func held(
        _ identifier: RecordIdentifier, _ correction: RecordCorrection?, _ visit: FieldVisit,
        _ place: (compartment: CheckupCompartment, rules: MaternalRules)
    ) throws -> HeldCheckup? {
        try transaction.run(
            AdvisoryLock.wait, [.int(AdvisoryLock.checkups(of: visit.person))])
        if let correction {
            let held = try ownCheckup(correction.id, in: place.compartment, rules: place.rules)
            guard held.person == visit.person else { throw Refusal.recordUnknown }
            return held
        }
        let held = try transaction.query(
            place.compartment.selectByIdentifier,
            [.text(caller.party.key), .text(identifier.system), .text(identifier.value)]
        ).first.map { try HeldCheckup($0, place.compartment, place.rules) }
        guard held?.person ?? visit.person == visit.person else {
            throw Refusal.identifierReused
        }
        return held
    }
}

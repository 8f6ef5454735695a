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

extension Ledger {
    /// Takes a report, or its correction: report, line of the municipality with the ticket it uses, tasks of
    /// the municipality and entry are one commit. The same report again is the one that is held, whatever
    /// became of its visit since, unless its line waits for a price, or for a home, that was told since: then
    /// it is priced anew, as a version. Those sent at the same moment share statements, locks and commit.
    ///
    /// `answer` is called as `RecordSending.answer` is. Throws what `FieldVisitReading.opening` and
    /// `CheckupVersion.amended` do, `.recordUnknown` for a correction of what the caller never recorded of
    /// this resident, `.consentNotGiven`, `.visitEnded`, `.resultRefused` with everything that is wrong, and
    /// `.ticketRefused`; otherwise as `access`.
    package func recordCheckup(
        _ caller: Caller, _ sent: SubmittedCheckup, in compartment: CheckupCompartment,
        correcting correction: RecordCorrection?, rules: RuleBook,
        answer: @escaping @Sendable (RecordedCheckup) -> [UInt8]
    ) async throws -> (recorded: RecordedCheckup, answer: [UInt8]) {
        try await checkups.take(
            CheckupSending(
                caller: caller, sent: sent, compartment: compartment, correction: correction,
                visit: try RecordID(sent.visitID, item: "extension(visit)"), book: rules,
                answer: answer))
    }
}

/// 健診結果の一括: one report, or the correction of one.
struct CheckupSending: RecordSending {
    typealias Desk = CheckupDesk

    let caller: Caller
    let sent: SubmittedCheckup
    let compartment: CheckupCompartment
    let correction: RecordCorrection?
    let visit: RecordID
    let book: RuleBook
    let answer: @Sendable (RecordedCheckup) -> [UInt8]

    var purpose: Purpose { compartment == .open ? .recordCheckup : .recordSensitiveCheckup }
    var patient: (id: String, item: String) { (sent.patientID, "subject.reference") }
    var consentKinds: Set<ConsentKind> { compartment.consentKinds(book) }

    static func lock(of person: PersonKey) -> Int { AdvisoryLock.checkups(of: person) }

    func decide(in visit: FieldVisit, at now: Instant, _ desk: inout CheckupDesk) throws
        -> DecidedRecord<RecordedCheckup>
    {
        guard let rules = book.maternal else { throw Refusal.rulesUnknown }
        let held = try held(in: visit, desk)
        let amendment = try held?.newest.amended(
            by: sent.report, from: caller.party, seen: correction?.seen)
        let repeated = amendment == .unchanged ? held : nil
        if let repeated, !(repeated.shown.line?.isWaiting == true && visit.isConsented) {
            return DecidedRecord(recorded: RecordedCheckup(held: repeated, isNew: false))
        }
        if repeated == nil {
            try visit.requireRecording(
                of: sent.report.result.day, broughtBy: held?.visit, at: now)
        }
        let version = CheckupVersion(of: sent.report, after: held, by: caller.party, at: now)
        let facts = desk.facts(of: visit.person, at: now)
        let basis = facts.basis(rulesVersion: book.version)
        let filing: CheckupFiling
        do {
            filing = try CheckupFiling(
                version, in: compartment,
                of: (visit.person, held?.record ?? visit.person, visit.visit), facts,
                beside: (desk.reports(of: visit.person), desk.prices),
                rules: (rules, book.version))
        } catch let refusal as Refusal {
            // What was taken stays so, whatever became of rules and tickets since.
            guard let repeated else { throw refusal }
            return DecidedRecord(
                recorded: RecordedCheckup(held: repeated, isNew: false), basis: basis)
        }
        if let repeated, filing.held.shown.line?.isWaiting != false {
            return DecidedRecord(
                recorded: RecordedCheckup(held: repeated, isNew: false), basis: basis)
        }
        desk.keep(filing, by: caller.party)
        return DecidedRecord(
            recorded: RecordedCheckup(held: filing.held, isNew: repeated == nil), basis: basis)
    }

    /// What the caller holds under this identifier, or what it corrects.
    private func held(in visit: FieldVisit, _ desk: CheckupDesk) throws -> HeldCheckup? {
        if let correction {
            guard let held = desk.report(correction.id, of: caller.party, in: compartment),
                held.isOf(visit.person)
            else { throw Refusal.recordUnknown }
            return held
        }
        let held = desk.report(sent.report.identifier, of: caller.party, in: compartment)
        guard held?.isOf(visit.person) ?? true else { throw Refusal.identifierReused }
        return held
    }
}

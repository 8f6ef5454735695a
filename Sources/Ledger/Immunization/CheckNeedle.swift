import Crypto
package import Exchange
import Postgres

/// 接種前の確認の一括: one check of a shared batch. Visits are read in one statement, what is known of those
/// who agreed in one each, and entered in one; one commit makes all of it durable.
struct NeedleCheck: Sendable {
    let caller: Caller
    let sent: NeedleRequest
    let visit: RecordID
    let book: RuleBook
    let names: @Sendable (RecordID) -> PairwiseIDs

    static func run(_ transaction: inout Transaction, _ batch: [NeedleCheck]) throws
        -> [Result<[UInt8], any Error>]
    {
        let readings = try FieldVisitReading.load(
            &transaction,
            batch.map { .init(visit: $0.visit, patient: $0.sent.patientID, party: $0.caller.party) }
        )
        let visits = zip(batch, readings).map { check, reading in
            Result { try check.opened(reading) }
        }
        var entries: [Entry] = []
        var outcomes: [Int: Result<[UInt8], any Error>] = [:]
        for turn in BatchTurns(batch.map { ($0.book.version, nil) }).turns {
            let open = turn.filter { (try? visits[$0].get().isConsented) ?? false }
            let known = try NeedleKnowledge.load(
                &transaction, of: open.compactMap { readings[$0].person },
                expecting: open.compactMap { place -> PersonKey? in
                    let visit = try? visits[place].get()
                    return visit.flatMap { batch[place].asksOfPregnancy($0) ? $0.person : nil }
                },
                answered: open.filter {
                    !batch[$0].sent.responseIDs.isEmpty || batch[$0].sent.isUnanswered
                }.compactMap { readings[$0].person },
                rules: batch[turn[0]].book)
            for place in turn {
                outcomes[place] = batch[place].outcome(
                    visits[place], readings[place], known, &entries)
            }
        }
        _ = try transaction.pipelineAndCommit(EntryWriter.steps(entries))
        return batch.indices.compactMap { outcomes[$0] }
    }

    private func opened(_ reading: FieldVisitReading) throws -> FieldVisit {
        _ = try PartyStanding.admit(
            caller, .checkVaccination, reading.standing, by: book.permissions)
        let visit = try reading.opening(
            book.consentKinds(of: "immunization"), item: "patient", rules: book)
        guard visit.term.isOpen(at: reading.now) else { throw Refusal.visitEnded }
        // Of one who did not agree nothing is saved either.
        guard visit.isConsented || sent.responseIDs.isEmpty else { throw Refusal.recordUnknown }
        return visit
    }

    /// Nothing of a pregnancy is read for a dose that does not count from one, nor without consent.
    private func asksOfPregnancy(_ visit: FieldVisit) -> Bool {
        guard let rules = book.immunization else { return false }
        return sent.candidates.contains { rules.isOfPregnancy($0.vaccine) }
            && visit.tellsOfPregnancies(book)
    }

    private func outcome(
        _ visit: Result<FieldVisit, any Error>, _ reading: FieldVisitReading,
        _ known: NeedleKnowledge, _ entries: inout [Entry]
    ) -> Result<[UInt8], any Error> {
        var entry = Entry(id: .timeOrdered(), caller: caller, purpose: .checkVaccination)
        entry.visit = reading.visit
        entry.person = reading.person
        return entry.settled(into: &entries) { entry throws -> [UInt8] in
            guard let rules = book.immunization else { throw Refusal.rulesUnknown }
            let visit = try visit.get()
            var facts = visit.isConsented ? known.facts[visit.person] ?? .nothing : .nothing
            // Another check of the same turn may have asked.
            if !asksOfPregnancy(visit) { facts = facts.withoutPregnancies() }
            let saved = visit.isConsented ? known.saved[visit.person] ?? [] : []
            var responses = try sent.responseIDs.map { try saved.submitted(named: $0, names) }
            let day = sent.day ?? reading.now.dayInJapan
            let home = facts.municipality(on: day, knownBy: reading.now)
            let person = facts.person(on: day, at: reading.now, rules)
            if sent.isUnanswered {
                responses += saved.unused(before: sent, of: person, on: day, in: home, rules)
            }
            var question = sent
            question.responses += responses.map(\.newest.response)
            try rules.screenings.requireSeason(of: question.responses, on: day, in: home)
            let report = checkBeforeNeedle(
                question, of: person, today: reading.now.dayInJapan, rules)
            let bytes = report.render(rulesVersion: book.version, rules)
            entry.basis = facts.basis(
                rulesVersion: book.version, responses: responses, overrides: report.lifted)
            entry.digest = Array(SHA256.hash(data: bytes))
            return bytes
        }
    }
}

extension [HeldScreening] {
    /// As `ImmunizationRules.unusedAnswers`.
    fileprivate func unused(
        before request: NeedleRequest, of person: NeedlePerson, on day: CalendarDay,
        in municipality: String?, _ rules: ImmunizationRules
    ) -> [HeldScreening] {
        let unused = rules.unusedAnswers(
            map(\.newest), before: request, of: person, on: day, in: municipality)
        return filter { held in unused.contains { $0.id == held.newest.id } }
    }
}

/// 接種の前に知れること: of the residents of one turn, and nothing of those who did not agree.
struct NeedleKnowledge {
    let facts: [PersonKey: VaccinationFacts]
    let saved: [PersonKey: [HeldScreening]]

    /// `expecting`: whose pregnancies; `answered`: whose saved answers are asked for, or looked for since
    /// nobody sent any.
    static func load(
        _ transaction: inout Transaction, of persons: [PersonKey], expecting: [PersonKey],
        answered: [PersonKey], rules book: RuleBook
    ) throws -> NeedleKnowledge {
        guard let rules = book.immunization else { return NeedleKnowledge(facts: [:], saved: [:]) }
        return NeedleKnowledge(
            facts: try VaccinationFacts.load(
                &transaction, of: Array(Set(persons)), expecting: Array(Set(expecting)),
                rules: book),
            saved: try HeldScreening.load(
                &transaction, of: Array(Set(answered)), to: rules.screenings))
    }
}

extension Ledger {
    /// 接種前の確認, within a visit that is open; those asked for at the same moment share statements, snapshot
    /// and commit. Returns the answer's bytes after its entry is durable. The history is what every
    /// institution recorded and what the clinic adds to it; where the clinic says nothing of a questionnaire,
    /// what the resident submitted for the dose is heeded. Of one who did not agree, nothing is known.
    ///
    /// `names`: the ids by which the caller knows saved answers; it runs on the lane's thread, where it MUST
    /// NOT wait for anything. Throws what `FieldVisitReading.opening` does, `.visitEnded`,
    /// `.recordUnknown` for answers that were not submitted or are another's, and `.questionnaireOver` for
    /// those of another season; otherwise as `access`.
    package func checkNeedle(
        _ caller: Caller, _ sent: NeedleRequest, rules: RuleBook,
        names: @escaping @Sendable (RecordID) -> PairwiseIDs
    ) async throws -> [UInt8] {
        try await needles.submit(
            NeedleCheck(
                caller: caller, sent: sent, visit: RecordID(sent.visitID, item: "visit"),
                book: rules,
                names: names))
    }
}

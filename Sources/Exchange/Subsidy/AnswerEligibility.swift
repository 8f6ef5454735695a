/// 資格確認: decides from facts and rules alone (DESIGN.md §4). Consent comes first: without it nothing
/// held is looked at, and a scheme whose kind was left out does not exist for this answer.
package func answerEligibility(
    _ question: EligibilityQuestion, _ facts: EligibilityFacts, _ rules: SubsidyRules
) -> EligibilityAnswer {
    guard !facts.visit.consents.isDisjoint(with: rules.consentKinds) else {
        return .declined(rules.version)
    }
    var check = EligibilityDecision(question: question, facts: facts, rules: rules)
    switch facts.visit.kind {
    case .card: check.answerCard()
    case .paper(let version): check.answerPaper(limitedTo: version)
    }
    return check.answer()
}

/// One decision under way: items as they are found, and which rows found them.
struct EligibilityDecision {
    private let question: EligibilityQuestion
    private let facts: EligibilityFacts
    private let rules: SubsidyRules
    /// Reviewed or not, nothing that became known after the decision.
    private let known: [EntitlementVersion]
    private var items: [EligibilityAnswer.Item] = []
    private var staleBodies: [EligibilityWarning] = []
    private var isPartUnderReview = false
    private var versionsUsed: Set<Int> = []
    private var residenceUsed: Int?

    init(question: EligibilityQuestion, facts: EligibilityFacts, rules: SubsidyRules) {
        self.question = question
        self.facts = facts
        self.rules = rules
        known = facts.entitlements.filter { $0.knownAt <= facts.decidedAt }
    }

    private var day: CalendarDay { question.serviceDate }

    // MARK: The two kinds of visit

    mutating func answerCard() {
        guard let bodies = responsibleBodies() else {
            return items.append(.alone(.residenceUnknown))
        }
        for body in [bodies.municipality, bodies.prefecture] {
            let programs = rules.programs(of: body, on: day)
            guard !programs.isEmpty, let asOf = connection(of: body) else {
                items.append(item(body, nil, .bodyNotConnected))
                continue
            }
            noteStaleness(of: body, asOf: asOf)
            for program in programs where facts.visit.consents.contains(program.consentKind) {
                answer(on: program, of: body, asOf: asOf) { _ in true }
            }
        }
        answerFollowing(bodies)
    }

    /// 転出後も続く資格: what a former municipality of the prefecture holds under a scheme that follows its
    /// residents, until the new one holds one of the same scheme. Of anything else there nothing is said.
    private mutating func answerFollowing(_ bodies: ResponsibleBodies) {
        for body in facts.formerMunicipalities(in: bodies.prefecture, before: day)
        where body != bodies.municipality {
            guard let asOf = connection(of: body) else { continue }
            for program in rules.programs(of: body, on: day)
            where facts.visit.consents.contains(program.consentKind)
                && rules.moves.afterMove(program.certificateTypeID, of: body)
                    == .followsInPrefecture
                && !items.contains(where: { $0.isHeldLocally(as: program) })
            {
                let rows = rows(of: program, in: body) { _ in true }
                let held = Self.certificates(rows).map { finding(among: $0, program) }
                    .filter(\.outcome.isHeld)
                guard !held.isEmpty else { continue }
                noteStaleness(of: body, asOf: asOf)
                noteReview(of: program, in: body, answering: rows) { _ in true }
                for finding in held { tell(finding, program, of: body, asOf: asOf) }
            }
        }
    }

    /// Showing the paper is the consent to that one certificate, so its kind is not asked again;
    /// and nothing else about the person is said, not even which other bodies there are.
    mutating func answerPaper(limitedTo version: Int) {
        guard let shown = known.first(where: { $0.version == version }) else {
            return items.append(.alone(.noneHeld))
        }
        let body = shown.body
        guard let residence = facts.residence(on: day), residence.municipality != Residence.nowhere
        else { return items.append(.alone(.residenceUnknown)) }
        residenceUsed = residence.version
        let program = rules.programs(of: body, on: day)
            .first { $0.certificateTypeID == shown.certificateTypeID }
        guard let asOf = connection(of: body) else {
            return items.append(item(body, nil, .bodyNotConnected))
        }
        noteStaleness(of: body, asOf: asOf)
        guard let program else { return items.append(item(body, nil, .noneHeld, asOf: asOf)) }
        let bodies = ResponsibleBodies(municipality: residence.municipality)
        let isFollowing =
            bodies?.prefecture == ResponsibleBodies.prefecture(of: body)
            && rules.moves.afterMove(program.certificateTypeID, of: body) == .followsInPrefecture
        guard bodies?.contains(body) == true || isFollowing else {
            return answerMovedAway(shown, program, asOf: asOf)
        }
        answer(on: program, of: body, asOf: asOf) { $0.isSameRow(as: shown) }
    }

    /// The certificate of a former municipality ended with the move, whatever its face says.
    private mutating func answerMovedAway(
        _ shown: EntitlementVersion, _ program: SubsidyProgram, asOf: Instant
    ) {
        guard let last = facts.lastDay(in: shown.body, before: day),
            let row = rows(of: program, in: shown.body, where: { $0.isSameRow(as: shown) }).first,
            row.validFrom <= last
        else { return items.append(item(shown.body, program, .noneHeld, asOf: asOf)) }
        versionsUsed.insert(row.version)
        let ended = min(last, row.validTo)
        items.append(item(shown.body, program, .ended, date: ended, asOf: asOf))
    }

    // MARK: Bodies

    private mutating func responsibleBodies() -> ResponsibleBodies? {
        guard let residence = facts.residence(on: day) else { return nil }
        residenceUsed = residence.version
        return ResponsibleBodies(municipality: residence.municipality)
    }

    /// When the body's last registration was applied, or `nil` while it is not connected.
    private func connection(of body: String) -> Instant? {
        let standings = facts.bodies.filter { standing in
            standing.body == body && standing.asOf.map { $0 <= facts.decidedAt } ?? false
        }
        guard let standing = standings.max(by: BodyStanding.isOlder),
            let since = standing.connectedSince, since <= day
        else { return nil }
        return standing.asOf
    }

    private mutating func noteStaleness(of body: String, asOf: Instant) {
        if rules.isStale(body, asOf: asOf, at: facts.decidedAt) {
            staleBodies.append(.stale(body: body, asOf: asOf))
        }
    }

    // MARK: One body and scheme

    private mutating func answer(
        on program: SubsidyProgram, of body: String, asOf: Instant,
        where isMeant: (EntitlementVersion) -> Bool
    ) {
        let rows = rows(of: program, in: body, where: isMeant)
        noteReview(of: program, in: body, answering: rows, where: isMeant)
        let found = Self.certificates(rows).map { finding(among: $0, program) }
        let held = found.filter { $0.outcome.isHeld }
        let told = held.isEmpty ? Array(found.min(by: Finding.tellsMore).map { [$0] } ?? []) : held
        guard !told.isEmpty else {
            return items.append(item(body, program, .noneHeld, asOf: asOf))
        }
        for finding in told { tell(finding, program, of: body, asOf: asOf) }
    }

    private mutating func tell(
        _ finding: Finding, _ program: SubsidyProgram, of body: String, asOf: Instant
    ) {
        versionsUsed.insert(finding.row.version)
        items.append(
            .init(
                body: body, program: program, outcome: finding.outcome, date: finding.date,
                asOf: asOf, certificate: finding.outcome.isHeld ? finding.row : nil, order: nil))
    }

    /// The newest reviewed version of each registered row; deleted rows do not count.
    private func rows(
        of program: SubsidyProgram, in body: String, where isMeant: (EntitlementVersion) -> Bool
    ) -> [EntitlementVersion] {
        var newest: [EntitlementVersion] = []
        for row in known
        where !row.isUnderReview && row.certificateTypeID == program.certificateTypeID
            && row.body == body && isMeant(row)
        {
            guard let place = newest.firstIndex(where: { $0.isSameRow(as: row) }) else {
                newest.append(row)
                continue
            }
            if row.isNewer(than: newest[place]) { newest[place] = row }
        }
        return newest.filter { !$0.isDeleted }
    }

    /// Only where a reviewed row of the same certificate already answers: a row that was held back
    /// because it may be another person's then leaves the answer as if it had never been sent.
    private mutating func noteReview(
        of program: SubsidyProgram, in body: String, answering rows: [EntitlementVersion],
        where isMeant: (EntitlementVersion) -> Bool
    ) {
        guard !rows.isEmpty else { return }
        isPartUnderReview =
            isPartUnderReview
            || known.contains { held in
                held.isUnderReview && held.certificateTypeID == program.certificateTypeID
                    && held.body == body && isMeant(held)
                    && rows.contains { $0.subKey == held.subKey }
                    && !known.contains {
                        !$0.isUnderReview && $0.isSameRow(as: held) && $0.isNewer(than: held)
                    }
            }
    }

    /// 受給者証サブキー: each names a certificate of its own; its rows are periods of that certificate.
    private static func certificates(_ rows: [EntitlementVersion]) -> [[EntitlementVersion]] {
        var certificates: [[EntitlementVersion]] = []
        for row in rows {
            if let place = certificates.firstIndex(where: { $0[0].subKey == row.subKey }) {
                certificates[place].append(row)
            } else {
                certificates.append([row])
            }
        }
        return certificates
    }

    private struct Finding {
        let row: EntitlementVersion
        let outcome: EligibilityOutcome
        let date: CalendarDay?

        /// Of several certificates without any held: what stops here first, then what ended last,
        /// then what begins first.
        static func tellsMore(_ left: Finding, _ right: Finding) -> Bool {
            left.rank != right.rank ? left.rank < right.rank : left.row.isNewer(than: right.row)
        }

        private var rank: (Int, Int) {
            switch outcome {
            case .ended: (1, -row.validTo.daysSince1970)
            case .notYet: (2, row.validFrom.daysSince1970)
            default: (0, 0)
            }
        }
    }

    /// `periods` is never empty. Where periods overlap, the later registration speaks.
    private func finding(
        among periods: [EntitlementVersion], _ program: SubsidyProgram
    ) -> Finding {
        let covering = periods.filter { $0.covers(day) }
        if let row = covering.max(by: { $1.isNewer(than: $0) }) {
            return Finding(row: row, outcome: outcome(of: row, program), date: nil)
        }
        let all = periods.map { row in
            row.validTo < day
                ? Finding(row: row, outcome: .ended, date: row.validTo)
                : Finding(row: row, outcome: .notYet, date: row.validFrom)
        }
        return all.dropFirst().reduce(all[0]) { Finding.tellsMore($1, $0) ? $1 : $0 }
    }

    private func outcome(
        of row: EntitlementVersion, _ program: SubsidyProgram
    ) -> EligibilityOutcome {
        guard isDesignated(for: row, program) else { return .institutionNotDesignated }
        if row.isAlwaysReimbursement { return .entitledRefundOnly }
        let month = CapMonth(certificate: row.certificate, month: ServiceMonth(of: day))
        return facts.reached.contains(month) ? .capReached : .entitled
    }

    /// Codes on the certificate bind it to those institutions; without any, a scheme for designated
    /// institutions asks the party registry.
    private func isDesignated(for row: EntitlementVersion, _ program: SubsidyProgram) -> Bool {
        let codes = row.designatedCodes
        if !codes.isEmpty { return codes.contains(question.institution.code) }
        guard program.requiresDesignation else { return true }
        return program.designatedAs.contains {
            facts.designations.contains(.init(body: row.body, scheme: $0))
        }
    }

    private func item(
        _ body: String, _ program: SubsidyProgram?, _ outcome: EligibilityOutcome,
        date: CalendarDay? = nil, asOf: Instant? = nil
    ) -> EligibilityAnswer.Item {
        .init(
            body: body, program: program, outcome: outcome, date: date, asOf: asOf,
            certificate: nil, order: nil)
    }

    // MARK: The answer

    func answer() -> EligibilityAnswer {
        var ordered = rules.inPriorityOrder(items)
        for place in ordered.indices where ordered[place].outcome.isHeld {
            ordered[place].order = place + 1
        }
        return EligibilityAnswer(
            items: ordered, warnings: warnings, versionsUsed: versionsUsed.sorted(),
            residenceUsed: residenceUsed, rulesVersion: rules.version)
    }

    private var warnings: [EligibilityWarning] {
        var warnings = staleBodies
        let today = facts.decidedAt.dayInJapan
        if let last = facts.visit.cardValidTo, today <= last,
            last <= today.adding(days: rules.cardExpiresSoonDays)
        {
            warnings.append(.cardExpiresSoon(on: last))
        }
        if isPartUnderReview { warnings.append(.partUnderReview) }
        return warnings
    }
}

extension EligibilityAnswer.Item {
    /// A certificate of the same scheme answers already.
    fileprivate func isHeldLocally(as other: SubsidyProgram) -> Bool {
        guard outcome.isHeld, let program else { return false }
        return program.lawNumber == other.lawNumber
            && (other.lawNumber != nil || program.certificateTypeID == other.certificateTypeID)
    }
}

extension EligibilityFacts {
    /// Where the resident lived before, the latest first, as long as it was in the prefecture.
    fileprivate func formerMunicipalities(in prefecture: String, before day: CalendarDay)
        -> [String]
    {
        var found: [String] = []
        var next = day
        while let residence = residence(on: next),
            ResponsibleBodies(municipality: residence.municipality)?.prefecture == prefecture
        {
            if !found.contains(residence.municipality) { found.append(residence.municipality) }
            next = residence.from.adding(days: -1)
        }
        return found
    }

    func residence(on day: CalendarDay) -> Residence? {
        residences.residence(on: day, knownBy: decidedAt)
    }

    /// The last day the resident lived under `body` before `day`; `nil` if never.
    func lastDay(in body: String, before day: CalendarDay) -> CalendarDay? {
        var next = day
        while let residence = residence(on: next) {
            if ResponsibleBodies(municipality: residence.municipality)?.contains(body) == true {
                return next
            }
            next = residence.from.adding(days: -1)
        }
        return nil
    }
}

extension BodyStanding {
    static func isOlder(_ left: BodyStanding, _ right: BodyStanding) -> Bool {
        switch (left.asOf, right.asOf) {
        case (let left?, let right?) where left != right: left < right
        case (nil, _?): true
        case (_?, nil): false
        default:
            (left.connectedSince?.daysSince1970 ?? .max)
                > (right.connectedSince?.daysSince1970 ?? .max)
        }
    }
}

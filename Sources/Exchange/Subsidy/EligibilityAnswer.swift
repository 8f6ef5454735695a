/// 資格確認の答え: one item for each responsible body and scheme, in an order that depends on the rules
/// alone, never on the order in which facts came.
package struct EligibilityAnswer: Sendable, Hashable {
    /// 書式の版: which version of `answerEligibility` and `render` this is. Entries cite it, and a
    /// replay must meet old digests: whoever changes the bytes adds a version and keeps the old
    /// one. A golden digest in the tests says so.
    package static let form = 1

    package let items: [Item]
    package let warnings: [EligibilityWarning]
    /// The entitlement rows that decided, ascending.
    package let versionsUsed: [Int]
    /// The residence row that named the bodies.
    package let residenceUsed: Int?
    package let rulesVersion: String

    package struct Item: Sendable, Hashable {
        package let body: String?
        package let program: SubsidyProgram?
        package let outcome: EligibilityOutcome
        /// Ended: the last valid day. Not yet: the first.
        package let date: CalendarDay?
        package let asOf: Instant?
        /// Only when held.
        package let certificate: EntitlementVersion?
        /// 1…n in order of application, only when held; what can be used at the counter comes
        /// first.
        package internal(set) var order: Int?
    }

    /// 利用しない: the one answer to a visit without consent, whatever is held.
    static func declined(_ rulesVersion: String) -> EligibilityAnswer {
        EligibilityAnswer(
            items: [.alone(.declined)], warnings: [], versionsUsed: [], residenceUsed: nil,
            rulesVersion: rulesVersion)
    }
}

extension EligibilityAnswer {
    /// What one body may read of an answer: its own schemes, numbered as if there were no others,
    /// and nothing about the card or about anybody else's rows.
    package func only(of body: String) -> EligibilityAnswer {
        var own = items.filter { $0.body == body }
        var order = 0
        for place in own.indices where own[place].order != nil {
            order += 1
            own[place].order = order
        }
        let ownWarnings = warnings.filter {
            if case .stale(body, _) = $0 { true } else { false }
        }
        return EligibilityAnswer(
            items: own, warnings: ownWarnings,
            versionsUsed: own.compactMap { $0.certificate?.version }.sorted(),
            residenceUsed: nil, rulesVersion: rulesVersion)
    }
}

extension EligibilityAnswer.Item {
    /// An outcome about no body and no scheme.
    static func alone(_ outcome: EligibilityOutcome) -> Self {
        Self(
            body: nil, program: nil, outcome: outcome, date: nil, asOf: nil, certificate: nil,
            order: nil)
    }
}

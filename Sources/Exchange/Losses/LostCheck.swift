/// 遡及の喪失: what became of an answer when what it was decided from changed afterwards.
package struct ChangedAnswer: Hashable, Sendable {
    package let told: EligibilityOutcome
    package let outcome: EligibilityOutcome
    /// Ended: the last valid day. Not yet: the first.
    package let day: CalendarDay?

    package init(told: EligibilityOutcome, outcome: EligibilityOutcome, day: CalendarDay?) {
        self.told = told
        self.outcome = outcome
        self.day = day
    }
}

/// 答え直し: what a check that was answered on a certificate would be answered now, where the institution was
/// shown the certificate. Nothing where it was not: whoever was told nothing learns nothing now.
package func answerAgain(
    _ question: EligibilityQuestion, on certificate: HeldCertificate,
    then: (facts: EligibilityFacts, rules: SubsidyRules),
    now: (facts: EligibilityFacts, rules: SubsidyRules)
) -> ChangedAnswer? {
    let told = answerEligibility(question, then.facts, then.rules).items
        .first { $0.certificate?.certificate == certificate }
    guard let told else { return nil }
    let facts = now.facts.only(certificate)
    let item = answerEligibility(question, facts, now.rules).items
        .first {
            $0.body == certificate.body && $0.program?.certificateTypeID == certificate.typeID
        }
    if let item {
        return ChangedAnswer(told: told.outcome, outcome: item.outcome, day: item.date)
    }
    // Another body is responsible on that day by now.
    return ChangedAnswer(
        told: told.outcome, outcome: .ended,
        day: facts.lastDay(in: certificate.body, before: question.serviceDate))
}

extension ChangedAnswer {
    /// Whether it is otherwise at the counter: usable, refund only, or neither.
    package var isChanged: Bool { Self.use(told) != Self.use(outcome) }

    /// The same once more, to whoever was told so last.
    package func repeats(_ last: ChangedAnswer) -> Bool {
        outcome == last.outcome && day == last.day
    }

    private static func use(_ outcome: EligibilityOutcome) -> Int {
        outcome.isUsable ? 0 : outcome == .entitledRefundOnly ? 1 : 2
    }
}

extension EligibilityFacts {
    fileprivate func only(_ certificate: HeldCertificate) -> EligibilityFacts {
        EligibilityFacts(
            visit: visit, residences: residences,
            entitlements: entitlements.filter { $0.certificate == certificate }, bodies: bodies,
            designations: designations, reached: reached, decidedAt: decidedAt)
    }
}

/// 資格確認の結果: the closed set of DESIGN.md §4. Wire codes are the raw values; the published CodeSystem
/// is `profiles/subsidy/eligibility-outcome.json`, which must hold exactly these.
package enum EligibilityOutcome: String, CaseIterable, Sendable, Hashable {
    case entitled
    case entitledRefundOnly = "entitled-refund-only"
    case ended
    case notYet = "not-yet"
    case noneHeld = "none-held"
    case bodyNotConnected = "body-not-connected"
    case residenceUnknown = "residence-unknown"
    case declined
    case institutionNotDesignated = "institution-not-designated"
    /// Entitled, and nothing more is collected in the month of the service date.
    case capReached = "cap-reached"

    /// A certificate is shown to the institution: the answer carries a Coverage.
    package var isHeld: Bool { isUsable || self == .entitledRefundOnly }

    /// 現物給付: the certificate can be used at the counter.
    package var isUsable: Bool { self == .entitled || self == .capReached }
}

/// 注意: stands beside outcomes and is none of them.
package enum EligibilityWarning: Sendable, Hashable {
    /// 実施機関からの更新が古い.
    case stale(body: String, asOf: Instant)
    /// カードの有効期限が近い.
    case cardExpiresSoon(on: CalendarDay)
    /// 一部確認中: a newer row about a certificate that already answers is held back.
    case partUnderReview

    package var code: Code {
        switch self {
        case .stale: .stale
        case .cardExpiresSoon: .cardExpiresSoon
        case .partUnderReview: .partUnderReview
        }
    }

    /// Wire codes, published as `profiles/subsidy/eligibility-warning.json`.
    package enum Code: String, CaseIterable, Sendable, Hashable {
        case stale
        case cardExpiresSoon = "card-expires-soon"
        case partUnderReview = "part-under-review"
    }
}

/// 資格確認の根拠: everything one answer is decided from. Rows of a later day do no harm: what was not
/// known at `decidedAt` is left out inside the decision, so a replay meets the same answer.
package struct EligibilityFacts: Sendable, Hashable {
    package let visit: VisitFacts
    package let residences: [Residence]
    /// All known versions of this resident, in any order.
    package let entitlements: [EntitlementVersion]
    package let bodies: [BodyStanding]
    /// 指定: what the asking institution is designated for, from the party registry.
    package let designations: Set<Designation>
    /// 上限到達: the months of these certificates that have nothing left of their cap.
    package let reached: Set<CapMonth>
    package let decidedAt: Instant

    package init(
        visit: VisitFacts, residences: [Residence], entitlements: [EntitlementVersion],
        bodies: [BodyStanding], designations: Set<Designation> = [],
        reached: Set<CapMonth> = [], decidedAt: Instant
    ) {
        self.visit = visit
        self.residences = residences
        self.entitlements = entitlements
        self.bodies = bodies
        self.designations = designations
        self.reached = reached
        self.decidedAt = decidedAt
    }
}

/// 受付の事実: what the resident agreed to in this visit, and how it was opened.
package struct VisitFacts: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        case card
        /// A paper certificate answers on itself alone: the row version it was matched with.
        case paper(limitedTo: Int)
    }

    package let kind: Kind
    /// Those that stand: the resident may take back what was agreed to.
    package var consents: Set<ConsentKind>
    /// Fewer stand than were agreed to.
    package let isNarrowed: Bool
    package let opened: Instant
    package let cardValidTo: CalendarDay?

    package init(
        kind: Kind, consents: Set<ConsentKind>, isNarrowed: Bool = false, opened: Instant,
        cardValidTo: CalendarDay? = nil
    ) {
        self.kind = kind
        self.consents = consents
        self.isNarrowed = isNarrowed
        self.opened = opened
        self.cardValidTo = cardValidTo
    }
}

/// 住所地: the municipality from this day until the next one.
package struct Residence: Sendable, Hashable {
    package let version: Int
    /// 6 digits; `000000` = moved abroad, or nowhere.
    package let municipality: String
    package let from: CalendarDay
    package let knownAt: Instant

    package static let nowhere = "000000"

    package init(version: Int, municipality: String, from: CalendarDay, knownAt: Instant) {
        self.version = version
        self.municipality = municipality
        self.from = from
        self.knownAt = knownAt
    }
}

extension [Residence] {
    /// The newest word known by then on where the resident lived that day.
    package func residence(on day: CalendarDay, knownBy now: Instant) -> Residence? {
        var found: Residence?
        for residence in self where residence.knownAt <= now && residence.from <= day {
            guard let best = found else {
                found = residence
                continue
            }
            let isLater =
                residence.from != best.from
                ? residence.from > best.from
                : (residence.knownAt, residence.version) > (best.knownAt, best.version)
            if isLater { found = residence }
        }
        return found
    }
}

/// 自治体の接続状況. Several standings of one body may be given (its history): the newest that was known at
/// the decision speaks. A body that has registered nothing yet (`asOf` nil) is not connected: the
/// gateway knows nothing of its residents, and "none held" would be a false statement.
package struct BodyStanding: Sendable, Hashable {
    package let body: String
    package let connectedSince: CalendarDay?
    /// When its last registration was applied.
    package let asOf: Instant?

    package init(body: String, connectedSince: CalendarDay?, asOf: Instant?) {
        self.body = body
        self.connectedSince = connectedSince
        self.asOf = asOf
    }
}

/// 指定医療機関の指定: a body's word that the institution may serve a scheme, named by its law number
/// (`54`) or by the body's own certificate type.
package struct Designation: Sendable, Hashable {
    package let body: String
    package let scheme: String

    package init(body: String, scheme: String) {
        self.body = body
        self.scheme = scheme
    }
}

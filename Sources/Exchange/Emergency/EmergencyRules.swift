/// 災害時の決まり: what a visit without a card opens while a disaster is declared, and for how long
/// anything about it lasts, from `profiles/access/emergency.json`.
package struct EmergencyRules: Hashable, Sendable {
    /// The kind of visit, a row of `profiles/access/visit-kinds.json`.
    package static let visitKind = "emergency"

    /// Never a sensitive kind.
    package let consents: [ConsentKind]
    /// The longest term of one declaration.
    package let longestDays: Int
    /// Of one institution, found or not.
    package let triesPerHour: Int
    /// Within which each visit is reviewed.
    package let reviewDays: Int
    package let source: RuleSource

    init(reading file: RuleReader, consentKinds: [ConsentKindRule]) throws(RuleFault) {
        try file.requireOnly([
            "source", "verified", "note", "consents", "longestDays", "triesPerHour", "reviewDays",
        ])
        source = try file.source()
        var consents: [ConsentKind] = []
        for code in try file.strings("consents") {
            guard let kind = consentKinds.first(where: { $0.kind.code == code }) else {
                throw file.fault("consents", "names an unknown kind, \(code)")
            }
            guard !kind.isSensitive else {
                throw file.fault("consents", "names a sensitive kind, \(code)")
            }
            consents.append(kind.kind)
        }
        self.consents = consents
        longestDays = try file.int("longestDays", in: 1...31)
        triesPerHour = try file.int("triesPerHour", in: 1...1_000)
        reviewDays = try file.int("reviewDays", in: 1...366)
    }

    /// Throws `.termTooLong` for a term that is over, that is no term, or longer than the rules allow.
    package func requireTerm(
        from begins: Instant, to ends: Instant, now: Instant
    ) throws(Refusal) {
        let last = begins.adding(seconds: Int64(longestDays) * 86_400)
        guard ends > now, begins < ends, ends <= last,
            begins <= now.adding(seconds: Int64(longestDays) * 86_400)
        else { throw .termTooLong }
    }
}

/// 区域: whether all of these municipalities are a body's own: a municipality's own code, or a prefecture's
/// municipalities.
package func isArea(_ codes: [String], of party: Party) -> Bool {
    codes.allSatisfy { code in
        switch party.role {
        case .municipality: code == party.code
        case .prefecture:
            code != party.code && ResponsibleBodies.prefecture(of: code) == party.code
        default: false
        }
    }
}

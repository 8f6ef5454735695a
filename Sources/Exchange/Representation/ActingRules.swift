/// 代理の決まり: who may act for a resident, in which kinds of data and until when, from
/// `profiles/access/acting.json` and the ages of `consent-kinds.json`. What is not listed there is
/// nobody's but the resident's own.
package struct ActingRules: Sendable {
    /// What a purpose asks of whoever acts.
    package enum Need: Hashable, Sendable {
        /// One of these must be open; of the rows, only those of open kinds are shown.
        case any(Set<ConsentKind>)
        /// It speaks of every field, so every kind there is must be open.
        case all
    }

    package let guardians: [GuardianKindRule]
    /// 成年: a guardianship of a minor is over at this age, whatever a row says.
    package let guardianshipEndsAtAge: Int
    /// The longest that a resident lets somebody act, in days.
    package let delegationDaysMax: Int
    /// How long the code of a delegation waits for somebody to take it.
    package let codeHours: Int
    let needs: [Purpose: Need]
    let kinds: [ConsentKindRule]

    package func guardian(_ code: String) -> GuardianKindRule? {
        guardians.first { $0.code == code }
    }

    /// The kinds in which this purpose may be used by whoever has these open, or `nil` where it may
    /// not.
    package func narrowed(_ purpose: Purpose, to open: Set<ConsentKind>) -> Set<ConsentKind>? {
        switch needs[purpose] {
        case nil: nil
        case .any(let kinds): kinds.isDisjoint(with: open) ? nil : open
        case .all: kinds.allSatisfy { open.contains($0.kind) } ? open : nil
        }
    }
}

/// 関係区分: a kind of guardian.
package struct GuardianKindRule: Hashable, Sendable {
    package let code: String
    package let name: BilingualText
    /// Ends with the age of the rules; of an adult's, the municipality says the end.
    package let isOfMinor: Bool
}

extension ActingRules {
    init(
        reading folder: RuleFolder, _ kinds: [ConsentKindRule], _ permissions: Permissions?
    ) throws(RuleFault) {
        let file = try folder.file("access/acting.json")
        try file.requireOnly([
            "source", "verified", "note", "guardianshipEndsAtAge", "delegationDaysMax",
            "codeHours", "guardians", "purposes",
        ])
        _ = try file.source()
        self.kinds = kinds
        guardianshipEndsAtAge = try file.int("guardianshipEndsAtAge", in: 15...25)
        delegationDaysMax = try file.int("delegationDaysMax", in: 1...3_660)
        codeHours = try file.int("codeHours", in: 1...720)
        guardians = try file.rows("guardians", uniqueBy: "code") { row throws(RuleFault) in
            try row.requireOnly(["code", "name", "ofMinor"])
            return GuardianKindRule(
                code: try row.string("code"), name: try row.text("name"),
                isOfMinor: try row.bool("ofMinor"))
        }
        var needs: [Purpose: Need] = [:]
        _ = try file.rows("purposes", uniqueBy: "code") { row throws(RuleFault) in
            let (purpose, need) = try row.need(among: kinds, permissions)
            needs[purpose] = need
        }
        self.needs = needs
    }
}

extension RuleReader {
    fileprivate func need(
        among kinds: [ConsentKindRule], _ permissions: Permissions?
    ) throws(RuleFault) -> (Purpose, ActingRules.Need) {
        try requireOnly(["code", "anyOf", "allKinds"])
        guard let purpose = Purpose(rawValue: try string("code")),
            permissions?.may(.portal, purpose) ?? true
        else {
            throw fault("code", "is no purpose of a portal")
        }
        if try bool("allKinds", default: false) {
            guard object["anyOf"] == nil else { throw fault("anyOf", "stands beside allKinds") }
            return (purpose, .all)
        }
        var needed: Set<ConsentKind> = []
        for code in try strings("anyOf") {
            guard let kind = kinds.first(where: { $0.kind.code == code })?.kind else {
                throw fault("anyOf", "names an unknown kind of consent")
            }
            needed.insert(kind)
        }
        guard !needed.isEmpty else { throw fault("anyOf", "is empty") }
        return (purpose, .any(needed))
    }
}

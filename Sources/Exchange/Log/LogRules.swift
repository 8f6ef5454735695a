/// 記録の決まり: what offices may see of the access log and for how long an entry may be held back from
/// its resident, from `profiles/access/log.json`.
package struct LogRules: Hashable, Sendable {
    /// Purposes that touch what the municipality of residence is responsible for. Of other entries it
    /// sees its own alone.
    package let municipalPurposes: Set<Purpose>
    package let withholdingReasons: [WithholdingReason]
    package let source: RuleSource

    package func reason(_ code: String) -> WithholdingReason? {
        withholdingReasons.first { $0.code == code }
    }

    init(reading file: RuleReader) throws(RuleFault) {
        try file.requireOnly([
            "source", "verified", "note", "municipalPurposes", "withholdingReasons",
        ])
        source = try file.source()
        var purposes: Set<Purpose> = []
        for code in try file.strings("municipalPurposes") {
            guard let purpose = Purpose(rawValue: code) else {
                throw file.fault("municipalPurposes", "names an unknown purpose, \(code)")
            }
            purposes.insert(purpose)
        }
        municipalPurposes = purposes
        withholdingReasons = try file.rows("withholdingReasons", uniqueBy: "code") {
            row throws(RuleFault) in
            try row.requireOnly(["code", "name", "law", "longestDays"])
            return WithholdingReason(
                code: try row.string("code"), name: try row.text("name"),
                law: try row.string("law"), longestDays: try row.int("longestDays", in: 1...3660))
        }
    }
}

/// 開示を延期できる理由: by which law, and how many days after the access at most.
package struct WithholdingReason: Hashable, Sendable {
    package let code: String
    package let name: BilingualText
    package let law: String
    package let longestDays: Int

    /// Throws `.termTooLong` for a release that is not ahead, or later than the law allows.
    package func requireTerm(
        of entry: Instant, until release: Instant, now: Instant
    ) throws(Refusal) {
        let last = Instant.startOfDay(entry.dayInJapan.adding(days: longestDays))
        guard release > now, release <= last else { throw .termTooLong }
    }
}

/// 根拠: the place of one row among the rules of a version. A step carries this small value, so
/// that nothing is spelled out before somebody reads it.
package struct RuleMark: Hashable, Sendable {
    let place: UInt16
    package let isVerified: Bool

    /// The amount was given with the case; no row of ours stands behind it.
    package static let asGiven = RuleMark(place: 0, isVerified: true)
}

/// One row as it is cited: its name within the rules, and where it was taken from.
package struct CitedRule: Hashable, Sendable {
    /// `high-cost/2015-01/ウ`
    package let name: String
    package let source: RuleSource

    /// What a step cites that rests on what the case itself said.
    static let asGivenName = "as-given"
}

/// Collects the rows of the files as they are read, so that each gets its place.
struct CitationList {
    private(set) var rules = [
        CitedRule(
            name: CitedRule.asGivenName, source: RuleSource(text: "", isVerified: true))
    ]

    /// Throws when a version holds more rows than a place can count, or one name twice.
    mutating func mark(
        _ name: String, _ source: RuleSource, at row: RuleReader
    ) throws(RuleFault) -> RuleMark {
        guard rules.count < Int(UInt16.max) else {
            throw RuleFault(file: row.file, path: row.path, reason: "is one row too many")
        }
        rules.append(CitedRule(name: name, source: source))
        return RuleMark(place: UInt16(rules.count - 1), isVerified: source.isVerified)
    }
}

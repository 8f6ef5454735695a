/// 保存期間: how long entries of the access log stay in the database before a month of them may be archived.
/// Their leaf hashes, and the archive, stay.
package struct RetentionRule: Hashable, Sendable {
    /// Whole months after the entry's own.
    package let months: Int
    package let source: RuleSource
}

extension RuleFolder {
    func retention() throws(RuleFault) -> RetentionRule {
        let file = try file("access/retention.json")
        try file.requireOnly(["source", "verified", "note", "months"])
        return RetentionRule(
            months: try file.int("months", in: 1...1200), source: try file.source())
    }
}

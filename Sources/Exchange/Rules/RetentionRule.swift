/// 保存期間: how long entries of the access log stay in the database before a month of them may be archived
/// (their leaf hashes, and the archive, stay), and how long the rows of a file that is through do.
package struct RetentionRule: Hashable, Sendable {
    /// Whole months after the entry's own.
    package let months: Int
    /// Days after the end of a file in which its refused rows may still be mended.
    package let fileDays: Int
    package let source: RuleSource

    /// Of versions of the rules from before it was one.
    private static let fileDaysBefore = 90

    fileprivate init(reading file: RuleReader) throws(RuleFault) {
        try file.requireOnly(["source", "verified", "note", "months", "fileDays"])
        months = try file.int("months", in: 1...1200)
        fileDays =
            file.object["fileDays"] == nil
            ? Self.fileDaysBefore : try file.int("fileDays", in: 1...3_650)
        source = try file.source()
    }
}

extension RuleFolder {
    func retention() throws(RuleFault) -> RetentionRule {
        try RetentionRule(reading: file("access/retention.json"))
    }
}

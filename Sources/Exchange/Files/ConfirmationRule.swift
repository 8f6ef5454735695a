/// 二人目の確認: from how much change on a file waits until a second person has looked at it. Data of each
/// layout.
package struct ConfirmationRule: Hashable, Sendable {
    /// Of the rows that stand, how many in a hundred may be added, changed or ended.
    package let changedPercentMax: Int
    /// Of the rows that stand, how many in a hundred may end: a file that was cut off ends many.
    package let endedPercentMax: Int
    /// Files that touch no more rows than this never wait: in a small scheme a few are a large
    /// share.
    package let rowsWithoutQuestion: Int

    init(reading rule: RuleReader) throws(RuleFault) {
        try rule.requireOnly(["changedPercentMax", "endedPercentMax", "rowsWithoutQuestion"])
        changedPercentMax = try rule.int("changedPercentMax", in: 0...100)
        endedPercentMax = try rule.int("endedPercentMax", in: 0...100)
        rowsWithoutQuestion = try rule.int("rowsWithoutQuestion", in: 0...1_000_000)
    }

    /// Whether a second person must confirm before any of it is applied.
    package func needsSecondPerson(_ effect: FileEffect) -> Bool {
        let touched = effect.additions + effect.changes + effect.ends
        guard touched > rowsWithoutQuestion else { return false }
        return touched * 100 > effect.standing * changedPercentMax
            || effect.ends * 100 > effect.standing * endedPercentMax
    }
}

/// What a file would do to the rows that stand before it.
package struct FileEffect: Hashable, Sendable {
    package let additions: Int
    package let changes: Int
    package let ends: Int
    /// Rows that stand now.
    package let standing: Int

    package init(additions: Int, changes: Int, ends: Int, standing: Int) {
        self.additions = additions
        self.changes = changes
        self.ends = ends
        self.standing = standing
    }
}

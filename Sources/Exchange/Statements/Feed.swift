/// 届き方: when a body last said something in a field, by file or by the API, and when its last two whole files
/// of it were through. Nothing of any row is in it.
package struct Feed: Hashable, Sendable {
    package let body: String
    package let field: StatementField
    package let asOf: Instant
    package let fileAt: Instant?
    package let fileBefore: Instant?

    package init(
        body: String, field: StatementField, asOf: Instant, fileAt: Instant?, fileBefore: Instant?
    ) {
        self.body = body
        self.field = field
        self.asOf = asOf
        self.fileAt = fileAt
        self.fileBefore = fileBefore
    }

    /// What is late of it, if anything: rows of any kind, or the nightly file alone.
    package func late(by rules: SubsidyRules, at now: Instant) -> LateFeed? {
        guard !rules.isStale(body, in: field, asOf: asOf, at: now) else {
            return LateFeed(body: body, field: field, isFileAlone: false)
        }
        guard let fileAt, let fileBefore else { return nil }
        // Two files as close as a night's are: the next is due as soon again.
        let isNightly = !rules.isStale(body, asOf: fileBefore, at: fileAt)
        guard isNightly, rules.isStale(body, asOf: fileAt, at: now) else { return nil }
        return LateFeed(body: body, field: field, isFileAlone: true)
    }
}

/// 遅れ: whose feed of which field is late.
package struct LateFeed: Hashable, Sendable {
    package let body: String
    package let field: StatementField
    /// 夜のファイルがない: single rows come by the API, and the file that came every night does not.
    package let isFileAlone: Bool

    package var name: String { "\(body)/\(field.rawValue)" + (isFileAlone ? "/file" : "") }
}

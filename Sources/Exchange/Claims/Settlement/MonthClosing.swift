/// 月の締め: what a municipality closes a month with. Its bytes are the answer whose digest stands in the access
/// log, and so under the log's signed checkpoints: whoever holds them shows at any time what was closed.
/// A later closing of the month follows the one before by its digest; none takes its place.
package struct MonthClosing: Sendable {
    package let body: String
    package let month: ServiceMonth
    /// From 1.
    package let number: Int
    package let run: Int
    /// SHA-256 of the run's rows.
    package let digest: String
    /// SHA-256 of the closing before this one.
    package let follows: String?
    /// 欠けた組: sets of which parts never came, as whoever closed the month said.
    package let withoutPartsOf: [String]
    package let rulesVersion: String
    /// As the run wrote them.
    package let totals: String
    package let closedAt: Instant

    package init(
        of month: (body: String, month: ServiceMonth), number: Int, follows: String?,
        run: (number: Int, digest: String, rules: String, totals: String),
        withoutPartsOf sets: [String] = [], at: Instant
    ) {
        body = month.body
        self.month = month.month
        self.number = number
        self.run = run.number
        digest = run.digest
        self.follows = follows
        rulesVersion = run.rules
        totals = run.totals
        withoutPartsOf = sets
        closedAt = at
    }

    package var bytes: [UInt8] {
        var writer = JSONWriter(reservingBytes: 512 + totals.utf8.count)
        writer.object {
            $0.member("body", body)
            $0.member("month", month.text)
            $0.member("closing", number)
            $0.member("run", run)
            $0.member("digest", digest)
            $0.member("follows", follows)
            $0.member("rules", rulesVersion)
            $0.member("closedAt", closedAt.text)
            if !withoutPartsOf.isEmpty {
                $0.array("withoutPartsOf") { for set in withoutPartsOf { $0.string(set) } }
            }
            $0.name("totals")
            $0.raw(totals)
        }
        return writer.bytes
    }
}

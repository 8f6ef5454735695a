/// 突合の証明: how many rows of a body the gateway held at a moment, and the root of the tree over them. Its
/// text is what is signed (C2SP signed-note), one item a line.
package struct HoldingStatement: Hashable, Sendable {
    private static let format = "tsunagi statement v1"

    /// The log's name: whose statement it is.
    package let origin: String
    /// 実施機関: the 6-digit code.
    package let body: String
    package let field: StatementField
    package let at: Instant
    package let rows: Int
    /// Held back until somebody settles them; they are counted among the rows.
    package let underReview: Int
    /// When the body's last registration of entitlements was applied.
    package let asOf: Instant?
    /// 鮮度切れ: later than the rules allow.
    package let isStale: Bool
    /// How many times the tree forks, sixteen ways each.
    package let depth: Int
    package let root: [UInt8]

    package init(
        origin: String, of body: (code: String, field: StatementField), at: Instant,
        counts: (rows: Int, underReview: Int), asOf: Instant?, isStale: Bool,
        tree: (depth: Int, root: [UInt8])
    ) {
        self.origin = origin
        self.body = body.code
        field = body.field
        self.at = at
        rows = counts.rows
        underReview = counts.underReview
        self.asOf = asOf
        self.isStale = isStale
        depth = tree.depth
        root = tree.root
    }

    package var day: CalendarDay { at.dayInJapan }

    package var text: String {
        """
        \(Self.format)
        log: \(origin)
        body: \(body)
        field: \(field.rawValue)
        day: \(day.text)
        at: \(at.microseconds)
        rows: \(rows)
        under-review: \(underReview)
        as-of: \(asOf.map { String($0.microseconds) } ?? "-")
        stale: \(isStale ? "yes" : "no")
        depth: \(depth)
        root: \(Hexadecimal.text(root))

        """
    }

    /// Throws `.malformed("statement")` for anything that `text` would not write again.
    package init(reading text: String) throws(Refusal) {
        var items: [String: String] = [:]
        for line in text.split(separator: "\n").dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { throw .malformed("statement") }
            items[String(parts[0])] = String(parts[1].dropFirst())
        }
        guard let origin = items["log"], let body = items["body"],
            let field = items["field"].flatMap(StatementField.init(rawValue:)),
            let at = items["at"].flatMap({ Int64($0) }),
            let rows = items["rows"].flatMap({ Int($0) }),
            let underReview = items["under-review"].flatMap({ Int($0) }),
            let depth = items["depth"].flatMap({ Int($0) }),
            let root = items["root"].flatMap({ Hexadecimal.bytes($0) })
        else { throw .malformed("statement") }
        self.init(
            origin: origin, of: (body, field), at: Instant(microseconds: at),
            counts: (rows, underReview),
            asOf: items["as-of"].flatMap { Int64($0) }.map { Instant(microseconds: $0) },
            isStale: items["stale"] == "yes", tree: (depth, root))
        guard self.text == text else { throw .malformed("statement") }
    }
}

/// 受給資格の行: which versions are of one row and which of them speaks, as SQL about a version `e`.
enum EntitlementRow {
    /// `later` is a version of the row that `e` is a version of. It is looked up by its person, of whom
    /// there are few: bodies are compared in a way that no index serves, for of a body that the statistics
    /// do not know yet all rows were read once for each row.
    static let isSame = """
        later.person = e.person and later.body is not distinct from e.body
            and later.certificate_type = e.certificate_type
            and later.sub_key = e.sub_key and later.history_key = e.history_key
        """

    /// `e` is what its body says now: neither taken back nor held back, and nothing that was taken
    /// came after it.
    static let isCurrent = """
        not e.is_deleted and not e.is_under_review and not exists (
            select 1 from exchange.entitlement later
            where \(isSame) and not later.is_under_review and later.version > e.version)
        """

    /// `e` was that at a moment, and was said after `since`.
    static func isHeld(asOf moment: String, since: String) -> String {
        """
        not e.is_deleted and not e.is_under_review and e.known_at <= \(moment)
            and (\(since)::timestamptz is null or e.known_at > \(since)) and not exists (
                select 1 from exchange.entitlement later
                where \(isSame) and not later.is_under_review and later.version > e.version
                    and later.known_at <= \(moment))
        """
    }
}

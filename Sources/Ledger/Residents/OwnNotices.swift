package import Exchange
import Postgres

/// お知らせ: what the resident was told; reading it is one entry, like any other own record.
extension Records {
    /// Newest first. `kind` finds the words; a kind that the rules no longer hold is not shown.
    package mutating func ownNotices(
        of person: PersonKey, limit: Int, kind: (String) -> NoticeKindRule?
    ) throws -> [Notice] {
        let rows = try transaction.query(Self.selectOwnNotices, [.person(person), .int(limit)])
        return try rows.map { row -> Notice? in
            guard let kind = kind(try row.text(2)) else { return nil }
            return Notice(
                id: try row.uuid(0).record.text, at: Instant(microseconds: try row.instant(1)),
                kind: kind, party: try Party(key: try row.text(3)), partyName: try row.text(4),
                visitID: try row.optionalUUID(5)?.record.text)
        }.compactMap(\.self)
    }

    private static let selectOwnNotices = Statement(
        """
        select n.notice, n.at, n.kind, n.party, coalesce(p.name, n.party), n.visit
        from exchange.notice n left join exchange.party p on p.party = n.party
        where n.person = $1 order by n.at desc, n.notice desc limit $2
        """)
}

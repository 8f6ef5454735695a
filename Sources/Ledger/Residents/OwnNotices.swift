package import Exchange
import Postgres

/// お知らせ: what the resident was told; reading it is one entry, like any other own record.
extension Records {
    /// Newest first, in the words of the rules; a kind that they no longer hold is not shown.
    package mutating func ownNotices(
        of person: PersonKey, limit: Int, rules: RuleBook
    ) throws -> [Notice] {
        let rows = try transaction.query(Self.selectOwnNotices, [.person(person), .int(limit)])
        return try rows.map { row -> Notice? in
            guard let kind = rules.noticeKind(try row.text(2)) else { return nil }
            return Notice(
                id: try row.uuid(0).record.text, at: Instant(microseconds: try row.instant(1)),
                kind: kind, party: try Party(key: try row.text(3)), partyName: try row.text(4),
                about: (
                    try row.optionalUUID(5)?.record.text,
                    try row.optionalText(6).flatMap { rules.immunization?.programme($0)?.name }
                ))
        }.compactMap(\.self)
    }

    private static let selectOwnNotices = Statement(
        """
        select n.notice, n.at, n.kind, n.party, coalesce(p.name, n.party), n.visit, n.subject
        from exchange.notice n left join exchange.party p on p.party = n.party
        where n.person = $1 order by n.at desc, n.notice desc limit $2
        """)
}

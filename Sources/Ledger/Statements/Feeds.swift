package import Exchange
import Postgres

/// 鮮度: when a party last said something in a field. Of entitlements the party's own row says it, which every
/// clinic's answer reads; of the others, and of files, `exchange.feed`.
extension Records {
    /// What the party says in this field is as of now, or of `asOf` where what it says is of then and
    /// nothing newer is known. `isWholeFile`: by a file that was not of mended rows.
    mutating func refresh(
        _ field: StatementField, isWholeFile: Bool = false, asOf: Instant? = nil
    ) {
        let party = caller.party.key
        let moment: [Value] = [.text(party), .time(asOf ?? now), .bool(asOf != nil)]
        if field == .subsidy { write([(Self.touchParty, moment)]) }
        let feed = moment + [.text(field.rawValue)]
        write([isWholeFile ? (Self.touchByFile, feed + [.time(now)]) : (Self.touchFeed, feed)])
    }

    private static let touchParty = Statement(
        """
        update exchange.party set as_of = case when $3 then greatest(as_of, $2) else $2 end
        where party = $1
        """)

    private static let touchFeed = Statement(
        """
        insert into exchange.feed (party, field, as_of) values ($1, $4, $2)
        on conflict (party, field) do update
        set as_of = case when $3 then greatest(feed.as_of, excluded.as_of) else excluded.as_of end
        """)

    private static let touchByFile = Statement(
        """
        insert into exchange.feed (party, field, as_of, file_at) values ($1, $4, $2, $5)
        on conflict (party, field) do update
        set as_of = case when $3 then greatest(feed.as_of, excluded.as_of) else excluded.as_of end,
            file_before = feed.file_at, file_at = excluded.file_at
        """)
}

extension Ledger {
    /// Of bodies that take part, every field in which one has ever said something.
    package func feedsTakingPart() async throws -> [Feed] {
        try await gateway.transaction(.readOnly) { transaction in
            try transaction.query(Self.selectFeeds).map { row in
                guard let field = StatementField(rawValue: try row.text(1)) else {
                    throw DatabaseError.decoding(column: "field")
                }
                return Feed(
                    body: try row.text(0), field: field,
                    asOf: Instant(microseconds: try row.instant(2)),
                    fileAt: try row.optionalInstant(3).map(Instant.init(microseconds:)),
                    fileBefore: try row.optionalInstant(4).map(Instant.init(microseconds:)))
            }
        }
    }

    private static let selectFeeds = Statement(
        """
        select p.code, d.field,
            case when d.field = 'subsidy' then coalesce(p.as_of, d.as_of) else d.as_of end,
            d.file_at, d.file_before
        from exchange.feed d join exchange.party p on p.party = d.party
        where p.role in ('municipality', 'prefecture') and p.is_opted_in and p.suspended_at is null
            and p.connected_since <= (now() at time zone 'Asia/Tokyo')::date
        order by d.party, d.field
        """)
}

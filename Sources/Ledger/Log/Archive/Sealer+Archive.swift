import Exchange
import Postgres

/// 保管の葉: what `tsunagi log archive` asked for gets its place in the log, in the round that finds it. The
/// month's partition goes only after a checkpoint over that place is published.
extension Sealer {
    /// A leaf that is no entry, on its way to a position, and the row that says the same.
    struct OwnLeaf {
        let id: RecordID
        let text: [UInt8]
        let insertion: (Statement, [Value])
    }

    /// The months that are asked for and not entered yet: seldom one.
    static func archives(due head: Head, _ transaction: inout Transaction) throws -> [OwnLeaf] {
        guard head.isArchiveDue else { return [] }
        return try transaction.query(selectRequests).map { row in
            let month = try ArchivedMonth(row, from: 0)
            let id = RecordID.timeOrdered()
            return OwnLeaf(
                id: id, text: month.leafText,
                insertion: (
                    insertArchive,
                    [.text(month.month.text + "-01"), .id(id)] + month.contents.values
                        + [.time(month.at)]
                ))
        }
    }

    /// Whether any is due, for the statement that reads the head: the table of requests is empty but
    /// while a month is being archived.
    static let archiveIsDue = """
        exists (select 1 from log.archive_request r
            where not exists (select 1 from log.archive a where a.month = r.month))
        """
    private static let selectRequests = Statement(
        """
        select \(ArchivedMonth.Contents.columns(of: "r")), clock_timestamp()
        from log.archive_request r
        where not exists (select 1 from log.archive a where a.month = r.month)
        order by r.month
        """)
    private static let insertArchive = Statement(
        """
        insert into log.archive (month, entry, first, last, entries, root, archive, at)
        values ($1::text::date, $2, $3, $4, $5, $6, $7, $8)
        """)
}

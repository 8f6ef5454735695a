package import Exchange
import Foundation
package import Logging
package import Postgres

/// 保存期間の終わり: takes a month of entries whose time of keeping is over out of the database, in steps that
/// may each be the last before a crash: the file, the request, the leaf under a published checkpoint, and
/// only then the partition. Run again, it goes on where it was.
///
/// Nobody is looked up and nothing leaves to anyone, so it is no access; the leaf is what tells of it.
package struct LogArchiving: Sendable {
    /// Why a month is not archived. Nothing was changed by this run.
    package enum Stop: Error, Hashable, CustomStringConvertible {
        case rulesLacking
        /// The month is kept until this day.
        case keptUntil(CalendarDay)
        case absent(LogMonth)
        case empty(LogMonth)
        case notSealed(entries: Int, positions: Int)
        /// The entries, or the file, are not those that the log says were archived.
        case differs(LogMonth)
        case notEntered
        /// 追従の遅れ: whoever follows the log has not yet taken the month's last entry.
        case followed(follower: String, next: Int, last: Int)
        case busy

        package var description: String {
            switch self {
            case .rulesLacking:
                "The rules in use say nothing of how long entries are kept: tsunagi profiles load."
            case .keptUntil(let day):
                "The entries of this month are kept in the database until \(day.text) "
                    + "(profiles/access/retention.json)."
            case .absent(let month):
                "There is no table log.\(month.partition), and no leaf says that it was archived."
            case .empty(let month): "There is no entry of \(month.text): nothing to archive."
            case .notSealed(let entries, let positions):
                "Of \(entries) entries of the month \(positions) are sealed under a published "
                    + "checkpoint. A gateway that seals must run; then run this again. If it goes "
                    + "on, ask tsunagi seal verify."
            case .differs(let month):
                "What is here of \(month.text) is not what the log says was archived. Nothing is "
                    + "removed: ask tsunagi seal verify."
            case .notEntered:
                "The file is written, and no gateway has entered it into the log within a minute. "
                    + "Nothing is removed: see that a gateway seals, and run this again."
            case .followed(let follower, let next, let last):
                "\(follower) has taken the log up to position \(next), and the month ends at \(last). "
                    + "What leaves now would never reach it: let it catch up and run this again. If "
                    + "it was given up for good, say --without \(follower)."
            case .busy:
                "Somebody reads the log for long: the month could not be taken out. Run this again."
            }
        }
    }

    package struct Outcome: Sendable {
        package let archived: ArchivedMonth
        /// Absent when the month had left the database before.
        package let path: String?
    }

    let pool: Pool

    package init(_ owner: Address, logger: Logger) {
        pool = Pool(owner, limits: .single, label: "tsunagi-archive", logger: logger)
    }

    package func close() async { await pool.shutdown() }

    /// Throws `Stop`, or `ArchiveFault` for a folder that takes no file. `abandoned` are followers of
    /// the log that were given up: the month does not wait for them.
    package func archive(
        _ month: LogMonth, to folder: String, now: Instant, without abandoned: Set<String> = []
    ) async throws -> Outcome {
        guard try await isHere(month) else {
            guard let archived = try await entered(month) else { throw Stop.absent(month) }
            return Outcome(archived: archived, path: nil)
        }
        try await requireOld(month, now: now)
        let path = folder + "/" + ArchiveFile.name(of: month)
        let contents = try await write(month, to: path)
        try await requireFollowed(contents, without: abandoned)
        try await request(month, contents)
        let archived = try await waitUntilEntered(month)
        try await remove(archived, path)
        return Outcome(archived: archived, path: path)
    }

    /// The current month is never old enough, whatever the rule says.
    package func requireOld(_ month: LogMonth, now: Instant) async throws {
        let shelf = RuleShelf(pool)
        try await shelf.refresh()
        guard let rule = try shelf.current().retention else { throw Stop.rulesLacking }
        let until = month.end(ofKeeping: rule)
        guard now >= until else { throw Stop.keptUntil(until.dayInJapan) }
    }

    /// Followers read the entries themselves: one that is behind would pass over the month in silence. The
    /// audit feed of a site that never set a receiver has asked for nothing, and is not waited for.
    private func requireFollowed(
        _ contents: ArchivedMonth.Contents, without abandoned: Set<String>
    ) async throws {
        let behind = try await pool.transaction(.readOnly) {
            try $0.query(Self.selectBehind, [.int(contents.last)]).map {
                (name: try $0.text(0), next: try $0.int(1))
            }
        }
        guard let follower = behind.first(where: { !abandoned.contains($0.name) }) else { return }
        throw Stop.followed(
            follower: follower.name, next: follower.next, last: contents.last)
    }

    package func isHere(_ month: LogMonth) async throws -> Bool {
        try await pool.transaction(.readOnly) {
            try $0.query(Self.selectPartition, [.text("log." + month.partition)])[0].bool(0)
        }
    }

    /// The first step: the same entries make the same file, so an unfinished one is simply written again.
    package func write(_ month: LogMonth, to path: String) async throws -> ArchivedMonth.Contents {
        try await pool.transaction(.readOnly) { transaction in
            let counted = try transaction.query(
                Statement("select count(*) from log.\(month.partition)"))[0].int(0)
            guard counted > 0 else { throw Stop.empty(month) }
            let edges = try transaction.query(Self.edges(of: month))
            guard edges.count == 1, let first = try edges[0].optionalInt(0),
                let last = try edges[0].optionalInt(1), try last < edges[0].int(2)
            else { throw Stop.notSealed(entries: counted, positions: 0) }
            var writer = try ArchiveWriter(path, month: month)
            do {
                var next = first
                while next <= last {
                    let rows = try transaction.query(
                        Self.selectLines, [.int(next), .int(last), .int(LogAudit.pageRows)])
                    guard rows.count > 0 else { break }
                    next = try rows[rows.count - 1].int(0) + 1
                    try writer.write(rows.map { try ArchiveLine($0, in: month) }.compactMap { $0 })
                }
                // An entry of the month that has no position must not go.
                guard writer.entries == counted, let contents = try writer.finish() else {
                    throw Stop.notSealed(entries: counted, positions: writer.entries)
                }
                return contents
            } catch {
                try? writer.abandon()
                throw error
            }
        }
    }

    /// The second step: from its commit on, the sealer enters the month.
    package func request(_ month: LogMonth, _ contents: ArchivedMonth.Contents) async throws {
        let values = [.text(month.text + "-01")] + contents.values
        let stands = try await pool.transaction { transaction in
            let steps = try transaction.pipeline([
                (Self.insertRequest, values), (Self.selectAsked, [.text(month.text + "-01")]),
            ])
            return try steps[1].map { try ArchivedMonth.Contents($0, from: 1) }
        }
        guard stands.allSatisfy({ $0 == contents }) else { throw Stop.differs(month) }
    }

    /// The leaf, once a published checkpoint is over it.
    package func entered(_ month: LogMonth) async throws -> ArchivedMonth? {
        try await pool.transaction(.readOnly) {
            try $0.query(Self.selectEntered, [.text(month.text + "-01")]).first.map {
                try ArchivedMonth($0, from: 0)
            }
        }
    }

    private func waitUntilEntered(_ month: LogMonth) async throws -> ArchivedMonth {
        for _ in 0..<240 {
            if let archived = try await entered(month) { return archived }
            try await Task.sleep(for: .milliseconds(250))
        }
        throw Stop.notEntered
    }

    /// The last step, in one transaction. The file is read again from the disk first: it is about to be
    /// all there is.
    package func remove(_ archived: ArchivedMonth, _ path: String) async throws {
        let file = try ArchiveFile.read(path) { _, _ in }
        guard file.month == archived.month, file.contents == archived.contents,
            try await entered(archived.month) == archived
        else { throw Stop.differs(archived.month) }
        // Whoever writes an entry waits while this waits for somebody who reads: half a second at a time.
        for _ in 0..<60 {
            do {
                try await pool.transaction { transaction in
                    try transaction.script(
                        """
                        set local lock_timeout = '500ms';
                        alter table log.access_entry detach partition log.\(archived.month.partition);
                        drop table log.\(archived.month.partition);
                        """)
                    _ = try transaction.run(
                        Self.deleteRequest, [.text(archived.month.text + "-01")])
                }
                return
            } catch let error as DatabaseError where error.sqlState == "55P03" {
                try await Task.sleep(for: .milliseconds(500))
            }
        }
        throw Stop.busy
    }
}

extension LogArchiving {
    private static let selectPartition = Statement(
        """
        select exists (select 1 from pg_inherits
            where inhparent = 'log.access_entry'::regclass and inhrelid = to_regclass($1))
        """)

    /// Positions follow the order of transactions, so the month's first and last entry are found by its
    /// index on them. With what of the log is under a published checkpoint.
    private static func edges(of month: LogMonth) -> Statement {
        func position(_ order: String) -> String {
            """
            (select s.position from log.position s where s.entry = (
                select e.entry from log.\(month.partition) e
                order by e.xid \(order), e.entry \(order) limit 1))
            """
        }
        return Statement(
            """
            select \(position("asc")), \(position("desc")),
                coalesce((select max(size) from log.checkpoint), 0)
            """)
    }

    private static let selectLines = Statement(
        """
        select s.position, s.sequence, \(StoredEntry.columns(of: "e"))
        from log.position s left join log.access_entry e on e.entry = s.entry and e.at = s.at
        where s.position >= $1 and s.position <= $2 order by s.position limit $3
        """)
    private static let insertRequest = Statement(
        """
        insert into log.archive_request (month, first, last, entries, root, archive)
        values ($1::text::date, $2, $3, $4, $5, $6) on conflict do nothing
        """)
    /// What was asked for, and what was entered.
    private static let selectAsked = Statement(
        """
        select \(ArchivedMonth.Contents.columns(of: "r")) from log.archive_request r
        where r.month = $1::text::date
        union all
        select \(ArchivedMonth.Contents.columns(of: "a")) from log.archive a
        where a.month = $1::text::date
        """)
    private static let selectEntered = Statement(
        """
        select \(ArchivedMonth.Contents.columns(of: "a")), a.at
        from log.archive a join log.position p on p.entry = a.entry
        where a.month = $1::text::date and p.position < (select max(size) from log.checkpoint)
        """)
    private static let selectBehind = Statement(
        """
        select name, next_position from log.follower
        where next_position <= $1 and asked_at is not null order by name
        """)
    private static let deleteRequest = Statement(
        "delete from log.archive_request where month = $1::text::date")
}

extension ArchiveLine {
    /// Nothing for a leaf that is no entry, and for an entry of another month.
    fileprivate init?(_ row: Row, in month: LogMonth) throws {
        guard try row.optionalUUID(2) != nil else { return nil }
        let entry = try StoredEntry(row, from: 2)
        guard month.contains(entry.at) else { return nil }
        self.init(position: try row.int(0), sequence: try row.optionalInt(1), entry: entry)
    }
}

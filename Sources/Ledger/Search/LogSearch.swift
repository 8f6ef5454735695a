package import Exchange
import Postgres

/// 検索の位置: where a search of the log goes on, and the size of the log when it began. Positions are
/// given once, so that no page repeats or leaves out an entry while others arrive.
package struct LogCursor: Hashable, Sendable {
    /// The last position that was looked at.
    package let after: Int
    /// Positions below are searched. Reading is itself entered, so a search without an end would
    /// follow itself for ever.
    package let until: Int

    package init(after: Int, until: Int) {
        self.after = after
        self.until = until
    }

    /// `after-until`; throws `.malformed("_cursor")`.
    package init(text: String) throws(Refusal) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let after = parts[0], let until = parts[1], 0 <= after,
            after <= until
        else { throw .malformed("_cursor") }
        self.init(after: after, until: until)
    }

    package var text: String { "\(after)-\(until)" }
}

/// 検索の条件: what of the log is asked for. What is left out narrows nothing.
package struct LogSearch: Sendable {
    package var from: Instant?
    package var before: Instant?
    package var purpose: Purpose?
    package var isGranted: Bool?
    package var agent: Party?
    /// 自治体別本人キー: a resident as the municipality registered them.
    package var identityKey: String?
    package var cursor: LogCursor?
    package var count: Int

    package init(count: Int) {
        self.count = count
    }
}

/// An entry as a search finds it.
package struct FoundEntry: Sendable {
    package let entry: StoredEntry
    package let partyName: String
    package let position: Int
    package let withholding: Withholding?
}

package struct LogPage: Sendable {
    package let entries: [FoundEntry]
    /// Nothing where the search has come to its end.
    package let next: LogCursor?
}

extension Records {
    /// An answer looks at so many entries at most, found or not: past that it says where to go on, so that
    /// a search that finds little holds no connection for long.
    package static var lookedAtMax: Int { 5_000 }

    /// A municipality finds what it did itself and what was done, for `purposes`, with the data of its
    /// residents; a prefecture the same of visits that were opened in a disaster; an auditor everything.
    /// Every resident shown is entered, and one who was asked for by name whether anything was found or
    /// not.
    ///
    /// Throws `.recordUnknown` for a key the municipality did not register.
    package mutating func searchLog(_ search: LogSearch, showing purposes: Set<Purpose>) throws
        -> LogPage
    {
        let isOffice = caller.party.role != .auditor
        let person = try search.identityKey.map { try resident(ofKey: $0, of: caller.party.code) }
        subject.person = person
        let cursor = try begin(search, isOffice: isOffice)
        let scope = isOffice ? (person == nil ? Scope.office : .resident) : .everything
        let place: [Value] = [
            isOffice ? .text(caller.party.key) : .null, .person(person), .int(cursor.after),
        ]
        let looked = try transaction.query(
            scope.look, place + [.int(cursor.until), .int(Self.lookedAtMax)])[0]
        let last = try looked.optionalInt(0) ?? cursor.after
        let found = try transaction.query(
            scope.find,
            place + [
                .int(last), .time(search.from), .time(search.before),
                .orNull(search.purpose?.rawValue), .orNull(search.isGranted),
                .orNull(search.agent?.key),
                isOffice ? .texts(purposes.map(\.rawValue)) : .null, .int(search.count + 1),
            ]
        ).map { try FoundEntry($0) }
        let page = Array(found.prefix(search.count))
        enter(page, cursor)
        let isFull = found.count > search.count
        let isMore = try isFull || looked.int(1) == Self.lookedAtMax
        return LogPage(
            entries: page,
            next: isMore
                ? LogCursor(
                    after: isFull ? page.last?.position ?? last : last, until: cursor.until)
                : nil)
    }

    /// Where the search goes on or its first day begins, and where the log ends.
    private mutating func begin(_ search: LogSearch, isOffice: Bool) throws -> LogCursor {
        let row = try transaction.query(
            Self.selectBounds, [.bool(isOffice), .time(search.from), .time(search.before)])[0]
        let (first, end) = (try row.int(0), try row.int(1))
        guard let cursor = search.cursor else {
            return LogCursor(after: first - 1, until: max(first - 1, end))
        }
        // A cursor comes back from the caller: what it says past the end of the log says nothing.
        return LogCursor(after: min(cursor.after, end), until: min(cursor.until, end))
    }

    /// Which entries were shown stands in the basis, so that what was told can be found again.
    private mutating func enter(_ page: [FoundEntry], _ cursor: LogCursor) {
        var positions: [PersonKey: [String]] = [:]
        for found in page {
            guard let person = found.entry.person else { continue }
            positions[person, default: []].append(String(found.position))
        }
        for (person, positions) in positions {
            enter(person, basis: "positions " + positions.joined(separator: " "))
        }
        if positions.isEmpty { enter(subject.person, basis: "after \(cursor.text)") }
    }
}

extension FoundEntry {
    /// The entry, its party's name, its position and `Withholding.columns`.
    init(_ row: Row) throws {
        self.init(
            entry: try StoredEntry(row), partyName: try row.text(11), position: try row.int(12),
            withholding: try Withholding(row, from: 13))
    }
}

extension Records {
    /// What was sealed before a checkpoint of an earlier day was entered before it; a transaction is over
    /// long before an hour, so that what was entered before a time is sealed an hour later.
    private static let selectBounds = Statement(
        """
        select case when $2::timestamptz is null then 0 else coalesce((
                select c.size from log.checkpoint c where c.signed_at < $2
                order by c.signed_at desc, c.size desc limit 1), 0) end,
            least(
                case when $1 then (select next_position from log.follower where name = 'offices')
                    else (select size from log.head) end,
                case when $3::timestamptz is null then null else (
                    select c.size from log.checkpoint c where c.signed_at >= $3 + interval '1 hour'
                    order by c.signed_at, c.size limit 1) end)
        """)
}

/// Among which positions is looked.
private struct Scope {
    /// How many there are, up to a limit, and the last of them.
    let look: Statement
    /// What of them is asked for.
    let find: Statement

    private init(_ positions: String) {
        look = Statement(
            """
            select max(position), count(*) from (
                \(positions) and s.position < $4 order by s.position limit $5) as looked
            """)
        find = Statement(
            """
            select \(StoredEntry.columns(of: "e")), coalesce(p.name, e.party), s.position,
                \(Withholding.columns)
            from (\(positions) and s.position <= $4) as looked
            join log.position s on s.position = looked.position
            join log.access_entry e on e.entry = s.entry and e.at = s.at
            left join log.withholding_now w on w.entry = e.entry
            left join exchange.party p on p.party = e.party
            where ($5::timestamptz is null or e.at >= $5)
                and ($6::timestamptz is null or e.at < $6)
                and ($7::text is null or e.purpose = $7)
                and ($8::boolean is null or (e.outcome = 'ok') = $8)
                and ($9::text is null or e.party = $9)
                and ($10::text[] is null or e.party = $1 or e.purpose = any ($10))
            order by s.position limit $11
            """)
    }

    static let office = Scope(
        """
        select s.position from log.office_entry s
        where s.office = $1::text and $2::uuid is null and s.position > $3
        """)

    /// Of one resident there are few, of an office many: `offset 0` has the resident's found first.
    static let resident = Scope(
        """
        select s.position from (
            select position from log.position
            where person = any (\(Survivors.records(of: "$2"))) and position > $3 offset 0) as s
        join log.office_entry o on o.position = s.position where o.office = $1::text
        """)

    static let everything = Scope(
        """
        select s.position from log.position s
        where $1::text is null and $2::uuid is null and s.position > $3
        """)
}

package import Exchange
import Postgres

/// 送り出し: a run of sealed entries in their order, and where the next one begins.
package struct LogRun: Sendable {
    package let entries: [FoundEntry]
    package let next: Int
}

extension Ledger {
    /// Past it another gateway may go on where this one was: longer than one delivery takes.
    private static var leaseSeconds: Int { 120 }

    /// The next entries that nobody has delivered yet, for `holder` alone until its lease is over; nothing
    /// while there is none, or while another gateway delivers. The cursor stays where it is until
    /// `delivered`: what was not confirmed is sent again.
    ///
    /// Nobody's data leaves by it but to the one receiver that the operator set; its reading is no access of
    /// a party, and would otherwise follow itself for ever (decisions/0020).
    package func undelivered(to holder: RecordID, limit: Int) async throws -> LogRun? {
        try await gateway.transaction { transaction in
            let rows = try transaction.query(
                Self.lease, [.id(holder), .int(Self.leaseSeconds), .int(limit)])
            guard let row = rows.first else { return nil }
            let (first, next) = (try row.int(0), try row.int(1))
            let entries = try transaction.query(
                Self.selectRun, [.int(first), .int(next)]
            ).map { try FoundEntry($0) }
            return LogRun(entries: entries, next: next)
        }
    }

    /// Everything below `next` was taken by the receiver. False when the lease was lost meanwhile: then
    /// some of it is sent twice.
    package func delivered(to holder: RecordID, next: Int) async throws -> Bool {
        try await gateway.transaction {
            try $0.run(Self.advance, [.id(holder), .int(next)]) == 1
        }
    }

    /// Not delivered: whoever comes next may try.
    package func undone(by holder: RecordID) async throws {
        _ = try await gateway.transaction { try $0.run(Self.release, [.id(holder)]) }
    }

    /// How many sealed leaves wait for their delivery.
    package func deliveryBacklog() async throws -> Int {
        try await gateway.transaction(.readOnly) {
            guard let row = try $0.query(Self.selectBacklog).first else {
                throw SealFault.headLacking
            }
            return try row.int(0)
        }
    }

    private static let lease = Statement(
        """
        update log.follower f
        set holder = $1, leased_until = clock_timestamp() + $2::bigint * interval '1 second',
            asked_at = clock_timestamp()
        from log.head h
        where f.name = 'audit-feed' and f.next_position < h.size
            and (f.holder = $1 or f.leased_until is null or f.leased_until < clock_timestamp())
        returning f.next_position, least(f.next_position + $3, h.size)
        """)

    private static let selectRun = Statement(
        """
        select \(StoredEntry.columns(of: "e")), e.party, s.position, null::text, null::text,
            null::timestamptz
        from log.position s cross join lateral (
            select * from log.access_entry a where a.entry = s.entry and a.at = s.at limit 1) e
        where s.position >= $1 and s.position < $2 order by s.position
        """)

    private static let advance = Statement(
        """
        update log.follower set next_position = $2, holder = null, leased_until = null
        where name = 'audit-feed' and holder = $1 and next_position <= $2
        """)

    private static let release = Statement(
        """
        update log.follower set holder = null, leased_until = null
        where name = 'audit-feed' and holder = $1
        """)

    private static let selectBacklog = Statement(
        """
        select h.size - f.next_position from log.head h, log.follower f where f.name = 'audit-feed'
        """)
}

package import Exchange
import Postgres

/// 突合の証明の作成: counts and hashes alone come of it, and they leave by an access of the body's own.
extension Ledger {
    /// What a statement is made from beside the rows.
    package struct StatementIssuer: Sendable {
        let origin: String
        let sign: @Sendable (String) throws -> SignedNote

        package init(origin: String, signer: CheckpointSigner) {
            self.origin = origin
            sign = { try signer.sign($0) }
        }
    }

    /// Makes the statement of what `body` holds at this moment, unless there is one of this day already and
    /// `isAnother` is false; returns whether it made one. The trees of all but the two newest are
    /// dropped. While one gateway reads, another that is asked makes none, and of two that read one after
    /// the other the first to write keeps its own.
    ///
    /// The rows are read in one snapshot that writes nothing, and written and dropped in short transactions:
    /// no transaction that writes stays open, for entries are sealed behind the oldest of them. A statement
    /// counts from the last bucket on; what a crash left keeps the day's next from being made for an hour,
    /// and is then dropped with it.
    ///
    /// Throws `.rulesUnknown`, and what the database does; then no statement counts.
    package func makeStatement(
        of body: String, _ field: StatementField, another isAnother: Bool,
        by issuer: StatementIssuer
    ) async throws -> Bool {
        guard let office else { throw Refusal.notYourPurpose }
        let rules = try rules.current().subsidy
        let line: [Value] = [.text(body), .text(field.rawValue)]
        let reading = try await office.transaction(.snapshot) {
            try Self.read(field, of: body, line, another: isAnother, &$0)
        }
        guard let reading else { return false }
        let levels = reading.levels
        let statement = HoldingStatement(
            origin: issuer.origin, of: (body, field), at: reading.at,
            counts: (reading.rows.count, reading.underReview), asOf: reading.asOf,
            isStale: rules.isStale(body, in: field, asOf: reading.asOf, at: reading.at),
            tree: (levels.count - 1, levels[0][0].bytes))
        let note = try issuer.sign(statement.text)
        let id = RecordID.timeOrdered()
        let isKept = try await office.transaction { transaction in
            try transaction.run(Self.lockStatements, line)
            guard try isAnother || !Self.isMade(line, on: reading.at, &transaction) else {
                return false
            }
            try Self.keep(
                levels, note, [.id(id)] + line + [.time(reading.at)], reading.salt, &transaction)
            return true
        }
        guard isKept else { return false }
        for parts in reading.rows.strides {
            try await office.transaction { transaction in
                let buckets = try Self.buckets(of: reading.rows, parts, depth: levels.count - 1)
                try transaction.run(Self.insertBuckets, [.id(id)] + buckets)
            }
        }
        try await office.transaction { try $0.run(Self.markWhole, [.id(id)]) }
        try await dropTrees(line, office)
        return true
    }

    private func dropTrees(_ line: [Value], _ office: Pool) async throws {
        var dropped = Self.bucketsAtOnce
        while dropped == Self.bucketsAtOnce {
            dropped = try await office.transaction {
                try $0.run(Self.dropBuckets, line + [.int(Self.bucketsAtOnce)])
            }
        }
        try await office.transaction { try $0.run(Self.dropNodes, line) }
    }

    /// Some 6 MB of rows.
    private static let bucketsAtOnce = 8_192

    private struct Reading: Sendable {
        /// 塩: empty, but for a confidential field.
        let salt: [UInt8]
        let rows: StatementRows
        let levels: [[StatementHash]]
        let underReview: Int
        let at: Instant
        let asOf: Instant?
    }

    /// Nothing where another gateway is reading, or a statement of this day is there or being written. The
    /// tree is reckoned here as well, for this is a thread on which nobody else waits.
    private static func read(
        _ field: StatementField, of body: String, _ line: [Value], another isAnother: Bool,
        _ transaction: inout Transaction
    ) throws -> Reading? {
        guard try transaction.query(tryLockStatements, line)[0].bool(0) else { return nil }
        let row = try transaction.query(selectNow, line)[0]
        let now = Instant(microseconds: try row.instant(0))
        let asOf = try row.optionalInstant(1).map(Instant.init(microseconds:))
        guard try isAnother || !isMade(line, on: now, &transaction) else { return nil }
        var rows = StatementRows()
        let salt: [UInt8] =
            field.isConfidential ? (0..<32).map { _ in UInt8.random(in: .min ... .max) } : []
        let underReview = try field.read(of: body, salt: salt, &transaction) { try rows.add($0) }
        try rows.finish()
        var growth = StatementGrowth(depth: StatementTree.depth(of: rows.count))
        for part in 0..<rows.partCount { growth.add(try rows.part(part)) { _, _ in } }
        return Reading(
            salt: salt, rows: rows, levels: growth.levels, underReview: underReview, at: now,
            asOf: asOf)
    }

    private static func isMade(
        _ line: [Value], on now: Instant, _ transaction: inout Transaction
    ) throws -> Bool {
        guard let last = try transaction.query(selectLast, line).first else { return false }
        return Instant(microseconds: try last.instant(0)).dayInJapan == now.dayInJapan
    }

    private static func buckets(
        of rows: StatementRows, _ parts: Range<Int>, depth: Int
    ) throws -> [Value] {
        var growth = StatementGrowth(depth: depth)
        var (numbers, stored): ([Int], [[UInt8]]) = ([], [])
        for part in parts {
            growth.add(try rows.part(part)) { number, bucket in
                var bytes: [UInt8] = []
                for leaf in bucket { leaf.store(in: &bytes) }
                numbers.append(number)
                stored.append(bytes)
            }
        }
        return [.ints(numbers), .bytesArray(stored)]
    }

    private static func keep(
        _ levels: [[StatementHash]], _ note: SignedNote, _ named: [Value], _ salt: [UInt8],
        _ transaction: inout Transaction
    ) throws {
        var nodes: [UInt8] = []
        nodes.reserveCapacity(levels.reduce(0) { $0 + $1.count } * StatementHash.byteCount)
        for level in levels { for node in level { node.write(into: &nodes) } }
        try transaction.run(
            insertStatement,
            named + [
                .int(levels.count - 1), .text(note.text), .bytes(nodes),
                salt.isEmpty ? .null : .bytes(salt),
            ])
    }

    /// 鮮度の見張り: bodies that take part, and when each last registered entitlements.
    package func bodiesTakingPart() async throws -> [(party: Party, asOf: Instant?)] {
        try await gateway.transaction(.readOnly) { transaction in
            try transaction.query(Self.selectBodies).map { row in
                (
                    party: try Party(key: try row.text(0)),
                    asOf: try row.optionalInstant(1).map(Instant.init(microseconds:))
                )
            }
        }
    }

    private static let lockNumber = "hashtextextended('tsunagi statement ' || $1 || ' ' || $2, 0)"

    private static let tryLockStatements = Statement(
        "select pg_try_advisory_xact_lock(\(lockNumber))")

    private static let lockStatements = Statement(
        "select pg_advisory_xact_lock(\(lockNumber))::text")

    private static let selectNow = Statement(
        """
        select clock_timestamp(), case when $2 = 'subsidy' then (
            select max(as_of) from exchange.party
            where party in ('municipality:' || $1, 'prefecture:' || $1))
        else (
            select max(as_of) from exchange.feed
            where party in ('municipality:' || $1, 'prefecture:' || $1) and field = $2) end
        """)

    private static let selectLast = Statement(
        """
        select made_at from exchange.holding_statement where body = $1 and field = $2
            and (is_whole or \(isBeingWritten))
        order by made_at desc limit 1
        """)

    private static let insertStatement = Statement(
        """
        insert into exchange.holding_statement (statement, body, field, made_at, depth, note, nodes,
            salt, is_whole)
        values ($1, $2, $3, $4, $5, $6, $7, $8, false)
        """)

    private static let insertBuckets = Statement(
        """
        insert into exchange.statement_bucket (statement, bucket, rows)
        select $1, bucket, rows from unnest($2::bigint[], $3::bytea[]) as b(bucket, rows)
        """)

    private static let markWhole = Statement(
        "update exchange.holding_statement set is_whole = true where statement = $1")

    /// An hour is longer than any takes.
    private static let isBeingWritten =
        "not is_whole and made_at >= clock_timestamp() - interval '1 hour'"

    /// All but the two newest, and what was never finished.
    private static let passed = """
        (select statement from exchange.holding_statement
            where body = $1 and field = $2 and is_whole order by made_at desc offset 2)
        union all
        select statement from exchange.holding_statement
        where body = $1 and field = $2 and not is_whole and nodes is not null
            and not (\(isBeingWritten))
        """

    private static let dropBuckets = Statement(
        """
        delete from exchange.statement_bucket b using (
            select statement, bucket from exchange.statement_bucket
            where statement in (\(passed)) limit $3) old
        where b.statement = old.statement and b.bucket = old.bucket
        """)

    private static let dropNodes = Statement(
        """
        update exchange.holding_statement set nodes = null, salt = null
        where nodes is not null and statement in (\(passed))
        """)

    private static let selectBodies = Statement(
        """
        select party, as_of from exchange.party
        where role in ('municipality', 'prefecture') and is_opted_in and suspended_at is null
            and connected_since <= (now() at time zone 'Asia/Tokyo')::date
        order by party
        """)
}

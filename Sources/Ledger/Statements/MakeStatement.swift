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
    /// dropped. Of two gateways that make one at once, the second finds the first's.
    ///
    /// Throws `.rulesUnknown`, and what the database does; then nothing was made.
    package func makeStatement(
        of body: String, _ field: StatementField, another isAnother: Bool,
        by issuer: StatementIssuer
    ) async throws -> Bool {
        guard let office else { throw Refusal.notYourPurpose }
        let rules = try rules.current().subsidy
        return try await office.transaction(.snapshot) { transaction in
            let line: [Value] = [.text(body), .text(field.rawValue)]
            guard try transaction.query(Self.tryLockStatements, line)[0].bool(0) else {
                return false
            }
            let row = try transaction.query(Self.selectNow, [.text(body)])[0]
            let now = Instant(microseconds: try row.instant(0))
            let asOf = try row.optionalInstant(1).map(Instant.init(microseconds:))
            let last = try transaction.query(Self.selectLast, line).first
            if let last, !isAnother,
                Instant(microseconds: try last.instant(0)).dayInJapan == now.dayInJapan
            {
                return false
            }
            let (leaves, underReview) = try field.leaves(of: body, &transaction)
            let tree = StatementTree(leaves, depth: StatementTree.depth(of: leaves.count))
            let statement = HoldingStatement(
                origin: issuer.origin, of: (body, field), at: now,
                counts: (leaves.count, underReview), asOf: asOf,
                isStale: rules.isStale(body, asOf: asOf, at: now), tree: (tree.depth, tree.root))
            try Self.keep(tree, try issuer.sign(statement.text), at: now, line, &transaction)
            return true
        }
    }

    private static func keep(
        _ tree: StatementTree, _ note: SignedNote, at now: Instant, _ line: [Value],
        _ transaction: inout Transaction
    ) throws {
        let id = RecordID.timeOrdered()
        let filled = tree.buckets.indices.filter { !tree.buckets[$0].isEmpty }
        _ = try transaction.pipeline([
            (
                insertStatement,
                [.id(id)] + line + [
                    .time(now), .int(tree.depth), .text(note.text),
                    .bytes(tree.levels.flatMap { $0.flatMap(\.self) }),
                ]
            ),
            (
                insertBuckets,
                [
                    .id(id), .ints(filled),
                    .bytesArray(filled.map { tree.buckets[$0].flatMap(\.stored) }),
                ]
            ),
            (dropBuckets, line), (dropNodes, line),
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

    private static let tryLockStatements = Statement(
        "select pg_try_advisory_xact_lock(hashtextextended('tsunagi statement ' || $1 || ' ' || $2, 0))"
    )

    private static let selectNow = Statement(
        """
        select clock_timestamp(), (select max(as_of) from exchange.party
            where party in ('municipality:' || $1, 'prefecture:' || $1))
        """)

    private static let selectLast = Statement(
        """
        select made_at from exchange.holding_statement where body = $1 and field = $2
        order by made_at desc limit 1
        """)

    private static let insertStatement = Statement(
        """
        insert into exchange.holding_statement (statement, body, field, made_at, depth, note, nodes)
        values ($1, $2, $3, $4, $5, $6, $7)
        """)

    private static let insertBuckets = Statement(
        """
        insert into exchange.statement_bucket (statement, bucket, rows)
        select $1, bucket, rows from unnest($2::bigint[], $3::bytea[]) as b(bucket, rows)
        """)

    private static let passed = """
        select statement from exchange.holding_statement where body = $1 and field = $2
        order by made_at desc offset 2
        """

    private static let dropBuckets = Statement(
        "delete from exchange.statement_bucket where statement in (\(passed))")

    private static let dropNodes = Statement(
        """
        update exchange.holding_statement set nodes = null
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

extension StatementTree.Leaf {
    private static let storedBytes = 88

    /// Key, content, person, version.
    fileprivate var stored: [UInt8] {
        guard let origin else { return [] }
        return key + content + origin.person.bytes + LogBytes.of(origin.version)
    }

    /// The rows of a bucket as they were stored.
    static func reading(_ bytes: [UInt8]) -> [StatementTree.Leaf] {
        stride(from: 0, to: bytes.count, by: storedBytes).map { start in
            let row = Array(bytes[start..<start + storedBytes])
            let numbers = (0..<3).map { place in
                row[64 + place * 8..<72 + place * 8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            }
            return StatementTree.Leaf(
                key: Array(row[..<32]), content: Array(row[32..<64]),
                origin: .init(
                    person: PersonKey(high: numbers[0], low: numbers[1]),
                    version: Int(truncatingIfNeeded: numbers[2])))
        }
    }
}

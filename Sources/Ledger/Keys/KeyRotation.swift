import Exchange
package import Logging
package import Postgres

/// 鍵の更新: takes a new version of a key into use, and rewraps what is stored under the old one, while
/// gateways go on. A crash anywhere leaves both versions readable; run again, it goes on from there.
///
/// Nobody is looked up and nothing leaves, so it is no access: the hashes change, the people do not.
package struct KeyRotation: Sendable {
    private let pool: Pool
    private let batchMax: Int

    /// 2,000 rows are some 20 ms of locks on rows that are read without waiting for them.
    package init(_ owner: Address, batchMax: Int = 2_000, logger: Logger) {
        pool = Pool(owner, limits: .single, label: "tsunagi-key", logger: logger)
        self.batchMax = batchMax
    }

    package func close() async { await pool.shutdown() }

    package func versions() async throws -> [KeyVersion] {
        try await pool.transaction(.readOnly) {
            try $0.query(KeyVersion.select).map { try KeyVersion($0) }
        }
    }

    /// From its commit on, `version` is what is made and stored with. Waits for the registrations under
    /// way, and holds up new ones for half a second at most at a time. Returns false when the version
    /// in use is not the one before, or an earlier rotation has rows left.
    ///
    /// `checks` are the folder's check values, by version. Throws `KeyVersionLacking` when it does not hold
    /// what is in use.
    package func take(_ key: String, version: Int, checks: [[UInt8]]) async throws -> Bool {
        for _ in 0..<600 {
            do { return try await tryToTake(key, version, checks) } catch let error as DatabaseError
                where error.sqlState == "55P03"
            {
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        return try await tryToTake(key, version, checks)
    }

    private func tryToTake(_ key: String, _ version: Int, _ checks: [[UInt8]]) async throws -> Bool
    {
        // What stands under the former version stays readable, and its seals go on, until that is ended.
        let goesOn = StoredKey(rawValue: key) != nil || key == Self.seal
        return try await pool.transaction { transaction in
            let steps = try transaction.pipeline([
                (Self.waitShortly, []), (KeyLock.alone, [.text(key)]),
                (KeyVersion.selectOne, [.text(key)]),
            ])
            try KeyVersion(steps[2][0]).require(checks: checks)
            let values: [Value] = [
                .text(key), .int(version), .int(goesOn ? version - 1 : version),
            ]
            guard try transaction.run(Self.move, values) == 1 else { return false }
            try Self.require(key, version, checks, &transaction)
            return true
        }
    }

    /// Says what the key of a version is where nobody has; throws `KeyVersionLacking` where it is another.
    private static func require(
        _ key: String, _ version: Int, _ checks: [[UInt8]], _ transaction: inout Transaction
    ) throws {
        guard checks.count >= version else {
            throw KeyVersionLacking(key: key, version: version)
        }
        let said: [Value] = [.text(key), .int(version), .bytes(checks[version - 1])]
        let rows = try transaction.pipeline([
            (KeyVersion.insertCheck, said), (KeyVersion.selectOne, [.text(key)]),
        ])
        try KeyVersion(rows[1][0]).require(checks: checks)
    }

    /// Rewraps every row that is still stored under the version before; `wrap` makes of an old hash
    /// the new one. Returns how many rows it rewrapped. Throws `KeyVersionLacking` before the first when
    /// `checks` are of other keys than the site's.
    package func rewrap(
        _ key: StoredKey, to version: Int, checks: [[UInt8]],
        wrap: @escaping @Sendable ([UInt8]) -> [UInt8]
    ) async throws -> Int {
        try await pool.transaction {
            try Self.require(key.rawValue, version, checks, &$0)
        }
        var count = 0
        for stock in key.stocks {
            var last: [UInt8] = []
            while let batch = try await patiently({
                try await rewrapBatch(stock, to: version, after: last, wrap)
            }) {
                count += batch.count
                last = batch.last
            }
        }
        try await pool.transaction { _ = try $0.run(Self.end(key), [.text(key.rawValue)]) }
        return count
    }

    /// A feed that takes the same rows in another order may be waiting for the batch that waits for
    /// it: one of them is told so, and tries again.
    private func patiently<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
        for _ in 0..<10 {
            do { return try await body() } catch let error as DatabaseError
                where error.isWorthAnotherTry
            {}
        }
        return try await body()
    }

    private func rewrapBatch(
        _ stock: Stock, to version: Int, after last: [UInt8],
        _ wrap: @escaping @Sendable ([UInt8]) -> [UInt8]
    ) async throws -> (count: Int, last: [UInt8])? {
        let batchMax = batchMax
        return try await pool.transaction { transaction in
            let rows = try transaction.query(
                stock.selectOld, [.bytes(last), .int(version), .int(batchMax)])
            guard rows.count > 0 else { return nil }
            let old = try rows.map { try $0.bytes(0) }
            let successors = try rows.map { try $0.optionalBytes(1) }
            _ = try transaction.run(
                stock.replace,
                [
                    .bytesArray(old), .bytesArray(old.map(wrap)),
                    .bytesArray(successors.map { $0.map(wrap) }), .int(version),
                ])
            return (rows.count, old[old.count - 1])
        }
    }

    /// 封印鍵: both versions sign until here. Returns false when none is to be retired, or no checkpoint
    /// that the former key signed says yet that another follows it.
    package func retireSeal() async throws -> Bool {
        try await pool.transaction { try $0.run(Self.retire, [.text(Self.seal)]) == 1 }
    }

    private static let seal = "seal"
    private static let retire = Statement(
        """
        update exchange.key_version k set oldest = k.version
        where k.key = $1 and k.oldest < k.version and exists (
            select 1 from log.seal_key s join log.position p on p.entry = s.entry
            where s.version = k.version
                and p.position < (select max(size) from log.checkpoint))
        """)

    private static let waitShortly = Statement("select set_config('lock_timeout', '500ms', true)")

    private static let move = Statement(
        """
        update exchange.key_version set version = $2, oldest = $3
        where key = $1 and version = $2 - 1 and oldest = version
        """)

    /// Only when no row is left, whatever else ran meanwhile.
    private static func end(_ key: StoredKey) -> Statement {
        let isDone = key.stocks.map {
            "not exists (select 1 from \($0.table) t where t.key_version < k.version)"
        }
        return Statement(
            """
            update exchange.key_version k set oldest = k.version
            where k.key = $1 and \(isDone.joined(separator: " and "))
            """)
    }
}

/// A table of stored hashes, each row under its own version. Those under the version before are walked
/// in the order of the hashes, by an index on both: what was rewrapped is passed by, and none is written
/// under the old version meanwhile.
private struct Stock {
    let table: String
    let hash: String
    /// What else of the row is a hash of the same key, under the same version.
    var successor: String?

    var selectOld: Statement {
        Statement(
            """
            select \(hash), \(successor ?? "null::bytea") from \(table)
            where key_version = $2 - 1 and \(hash) > $1::bytea
            order by \(hash) limit $3 for update
            """)
    }

    var replace: Statement {
        let successor = successor.map { "\($0) = n.successor," } ?? ""
        return Statement(
            """
            update \(table) t set \(successor) \(hash) = n.hash, key_version = $4
            from unnest($1::bytea[], $2::bytea[], $3::bytea[]) as n(old, hash, successor)
            where t.\(hash) = n.old
            """)
    }
}

extension StoredKey {
    fileprivate var stocks: [Stock] {
        switch self {
        case .number: [Stock(table: "office.number_key", hash: "number_hash")]
        case .card:
            [
                Stock(
                    table: "exchange.card_binding", hash: "card_hash", successor: "superseded_by"),
                Stock(table: "exchange.card_revocation", hash: "card_hash"),
            ]
        }
    }
}

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
    package func take(_ key: String, version: Int) async throws -> Bool {
        for _ in 0..<600 {
            do { return try await tryToTake(key, version) } catch let error as DatabaseError
                where error.sqlState == "55P03"
            {
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        return try await tryToTake(key, version)
    }

    private func tryToTake(_ key: String, _ version: Int) async throws -> Bool {
        let isStored = StoredKey(rawValue: key) != nil
        return try await pool.transaction { transaction in
            _ = try transaction.pipeline([(Self.waitShortly, []), (KeyLock.alone, [.text(key)])])
            let values: [Value] = [
                .text(key), .int(version), .int(isStored ? version - 1 : version),
            ]
            return try transaction.run(Self.move, values) == 1
        }
    }

    /// Rewraps every row that is still stored under the version before; `wrap` makes of an old hash
    /// the new one. Returns how many rows it rewrapped.
    package func rewrap(
        _ key: StoredKey, to version: Int,
        wrap: @escaping @Sendable ([UInt8]) -> [UInt8]
    ) async throws -> Int {
        var last = Place(person: UUIDBytes(high: 0, low: 0), hash: [])
        var count = 0
        while let batch = try await rewrapBatch(key, to: version, after: last, wrap) {
            count += batch.count
            last = batch.last
        }
        try await pool.transaction { _ = try $0.run(Self.end(key), [.text(key.rawValue)]) }
        return count
    }

    private struct Place: Sendable {
        let person: UUIDBytes
        let hash: [UInt8]
    }

    private func rewrapBatch(
        _ key: StoredKey, to version: Int, after last: Place,
        _ wrap: @escaping @Sendable ([UInt8]) -> [UInt8]
    ) async throws -> (count: Int, last: Place)? {
        let batchMax = batchMax
        return try await pool.transaction { transaction in
            let rows = try transaction.query(
                Self.selectOld(key),
                [.uuid(last.person), .bytes(last.hash), .int(version), .int(batchMax)])
            guard rows.count > 0 else { return nil }
            let old = try rows.map { try $0.bytes(1) }
            let successors = try rows.map { try $0.optionalBytes(2) }
            _ = try transaction.run(
                Self.replace(key),
                [
                    .bytesArray(old), .bytesArray(old.map(wrap)),
                    .bytesArray(successors.map { $0.map(wrap) }), .int(version),
                ])
            let end = rows[rows.count - 1]
            return (rows.count, Place(person: try end.uuid(0), hash: try end.bytes(1)))
        }
    }

    private static let waitShortly = Statement("select set_config('lock_timeout', '500ms', true)")

    private static let move = Statement(
        """
        update exchange.key_version set version = $2, oldest = $3
        where key = $1 and version = $2 - 1 and oldest = version
        """)

    private static func selectOld(_ key: StoredKey) -> Statement {
        Statement(
            """
            select person, \(key.column), \(key.successor) from \(key.table)
            where (person, \(key.column)) > ($1::uuid, $2::bytea) and key_version < $3
            order by person, \(key.column) limit $4 for update
            """)
    }

    private static func replace(_ key: StoredKey) -> Statement {
        let successor = key == .card ? "superseded_by = n.successor," : ""
        return Statement(
            """
            update \(key.table) t set \(successor) \(key.column) = n.hash, key_version = $4
            from unnest($1::bytea[], $2::bytea[], $3::bytea[]) as n(old, hash, successor)
            where t.\(key.column) = n.old
            """)
    }

    /// Only when no row is left, whatever else ran meanwhile.
    private static func end(_ key: StoredKey) -> Statement {
        Statement(
            """
            update exchange.key_version k set oldest = k.version where k.key = $1
                and not exists (select 1 from \(key.table) t where t.key_version < k.version)
            """)
    }
}

extension StoredKey {
    fileprivate var table: String {
        switch self {
        case .number: "office.number_key"
        case .card: "exchange.card_binding"
        }
    }

    fileprivate var column: String {
        switch self {
        case .number: "number_hash"
        case .card: "card_hash"
        }
    }

    /// What else of the row is a hash of the same kind, under the same version.
    fileprivate var successor: String {
        switch self {
        case .number: "null::bytea"
        case .card: "superseded_by"
        }
    }
}

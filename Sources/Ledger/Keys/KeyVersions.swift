import Exchange
import Postgres

/// 鍵の版: with which version of a key the site makes and stores now.
package struct KeyVersion: Hashable, Sendable {
    /// `number`, `card`, `pairwise`, …: the key's name in the folder of keys.
    package let key: String
    package let version: Int
    /// Rows may still be stored under this version and up to `version`; the same when no rotation
    /// is under way.
    package let oldest: Int
    /// 鍵の照合値 of `version`: two gateways with one number and different keys would each know people whom
    /// the other does not. `nil` until a gateway that holds the key has said it.
    package let check: [UInt8]?

    var isRewrapped: Bool { oldest == version }

    static let select = Statement("\(columns) order by key")
    static let selectOne = Statement("\(columns) where key = $1")

    private static let columns =
        """
        select key, version, oldest, value
        from exchange.key_version left join exchange.key_check using (key, version)
        """

    /// Once said, a check value stays.
    static let insertCheck = Statement(
        "insert into exchange.key_check (key, version, value) values ($1, $2, $3) on conflict do nothing"
    )

    init(_ row: Row) throws {
        key = try row.text(0)
        version = try row.int(1)
        oldest = try row.int(2)
        check = try row.optionalBytes(3)
    }

    /// Throws `KeyVersionLacking` unless these are the check values of keys that the site uses.
    package func require(checks: [[UInt8]]) throws {
        guard checks.count >= version, check == nil || checks[version - 1] == check else {
            throw KeyVersionLacking(key: key, version: version)
        }
    }
}

/// Keys whose hashes are stored, and are rewrapped by a rotation.
package enum StoredKey: String, CaseIterable, Sendable {
    case number, card
}

/// This folder has not got the version of a key that rows are stored under, or another key by its name.
/// Nothing was answered; the gateway is not ready until the file is in its folder.
package struct KeyVersionLacking: Error, Hashable, CustomStringConvertible {
    package let key: String
    package let version: Int

    package var description: String {
        "The folder of keys does not hold version \(version) of \(key) as this site uses it: copy every "
            + "version of \(key) from a gateway that serves."
    }
}

extension Ledger {
    /// With which versions the site makes. `checks` are this gateway's check values, of each key by
    /// version: whoever comes first says what the site's keys are, where no rotation has said it.
    package func keyVersions(checks: [String: [[UInt8]]]) async throws -> [KeyVersion] {
        let versions = try await gateway.transaction(.readOnly) {
            try $0.query(KeyVersion.select).map { try KeyVersion($0) }
        }
        let said = versions.compactMap { key -> [Value]? in
            guard key.check == nil, let held = checks[key.key], held.count >= key.version else {
                return nil
            }
            return [.text(key.key), .int(key.version), .bytes(held[key.version - 1])]
        }
        guard !said.isEmpty else { return versions }
        return try await gateway.transaction { transaction in
            _ = try transaction.pipeline(said.map { (KeyVersion.insertCheck, $0) })
            return try transaction.query(KeyVersion.select).map { try KeyVersion($0) }
        }
    }
}

extension Records {
    /// The versions that hashes stand under until this transaction ends: no rotation begins before.
    /// Throws `KeyVersionLacking` as `require` does.
    mutating func storedVersion(of key: StoredKey, for chains: Set<HashChain>) throws -> KeyVersion
    {
        let values: [Value] = [.text(key.rawValue)]
        // Two statements: what is read must be younger than the lock.
        let rows = try transaction.pipeline([
            (KeyLock.share, values), (KeyVersion.selectOne, values),
        ])
        let stored = try KeyVersion(rows[1][0])
        try stored.require(chains)
        return stored
    }

    /// Throws `KeyVersionLacking` when the hash that was not found may stand under a version that is
    /// not in the chain.
    mutating func requireVersion(of key: StoredKey, in chain: HashChain) throws {
        let rows = try transaction.query(KeyVersion.selectOne, [.text(key.rawValue)])
        try KeyVersion(rows[0]).require([chain])
    }
}

extension KeyVersion {
    /// Throws `KeyVersionLacking` when one of the chains is shorter than what rows stand under, or was
    /// made with another key.
    func require(_ chains: some Sequence<HashChain>) throws {
        for chain in chains { try require(checks: chain.checks) }
    }

    /// Each of these by every hash that its row may be stored as.
    func byStoredHash(_ chains: Set<HashChain>) -> [[UInt8]: HashChain] {
        var byHash: [[UInt8]: HashChain] = [:]
        byHash.reserveCapacity(chains.count)
        for chain in chains {
            for hash in storedHashes(of: chain) { byHash[hash] = chain }
        }
        return byHash
    }

    /// Every hash that a row of this chain may be stored as.
    func storedHashes(of chain: HashChain) -> ArraySlice<[UInt8]> {
        chain.byVersion[(oldest - 1)..<version]
    }
}

extension HashChain {
    /// How a new row is stored.
    func stored(_ key: KeyVersion) -> [UInt8] { byVersion[key.version - 1] }

    /// For `::bytea[]`: a list in a list of values travels as one text, because arrays of arrays must
    /// be rectangles.
    var arrayText: String {
        "{" + byVersion.map { #""\\x\#(Hexadecimal.text($0))""# }.joined(separator: ",") + "}"
    }
}

/// Whoever stores hashes shares it; a rotation that changes the version has it alone.
enum KeyLock {
    static let share = Statement(
        "select pg_advisory_xact_lock_shared(hashtextextended('tsunagi key ' || $1, 0))::text")
    static let alone = Statement(
        "select pg_advisory_xact_lock(hashtextextended('tsunagi key ' || $1, 0))::text")
}

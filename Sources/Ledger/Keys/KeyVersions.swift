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

    var isRewrapped: Bool { oldest == version }

    static let select = Statement(
        "select key, version, oldest from exchange.key_version order by key")

    static let selectOne = Statement(
        "select key, version, oldest from exchange.key_version where key = $1")

    init(_ row: Row) throws {
        key = try row.text(0)
        version = try row.int(1)
        oldest = try row.int(2)
    }
}

/// Keys whose hashes are stored, and are rewrapped by a rotation.
package enum StoredKey: String, CaseIterable, Sendable {
    case number, card
}

/// This gateway has not got the version of a key that rows are stored under. Nothing was answered;
/// it is not ready until the file is in its folder.
package struct KeyVersionLacking: Error, Hashable {
    package let key: String
    package let version: Int
}

extension Ledger {
    package func keyVersions() async throws -> [KeyVersion] {
        try await gateway.transaction(.readOnly) {
            try $0.query(KeyVersion.select).map { try KeyVersion($0) }
        }
    }
}

extension Records {
    /// The versions that hashes stand under until this transaction ends: no rotation begins before.
    /// Throws `KeyVersionLacking` when one of the chains is shorter.
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
    /// Throws `KeyVersionLacking` when one of the chains is shorter than what rows stand under.
    func require(_ chains: some Sequence<HashChain>) throws {
        guard chains.allSatisfy({ $0.byVersion.count >= version }) else {
            throw KeyVersionLacking(key: key, version: version)
        }
    }

    /// Each of these by every hash that its row may be stored as.
    func byStoredHash(_ chains: Set<HashChain>) -> [[UInt8]: HashChain] {
        var byHash: [[UInt8]: HashChain] = [:]
        byHash.reserveCapacity(chains.count)
        for chain in chains {
            for hash in chain.byVersion[(oldest - 1)..<version] { byHash[hash] = chain }
        }
        return byHash
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

package import Exchange
import Postgres

/// 封印鍵の束: every version of the seal key that this gateway holds, version 1 first.
package struct SealKeys: Sendable {
    private let signers: [CheckpointSigner]

    /// All are of one log, and there is at least one.
    package init(_ signers: [CheckpointSigner]) {
        precondition(!signers.isEmpty)
        self.signers = signers
    }

    /// Throws `SealFault.keyLacking` for a version that is not here.
    func signer(_ version: Int) throws -> CheckpointSigner {
        guard signers.indices.contains(version - 1) else {
            throw SealFault.keyLacking(version: version)
        }
        return signers[version - 1]
    }

    /// The checkpoint in a note that any of these keys signed. Throws `CheckpointFault`.
    func open(_ note: [UInt8]) throws -> Checkpoint {
        for signer in signers.reversed() {
            do { return try signer.key.open(note) } catch CheckpointFault.notSigned { continue }
        }
        throw CheckpointFault.notSigned
    }

    /// One note under the signatures of each of these versions: whoever knows any of their keys
    /// believes it.
    func sign(_ versions: ClosedRange<Int>, size: Int, root: LogHash) throws -> SignedNote {
        let notes = try versions.map { try signer($0).sign(size: size, root: root) }
        return SignedNote(body: notes[0].body, signatures: notes.flatMap(\.signatures))
    }
}

/// 封印鍵の更新: the leaf that says which key signs from now on. The first checkpoint over it is signed
/// by the former key as well, so whoever trusted that one may trust this one.
package struct SealKeyChange: Hashable, Sendable {
    /// The first key, version 1, is of no leaf: it is the log's identity.
    package let version: Int
    package let key: CheckpointKey
    package let at: Instant

    package init(version: Int, key: CheckpointKey, at: Instant) {
        self.version = version
        self.key = key
        self.at = at
    }

    /// The bytes whose hash is the leaf. Its first line tells it from an entry and from a map.
    package var leafText: [UInt8] {
        Array(
            """
            tsunagi seal key v1
            version: \(version)
            key: \(key.text)
            at: \(at.microseconds)

            """.utf8)
    }
}

extension SealKeyChange {
    init(_ row: Row, from column: Int) throws {
        self.init(
            version: try row.int(column), key: try CheckpointKey(text: try row.text(column + 1)),
            at: Instant(microseconds: try row.instant(column + 2)))
    }
}

extension Sealer {
    /// The leaf that is due because a rotation took the next key into use; mostly none.
    static func change(of head: Head, _ keys: SealKeys, _ transaction: inout Transaction) throws
        -> [OwnLeaf]
    {
        let version = head.signing.upperBound
        guard version > head.keyInLog else { return [] }
        let now = try transaction.query(Statement("select clock_timestamp()"))[0].instant(0)
        let change = SealKeyChange(
            version: version, key: try keys.signer(version).key, at: Instant(microseconds: now))
        let id = RecordID.timeOrdered()
        return [
            OwnLeaf(
                id: id, text: change.leafText,
                insertion: (
                    Statement(
                        "insert into log.seal_key (version, entry, key, at) values ($1, $2, $3, $4)"
                    ),
                    [.int(version), .id(id), .text(change.key.text), .time(change.at)]
                ))
        ]
    }
}

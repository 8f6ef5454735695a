import Crypto
package import Exchange

/// 立会人の公開鍵: whose cosignature (連署) under a checkpoint says that the log, as somebody else saw it, went
/// on from what they saw before. C2SP tlog-cosignature, Ed25519 with the time (type 0x04).
package struct WitnessKey: Hashable, Sendable {
    private static let cosignature: UInt8 = 0x04

    package let name: String
    package let publicKey: [UInt8]

    /// Throws `CheckpointFault.malformed` for a name that a note cannot carry, or bytes that are no key.
    package init(name: String, publicKey: [UInt8]) throws {
        // The same forms as a log's key: one place knows them.
        let key = try CheckpointKey(name: name, publicKey: publicKey)
        self.name = key.name
        self.publicKey = key.publicKey
    }

    /// `name+hash+base64`, as signed-note writes a verifier's key.
    package init(text: String) throws {
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let bytes = Base64.bytes(parts[2]),
            bytes.first == Self.cosignature
        else { throw CheckpointFault.malformed("witness key") }
        try self.init(name: String(parts[0]), publicKey: Array(bytes.dropFirst()))
        guard self.text == text else { throw CheckpointFault.malformed("witness key hash") }
    }

    package var text: String {
        "\(name)+\(Hexadecimal.text(id))+\(Base64.text([Self.cosignature] + publicKey))"
    }

    /// SHA-256(name ‖ 0x0A ‖ 0x04 ‖ key), its first four bytes.
    var id: [UInt8] {
        let named = Array(name.utf8) + [0x0A, Self.cosignature] + publicKey
        return Array(SHA256.hash(data: named).prefix(4))
    }

    /// When the witness saw the checkpoint. Throws unless the note has this witness's cosignature and every
    /// one of them is good.
    package func verify(_ note: SignedNote) throws -> Instant {
        let mine = note.signatures.filter { $0.name == name && $0.keyID == id }
        guard !mine.isEmpty else { throw CheckpointFault.notSigned }
        let key = try Curve25519.Signing.PublicKey(rawRepresentation: publicKey)
        var latest: Int64 = 0
        for signature in mine {
            guard signature.bytes.count == 72 else { throw CheckpointFault.wrongSignature }
            let stamp = signature.bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            guard let seconds = Int64(exactly: stamp), seconds < Self.secondsMax,
                key.isValidSignature(
                    signature.bytes.dropFirst(8), for: Self.message(note.body, at: seconds))
            else { throw CheckpointFault.wrongSignature }
            latest = max(latest, seconds)
        }
        return Instant(seconds: latest)
    }

    /// The year 9999: no time of a witness is later, and any before can be counted in microseconds.
    private static let secondsMax: Int64 = 253_402_300_800

    static func message(_ body: String, at seconds: Int64) -> [UInt8] {
        Array("cosignature/v1\ntime \(seconds)\n\(body)".utf8)
    }
}

/// 立会人の鍵: cosigns checkpoints of logs.
package struct WitnessSigner: Sendable {
    package let key: WitnessKey
    private let privateKey: Curve25519.Signing.PrivateKey

    /// Throws `CheckpointFault.malformed` for a name that a note cannot carry, or a seed of no key.
    package init(name: String, privateKey seed: [UInt8]) throws {
        guard let privateKey = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed) else {
            throw CheckpointFault.malformed("private key")
        }
        self.privateKey = privateKey
        key = try WitnessKey(name: name, publicKey: Array(privateKey.publicKey.rawRepresentation))
    }

    /// The note with this witness's cosignature in place of any earlier one of theirs. What it says MUST
    /// have been verified, and the witness's own record of it MUST be on the disk before it is given to
    /// anybody.
    package func cosign(_ note: SignedNote, at now: Instant) throws -> SignedNote {
        let message = WitnessKey.message(note.body, at: now.seconds)
        let bytes =
            LogBytes.of(Int(now.seconds)) + Array(try privateKey.signature(for: message))
        let mine = SignedNote.Signature(name: key.name, keyID: key.id, bytes: bytes)
        let others = note.signatures.filter { $0.name != mine.name || $0.keyID != mine.keyID }
        return SignedNote(body: note.body, signatures: others + [mine])
    }
}

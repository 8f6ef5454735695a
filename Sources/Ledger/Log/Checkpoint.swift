import Crypto
import Exchange

/// 封印: what a log of this origin was at this size, in the text form of C2SP tlog-checkpoint. It
/// proves nothing by itself; only `CheckpointKey.open` makes one that may be believed.
package struct Checkpoint: Hashable, Sendable {
    package let origin: String
    package let size: Int
    package let root: LogHash

    package init(origin: String, size: Int, root: LogHash) {
        self.origin = origin
        self.size = size
        self.root = root
    }

    /// What is signed. We write no extension lines: monitors could not audit them.
    package var text: String {
        "\(origin)\n\(size)\n\(Base64.text(root.bytes))\n"
    }

    /// Throws `CheckpointFault`. Extension lines are allowed, as others may write them, and left
    /// out.
    package init(text: String) throws {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.popLast() == "", lines.count >= 3, lines.allSatisfy({ !$0.isEmpty }) else {
            throw CheckpointFault.malformed("lines")
        }
        guard let size = Int(lines[1]), String(size) == lines[1], size >= 0 else {
            throw CheckpointFault.malformed("size")
        }
        guard let root = Base64.bytes(lines[2]).flatMap({ LogHash($0) }) else {
            throw CheckpointFault.malformed("root")
        }
        self.init(origin: String(lines[0]), size: size, root: root)
    }
}

/// Why a checkpoint is not believed; its text is for whoever verifies one.
package enum CheckpointFault: Error, Hashable, CustomStringConvertible {
    /// The named part breaks the formats of C2SP tlog-checkpoint or signed-note.
    case malformed(String)
    case notSigned
    /// The key is the right one and its signature is not: the text was changed.
    case wrongSignature
    case otherOrigin

    package var description: String {
        switch self {
        case .malformed(let part):
            "The checkpoint, or a key given with it, is not as C2SP tlog-checkpoint and signed-note have it: "
                + "\(part)."
        case .notSigned:
            "The checkpoint is not signed by this key: it is another key, or a checkpoint of another log."
        case .wrongSignature:
            "The signature by this key is not of this checkpoint: one of the two was changed."
        case .otherOrigin: "The checkpoint is of another log than the key."
        }
    }
}

/// 署名付き文書: a text and the signatures under it, in the form of C2SP signed-note. Signatures of keys
/// that we do not know (witnesses) are kept as they came.
package struct SignedNote: Hashable, Sendable {
    package struct Signature: Hashable, Sendable {
        package let name: String
        package let keyID: [UInt8]
        package let bytes: [UInt8]

        package init(name: String, keyID: [UInt8], bytes: [UInt8]) {
            self.name = name
            self.keyID = keyID
            self.bytes = bytes
        }
    }

    // signed-note asks for at least 16; a log key and the cosignatures of its witnesses stay below.
    package static let signaturesMax = 64
    // 64 post-quantum signatures of 5 kB in base64, and the text.
    package static let bytesMax = 512 * 1024

    package let body: String
    package let signatures: [Signature]

    package init(body: String, signatures: [Signature]) {
        self.body = body
        self.signatures = signatures
    }

    package var text: String {
        let lines = signatures.map { signature in
            "— \(signature.name) \(Base64.text(signature.keyID + signature.bytes))\n"
        }
        return body + "\n" + lines.joined()
    }

    /// Throws `CheckpointFault.malformed` for anything that `text` would not write again byte for
    /// byte.
    package init(_ bytes: [UInt8]) throws {
        guard bytes.count <= Self.bytesMax, let text = String(validating: bytes, as: UTF8.self),
            bytes.allSatisfy({ $0 >= 0x20 || $0 == 0x0A })
        else { throw CheckpointFault.malformed("text") }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        // The last line is the nothing after the last newline; the blank line is the one before it.
        guard lines.last == "", let blank = lines.dropLast().lastIndex(of: ""), blank > 0 else {
            throw CheckpointFault.malformed("lines")
        }
        let signed = lines[(blank + 1)..<(lines.count - 1)]
        guard (1...Self.signaturesMax).contains(signed.count) else {
            throw CheckpointFault.malformed("signatures")
        }
        body = lines[..<blank].map { $0 + "\n" }.joined()
        signatures = try signed.map(Self.signature)
    }

    private static func signature(_ line: Substring) throws -> Signature {
        let parts = line.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "—", CheckpointKey.isName(parts[1]),
            let bytes = Base64.bytes(parts[2]), bytes.count > 4
        else { throw CheckpointFault.malformed("signature") }
        return Signature(
            name: String(parts[1]), keyID: Array(bytes.prefix(4)), bytes: Array(bytes.dropFirst(4)))
    }
}

/// 封印鍵の公開側: the Ed25519 key whose checkpoints a reader trusts. Its name is the log's origin.
package struct CheckpointKey: Hashable, Sendable {
    private static let ed25519: UInt8 = 0x01

    package let name: String
    package let publicKey: [UInt8]

    /// Throws `CheckpointFault.malformed` for a name that a note cannot carry, or bytes that are no
    /// key.
    package init(name: String, publicKey: [UInt8]) throws {
        guard Self.isName(name) else { throw CheckpointFault.malformed("key name") }
        guard (try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey)) != nil else {
            throw CheckpointFault.malformed("public key")
        }
        self.name = name
        self.publicKey = publicKey
    }

    /// `name+hash+base64`, as checkpoint verifiers of other makers read it.
    package init(text: String) throws {
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let bytes = Base64.bytes(parts[2]), bytes.first == Self.ed25519
        else {
            throw CheckpointFault.malformed("key")
        }
        try self.init(name: String(parts[0]), publicKey: Array(bytes.dropFirst()))
        guard self.text == text else { throw CheckpointFault.malformed("key hash") }
    }

    package var text: String {
        "\(name)+\(Hexadecimal.text(id))+\(Base64.text([Self.ed25519] + publicKey))"
    }

    /// SHA-256(name ‖ 0x0A ‖ 0x01 ‖ key), its first four bytes: finds the key, and proves nothing.
    package var id: [UInt8] {
        let named = Array(name.utf8) + [0x0A, Self.ed25519] + publicKey
        return Array(SHA256.hash(data: named).prefix(4))
    }

    /// The checkpoint in a note that this key signed and that is of this key's log. Signatures of
    /// other keys are ignored. Throws `CheckpointFault`.
    package func open(_ bytes: [UInt8]) throws -> Checkpoint {
        let note = try SignedNote(bytes)
        try verify(note)
        let checkpoint = try Checkpoint(text: note.body)
        guard checkpoint.origin == name else { throw CheckpointFault.otherOrigin }
        return checkpoint
    }

    /// Throws unless the note has this key's signatures and every one of them is good.
    package func verify(_ note: SignedNote) throws {
        let mine = note.signatures.filter { $0.name == name && $0.keyID == id }
        guard !mine.isEmpty else { throw CheckpointFault.notSigned }
        let key = try Curve25519.Signing.PublicKey(rawRepresentation: publicKey)
        let body = Array(note.body.utf8)
        guard mine.allSatisfy({ key.isValidSignature($0.bytes, for: body) }) else {
            throw CheckpointFault.wrongSignature
        }
    }

    static func isName(_ text: some StringProtocol) -> Bool {
        !text.isEmpty
            && text.unicodeScalars.allSatisfy { scalar in
                !scalar.properties.isWhitespace && scalar != "+" && scalar.value >= 0x20
            }
    }
}

/// 封印鍵: signs checkpoints of one log. Ed25519 signing is deterministic here, so a seal that was
/// signed again after a crash has the same bytes.
package struct CheckpointSigner: Sendable {
    package let key: CheckpointKey
    private let privateKey: Curve25519.Signing.PrivateKey

    /// Throws `CheckpointFault.malformed` for a name that a note cannot carry, or a seed of no key.
    package init(origin: String, privateKey seed: [UInt8]) throws {
        guard let privateKey = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed) else {
            throw CheckpointFault.malformed("private key")
        }
        self.privateKey = privateKey
        key = try CheckpointKey(
            name: origin, publicKey: Array(privateKey.publicKey.rawRepresentation))
    }

    /// The signed note of the log at this size. The head of this size MUST be committed before: a
    /// checkpoint that left cannot be taken back.
    package func sign(size: Int, root: LogHash) throws -> SignedNote {
        try sign(Checkpoint(origin: key.name, size: size, root: root).text)
    }

    /// `body` MUST begin with a line that says what kind of text it is.
    package func sign(_ body: String) throws -> SignedNote {
        let bytes = Array(try privateKey.signature(for: Array(body.utf8)))
        let signature = SignedNote.Signature(name: key.name, keyID: key.id, bytes: bytes)
        return SignedNote(body: body, signatures: [signature])
    }
}

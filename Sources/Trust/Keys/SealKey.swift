import Crypto
import FoundationEssentials

/// 封印鍵: signs checkpoints as C2SP signed notes with Ed25519. Deterministic: the same text and key
/// give the same note, so several gateways that sign one head agree.
package struct SealKey: Sendable {
    package let verifier: SealVerifier
    private let key: Curve25519.Signing.PrivateKey

    /// The name is the log's origin: no spaces, no plus sign.
    package init(name: String, key: KeyRing.Key) throws(FileProblem) {
        guard SealVerifier.isName(name) else {
            throw FileProblem("The log name \"\(name)\"", "may not be empty nor contain space or +")
        }
        let seed = key.secret.withUnsafeBytes { Array($0) }
        do { self.key = try Curve25519.Signing.PrivateKey(rawRepresentation: seed) } catch {
            throw FileProblem("seal-\(key.version).key", "is no Ed25519 seed")
        }
        verifier = SealVerifier(name: name, publicKey: Array(self.key.publicKey.rawRepresentation))
    }

    /// The whole note: text, empty line, signature line. The text MUST end with a line feed.
    package func sign(_ text: String) throws -> String {
        precondition(text.utf8.last == 0x0A, "a note's text ends with a line feed")
        return text + "\n" + (try signatureLine(text))
    }

    package func signatureLine(_ text: String) throws -> String {
        let signature = try key.signature(for: Array(text.utf8))
        let encoded = Data(verifier.keyID + signature).base64EncodedString()
        return "\u{2014} \(verifier.name) \(encoded)\n"
    }
}

/// 封印の検証: the public half, as a text `name+hash+key` that witnesses and verifiers are given.
package struct SealVerifier: Sendable, Hashable {
    package let name: String
    package let publicKey: [UInt8]
    /// The first four bytes of SHA-256(name, LF, 0x01, key).
    package let keyID: [UInt8]

    private static let ed25519: UInt8 = 0x01

    init(name: String, publicKey: [UInt8]) {
        self.name = name
        self.publicKey = publicKey
        let named = Array(name.utf8) + [0x0A, Self.ed25519] + publicKey
        keyID = Array(SHA256.hash(data: named).prefix(4))
    }

    /// Reads `name+hash+key`; nil when it is not one or its hash does not fit.
    package init?(_ text: String) {
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, Self.isName(String(parts[0])),
            let key = Data(base64Encoded: String(parts[2])), key.count == 33,
            key.first == Self.ed25519
        else { return nil }
        self.init(name: String(parts[0]), publicKey: Array(key.dropFirst()))
        guard Hexadecimal.encode(keyID) == parts[1] else { return nil }
    }

    package var text: String {
        let key = Data([Self.ed25519] + publicKey).base64EncodedString()
        return "\(name)+\(Hexadecimal.encode(keyID))+\(key)"
    }

    /// The signed text, or nil without a good signature by this key. Other signers' lines are
    /// passed over; a wrong one in this key's name is not.
    package func verify(_ note: String) -> String? {
        let bytes = Array(note.utf8)
        guard let split = bytes.endOfSignedText, bytes.last == 0x0A else { return nil }
        let text = bytes[...split]
        var isSigned = false
        for line in bytes[(split + 2)...].split(separator: 0x0A) {
            let fields = String(decoding: line, as: UTF8.self)
                .split(separator: " ", omittingEmptySubsequences: false)
            guard fields.count == 3, fields[0] == "\u{2014}",
                let signature = Data(base64Encoded: String(fields[2])), signature.count > 4
            else { return nil }
            guard fields[1] == name, signature.prefix(4).elementsEqual(keyID) else { continue }
            guard isValid(signature.dropFirst(4), over: Array(text)) else { return nil }
            isSigned = true
        }
        return isSigned ? String(decoding: text, as: UTF8.self) : nil
    }

    static func isName(_ name: String) -> Bool {
        !name.isEmpty && !name.contains { $0.isWhitespace || $0 == "+" }
    }

    private func isValid(_ signature: Data, over text: [UInt8]) -> Bool {
        let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey)
        return key?.isValidSignature(signature, for: text) ?? false
    }
}

extension [UInt8] {
    /// The index of the line feed that ends the text: the last place where two follow each other.
    fileprivate var endOfSignedText: Int? {
        indices.dropLast().last { self[$0] == 0x0A && self[$0 + 1] == 0x0A }
    }
}

package enum Hexadecimal {
    private static let digits = Array("0123456789abcdef".utf8)

    package static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 0x0F)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let letters = Array(text.utf8)
        guard letters.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: letters.count, by: 2) {
            guard let high = digits.firstIndex(of: letters[index] | 0x20),
                let low = digits.firstIndex(of: letters[index + 1] | 0x20)
            else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        return bytes
    }
}

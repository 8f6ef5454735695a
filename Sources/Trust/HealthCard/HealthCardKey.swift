import Crypto
package import Exchange
import FoundationEssentials

/// 接種証明カードの鍵: signs SMART Health Cards (https://spec.smarthealth.cards): JWS with ES256 over a
/// DEFLATE payload. Whoever has the public key checks a card without asking anybody.
package struct HealthCardKey: Sendable {
    /// `kid`: the thumbprint of the public key (RFC 7638).
    package let id: String
    private let key: P256.Signing.PrivateKey

    /// Throws for the one secret in four thousand million that is no P-256 key.
    package init(_ key: KeyRing.Key) throws {
        self.key = try key.secret.withUnsafeBytes {
            try P256.Signing.PrivateKey(rawRepresentation: $0)
        }
        let (x, y) = Self.coordinates(self.key.publicKey)
        let text = #"{"crv":"P-256","kty":"EC","x":"\#(x)","y":"\#(y)"}"#
        id = Base64URL.encode(Array(SHA256.hash(data: Array(text.utf8))))
    }

    /// The card in compact form (RFC 7515 §7.1).
    package func sign(_ payload: [UInt8]) throws -> String {
        let header = #"{"zip":"DEF","alg":"ES256","kid":"\#(id)"}"#
        let text =
            Base64URL.encode(header.utf8) + "." + Base64URL.encode(Deflate.compress(payload))
        let signature = try key.signature(for: Array(text.utf8))
        return text + "." + Base64URL.encode(signature.rawRepresentation)
    }

    /// JWK (RFC 7517). `revoked`: how many cards of this key were revoked, by which a verifier knows that
    /// its list is old.
    package func writePublicKey(revoked: Int, to writer: inout JSONWriter) {
        let (x, y) = Self.coordinates(key.publicKey)
        writer.beginObject()
        writer.member("kty", "EC")
        writer.member("kid", id)
        writer.member("use", "sig")
        writer.member("alg", "ES256")
        writer.member("crv", "P-256")
        writer.member("x", x)
        writer.member("y", y)
        writer.member("crlVersion", revoked)
        writer.endObject()
    }

    private static func coordinates(_ key: P256.Signing.PublicKey) -> (x: String, y: String) {
        let point = Array(key.rawRepresentation)
        return (Base64URL.encode(point[..<32]), Base64URL.encode(point[32...]))
    }
}

/// QRコードの文字列: a card as digits, in as many parts as it takes
/// (https://spec.smarthealth.cards/#encoding-qrs).
package enum HealthCardText {
    /// What one QR code of version 22 holds of a card alone, and of one among several.
    private static let aloneMax = 1_195
    private static let partMax = 1_191

    package static func parts(of card: String) -> [String] {
        let letters = Array(card.utf8)
        guard letters.count > aloneMax else { return ["shc:/" + digits(letters[...])] }
        let count = (letters.count + partMax - 1) / partMax
        return (0..<count).map { part in
            let from = letters.count * part / count
            let to = letters.count * (part + 1) / count
            return "shc:/\(part + 1)/\(count)/" + digits(letters[from..<to])
        }
    }

    /// Each letter as two digits: its code less 45.
    private static func digits(_ letters: ArraySlice<UInt8>) -> String {
        var digits: [UInt8] = []
        digits.reserveCapacity(letters.count * 2)
        for letter in letters {
            let value = letter - 45
            digits += [0x30 + value / 10, 0x30 + value % 10]
        }
        return String(decoding: digits, as: UTF8.self)
    }
}

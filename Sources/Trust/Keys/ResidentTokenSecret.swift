import Crypto
import FoundationEssentials

/// 住民トークン: 32 random bytes that the portal keeps; the database keeps only their SHA-256, so that a
/// copy of the database opens nothing.
package struct ResidentTokenSecret: Sendable {
    package let text: String
    package let hash: [UInt8]

    private static let byteCount = 32

    package init() {
        let bytes = randomBytes(Self.byteCount)
        text = Base64URL.encode(bytes)
        hash = Array(SHA256.hash(data: bytes))
    }

    /// The hash to look up, or nil for a text that cannot be a token.
    package static func hash(of text: String) -> [UInt8]? {
        guard text.utf8.count == 43, let bytes = Base64URL.decode(text), bytes.count == byteCount
        else { return nil }
        return Array(SHA256.hash(data: bytes))
    }
}

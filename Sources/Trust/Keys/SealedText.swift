import Crypto
import Exchange
import FoundationEssentials

/// A stateless text that only this gateway can have made: base64url of version, payload, expiry and
/// HMAC. What it was made for is under the HMAC without being in the text.
struct SealedText {
    let payload: [UInt8]
    let expires: Instant

    private static let version: UInt8 = 1
    private static let macBytes = 32
    /// Longer texts are not decoded at all.
    private static let textMax = 512

    static func make(
        _ payload: [UInt8], expires: Instant, context: [[UInt8]], key: KeyRing.Key
    ) -> String {
        let body = [version] + payload + bigEndian(UInt64(bitPattern: expires.microseconds))
        let code = HMAC<SHA256>.authenticationCode(for: message(body, context), using: key.secret)
        return Base64URL.encode(body + Array(code))
    }

    /// Nil for anything that none of the keys made in this context. The comparison takes the same
    /// time wherever the first wrong byte is.
    init?(_ text: String, context: [[UInt8]], keys: [KeyRing.Key]) {
        guard text.utf8.count <= Self.textMax, let bytes = Base64URL.decode(text),
            bytes.count > 9 + Self.macBytes, bytes[0] == Self.version
        else { return nil }
        let body = Array(bytes.dropLast(Self.macBytes))
        let code = bytes.suffix(Self.macBytes)
        let message = Self.message(body, context)
        let isOurs = keys.contains { key in
            HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: message, using: key.secret)
        }
        guard isOurs else { return nil }
        let time = body.suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        expires = Instant(microseconds: Int64(bitPattern: time))
        payload = Array(body.dropFirst().dropLast(8))
    }

    private static func message(_ body: [UInt8], _ context: [[UInt8]]) -> [UInt8] {
        framed("tsunagi sealed text v1", context + [body])
    }
}

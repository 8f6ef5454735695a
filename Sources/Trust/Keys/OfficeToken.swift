package import Exchange

/// 事務所トークン: the bearer token a PMH connector asks for with client credentials (RFC 8705). It names
/// its party and the client certificate it was given over, and is of no use with another.
package enum OfficeToken {
    private static let context = [Array("office token".utf8)]
    private static let idBytes = 16
    private static let fingerprintBytes = 32

    package static func issue(
        to party: Party, certificate fingerprint: [UInt8], lifetimeSeconds: Int64, now: Instant,
        keys: KeyRing
    ) -> (text: String, expires: Instant) {
        precondition(fingerprint.count == fingerprintBytes, "x5t#S256 is 32 bytes")
        let expires = now.adding(seconds: lifetimeSeconds)
        let payload = randomBytes(idBytes) + fingerprint + Array(party.key.utf8)
        let text = SealedText.make(
            payload, expires: expires, context: context, key: keys.current(.token))
        return (text, expires)
    }

    package static func check(
        _ text: String, party: Party, certificate fingerprint: [UInt8], now: Instant, keys: KeyRing
    ) throws(Refusal) {
        guard let sealed = SealedText(text, context: context, keys: keys.all(.token)),
            sealed.payload.count > idBytes + fingerprintBytes
        else { throw .tokenInvalid }
        let bound = sealed.payload.dropFirst(idBytes)
        guard bound.prefix(fingerprintBytes).elementsEqual(fingerprint),
            bound.dropFirst(fingerprintBytes).elementsEqual(party.key.utf8)
        else { throw .tokenOfAnotherParty }
        guard now <= sealed.expires else { throw .tokenExpired }
    }
}

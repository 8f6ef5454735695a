import Exchange
import Hummingbird
import Trust

/// 使い捨ての値: what the card is asked to sign, for this party and this purpose only. It costs no row:
/// the nonce is a sealed text, and using it is what leaves a mark.
extension GatewayParts {
    func issueNonce(_ purpose: Nonce.Purpose) -> Route.Handler {
        { [self] _, context in
            let nonce = Nonce.issue(
                purpose, to: try context.party, lifetimeSeconds: Limits.nonceSeconds, now: now(),
                keys: keys.ring)
            var writer = JSONWriter(reservingBytes: 256)
            writer.beginObject()
            writer.member("nonce", nonce.text)
            writer.member("expiresAt", nonce.expires.text)
            writer.member("day", now().dayInJapan.text)
            writer.endObject()
            return .json(.created, writer.bytes)
        }
    }
}

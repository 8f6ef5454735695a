import Exchange
import HTTPTypes
import Hummingbird
import Ledger
import Trust

/// 本人の利用: `POST /tokens`. A portal shows the card's signature over `SignedText.token` and gets a
/// resident token: bound to the portal's own certificate (RFC 8705), short-lived, revocable, kept
/// here only as a hash.
extension GatewayParts {
    func beginSession(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let caller = try request.caller(context)
        let (_, object) = try await request.json(atMost: BodyLimits.visitBytesMax)
        try object.requireOnly(["nonce", "day", "certificate", "signature"])
        let nonce = try object.requiredString("nonce")
        let day = try CalendarDay(object.requiredString("day"), item: "day")
        let today = now().dayInJapan
        guard day == today || day.adding(days: 1) == today else { throw Refusal.malformed("day") }
        let presented = try PresentedCard(object)
        _ = try await recorded(caller, .beginResidentSession) {
            try Nonce.check(nonce, .residentToken, of: caller.party, now: now(), keys: keys.ring)
        }
        let text = SignedText.residentToken(nonce: nonce, party: caller.party, day: day)
        let card = try await verified(
            presented, over: text, caller: caller, purpose: .beginResidentSession)
        guard let identity = context.identity else { throw Refusal.certificateNotTrusted }
        let secret = ResidentTokenSecret()
        let grant = ResidentTokenGrant(
            tokenHash: secret.hash, certificateHash: identity.fingerprint,
            cardHash: KeyedHash.card(issuer: card.issuer, serial: card.serial, keys: keys.ring),
            nonce: nonce)
        _ = try await ledger.access(caller, .beginResidentSession) { try $0.issueToken(grant) }
        var writer = JSONWriter(reservingBytes: 256)
        writer.beginObject()
        writer.member("access_token", secret.text)
        writer.member("token_type", "Bearer")
        writer.member("expires_in", Int(ResidentTokenGrant.lifetimeSeconds))
        writer.endObject()
        return .json(.created, writer.bytes)
    }

    /// `POST /tokens/revoke`: ends the token now.
    func endSession(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let token = try request.residentToken(context)
        try await ledger.access(try request.caller(context), .endResidentSession) {
            try $0.revokeToken(tokenHash: token.hash, certificateHash: token.certificate)
        }
        return Response(status: .noContent)
    }
}

/// The bearer token of a resident, as its hash, with the certificate of the connection it came
/// over.
struct ShownToken: Sendable {
    let hash: [UInt8]
    let certificate: [UInt8]
}

extension Request {
    func residentToken(_ context: GatewayContext) throws -> ShownToken {
        guard let text = headers[.authorization] else { throw Refusal.tokenMissing }
        guard text.hasPrefix("Bearer "), let identity = context.identity,
            let hash = ResidentTokenSecret.hash(of: String(text.dropFirst("Bearer ".count)))
        else { throw Refusal.tokenInvalid }
        return ShownToken(hash: hash, certificate: identity.fingerprint)
    }
}

extension Records {
    mutating func resident(_ token: ShownToken) throws -> PersonKey {
        try resident(tokenHash: token.hash, certificateHash: token.certificate)
    }
}

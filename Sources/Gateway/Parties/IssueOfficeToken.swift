import Exchange
import Hummingbird
import Trust

/// 役所のトークン: `POST /oauth2/token`, client credentials over mutual TLS (RFC 6749 §4.4, RFC 8705). For
/// connectors written for PMH, which send a bearer token; the certificate alone opens the same
/// routes.
extension GatewayParts {
    func issueOfficeToken(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let body = try await request.body(.form, atMost: BodyLimits.smallBytesMax)
        let fields = String(buffer: body).split(separator: "&")
        guard fields.contains("grant_type=client_credentials") else {
            throw Refusal.malformed("grant_type")
        }
        guard let identity = context.identity else { throw Refusal.certificateNotTrusted }
        let token = OfficeToken.issue(
            to: identity.party, certificate: identity.fingerprint,
            lifetimeSeconds: Limits.officeTokenSeconds, now: now(), keys: keys.ring)
        var writer = JSONWriter(reservingBytes: 512)
        writer.beginObject()
        writer.member("access_token", token.text)
        writer.member("token_type", "Bearer")
        writer.member("expires_in", Int(Limits.officeTokenSeconds))
        writer.endObject()
        return .json(.ok, writer.bytes)
    }
}

import Exchange
import HTTPTypes
import Hummingbird
import Trust

/// 役所のトークン: `POST /oauth2/token`, client credentials over mutual TLS (RFC 6749 §4.4, RFC 8705). For
/// connectors written for PMH, which send a bearer token; the certificate alone opens the same
/// routes. There are no scopes, and one that is asked for is passed over: what a party may do is said of its
/// role (権限表).
extension GatewayParts {
    func issueOfficeToken(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let form = try await request.openForm()
        guard try form.required("grant_type") == "client_credentials" else {
            throw Refusal.malformed("grant_type")
        }
        guard let identity = context.identity else { throw Refusal.certificateNotTrusted }
        // One way to say who one is (RFC 6749 §2.3): the certificate. A secret beside it would pass for
        // checked.
        let others = ["client_secret", "client_assertion"].compactMap { form[$0] }
        guard others.isEmpty, request.headers[.authorization] == nil,
            form["client_id"].map({ $0 == identity.party.key }) ?? true
        else { throw Refusal.clientDiffers }
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

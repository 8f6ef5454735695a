import Exchange
import HTTPTypes
import Hummingbird
import Ledger
import Trust

/// 本人の利用: `POST /tokens`. A portal shows the card's signature over `SignedText.token` and gets a
/// resident token: bound to the portal's own certificate (RFC 8705), short-lived, revocable, kept
/// here only as a hash.
extension GatewayParts {
    func beginSession(_ asking: Asking) async throws -> Response {
        let party = asking.caller.party
        let (_, object) = try await asking.request.json(atMost: BodyLimits.visitBytesMax)
        let card = try PresentedCard(object, today: now().dayInJapan)
        let text = SignedText.residentToken(nonce: card.nonce, party: party, day: card.day)
        let verified = try verify(card, .residentToken, of: party, over: text)
        guard let identity = asking.context.identity else { throw Refusal.certificateNotTrusted }
        let secret = ResidentTokenSecret()
        let grant = ResidentTokenGrant(
            tokenHash: secret.hash, certificateHash: identity.fingerprint, cardHash: verified.hash,
            nonce: card.nonce)
        let lifetime = ResidentTokenGrant.lifetimeSeconds
        let (_, bytes) = try await asking.answer(
            as: { Self.tokenJSON(secret, lifetime, known: $0) }
        ) { [self] records throws -> PairwiseIDs in
            let issued = try records.issueToken(grant)
            let former = issued.formerRecords.map { pairwise($0, for: party) }
            return PairwiseIDs(
                current: pairwise(issued.person, for: party).current,
                former: former.flatMap { [$0.current] + $0.former })
        }
        return .json(.created, bytes)
    }

    /// `known`: by which ids the portal knew the resident before their records were merged, where it did.
    static func tokenJSON(
        _ secret: ResidentTokenSecret, _ seconds: Int64, known: PairwiseIDs? = nil
    ) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 256)
        writer.beginObject()
        writer.member("access_token", secret.text)
        writer.member("token_type", "Bearer")
        writer.member("expires_in", Int(seconds))
        if let known, !known.former.isEmpty {
            writer.member("patient", "Patient/" + known.current)
            writer.texts("replaces", known.former.map { "Patient/" + $0 })
        }
        writer.endObject()
        return writer.bytes
    }

    /// `POST /tokens/revoke`: ends the token now.
    func endSession(_ asking: Asking) async throws -> Response {
        let token = try asking.residentToken()
        try await asking.access {
            try $0.revokeToken(tokenHash: token.hash, certificateHash: token.certificate)
        }
        return Response(status: .noContent)
    }
}

/// The bearer token of a resident, as its hash, with the certificate of the connection it came
/// over, and the rules by which somebody else may act by it.
struct ShownToken: Sendable {
    let hash: [UInt8]
    let certificate: [UInt8]
    let rules: ActingRules?
}

extension Asking {
    func residentToken() throws -> ShownToken {
        guard let text = try request.bearerToken() else { throw Refusal.tokenMissing }
        guard let identity = context.identity, let hash = ResidentTokenSecret.hash(of: text)
        else { throw Refusal.tokenInvalid }
        return ShownToken(
            hash: hash, certificate: identity.fingerprint, rules: try actingRules())
    }
}

extension Records {
    /// The resident that the token stands for, whoever acts by it.
    mutating func resident(_ token: ShownToken) throws -> PersonKey {
        try resident(
            tokenHash: token.hash, certificateHash: token.certificate, rules: token.rules)
    }
    /// The same, where nobody acts for the resident.
    mutating func oneself(_ token: ShownToken) throws -> PersonKey {
        try oneself(tokenHash: token.hash, certificateHash: token.certificate)
    }
}

package import Exchange
import Postgres

/// 住民トークン: what a portal shows to act for a resident; kept only as a hash, bound to the portal's
/// certificate.
package struct ResidentTokenGrant: Sendable {
    package let tokenHash: [UInt8]
    package let certificateHash: [UInt8]
    package let cardHash: HashChain
    package let nonce: String
    /// Fifteen minutes: a session at a screen; a portal asks the card again after it.
    package static let lifetimeSeconds: Int64 = 900

    package init(tokenHash: [UInt8], certificateHash: [UInt8], cardHash: HashChain, nonce: String) {
        self.tokenHash = tokenHash
        self.certificateHash = certificateHash
        self.cardHash = cardHash
        self.nonce = nonce
    }
}

/// 渡したトークン: whose it is.
package struct IssuedToken: Sendable {
    package let person: PersonKey
    /// 統合された記録 under which this portal had sessions of the resident.
    package let formerRecords: [PersonKey]
}

extension Records {
    /// Issues the token. A nonce serves once: a second use is `.nonceUsed`, also with the same
    /// bytes, because the secret was shown once and is not kept. Card refusals as in
    /// `Ledger.openVisit`.
    package mutating func issueToken(_ grant: ResidentTokenGrant) throws -> IssuedToken {
        let rows = try transaction.pipeline([
            (Self.selectTokenNonce, [.text(grant.nonce)]),
            (Self.selectBinding, [.bytesArray(grant.cardHash.byVersion)]),
        ])
        guard rows[0].count == 0 else { throw Refusal.nonceUsed }
        guard rows[1].count == 1 else {
            try requireVersion(of: .card, in: grant.cardHash)
            throw Refusal.cardUnbound
        }
        let binding = try CardBinding(rows[1][0], from: 0)
        let person = binding.person
        subject.person = person
        try binding.require(at: now)
        let expires = now.adding(seconds: ResidentTokenGrant.lifetimeSeconds)
        write([
            (
                Self.insertToken,
                [
                    .person(person), .bytes(grant.tokenHash), .text(caller.party.key),
                    .bytes(grant.certificateHash), .text(grant.nonce), .time(now), .time(expires),
                ]
            )
        ])
        enter(person)
        let former = try transaction.query(
            Self.selectFormerRecords, [.person(person), .text(caller.party.key)])
        return IssuedToken(
            person: person, formerRecords: try former.map { try $0.uuid(0).person })
    }

    /// The resident a token stands for. Throws `.tokenInvalid`, `.tokenExpired`, `.tokenRevoked`,
    /// or
    /// `.tokenOfAnotherParty` when the connection's certificate is not the one it was issued to; and
    /// `.relationUnknown` where somebody else acts by it and may not, or no longer, for this purpose.
    package mutating func resident(
        tokenHash: [UInt8], certificateHash: [UInt8], rules: ActingRules?
    ) throws -> PersonKey {
        let token = try liveToken(tokenHash, certificateHash)
        if let representative = token.representative {
            try requireRelation(of: token.person, to: representative, rules)
        }
        return token.person
    }

    /// The same for what only the resident can ask for: nobody acts by such a token.
    mutating func ownToken(tokenHash: [UInt8], certificateHash: [UInt8]) throws -> HeldToken {
        let token = try liveToken(tokenHash, certificateHash)
        guard token.representative == nil else { throw Refusal.relationUnknown }
        return token
    }

    private mutating func liveToken(_ hash: [UInt8], _ certificate: [UInt8]) throws -> HeldToken {
        let rows = try first.first ?? transaction.query(Self.selectToken, [.bytes(hash)])
        guard rows.count == 1 else { throw Refusal.tokenInvalid }
        let token = try HeldToken(rows[0])
        subject.person = token.person
        if let representative = token.representative {
            subject.basis = ActingBasis(representative: representative, kinds: [])
                .text(beside: nil)
        }
        guard token.party == caller.party.key, token.certificateHash == certificate else {
            throw Refusal.tokenOfAnotherParty
        }
        guard !token.isRevoked else { throw Refusal.tokenRevoked }
        guard now < token.expires else { throw Refusal.tokenExpired }
        return token
    }

    /// Ends the token now, with those that were made from it to act for others; ending it twice is the
    /// same as once.
    package mutating func revokeToken(tokenHash: [UInt8], certificateHash: [UInt8]) throws {
        do {
            let token = try liveToken(tokenHash, certificateHash)
            _ = try transaction.run(Self.revoke, [.bytes(tokenHash), .time(now)])
            acting = token.representative.map { ActingBasis(representative: $0, kinds: []) }
            enter(token.person)
        } catch Refusal.tokenRevoked, Refusal.tokenExpired {
            enter(subject.person, basis: subject.basis)
        }
    }

    private static let revoke = Statement(
        """
        update exchange.resident_token set revoked_at = $2
        where (token_hash = $1 or made_from = $1) and revoked_at is null
        """)

    private static let selectTokenNonce = Statement(
        "select 1 from exchange.resident_token where nonce = $1")

    private static let selectBinding = Statement(
        "select \(CardBinding.columns) from exchange.card_binding b where b.card_hash = any ($1)")

    private static let selectFormerRecords = Statement(
        """
        select m.person from exchange.record_merge m
        where m.survivor = $1 and m.parted_at is null and exists (
            select 1 from exchange.resident_token t where t.person = m.person and t.party = $2)
        order by m.joined_at, m.merge
        """)

    private static let insertToken = Statement(
        """
        insert into exchange.resident_token
            (person, token_hash, party, certificate_hash, nonce, issued_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        """)

    fileprivate static let selectToken = Statement(
        """
        select \(Survivors.sql(of: "t.person")), t.party, t.certificate_hash, t.expires_at,
            t.revoked_at is not null, \(Survivors.sql(of: "t.representative"))
        from exchange.resident_token t where t.token_hash = $1
        """)
}

extension FirstReading {
    /// For `resident`.
    package static func residentToken(hash: [UInt8]) -> FirstReading {
        FirstReading(steps: [(Records.selectToken, [.bytes(hash)])])
    }
}

/// 預かったトークン: a token as its row says it.
struct HeldToken {
    let person: PersonKey
    let party: String
    let certificateHash: [UInt8]
    let expires: Instant
    let isRevoked: Bool
    /// Who acts for the person; nobody where it is the person's own.
    let representative: PersonKey?

    init(_ row: Row) throws {
        person = try row.uuid(0).person
        party = try row.text(1)
        certificateHash = try row.bytes(2)
        expires = Instant(microseconds: try row.instant(3))
        isRevoked = try row.bool(4)
        representative = try row.optionalUUID(5)?.person
    }
}

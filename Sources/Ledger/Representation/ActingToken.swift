package import Exchange
import Postgres

/// 代理の利用: the token by which somebody acts for one resident. Every route of the resident takes it, and
/// asks at each request whether the relation still holds.
package struct ActingTokenGrant: Sendable {
    package let tokenHash: [UInt8]
    /// The hash of the representative's own token; with it this one ends.
    package let madeFrom: [UInt8]
    package let certificateHash: [UInt8]

    package init(tokenHash: [UInt8], madeFrom: [UInt8], certificateHash: [UInt8]) {
        self.tokenHash = tokenHash
        self.madeFrom = madeFrom
        self.certificateHash = certificateHash
    }
}

extension Records {
    /// Whoever the token is of, and nobody who acts for them. Throws as `resident`.
    package mutating func oneself(tokenHash: [UInt8], certificateHash: [UInt8]) throws -> PersonKey
    {
        try ownToken(tokenHash: tokenHash, certificateHash: certificateHash).person
    }

    /// Makes a token to act for the one of those represented whom `isMeant` picks; returns when it
    /// expires, which is when the representative's own does. Throws `.relationUnknown` where
    /// there is none.
    package mutating func beginActing(
        _ grant: ActingTokenGrant, rules: ActingRules, for isMeant: (PersonKey) -> Bool
    ) throws -> Instant {
        let own = try ownToken(
            tokenHash: grant.madeFrom, certificateHash: grant.certificateHash)
        let represented = try represented(by: own.person, rules)
        guard let resident = represented.first(where: { isMeant($0.person) }) else {
            throw Refusal.relationUnknown
        }
        write([
            (
                Self.insertToken,
                [
                    .person(resident.person), .bytes(grant.tokenHash), .text(caller.party.key),
                    .bytes(grant.certificateHash), .text("acting/" + RecordID.random().text),
                    .time(now), .time(own.expires), .person(own.person), .bytes(grant.madeFrom),
                ]
            )
        ])
        acting = ActingBasis(representative: own.person, kinds: resident.kinds)
        enter(resident.person)
        return own.expires
    }

    private static let insertToken = Statement(
        """
        insert into exchange.resident_token (person, token_hash, party, certificate_hash, nonce, issued_at,
            expires_at, representative, made_from)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """)
}

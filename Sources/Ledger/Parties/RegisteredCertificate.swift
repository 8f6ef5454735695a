package import Exchange
import Postgres

/// 登録済み証明書: the certificate of a CA that cannot write our SAN URI speaks for this party, while it is
/// registered. It is known by its issuer and key, so that a renewal with the same key needs no new
/// registration.
package struct RegisteredCertificate: Sendable, Hashable {
    package let party: Party
    /// The issuer's name in DER.
    package let issuer: [UInt8]
    /// SHA-256 of the SubjectPublicKeyInfo.
    package let publicKey: [UInt8]
    /// 職員: whose own certificate it is, as an operator's name; nothing where it is the party's.
    package let officer: String?

    package init(party: Party, issuer: [UInt8], publicKey: [UInt8], officer: String? = nil) {
        self.party = party
        self.issuer = issuer
        self.publicKey = publicKey
        self.officer = officer
    }

    static let selectStanding = Statement(
        """
        select party, issuer, public_key, officer from exchange.party_certificate
        where removed_at is null
        """)

    init(_ row: Row) throws {
        self.init(
            party: try Party(uri: "urn:tsunagi:party:" + row.text(0)), issuer: try row.bytes(1),
            publicKey: try row.bytes(2), officer: try row.optionalText(3))
    }
}

/// Registering and removing, as the owner. A removed row stays, with its time: who spoke for whom,
/// and when, is never lost.
extension PartyRegistry {
    package enum Registered: Sendable, Hashable {
        case now
        /// As before: the same party holds it already.
        case already
        /// One certificate speaks for one party, and for one officer of it. Nothing was changed.
        case byAnother(String)
        case partyUnknown
    }

    /// One line of the list. `removedAt` is nil while it stands.
    package struct RegisteredLine: Sendable {
        package let publicKey: [UInt8]
        package let officer: String?
        package let registeredAt: Instant
        package let removedAt: Instant?
    }

    package func register(_ certificate: RegisteredCertificate) async throws -> Registered {
        let key = certificate.party.key
        return try await pool.transaction { transaction in
            let known = try transaction.query(
                Statement("select 1 from exchange.party where party = $1"), [.text(key)])
            guard !known.isEmpty else { return .partyUnknown }
            let ids: [Value] = [.bytes(certificate.issuer), .bytes(certificate.publicKey)]
            let added = try transaction.run(
                Statement(
                    """
                    insert into exchange.party_certificate (issuer, public_key, party, officer)
                    values ($1, $2, $3, $4)
                    on conflict (issuer, public_key) where removed_at is null do nothing
                    """), ids + [.text(key), .orNull(certificate.officer)])
            if added == 1 { return .now }
            let holder = try transaction.query(
                Statement(
                    """
                    select party, officer from exchange.party_certificate
                    where issuer = $1 and public_key = $2 and removed_at is null
                    """), ids)[0]
            let (party, officer) = (try holder.text(0), try holder.optionalText(1))
            guard party != key || officer != certificate.officer else { return .already }
            return .byAnother(officer.map { "\(party), officer \($0)" } ?? party)
        }
    }

    /// Stops it within a second or two, on live connections too. Returns false when the party has no
    /// standing registration of this key.
    package func removeCertificate(of party: Party, publicKey: [UInt8]) async throws -> Bool {
        try await pool.transaction { transaction in
            try transaction.run(
                Statement(
                    """
                    update exchange.party_certificate set removed_at = clock_timestamp()
                    where party = $1 and public_key = $2 and removed_at is null
                    """), [.text(party.key), .bytes(publicKey)]) > 0
        }
    }

    /// Everything ever registered for the party, oldest first.
    package func certificates(of party: Party) async throws -> [RegisteredLine] {
        try await pool.transaction(.readOnly) { transaction in
            try transaction.query(
                Statement(
                    """
                    select public_key, officer, registered_at, removed_at
                    from exchange.party_certificate where party = $1 order by registered_at
                    """), [.text(party.key)]
            ).map { row in
                RegisteredLine(
                    publicKey: try row.bytes(0), officer: try row.optionalText(1),
                    registeredAt: Instant(microseconds: try row.instant(2)),
                    removedAt: try row.optionalInstant(3).map(Instant.init(microseconds:)))
            }
        }
    }
}

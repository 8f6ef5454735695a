package import Exchange

/// 接続元: who is on the other end of a connection, as its certificate says and as far as that was
/// checked: until `validUntil`, and while the trust's epoch stays what it was.
package struct ConnectionIdentity: Hashable, Sendable {
    package let party: Party
    /// SHA-256 of the certificate in DER.
    package let fingerprint: [UInt8]
    /// 職員: whom the registry names for this certificate; nothing where it is the party's own.
    package let officer: String?
    /// When this must be asked again at the latest: the end of the certificate, or of the
    /// revocation list that cleared it, whichever is earlier.
    package let validUntil: Instant

    package init(
        party: Party, fingerprint: [UInt8], officer: String? = nil, validUntil: Instant
    ) {
        self.party = party
        self.fingerprint = fingerprint
        self.officer = officer
        self.validUntil = validUntil
    }
}

/// 門前払い: a certificate that is not let in.
package struct TurnedAway: Error, Hashable {
    package let refusal: Refusal
    /// For whom the certificate speaks; nothing unless its chain stands and names somebody, so that
    /// only its dates, its revocation or its party's standing are against it.
    package let party: Party?

    package init(_ refusal: Refusal, party: Party? = nil) {
        self.refusal = refusal
        self.party = party
    }

    /// 控えのない再開: a certificate alone, of whose issuer nothing is known. In a full handshake nobody is let in
    /// by it; in a resumed one it says nothing against the client, who is told to come back and then meets a
    /// full one.
    package static let chainForgotten = TurnedAway(.overloaded)
}

/// What a listener asks about client certificates. Closures, because the answers come from Trust
/// and from the party registry, and the server needs to know neither.
package struct ClientTrust: Sendable {
    /// Chain, dates, usage, party, revocation, standing. Asked in a full handshake with the chain
    /// as the client sent it (DER, its own certificate first); when a resumed handshake completes,
    /// with the client's own certificate alone, because the session keeps no more; and again
    /// whenever
    /// `epoch` or the time has moved on. It runs on an event loop and MUST NOT wait for anything.
    package let identify:
        @Sendable (_ chain: [[UInt8]], _ now: Instant) -> Result<ConnectionIdentity, TurnedAway>

    /// Moves whenever a revocation list or a party's standing may have changed.
    package let epoch: @Sendable () -> UInt64

    package init(
        identify:
            @escaping @Sendable ([[UInt8]], Instant) -> Result<ConnectionIdentity, TurnedAway>,
        epoch: @escaping @Sendable () -> UInt64
    ) {
        self.identify = identify
        self.epoch = epoch
    }
}

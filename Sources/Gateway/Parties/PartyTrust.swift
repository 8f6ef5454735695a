import Exchange
package import Ledger
import Synchronization
package import Trust

/// 接続元の信頼: what one listener knows about client certificates. Full handshakes run the whole
/// verifier; what it found is kept by the certificate's fingerprint, so that a resumed handshake,
/// which shows the leaf alone, is asked about the same path: dates, revocation, party and
/// suspension, every time. Where the path was forgotten it is found again among the CAs that were kept; where
/// these were too, the client is asked for a full handshake.
package final class PartyTrust: Sendable {
    private let anchored: Verifier
    private let revocation: RevocationStore
    private let parties: PartyWatch
    private let registered = Mutex(Registered())
    private let memory: PathMemory

    /// What is registered, as of an epoch of the registry.
    private struct Registered {
        var epoch = UInt64.max
        var keys: [Verifier.RegisteredKey: Party] = [:]
        var officers: [Verifier.RegisteredKey: String] = [:]
    }

    package init(
        anchors: [ParsedCertificate], usage: Verifier.Usage, revocation: RevocationStore,
        parties: PartyWatch, memory: PathMemory = PathMemory()
    ) {
        self.memory = memory
        anchored = Verifier(anchors: anchors, usage: usage, revocation: revocation)
        self.revocation = revocation
        self.parties = parties
    }

    package var clientTrust: ClientTrust {
        ClientTrust(
            identify: { [self] in identify($0, $1) },
            epoch: { [self] in revocation.epoch &+ parties.epoch })
    }

    private func identify(_ chain: [[UInt8]], _ now: Instant)
        -> Result<ConnectionIdentity, TurnedAway>
    {
        guard let leaf = chain.first else { return .failure(TurnedAway(.certificateNotTrusted)) }
        let verifier = verifier
        let fingerprint = sha256(leaf)
        if let known = memory.path(of: fingerprint) {
            let result = standing(of: known, verifier, now)
            // A path that no longer holds may have a better one beside it: a new intermediate, a
            // new list's signer.
            guard chain.count > 1, case .failure(let turned) = result,
                ![.partySuspended, .certificateRevoked].contains(turned.refusal)
            else { return result }
        }
        let isAlone = chain.count == 1
        let above = isAlone ? memory.issuers(above: leaf) : Array(chain.dropFirst())
        switch verifier.verify(leaf: leaf, intermediates: above, at: now) {
        case .trusted(let trusted):
            memory.keep(trusted)
            return standing(of: trusted, verifier, now)
        case .refused(let reason):
            if isAlone, [.issuerUnknown, .signatureInvalid].contains(reason) {
                return .failure(.chainForgotten)
            }
            let otherwise = verifier.unrevoked(
                refused: reason, leaf: leaf, intermediates: above, at: now)
            if let otherwise { memory.keepIssuers(of: otherwise) }
            return .failure(TurnedAway(reason.refusal, party: otherwise?.party))
        }
    }

    /// The verifier with the certificates that are registered at this moment.
    private var verifier: Verifier {
        var verifier = anchored
        verifier.registered = registered.withLock { registered in
            // The epoch first: a change while we read is then read again.
            let epoch = parties.epoch
            if registered.epoch != epoch {
                registered = Registered(epoch: epoch)
                for certificate in parties.certificates {
                    let key = Verifier.RegisteredKey(
                        issuer: certificate.issuer, publicKey: certificate.publicKey)
                    registered.keys[key] = certificate.party
                    registered.officers[key] = certificate.officer
                }
            }
            return registered.keys
        }
        return verifier
    }

    private func standing(of trusted: TrustedCertificate, _ verifier: Verifier, _ now: Instant)
        -> Result<ConnectionIdentity, TurnedAway>
    {
        let party: Party
        do {
            guard let named = try verifier.party(of: trusted) else {
                return .failure(TurnedAway(.certificateNotTrusted))
            }
            party = named
        } catch { return .failure(TurnedAway(error.refusal)) }
        if let refusal = refusal(of: trusted, party, now) {
            return .failure(TurnedAway(refusal, party: party))
        }
        // No list lives longer than a minute unasked: a list that goes stale stops a live
        // connection.
        let until = min(trusted.validUntil, now.adding(seconds: 60))
        return .success(
            ConnectionIdentity(
                party: party, fingerprint: trusted.fingerprint, officer: officer(of: trusted),
                validUntil: until))
    }

    private func officer(of trusted: TrustedCertificate) -> String? {
        guard let key = Verifier.RegisteredKey(of: trusted) else { return nil }
        return registered.withLock { $0.officers[key] }
    }

    private func refusal(of trusted: TrustedCertificate, _ party: Party, _ now: Instant)
        -> Refusal?
    {
        guard trusted.isInTime(at: now) else { return .certificateExpired }
        return switch revocation.status(of: trusted, at: now) {
        case .good: parties.isSuspended(party) ? .partySuspended : nil
        case .revoked: .certificateRevoked
        case .unknown: .revocationUnknown
        }
    }
}

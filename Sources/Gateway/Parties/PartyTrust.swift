import Crypto
import Exchange
package import Ledger
import Synchronization
package import Trust

/// 接続元の信頼: what one listener knows about client certificates. Full handshakes run the whole
/// verifier; what it found is kept by the certificate's fingerprint, so that a resumed handshake,
/// which shows the leaf alone, is asked about the same path: dates, revocation and suspension,
/// every time.
package final class PartyTrust: Sendable {
    private let verifier: Verifier
    private let revocation: RevocationStore
    private let suspensions: Suspensions
    private let paths = Mutex<[[UInt8]: TrustedCertificate]>([:])

    /// 1 kB each: 16 MB at most. Past it one of them goes, and whoever it was connects in full
    /// again.
    static let pathsMax = 16_384

    package init(
        anchors: [ParsedCertificate], usage: Verifier.Usage, revocation: RevocationStore,
        suspensions: Suspensions
    ) {
        verifier = Verifier(anchors: anchors, usage: usage, revocation: revocation)
        self.revocation = revocation
        self.suspensions = suspensions
    }

    package var clientTrust: ClientTrust {
        ClientTrust(
            identify: { [self] in identify($0, $1) },
            epoch: { [self] in revocation.epoch &+ suspensions.epoch })
    }

    private func identify(_ chain: [[UInt8]], _ now: Instant) -> Result<ConnectionIdentity, Refusal>
    {
        guard let leaf = chain.first else { return .failure(.certificateNotTrusted) }
        let fingerprint = Array(SHA256.hash(data: leaf))
        if let known = paths.withLock({ $0[fingerprint] }) {
            let result = standing(of: known, now)
            // A path that no longer holds may have a better one beside it: a new intermediate, a
            // new list's signer.
            guard chain.count > 1, case .failure(let refusal) = result, refusal != .partySuspended,
                refusal != .certificateRevoked
            else { return result }
        }
        switch verifier.verify(leaf: leaf, intermediates: Array(chain.dropFirst()), at: now) {
        case .trusted(let trusted):
            keep(trusted)
            return standing(of: trusted, now)
        case .refused(let reason):
            return .failure(reason.refusal)
        }
    }

    private func standing(of trusted: TrustedCertificate, _ now: Instant)
        -> Result<ConnectionIdentity, Refusal>
    {
        guard let party = trusted.party else { return .failure(.certificateNotTrusted) }
        guard trusted.isInTime(at: now) else { return .failure(.certificateExpired) }
        switch revocation.status(of: trusted, at: now) {
        case .good: break
        case .revoked: return .failure(.certificateRevoked)
        case .unknown: return .failure(.revocationUnknown)
        }
        guard !suspensions.contains(party) else { return .failure(.partySuspended) }
        // No list lives longer than a minute unasked: a list that goes stale stops a live
        // connection.
        let until = min(trusted.validUntil, now.adding(seconds: 60))
        return .success(
            ConnectionIdentity(
                party: party, fingerprint: trusted.fingerprint, validUntil: until))
    }

    private func keep(_ trusted: TrustedCertificate) {
        paths.withLock { paths in
            if paths.count >= Self.pathsMax, let any = paths.keys.first {
                paths.removeValue(forKey: any)
            }
            paths[trusted.fingerprint] = trusted
        }
    }
}

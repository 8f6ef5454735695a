import Exchange
import NIOCore
import Synchronization

/// One accepted connection and who is on its other end. The identity is established once, when the
/// handshake completes, resumed handshakes included, and asked again when trust or time moved on.
final class Connection: Sendable {
    private struct Known {
        let chain: [[UInt8]]
        let share: PartyShare
        var identity: ConnectionIdentity
        var epoch: UInt64
    }

    /// What the verification callback of a full handshake found.
    private struct Found {
        let chain: [[UInt8]]
        let epoch: UInt64
        let outcome: Result<ConnectionIdentity, TurnedAway>
    }

    private enum Standing {
        case unknown
        case found(Found)
        case known(Known)
        case refused(TurnedAway)
    }

    let state: ListenerState
    private let standing = Mutex<Standing>(.unknown)

    init(_ state: ListenerState) {
        self.state = state
    }

    /// In a full handshake, before it completes. `false` ends it. A certificate that is good but
    /// for its revocation or its party's standing passes, so that the reason can be said in HTTP;
    /// `caller` refuses each of its requests.
    func admits(chain: [[UInt8]]) -> Bool {
        guard let trust = state.trust else { return false }
        let found = find(chain, trust)
        standing.withLock { $0 = .found(found) }
        guard case .failure(let turned) = found.outcome else { return true }
        return Self.saidInHTTP.contains(turned.refusal)
    }

    private static let saidInHTTP: Set<Refusal> = [
        .certificateRevoked, .revocationUnknown, .partyUnknown, .partySuspended,
    ]

    /// On the event loop as soon as a handshake has completed. In a resumed one nobody was asked
    /// before: BoringSSL skips the callback. `false` where nothing is left to judge the session by: it MUST NOT be
    /// resumed again.
    func establish(certificate: [UInt8]) -> Bool {
        guard let trust = state.trust else { return true }
        let before = standing.withLock { standing -> Found? in
            guard case .found(let found) = standing else { return nil }
            return found
        }
        let found: Found
        if let before, before.chain.first == certificate {
            found = before
        } else {
            found = find([certificate], trust)
        }
        settle(found)
        return found.outcome != .failure(.chainForgotten)
    }

    func refuse(_ refusal: Refusal) {
        standing.withLock { $0 = .refused(TurnedAway(refusal)) }
    }

    private func find(_ chain: [[UInt8]], _ trust: ClientTrust) -> Found {
        // The epoch first: a change while we ask is then seen by the next request.
        let epoch = trust.epoch()
        return Found(chain: chain, epoch: epoch, outcome: trust.identify(chain, state.now()))
    }

    private func settle(_ found: Found) {
        let settled: Standing
        switch found.outcome {
        case .failure(let turned):
            settled = .refused(turned)
        case .success(let identity):
            if let share = state.share(of: identity.party) {
                settled = .known(
                    Known(
                        chain: found.chain, share: share, identity: identity, epoch: found.epoch))
            } else {
                settled = .refused(TurnedAway(.tooManyRequests, party: identity.party))
            }
        }
        standing.withLock { $0 = settled }
    }

    /// Who is asking, on every request; `nil` only on a listener without client certificates.
    /// A party that was revoked, expired or suspended since the last request is refused here.
    func caller() throws(TurnedAway) -> ConnectionIdentity? {
        guard let trust = state.trust else { return nil }
        let epoch = trust.epoch()
        let now = state.now()
        let verdict = standing.withLock { standing -> Result<ConnectionIdentity, TurnedAway> in
            switch standing {
            case .unknown, .found:
                return .failure(TurnedAway(.certificateNotTrusted))
            case .refused(let turned):
                return .failure(turned)
            case .known(var known):
                if known.epoch == epoch, now < known.identity.validUntil {
                    return .success(known.identity)
                }
                switch trust.identify(known.chain, now) {
                case .success(let identity) where identity.party == known.identity.party:
                    known.identity = identity
                    known.epoch = epoch
                    standing = .known(known)
                    return .success(identity)
                case .success:
                    // A registered certificate was given to another party: connect anew.
                    return .failure(TurnedAway(.certificateNotTrusted))
                case .failure(let turned):
                    return .failure(turned)
                }
            }
        }
        return try verdict.get()
    }

    /// One of the party's requests for this second; always granted where there is no party.
    func takeToken() -> Bool {
        let share = standing.withLock { standing -> PartyShare? in
            guard case .known(let known) = standing else { return nil }
            return known.share
        }
        return share?.takeToken(now: NIODeadline.now().uptimeNanoseconds) ?? true
    }

    func closed() {
        standing.withLock { standing in
            if case .known(let known) = standing { known.share.disconnect() }
            standing = .refused(TurnedAway(.certificateNotTrusted))
        }
    }
}

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
        /// With the place that it takes among those of its party that are told no.
        case refused(TurnedAway, PartyShare? = nil)
    }

    /// What becomes of a connection whose handshake has completed.
    enum Arrival {
        case letIn
        /// Each of its requests hears why.
        case refused
        /// Nothing is left to judge its session by: it hears that, and MUST NOT be resumed again.
        case unjudged
        /// As many of its party are being told no as may be: it is closed without a word.
        case unwanted
    }

    let state: ListenerState
    private let standing = Mutex<Standing>(.unknown)
    /// Among the strangers of its address, until its party answers for it by a number of its own.
    private let place: Strangers.Place

    init(_ state: ListenerState, _ place: Strangers.Place) {
        self.state = state
        self.place = place
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
    /// before: BoringSSL skips the callback.
    func establish(certificate: [UInt8]) -> Arrival {
        guard let trust = state.trust else { return .letIn }
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
        return settle(found)
    }

    /// Whether its requests may be answered, as far as that is known without asking anew.
    var isLetIn: Bool {
        standing.withLock { standing in
            guard case .known = standing else { return state.trust == nil }
            return true
        }
    }

    func refuse(_ refusal: Refusal) {
        standing.withLock { $0 = .refused(TurnedAway(refusal)) }
    }

    private func find(_ chain: [[UInt8]], _ trust: ClientTrust) -> Found {
        // The epoch first: a change while we ask is then seen by the next request.
        let epoch = trust.epoch()
        return Found(chain: chain, epoch: epoch, outcome: trust.identify(chain, state.now()))
    }

    private func settle(_ found: Found) -> Arrival {
        switch found.outcome {
        case .failure(let turned):
            return turn(turned)
        case .success(let identity):
            guard let share = state.share(of: identity.party) else {
                return turn(TurnedAway(.tooManyRequests, party: identity.party))
            }
            let known = Known(
                chain: found.chain, share: share, identity: identity, epoch: found.epoch)
            standing.withLock { $0 = .known(known) }
            place.giveBack()
            return .letIn
        }
    }

    /// Without a bound here, one certificate that is over its number, or revoked, would fill the listener
    /// with connections that only wait to be told so.
    private func turn(_ turned: TurnedAway) -> Arrival {
        let share = turned.party.flatMap { state.shareOfTurnedAway($0) }
        standing.withLock { $0 = .refused(turned, share) }
        if share != nil { place.giveBack() }
        guard turned != .chainForgotten else { return .unjudged }
        return turned.party != nil && share == nil ? .unwanted : .refused
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
            case .refused(let turned, _):
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
        place.giveBack()
        standing.withLock { standing in
            switch standing {
            case .known(let known): known.share.disconnect()
            case .refused(_, let share): share?.disconnect()
            case .unknown, .found: break
            }
            standing = .refused(TurnedAway(.certificateNotTrusted))
        }
    }
}

import Exchange
import Synchronization

/// One party's share of a listener: its token bucket and the number of its connections.
/// All connections of the party hold the same one.
final class PartyShare: Sendable {
    struct State {
        var tokens: Double
        var filledAt: UInt64
        var connections = 0
    }

    let party: Party
    private let perSecond: Double
    private let burst: Double
    private let state: Mutex<State>

    init(party: Party, perSecond: Double, burst: Double, now: UInt64) {
        self.party = party
        self.perSecond = perSecond
        self.burst = burst
        state = Mutex(State(tokens: burst, filledAt: now))
    }

    /// Takes a token; `false` when there is none. `now` is a monotonic time in nanoseconds.
    func takeToken(now: UInt64) -> Bool {
        state.withLock { state in
            fill(&state, now: now)
            guard state.tokens >= 1 else { return false }
            state.tokens -= 1
            return true
        }
    }

    func connect(atMost limit: Int) -> Bool {
        state.withLock { state in
            guard state.connections < limit else { return false }
            state.connections += 1
            return true
        }
    }

    func disconnect() {
        state.withLock { $0.connections -= 1 }
    }

    /// Nothing is lost by forgetting a party without a connection whose bucket is full.
    func isForgettable(now: UInt64) -> Bool {
        state.withLock { state in
            fill(&state, now: now)
            return state.connections == 0 && state.tokens >= burst
        }
    }

    private func fill(_ state: inout State, now: UInt64) {
        guard now > state.filledAt else { return }
        let seconds = Double(now - state.filledAt) / 1e9
        state.tokens = min(burst, state.tokens + seconds * perSecond)
        state.filledAt = now
    }
}

/// The shares of all parties of one listener. From `Limits.partiesRememberedMax` on, parties of which
/// nothing would be lost are forgotten before another is remembered.
final class PartyShares: Sendable {
    private let limits: Limits
    private let shares = Mutex<[Party: PartyShare]>([:])

    init(limits: Limits) {
        self.limits = limits
    }

    /// Counts a connection of the party; `nil` when it has as many as it may have.
    func connect(_ party: Party, now: UInt64) -> PartyShare? {
        shares.withLock { shares in
            let share = share(of: party, in: &shares, now: now)
            return share.connect(atMost: limits.connectionsPerPartyMax) ? share : nil
        }
    }

    /// Takes a token of the party's, whether it has a connection or not; `false` when there is none.
    func takeToken(of party: Party, now: UInt64) -> Bool {
        shares.withLock { share(of: party, in: &$0, now: now) }.takeToken(now: now)
    }

    private func share(
        of party: Party, in shares: inout [Party: PartyShare], now: UInt64
    ) -> PartyShare {
        if let known = shares[party] { return known }
        if shares.count >= limits.partiesRememberedMax {
            shares = shares.filter { !$0.value.isForgettable(now: now) }
        }
        let share = PartyShare(
            party: party, perSecond: limits.requestsPerSecondPerParty,
            burst: limits.requestBurstPerParty, now: now)
        shares[party] = share
        return share
    }
}

import Exchange
import Glibc
package import NIOCore
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

/// 見知らぬ接続: connections that nobody vouches for, by where they come from: a handshake that is under way, or
/// one that is told no and of whose party nothing is known. Who has no certificate at all can open these, so
/// that no single address may fill a listener with them.
package final class Strangers: Sendable {
    /// What tells them apart before any certificate does. Of IPv6 the network (/64): one host has all of its
    /// addresses.
    package struct Origin: Hashable, Sendable {
        private let bytes: [UInt8]

        /// Nothing of a socket that has no address.
        package init?(_ address: SocketAddress?) {
            guard let text = address?.ipAddress else { return nil }
            var read = [UInt8](repeating: 0, count: 16)
            if inet_pton(AF_INET, text, &read) == 1 {
                bytes = Array(read.prefix(4))
            } else if inet_pton(AF_INET6, text, &read) == 1 {
                let isVersion4 = read.starts(with: Self.mapped)
                bytes = Array(isVersion4 ? read.dropFirst(Self.mapped.count) : read.prefix(8))
            } else {
                return nil
            }
        }

        /// ::ffff:0:0/96: how a listener of both versions sees an address of version 4.
        private static let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
    }

    /// 見知らぬ接続の席: one of its address's places, until somebody vouches for it or it is closed.
    package final class Place: Sendable {
        private let strangers: Strangers
        private let origin: Mutex<Origin?>

        fileprivate init(_ origin: Origin?, among strangers: Strangers) {
            self.origin = Mutex(origin)
            self.strangers = strangers
        }

        /// Whether nobody vouches for it yet.
        var isHeld: Bool { origin.withLock { $0 != nil } }

        /// Once; whoever gives it back again gives nothing.
        package func giveBack() {
            let held = origin.withLock { origin in
                defer { origin = nil }
                return origin
            }
            if let held { strangers.leave(held) }
        }
    }

    private let limit: Int
    private let counts = Mutex<[Origin: Int]>([:])

    package init(atMost limit: Int) {
        self.limit = limit
    }

    /// `nil` when so many of the address are here already. One without an address is not counted.
    package func place(of origin: Origin?) -> Place? {
        guard let origin else { return Place(nil, among: self) }
        let isTaken = counts.withLock { counts in
            let count = counts[origin] ?? 0
            guard count < limit else { return false }
            counts[origin] = count + 1
            return true
        }
        return isTaken ? Place(origin, among: self) : nil
    }

    private func leave(_ origin: Origin) {
        counts.withLock { counts in
            guard let count = counts[origin] else { return }
            counts[origin] = count > 1 ? count - 1 : nil
        }
    }
}

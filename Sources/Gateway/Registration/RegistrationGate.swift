import Exchange
import Synchronization

/// 登録の入口: what large registrations may take of a gateway. Each party sends one at a time; while they
/// come they hold the bytes that have come and nothing else, so that a slow sender is in nobody's way;
/// and two are worked on at once, the others in line behind them.
///
/// A body of 10,000 rows takes about 150 MB while it is read: two of them, and the bytes of those that come
/// or wait, are what a gateway has room for. Who would be too much is told to come back.
final class RegistrationGate: Sendable {
    static let atOnceMax = 2
    /// About 150 rows, 4 MB while they are read: the day's changes of a small town pass beside each
    /// other.
    static let smallBytesMax = 262_144
    /// Two of the longest at work and one on its way, or some hundred of a usual night.
    static let heldBytesMax = 3 * BodyLimits.registrationBytesMax

    fileprivate struct State {
        var parties: Set<Party> = []
        var heldBytes = 0
        var working = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    fileprivate let state = Mutex(State())

    /// Throws `.overloaded` while the party sends another one. Otherwise `leave` MUST follow.
    func enter(_ party: Party) throws(Refusal) -> LargeRegistration {
        let isIn = state.withLock { $0.parties.insert(party).inserted }
        guard isIn else { throw .overloaded }
        return LargeRegistration(self, of: party)
    }
}

/// 大きな登録: one that has come in by the gate. It is used by one task.
final class LargeRegistration: Sendable {
    private struct Held {
        var bytes = 0
        var isWorking = false
    }

    private let gate: RegistrationGate
    private let party: Party
    private let held = Mutex(Held())

    fileprivate init(_ gate: RegistrationGate, of party: Party) {
        self.gate = gate
        self.party = party
    }

    /// Throws `.overloaded` where all together would hold too much.
    func take(_ bytes: Int) throws(Refusal) {
        let isTaken = gate.state.withLock { state in
            guard state.heldBytes + bytes <= RegistrationGate.heldBytesMax else { return false }
            state.heldBytes += bytes
            return true
        }
        guard isTaken else { throw .overloaded }
        held.withLock { $0.bytes += bytes }
    }

    /// Waits for its turn to be worked on.
    func turn() async {
        await withCheckedContinuation { continuation in
            let isNow = gate.state.withLock { state in
                guard state.working < RegistrationGate.atOnceMax else {
                    state.waiting.append(continuation)
                    return false
                }
                state.working += 1
                return true
            }
            if isNow { continuation.resume() }
        }
        held.withLock { $0.isWorking = true }
    }

    func leave() {
        let held = held.withLock { $0 }
        let next = gate.state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.parties.remove(party)
            state.heldBytes -= held.bytes
            guard held.isWorking else { return nil }
            // Whose turn it is takes this one's place.
            if !state.waiting.isEmpty { return state.waiting.removeFirst() }
            state.working -= 1
            return nil
        }
        next?.resume()
    }
}

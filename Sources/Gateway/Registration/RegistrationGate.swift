package import Exchange
import Synchronization

/// 登録の入口: what large registrations may take of a gateway. Each party sends one at a time; while they
/// come they hold the bytes that have come and nothing else, so that a slow sender is in nobody's way;
/// and two are worked on at once, the others in line behind them.
///
/// A body of 10,000 rows takes about 150 MB while it is read: two of them, and the bytes of those that come
/// or wait, are what a gateway has room for. Who would be too much is told to come back.
package final class RegistrationGate: Sendable {
    package static let atOnceMax = 2
    /// A slot of the listener is held while one waits: an eighth of the office's 128. At some ten seconds
    /// each the last of them waits a minute and a half, as long as a sender keeps a connection open.
    package static let waitingMax = 16
    /// About 150 rows, 4 MB while they are read: the day's changes of a small town pass beside each
    /// other.
    static let smallBytesMax = 262_144
    /// Two of the longest at work and one on its way, or some hundred of a usual night.
    static let heldBytesMax = 3 * BodyLimits.registrationBytesMax

    fileprivate struct State {
        var parties: Set<Party> = []
        var heldBytes = 0
        var working = 0
        var waiting: [CheckedContinuation<Bool, Never>] = []
    }

    fileprivate let state = Mutex(State())

    package init() {}

    /// Throws `.overloaded` while the party sends another one. Otherwise `leave` MUST follow.
    package func enter(_ party: Party) throws(Refusal) -> LargeRegistration {
        let isIn = state.withLock { $0.parties.insert(party).inserted }
        guard isIn else { throw .overloaded }
        return LargeRegistration(self, of: party)
    }
}

/// 大きな登録: one that has come in by the gate. It is used by one task.
package final class LargeRegistration: Sendable {
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

    /// Waits for its turn to be worked on. Throws `.overloaded` where as many wait as may.
    package func turn() async throws(Refusal) {
        let isIn = await withCheckedContinuation {
            (continuation: CheckedContinuation<Bool, Never>) in
            let atOnce = gate.state.withLock { state -> Bool? in
                if state.working < RegistrationGate.atOnceMax {
                    state.working += 1
                    return true
                }
                guard state.waiting.count < RegistrationGate.waitingMax else { return false }
                state.waiting.append(continuation)
                return nil
            }
            if let atOnce { continuation.resume(returning: atOnce) }
        }
        guard isIn else { throw .overloaded }
        held.withLock { $0.isWorking = true }
    }

    package func leave() {
        let held = held.withLock { $0 }
        let next = gate.state.withLock { state -> CheckedContinuation<Bool, Never>? in
            state.parties.remove(party)
            state.heldBytes -= held.bytes
            guard held.isWorking else { return nil }
            // Whose turn it is takes this one's place.
            if !state.waiting.isEmpty { return state.waiting.removeFirst() }
            state.working -= 1
            return nil
        }
        next?.resume(returning: true)
    }
}

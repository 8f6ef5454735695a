import Exchange
import Synchronization

/// 登録の入口: one large registration of a party at a time, two of a gateway: a body of 10,000 rows
/// takes about 150 MB while it is read, and two of them leave room under the 250 MB a loaded
/// gateway may use with what else it does. Who comes too early is told to come back; nothing was
/// read.
final class RegistrationGate: Sendable {
    static let atOnceMax = 2
    /// About 150 rows, 4 MB while they are read: the day's changes of a small town pass beside each
    /// other.
    static let smallBytesMax = 262_144

    private let parties = Mutex<Set<Party>>([])

    func enter(_ party: Party) throws(Refusal) {
        let isIn = parties.withLock { parties in
            parties.count < Self.atOnceMax && parties.insert(party).inserted
        }
        guard isIn else { throw .overloaded }
    }

    func leave(_ party: Party) {
        parties.withLock { _ = $0.remove(party) }
    }
}

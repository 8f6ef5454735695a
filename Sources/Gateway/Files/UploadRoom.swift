package import Exchange
import Synchronization

/// 受付の席: four files at once in one gateway. One of a million rows remembers its keys, some 40 MB, and
/// four of them are 160. One party has two of them at most: a sender whose line is slow, or who
/// sends the same again and again, leaves the others theirs. Who comes too early is told to come back, and
/// nothing was read.
package final class UploadRoom: Sendable {
    package static let atOnceMax = 4
    package static let ofOnePartyMax = 2

    private let senders = Mutex<[Party: Int]>([:])

    package init() {}

    /// Throws `.overloaded`; else `leave` must follow.
    package func enter(_ party: Party) throws(Refusal) {
        let isIn = senders.withLock { senders in
            let own = senders[party, default: 0]
            guard own < Self.ofOnePartyMax, senders.values.reduce(0, +) < Self.atOnceMax else {
                return false
            }
            senders[party] = own + 1
            return true
        }
        guard isIn else { throw .overloaded }
    }

    package func leave(_ party: Party) {
        senders.withLock { senders in
            let own = senders[party, default: 0] - 1
            senders[party] = own > 0 ? own : nil
        }
    }
}

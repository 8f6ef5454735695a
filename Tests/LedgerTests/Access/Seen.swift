import Exchange
import Synchronization

/// What a closure saw, for the test that lent it.
final class Seen: Sendable {
    private let seen = Mutex<RecordID?>(nil)

    var value: RecordID? { seen.withLock { $0 } }
    func set(_ id: RecordID) { seen.withLock { $0 = id } }
}

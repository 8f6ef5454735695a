import Exchange
import Synchronization

/// What the clients were told, kept on their side alone: the gateway and its database are held against it.
final class Journal: Sendable {
    struct Answer: Sendable {
        let id: RecordID
        let digest: [UInt8]
    }

    struct Visit: Sendable, Hashable {
        let id: String
        let patient: String
    }

    struct State: Sendable {
        var answers: [Answer] = []
        /// Of every 200 and 201, so that a visit told twice is here twice.
        var visits: [Visit] = []
        var refusals = 0
        /// History keys that were acknowledged with a 202, and those that were sent at all.
        var registered: Set<String> = []
        var sent: Set<String> = []
        /// Sent again because no answer came.
        var repeated = 0
        var unexpected: [String] = []
    }

    private let state = Mutex(State())
    private let stopping = Atomic<Bool>(false)

    func note(_ change: (inout sending State) -> Void) { state.withLock { change(&$0) } }
    var now: State { state.withLock { $0 } }
    var answersCount: Int {
        state.withLock { $0.answers.count + $0.visits.count + $0.registered.count }
    }

    var isStopping: Bool { stopping.load(ordering: .acquiring) }
    func stop() { stopping.store(true, ordering: .releasing) }
}

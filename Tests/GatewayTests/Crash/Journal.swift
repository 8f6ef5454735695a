import Exchange
import Ledger
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

        /// The body of a check for today.
        var question: [UInt8] {
            let today = WallClock.now().dayInJapan.text
            let text = """
                {"resourceType":"CoverageEligibilityRequest","extension":[\
                {"url":"urn:tsunagi:StructureDefinition:visit","valueString":"\(id)"}],\
                "status":"active","purpose":["validation"],"patient":{"reference":"\(patient)"},\
                "servicedDate":"\(today)","created":"\(today)",\
                "insurer":{"reference":"Organization/tsunagi"}}
                """
            return Array(text.utf8)
        }

        /// One that nobody opened: asking for it is refused, on the record.
        static func unknown() -> Visit {
            Visit(id: RecordID.random().text, patient: "Patient/nobody")
        }
    }

    struct State: Sendable {
        var answers: [Answer] = []
        /// Of every 200 and 201, so that a visit told twice is here twice.
        var visits: [Visit] = []
        var refusals = 0
        /// SHA-256 of every list of own visits, as the portal was answered.
        var ownLists: [[UInt8]] = []
        /// Visits whose resident was told that they are over.
        var ended: [String] = []
        /// History keys that were acknowledged with a 202, and those that were sent at all.
        var registered: Set<String> = []
        var sent: Set<String> = []
        /// The same of the institution's own numbers of checkups.
        var reported: Set<String> = []
        var reportsSent: Set<String> = []
        /// And of doses.
        var dosesRecorded: Set<String> = []
        var dosesSent: Set<String> = []
        /// Sent again because no answer came, or the gateway was not ready.
        var repeated = 0
        /// Asked once and not answered.
        var failed = 0
        var unexpected: [String] = []
    }

    private let state = Mutex(State())
    private let stopping = Atomic<Bool>(false)

    func note(_ change: (inout sending State) -> Void) { state.withLock { change(&$0) } }
    var now: State { state.withLock { $0 } }
    var answersCount: Int {
        state.withLock {
            $0.answers.count + $0.visits.count + $0.registered.count + $0.reported.count
                + $0.ownLists.count + $0.dosesRecorded.count
        }
    }

    var isStopping: Bool { stopping.load(ordering: .acquiring) }
    func stop() { stopping.store(true, ordering: .releasing) }
}

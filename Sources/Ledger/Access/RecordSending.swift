import Crypto
import Exchange
import Postgres

/// 記録の一括: one record of a shared batch, of whatever field. Visits are read in one statement; residents are
/// locked in one order, and whoever sends of one of them comes after whoever sent before, and sees it; what
/// is decided is written with the entries in one commit.
protocol RecordSending: Sendable {
    associatedtype Recorded: Sendable
    associatedtype Desk: RecordDesk where Desk.Sending == Self

    var caller: Caller { get }
    var purpose: Purpose { get }
    var visit: RecordID { get }
    /// The id by which the record names its patient, and the item that holds it.
    var patient: (id: String, item: String) { get }
    var book: RuleBook { get }
    /// Any of these kinds of consent opens the field.
    var consentKinds: Set<ConsentKind> { get }
    /// The bytes to send, whose digest goes on the entry. It runs on the lane's thread, where it MUST NOT
    /// wait for anything, and once more should the batch fail.
    var answer: @Sendable (Recorded) -> [UInt8] { get }

    /// 助言ロックの番号: what is written of one resident in this field comes one after the other.
    static func lock(of person: PersonKey) -> Int

    /// What becomes of the record, within its visit; whatever is to be written is left on the desk.
    func decide(in visit: FieldVisit, at now: Instant, _ desk: inout Desk) throws
        -> DecidedRecord<Recorded>
}

/// 記録の帳面: what is held of the residents of one turn, each under its lock until the commit, and what the turn
/// adds.
protocol RecordDesk {
    associatedtype Sending: RecordSending

    /// All are decided by the same rules, and no resident is named twice.
    init(_ transaction: inout Transaction, _ turn: [(sending: Sending, visit: FieldVisit)]) throws

    /// What is to be written, in order.
    var steps: [(Statement, [Value])] { get }
}

/// What was decided of one record, and from which versions.
struct DecidedRecord<Recorded: Sendable>: Sendable {
    let recorded: Recorded
    var basis: String?
}

extension RecordSending {
    typealias Outcome = (recorded: Recorded, answer: [UInt8])

    /// One number twice in one turn, of two residents, is refused by the index: the batch is then settled one
    /// by one, and the later finds what the earlier sent.
    static func run(_ transaction: inout Transaction, _ batch: [Self]) throws
        -> [Result<Outcome, any Error>]
    {
        let readings = try FieldVisitReading.load(
            &transaction,
            batch.map { .init(visit: $0.visit, patient: $0.patient.id, party: $0.caller.party) })
        try lock(&transaction, Set(readings.compactMap(\.person)))
        let visits = zip(batch, readings).map { sending, reading in
            Result { try sending.opened(reading) }
        }
        let turns = BatchTurns(zip(batch, readings).map { ($0.book.version, $1.person) }).turns
        var entries: [Entry] = []
        var outcomes: [Int: Result<Outcome, any Error>] = [:]
        for turn in turns {
            var desk = try Desk(
                &transaction,
                turn.compactMap { place in
                    (try? visits[place].get()).map { (batch[place], $0) }
                })
            for place in turn {
                outcomes[place] = batch[place].outcome(
                    visits[place], readings[place], &desk, &entries)
            }
            let steps = desk.steps
            _ =
                try turn == turns.last
                ? transaction.pipelineAndCommit(steps + EntryWriter.steps(entries))
                : transaction.pipeline(steps)
        }
        return batch.indices.compactMap { outcomes[$0] }
    }

    private func outcome(
        _ visit: Result<FieldVisit, any Error>, _ reading: FieldVisitReading, _ desk: inout Desk,
        _ entries: inout [Entry]
    ) -> Result<Outcome, any Error> {
        var entry = Entry(id: .timeOrdered(), caller: caller, purpose: purpose)
        entry.visit = reading.visit
        entry.person = reading.person
        return entry.settled(into: &entries) { entry throws -> Outcome in
            let decided = try decide(in: visit.get(), at: reading.now, &desk)
            let bytes = answer(decided.recorded)
            entry.basis = decided.basis
            entry.digest = Array(SHA256.hash(data: bytes))
            return (decided.recorded, bytes)
        }
    }

    /// Throws what of a visit refuses before anything is read about its resident.
    private func opened(_ reading: FieldVisitReading) throws -> FieldVisit {
        _ = try PartyStanding.admit(
            caller, purpose, reading.standing, by: book.permissions)
        return try reading.opening(consentKinds, item: patient.item, rules: book)
    }

    /// Locked in one order, so that no two batches wait for each other in a ring.
    private static func lock(_ transaction: inout Transaction, _ persons: Set<PersonKey>) throws {
        let numbers = Set(persons.map(lock(of:))).sorted()
        guard !numbers.isEmpty else { return }
        _ = try transaction.pipeline([
            (AdvisoryLock.waitForAll, [.ints(numbers)]), AdvisoryLock.sharing(mergesOf: persons),
        ])
    }
}

extension Lane where Job: RecordSending, Outcome == (recorded: Job.Recorded, answer: [UInt8]) {
    /// Two that made the same thing at once, in two gateways, are both answered: the later finds it.
    func take(_ sending: Job) async throws -> Outcome {
        do {
            return try await submit(sending)
        } catch let error as DatabaseError where error.isWorthAnotherTry {
            return try await submit(sending)
        }
    }
}

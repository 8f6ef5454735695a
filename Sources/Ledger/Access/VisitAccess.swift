import Crypto
import Exchange
import Postgres

/// 受付による照会: one access of a shared batch. What arrived while the last batch was being flushed is
/// read in one snapshot, decided, and entered in one statement; one commit makes all of it durable.
///
/// Whoever asked gets the answer, or the refusal, after that commit. A batch that fails is decided
/// again, one access at a time, from what is then true.
struct VisitAccess: Sendable {
    let caller: Caller
    let purpose: Purpose
    let permissions: Permissions?
    let visit: RecordID
    /// 診療日 that is asked for.
    let day: CalendarDay?
    let decide: @Sendable (borrowing VisitRecords) throws -> Answered

    static func run(_ transaction: inout Transaction, _ batch: [VisitAccess]) throws
        -> [Result<Answered, any Error>]
    {
        let readings = try VisitReading.load(
            &transaction,
            batch.map { .init(visit: $0.visit, party: $0.caller.party, day: $0.day) })
        var entries: [Entry] = []
        entries.reserveCapacity(batch.count)
        let outcomes = zip(batch, readings).map { $0.outcome(from: $1, &entries) }
        _ = try transaction.pipelineAndCommit(EntryWriter.steps(entries))
        return outcomes
    }

    private func outcome(from reading: VisitReading, _ entries: inout [Entry])
        -> Result<Answered, any Error>
    {
        var entry = Entry(id: .timeOrdered(), caller: caller, purpose: purpose)
        entry.visit = reading.visit?.id
        entry.person = reading.visit?.person
        return entry.settled(into: &entries) { entry throws -> Answered in
            let standing = try PartyStanding.admit(
                caller, purpose, reading.standing, by: permissions)
            let answered = try decide(
                VisitRecords(reading, standing, on: day, entry: entry.id))
            entry.basis = answered.basis
            entry.digest = Array(SHA256.hash(data: answered.body))
            return answered
        }
    }
}

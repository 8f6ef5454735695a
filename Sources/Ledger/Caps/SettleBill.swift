import Crypto
package import Exchange
import Postgres

/// 会計の答え: a bill as it now is.
package struct SettledBill: Sendable {
    package let held: HeldBill
    /// It was asked for, and nothing was kept.
    package let isQuote: Bool
    /// When it was asked for: a reservation may have lapsed by then.
    package let at: Instant

    package init(held: HeldBill, isQuote: Bool, at: Instant) {
        self.held = held
        self.isQuote = isQuote
        self.at = at
    }
}

extension Ledger {
    /// Quotes, reserves, confirms or voids a bill within its visit; those sent at the same moment
    /// share statements, locks and commit. Bill, month, refunds due and entry are one commit; a
    /// crash leaves all of it or nothing. The same request again, also at once, is the bill as it
    /// is held.
    ///
    /// `isPatient` says whether the institution knows the person by an id, `answer` gives the bytes
    /// to send, whose digest goes on the entry. They run on the lane's thread, where they MUST NOT
    /// wait for anything, and once more should the batch fail. Throws `.visitUnknown`,
    /// `.visitEnded`, `.serviceDateOutOfRange`, `.consentNotGiven`, `.certificateNotHeld`,
    /// `.recordUnknown` for a void of what was never sent, what `BillVersion.next` and
    /// `BillReckoning` do; otherwise as `access`.
    package func settleBill(
        _ caller: Caller, _ sent: SubmittedBill, in visit: RecordID, rules: RuleBook,
        isPatient: @escaping @Sendable (String, PersonKey) -> Bool,
        answer: @escaping @Sendable (SettledBill) throws -> [UInt8]
    ) async throws -> (bill: SettledBill, answer: [UInt8]) {
        let settling = BillSettling(
            caller: caller, sent: sent, visit: visit, rules: rules, isPatient: isPatient,
            answer: answer)
        do {
            return try await bills.submit(settling)
        } catch let error as DatabaseError where error.isWorthAnotherTry {
            return try await bills.submit(settling)
        }
    }
}

/// 会計の一括: one bill of a shared batch. Visits, months and bills of all are read in a statement
/// each, every month under its lock; the bills are decided one after the other on what those before
/// them left, written in a statement each, and one commit makes them durable.
struct BillSettling: Sendable {
    let caller: Caller
    let sent: SubmittedBill
    let visit: RecordID
    let rules: RuleBook
    let isPatient: @Sendable (String, PersonKey) -> Bool
    let answer: @Sendable (SettledBill) throws -> [UInt8]

    typealias Outcome = (bill: SettledBill, answer: [UInt8])

    static func run(_ transaction: inout Transaction, _ batch: [BillSettling]) throws
        -> [Result<Outcome, any Error>]
    {
        let readings = try VisitReading.load(
            &transaction,
            batch.map { .init(visit: $0.visit, party: $0.caller.party, day: $0.sent.day) })
        let asked = zip(batch, readings).map { settling, reading in
            Result { try settling.asked(reading) }
        }
        var desk = try CapDesk.load(&transaction, asked.compactMap { try? $0.get() })
        var entries: [Entry] = []
        let outcomes = batch.indices.map { place in
            batch[place].settled(asked[place], readings[place], &desk, &entries)
        }
        _ = try transaction.pipelineAndCommit(desk.steps + EntryWriter.steps(entries))
        return outcomes
    }

    private func settled(
        _ asked: Result<AskedBill, any Error>, _ reading: VisitReading, _ desk: inout CapDesk,
        _ entries: inout [Entry]
    ) -> Result<Outcome, any Error> {
        var entry = Entry(id: .timeOrdered(), caller: caller, purpose: .settleBill)
        entry.visit = reading.visit?.id
        entry.person = reading.visit?.person
        return entry.settled(into: &entries) { entry throws -> Outcome in
            let decided = try asked.get().decide(on: desk, id: entry.id)
            let bill = SettledBill(
                held: decided.held, isQuote: sent.use == .quote, at: reading.now)
            let bytes = try answer(bill)
            entry.basis = decided.held.newest.basis
            entry.digest = Array(SHA256.hash(data: bytes))
            // Last: what was refused, or could not be told, changes nothing.
            if decided.isNew { desk.keep(decided) }
            return (bill, bytes)
        }
    }

    /// Everything about the bill that does not depend on its month.
    private func asked(_ reading: VisitReading) throws -> AskedBill {
        let standing = try PartyStanding.admit(
            caller, .settleBill, reading.standing, by: rules.permissions)
        guard let visit = reading.visit else { throw Refusal.visitUnknown }
        guard sent.patientID == visit.patient || isPatient(sent.patientID, visit.person) else {
            throw Refusal.patientDiffers("patient.reference")
        }
        var named: NamedBill?
        if sent.use != .void {
            for day in [sent.day, sent.lastDay] {
                try visit.term.requireAnswer(for: day, at: reading.now)
            }
            named = try NamedBill(sent, of: caller.party, standing, in: visit, reading, rules)
        }
        return AskedBill(
            use: sent.use, party: caller.party, identifier: sent.identifier, visit: visit,
            named: named, at: reading.now)
    }
}

extension BillVersion {
    /// For the entry: what the answer was decided from stands in this version.
    fileprivate var basis: String {
        var writer = JSONWriter(reservingBytes: 128)
        writer.beginObject()
        writer.member("rules", rulesVersion)
        writer.member("bill", id.text)
        writer.member("version", version)
        writer.endObject()
        return writer.text
    }
}

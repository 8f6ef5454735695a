import Crypto
package import Exchange
import Postgres

/// The handle to what is kept about residents. It lives inside one `Ledger.access` closure, cannot
/// be made, copied or kept elsewhere, and refuses to end without an entry.
///
/// Each field adds its reads and writes as extensions (`Subsidy/`, `Visits/`, …); none of them
/// changes this file.
package struct Records: ~Copyable {
    var transaction: Transaction
    package let caller: Caller
    package let purpose: Purpose
    /// 当事者の立場: read in this transaction.
    package let standing: PartyStanding
    /// Database time at the start of this access: the only clock decisions use.
    package let now: Instant
    /// Whom a refusal would be about, as far as it is known yet.
    var subject: Entry
    /// 代理: who asks in the resident's place, once that is known; it is on every entry from then on.
    var acting: ActingBasis?
    /// What `FirstReading` asked for, in its order.
    let first: [Rows]
    /// 升の控え: of the log's tree, for the proofs of a resident's list.
    let tiles: TileMemory
    private var entries: [Entry] = []
    private var crowds: [Crowd] = []
    private var writes: [(Statement, [Value])] = []

    /// Loads the party's standing, lends the handle, appends the entries and commits with them.
    static func lend<Answer>(
        _ transaction: inout Transaction, _ asked: Asked, _ first: FirstReading,
        _ body: (inout Records) throws -> Answer
    ) throws -> Answer {
        let caller = asked.caller
        var subject = Entry(id: .timeOrdered(), caller: caller, purpose: asked.purpose)
        let read = try transaction.pipeline(
            [(PartyStanding.select, [.text(caller.party.key)])] + first.steps)
        let rows = read[0]
        let now = Instant(microseconds: try rows[0].instant(0))
        do {
            let standing = try PartyStanding.admit(
                caller, asked.purpose, PartyStanding(rows[0], from: 1), by: asked.permissions)
            return try lend(
                &transaction,
                Arrival(
                    standing: standing, now: now, first: Array(read.dropFirst()),
                    tiles: asked.tiles),
                &subject, body)
        } catch let refusal as Refusal {
            throw Refused(refusal: refusal, entry: subject)
        }
    }

    private static func lend<Answer>(
        _ transaction: inout Transaction, _ arrival: Arrival, _ subject: inout Entry,
        _ body: (inout Records) throws -> Answer
    ) throws -> Answer {
        var records = Records(transaction, arrival, subject)
        let result: Result<Answer, any Error>
        do {
            result = .success(try body(&records))
        } catch {
            result = .failure(error)
        }
        subject = records.subject
        let entries = records.entries
        let writes = records.writes
        let crowds = records.crowds
        transaction = records.release()
        let answer = try result.get()
        guard !entries.isEmpty else { throw UnenteredAccess(purpose: subject.purpose) }
        for crowd in crowds { try crowd.enter(&transaction, like: subject) }
        _ = try transaction.pipelineAndCommit(
            writes + [(EntryWriter.insert, EntryWriter.values(entries))])
        return answer
    }

    private init(
        _ transaction: consuming Transaction, _ arrival: Arrival, _ subject: Entry
    ) {
        self.transaction = transaction
        standing = arrival.standing
        now = arrival.now
        first = arrival.first
        tiles = arrival.tiles
        self.subject = subject
        caller = subject.caller
        purpose = subject.purpose
    }

    private consuming func release() -> Transaction { transaction }

    /// Writes whose outcome nothing waits for: they travel with the entries and the commit, in one
    /// round trip.
    mutating func write(_ steps: [(Statement, [Value])]) {
        writes += steps
    }

    /// The bytes that leave: their digest goes on every entry of this access. Nothing is entered
    /// after it.
    mutating func answer(_ bytes: [UInt8]) { answer(pieces: [bytes]) }

    /// The same of pieces that follow one another.
    mutating func answer(pieces: [[UInt8]]) {
        var hash = SHA256()
        for piece in pieces { hash.update(data: piece) }
        let digest = Array(hash.finalize())
        for place in entries.indices { entries[place].digest = digest }
        for place in crowds.indices { crowds[place].digest = digest }
    }

    /// Puts on the record that a row of `person` is disclosed or written by this access.
    ///
    /// Returns the entry's id. `basis` names the versions it was decided from.
    @discardableResult
    package mutating func enter(
        _ person: PersonKey?, visit: RecordID? = nil, outcome: String = "ok", basis: String? = nil
    ) -> RecordID {
        let id = entries.isEmpty ? subject.id : RecordID.timeOrdered()
        var entry = Entry(id: id, caller: caller, purpose: purpose)
        entry.person = person
        entry.visit = visit
        entry.outcome = outcome
        entry.basis = acting?.text(beside: basis) ?? basis
        entries.append(entry)
        return id
    }

    /// As `enter`, for each of `persons`, of whom a month may name a million: but for the first they are made
    /// into entries when the access ends, some thousands at a time.
    mutating func enterEach(_ persons: some Collection<PersonKey>, basis: String) {
        guard let first = persons.first else { return }
        enter(first, basis: basis)
        crowds.append(
            Crowd(
                persons: Array(persons.dropFirst()),
                basis: acting?.text(beside: basis) ?? basis))
    }
}

/// 大勢: people whom one access discloses alike.
private struct Crowd {
    /// 10,000 entries of about 500 bytes: 5 MB.
    private static let atOnce = 10_000

    let persons: [PersonKey]
    let basis: String
    var digest: [UInt8]?

    init(persons: [PersonKey], basis: String) {
        self.persons = persons
        self.basis = basis
    }

    func enter(_ transaction: inout Transaction, like subject: Entry) throws {
        for start in stride(from: 0, to: persons.count, by: Self.atOnce) {
            let entries = persons[start..<min(start + Self.atOnce, persons.count)].map { person in
                var entry = Entry(
                    id: .timeOrdered(), caller: subject.caller, purpose: subject.purpose)
                entry.person = person
                entry.basis = basis
                entry.digest = digest
                return entry
            }
            try transaction.run(EntryWriter.insert, EntryWriter.values(entries))
        }
    }
}

/// Who asks, for what, and by which permissions that is decided; and what is remembered of the log.
struct Asked: Sendable {
    let caller: Caller
    let purpose: Purpose
    let permissions: Permissions?
    let tiles: TileMemory
}

/// What an access knows before its closure runs.
private struct Arrival {
    let standing: PartyStanding
    let now: Instant
    let first: [Rows]
    let tiles: TileMemory
}

/// 先読み: what an access will surely read, sent along with its beginning in the same round trip.
package struct FirstReading: Sendable {
    let steps: [(Statement, [Value])]

    package static let nothing = FirstReading(steps: [])
}

/// A refusal on its way out of a transaction that is to be rolled back, with the entry it will be
/// given.
struct Refused: Error {
    let refusal: Refusal
    let entry: Entry
}

/// A programmer's error that must not become an answer: an access that disclosed without an entry.
struct UnenteredAccess: Error {
    let purpose: Purpose
}

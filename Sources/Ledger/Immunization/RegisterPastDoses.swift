package import Exchange
import Postgres

/// A row of the ledger's file whose individual number has already become a keyed hash.
package struct NumberedPastDose: Sendable {
    package let numberHash: HashChain
    package let row: PastDoseRow

    package init(numberHash: HashChain, row: PastDoseRow) {
        self.numberHash = numberHash
        self.row = row
    }
}

extension Records {
    /// 過去の接種歴の登録: applied exactly once per idempotency key. A record number that came before is the
    /// same record, corrected or withdrawn; what cannot be taken is refused alone, by its row. Record, its
    /// place in the municipality's figures, the revocation of cards that hold what was corrected, and the
    /// entries are one commit; a crash leaves all of a part or nothing of it. What was told after the file's
    /// `moment` stands.
    package mutating func registerPastDoses(
        _ request: RegistrationRequest, _ rows: [NumberedPastDose], rules: RuleBook,
        as moment: FileMoment? = nil
    ) throws -> RegistrationReceipt {
        if let receipt = try beginTask(request) { return receipt }
        let taken = try take(rows, rules, moment, isWritten: true)
        for person in taken.touched.union(taken.told) {
            enter(person, basis: taken.bases[person])
        }
        if taken.touched.isEmpty, taken.told.isEmpty { enter(nil) }
        return endTask(request, taken.outcomes) { _ in taken.steps }
    }

    /// What registering these rows would do. Nothing is written but entries: that others recorded a dose, or
    /// that somebody lives elsewhere, is told by a file that is only compared, too.
    mutating func weighPastDoses(
        _ rows: [NumberedPastDose], rules: RuleBook, as moment: FileMoment? = nil
    ) throws -> [RowOutcome] {
        let taken = try take(rows, rules, moment, isWritten: false)
        for person in taken.told { enter(person, basis: taken.bases[person]) }
        return taken.outcomes
    }

    /// How many records of the caller's ledger stand.
    mutating func standingPastDoses() throws -> Int {
        try transaction.query(Self.countPastDoses, [.text(caller.party.key)])[0].int(0)
    }

    private struct TakenDoses {
        var outcomes: [RowOutcome] = []
        /// Of whom something is written, and of whom a row was told what others said.
        var touched: Set<PersonKey> = []
        var told: Set<PersonKey> = []
        var bases: [PersonKey: String] = [:]
        var steps: [(Statement, [Value])] = []
    }

    private mutating func take(
        _ rows: [NumberedPastDose], _ book: RuleBook, _ moment: FileMoment?, isWritten: Bool
    ) throws -> TakenDoses {
        let persons = try persons(of: rows.map(\.numberHash))
        if isWritten { try lockVaccinations(of: Set(persons.known)) }
        let newer = try newerRecords(of: rows, than: moment)
        var desk = try PastDoseDesk(
            &self, rows.map(\.row.identifier), newer: newer, of: persons.known, book)
        var taken = TakenDoses()
        let known = Set(persons.known)
        // Of one file the earlier dose is known when a later one is judged, however its rows are sorted.
        let days = rows.map { $0.row.told?.days.lowerBound.daysSince1970 ?? Int.min }
        let order = rows.indices.sorted { (days[$0], $0) < (days[$1], $1) }
        for place in order {
            let person = persons.ofRows[place]
            let outcome = try desk.outcome(of: rows[place].row, about: person)
            taken.outcomes.append(outcome)
            if outcome.kind == .applied { taken.touched.insert(person) }
            // Of whom nobody knew before, nobody else told anything.
            if known.contains(person), outcome.findings.contains(where: \.code.tellsOfOthers) {
                taken.told.insert(person)
            }
            taken.bases[person] = desk.basis(of: person)
        }
        // Nobody is made for rows that are all refused.
        taken.steps = desk.isEmpty ? [] : persons.steps + desk.steps
        return taken
    }

    /// 後からの訂正: of which of these numbers the newest version came after the moment. One that a file brought
    /// was recorded in the moment of its task.
    private mutating func newerRecords(
        of rows: [NumberedPastDose], than moment: FileMoment?
    ) throws -> Set<String> {
        guard let moment, let system = rows.first?.row.identifier.system else { return [] }
        let key: [Value] = [.texts(rows.map(\.row.identifier.value)), .text(caller.party.key)]
        let found = try transaction.query(
            Self.selectNewer, key + moment.values + [.text(system)])
        return Set(try found.map { try $0.text(0) })
    }

    private static let selectNewer = Statement(
        """
        select newest.identifier from (
            select distinct on (v.identifier) v.identifier, v.recorded_at from exchange.past_dose v
            where v.party = $2 and v.identifier_system = $8 and v.identifier = any ($1)
            order by v.identifier, v.version desc) newest
        where newest.recorded_at > $4 and newest.recorded_at not in (
            select t.received_at from exchange.registration_task t
            where t.party = $2 and t.field = 'past-doses' and t.received_at > $4
                and \(FileMoment.isOfLine("t.task")))
        """)

    /// As for records: what is written of one resident's vaccinations comes one after the other.
    private mutating func lockVaccinations(of persons: Set<PersonKey>) throws {
        guard !persons.isEmpty else { return }
        let numbers = Set(persons.map { AdvisoryLock.vaccinations(of: $0) }).sorted()
        _ = try transaction.pipeline([
            (AdvisoryLock.waitForAll, [.ints(numbers)]), AdvisoryLock.sharing(mergesOf: persons),
        ])
    }

    private static let countPastDoses = Statement(
        """
        select count(*) filter (where status <> 'entered-in-error') from (
            select distinct on (vaccination) status from exchange.past_dose where party = $1
            order by vaccination, version desc) newest
        """)
}

extension RowCode {
    /// What a municipality could not know from its own ledger.
    fileprivate var tellsOfOthers: Bool {
        switch self {
        case .doseKnown, .notOwnResident, .anotherPerson, .doseOutsideAct: true
        default: false
        }
    }
}

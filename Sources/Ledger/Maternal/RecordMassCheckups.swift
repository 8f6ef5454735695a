package import Exchange
import Postgres

/// 集団健診: results of a checkup that a municipality held itself, many children in a morning, in one file or
/// one request each. Whose they are it says by the key of its own notification. What comes of a clinic's
/// result comes of them in the same commit: the line of the municipality of residence and the ticket it
/// uses, tasks, delivery, entries.
extension Records {
    /// One result, or its correction. The same again is the one that is held.
    ///
    /// Throws `.recordUnknown` for a key under which the caller notified nobody of such a checkup and for the
    /// correction of what it never recorded, `.identifierReused` for a number of somebody else's result, and
    /// what `MassCheckupDesk.file` does.
    package mutating func recordMassCheckup(
        _ sent: SubmittedMassCheckup, in compartment: CheckupCompartment,
        correcting correction: RecordCorrection?, rules book: RuleBook
    ) throws -> RecordedCheckup {
        let persons = try lockExamined(
            [(sent.notificationKey, sent.report.result.checkup)], book)
        guard let person = persons[0] else { throw Refusal.recordUnknown }
        subject.person = person
        let place: MassCheckupDesk.Place =
            correction.map { .id($0.id) } ?? .identifier(sent.report.identifier)
        var desk = try MassCheckupDesk(
            &self, [(place, person)], of: [sent.report.result.checkup], in: compartment, book)
        let held = desk.held(place)
        if correction != nil, held?.isOf(person) != true { throw Refusal.recordUnknown }
        guard held?.isOf(person) ?? true else { throw Refusal.identifierReused }
        let recorded = try desk.file(
            sent.report, of: person, over: held, seen: correction?.seen,
            consentedOn: sent.consentedOn)
        enter(person, basis: desk.basis(of: person))
        write(desk.steps)
        return recorded
    }

    /// 一つのファイルの結果: applied exactly once per idempotency key. A number that came before is the same
    /// result, corrected; what cannot be taken is refused alone, by its row. What was corrected one by one
    /// after the file's `moment` stands.
    package mutating func registerMassCheckups(
        _ request: RegistrationRequest, _ rows: [MassCheckupRow],
        in compartment: CheckupCompartment, rules: RuleBook, as moment: FileMoment? = nil
    ) throws -> RegistrationReceipt {
        if let receipt = try beginTask(request) { return receipt }
        let taken = try take(rows, in: compartment, rules, moment, isWritten: true)
        for (person, basis) in taken.bases { enter(person, basis: basis) }
        if taken.bases.isEmpty { enter(nil) }
        return endTask(request, taken.outcomes) { _ in taken.steps }
    }

    /// What registering these rows would do. Nothing is written and nobody entered.
    mutating func weighMassCheckups(
        _ rows: [MassCheckupRow], in compartment: CheckupCompartment, rules: RuleBook,
        as moment: FileMoment? = nil
    ) throws -> [RowOutcome] {
        try take(rows, in: compartment, rules, moment, isWritten: false).outcomes
    }

    /// How many results of the caller's own stand.
    mutating func standingMassCheckups(in compartment: CheckupCompartment) throws -> Int {
        try transaction.query(compartment.countStanding, [.text(caller.party.key)])[0].int(0)
    }

    private struct Taken {
        var outcomes: [RowOutcome] = []
        var bases: [PersonKey: String] = [:]
        var steps: [(Statement, [Value])] = []
    }

    /// Of two rows about one child the later sees the earlier, where they are written.
    private mutating func take(
        _ rows: [MassCheckupRow], in compartment: CheckupCompartment, _ book: RuleBook,
        _ moment: FileMoment?, isWritten: Bool
    ) throws -> Taken {
        let named: [(key: String, checkup: String?)] = rows.map {
            ($0.notificationKey, $0.report?.result.checkup)
        }
        let persons = try isWritten ? lockExamined(named, book) : examined(named, book)
        // Under their locks: nobody corrects one by one until the commit.
        let newer = try newerNumbers(of: rows, in: compartment, than: moment)
        var taken = Taken()
        for turn in BatchTurns(persons.map { (book.version, $0) }).turns {
            if isWritten, !taken.steps.isEmpty { _ = try transaction.pipeline(taken.steps) }
            var desk = try MassCheckupDesk(
                &self,
                turn.compactMap { place in
                    persons[place].map { (.identifier(rows[place].identifier), $0) }
                }, of: Set(turn.compactMap { rows[$0].report?.result.checkup }),
                in: compartment, book)
            for place in turn {
                guard let person = persons[place] else {
                    taken.outcomes.append(
                        rows[place].refused([rows[place].finding("notificationKey", .unknownKey)]))
                    continue
                }
                taken.outcomes.append(
                    try desk.outcome(
                        of: rows[place], about: person, today: now.dayInJapan, newer: newer))
                taken.bases[person] = desk.basis(of: person)
            }
            taken.steps = desk.steps
        }
        return taken
    }

    /// 後からの訂正: under which of these numbers the newest version came one by one after the moment. One that a
    /// file brought was recorded in the moment of its task.
    private mutating func newerNumbers(
        of rows: [MassCheckupRow], in compartment: CheckupCompartment, than moment: FileMoment?
    ) throws -> Set<String> {
        guard let moment, let system = rows.first?.identifier.system else { return [] }
        let key: [Value] = [.texts(rows.map(\.identifier.value)), .text(caller.party.key)]
        let found = try transaction.query(
            compartment.selectNewer, key + moment.values + [.text(system)])
        return Set(try found.map { try $0.text(0) })
    }

    /// Whom the keys are of: a child's checkup is of a child, any other of its mother.
    private mutating func examined(
        _ named: [(key: String, checkup: String?)], _ book: RuleBook
    ) throws -> [PersonKey?] {
        guard let rules = book.maternal else { throw Refusal.rulesUnknown }
        let persons = try notified(named.map(\.key))
        return named.map { key, checkup in
            guard let found = persons[key] else { return nil }
            let isFitting = checkup.map { rules.isOfChild($0) == (found.kind == .child) } ?? true
            return isFitting ? found.person : nil
        }
    }

    /// The same, each under its lock. No visit says whose a result is: whom a key was of before its record
    /// was merged, or parted, is looked up again.
    private mutating func lockExamined(
        _ named: [(key: String, checkup: String?)], _ book: RuleBook
    ) throws -> [PersonKey?] {
        var persons = try examined(named, book)
        while true {
            try lockCheckups(of: Set(persons.compactMap(\.self)))
            let again = try examined(named, book)
            if again == persons { return persons }
            persons = again
        }
    }

    /// What is recorded of their checkups comes one after the other, until the commit, and no merge comes
    /// between.
    mutating func lockCheckups(of persons: Set<PersonKey>) throws {
        guard !persons.isEmpty else { return }
        let numbers = Set(persons.map { AdvisoryLock.checkups(of: $0) }).sorted()
        _ = try transaction.pipeline([
            (AdvisoryLock.waitForAll, [.ints(numbers)]), AdvisoryLock.sharing(mergesOf: persons),
        ])
    }
}

extension CheckupCompartment {
    fileprivate var countStanding: Statement {
        self == .open ? Self.countOpen : Self.countSensitive
    }

    fileprivate var selectNewer: Statement {
        self == .open ? Self.newerOpen : Self.newerSensitive
    }

    private static let newerOpen = newer("exchange.mass_checkup", by: "mass-checkups")
    private static let newerSensitive = newer(
        "exchange.sensitive_mass_checkup", by: "sensitive-mass-checkups")

    private static func newer(_ view: String, by registration: String) -> Statement {
        Statement(
            """
            select r.identifier from \(view) r
            where r.party = $2 and r.identifier_system = $8 and r.identifier = any ($1)
                and r.recorded_at > $4 and not exists (
                    select 1 from \(view) later
                    where later.party = r.party and later.result = r.result
                        and later.version > r.version)
                and not exists (
                    select 1 from exchange.registration_task t
                    where t.party = r.party and t.field = '\(registration)'
                        and t.received_at = r.recorded_at and \(FileMoment.isOfLine("t.task")))
            """)
    }

    private static let countOpen = count("exchange.mass_checkup")
    private static let countSensitive = count("exchange.sensitive_mass_checkup")

    private static func count(_ view: String) -> Statement {
        Statement(
            """
            select count(*) filter (where status <> 'entered-in-error') from (
                select distinct on (result) status from \(view) where party = $1
                order by result, version desc) newest
            """)
    }
}

extension MassCheckupDesk {
    /// 一行の結果: a number that is known corrects what came under it.
    fileprivate mutating func outcome(
        of row: MassCheckupRow, about person: PersonKey, today: CalendarDay, newer: Set<String>
    ) throws -> RowOutcome {
        let held = held(.identifier(row.identifier))
        guard held?.isOf(person) ?? true else {
            return row.refused([row.finding("resultNumber", .resultOfAnother)])
        }
        guard let report = row.report?.over(held?.newest.report) ?? held?.newest.report.withdrawn
        else { return row.refused([row.finding("resultNumber", .resultUnknown)]) }
        if let held, newer.contains(row.identifier.value),
            !holds(report, consentedOn: row.consentedOn, as: held)
        {
            return RowOutcome(
                line: row.index + 1, kind: .unchanged,
                findings: [row.finding("resultNumber", .newerStands)],
                standing: held.newest.version)
        }
        guard report.result.day <= today else {
            return row.refused([row.finding("checkedOn", .dayAhead)])
        }
        guard row.consentedOn ?? today <= today else {
            return row.refused([row.finding("consentedOn", .dayAhead)])
        }
        do {
            let recorded = try file(
                report, of: person, over: held, seen: held?.newest.version,
                consentedOn: row.consentedOn)
            return RowOutcome(
                line: row.index + 1, kind: recorded.isNew ? .applied : .unchanged,
                findings: row.findings(recorded.held.shown.warnings),
                standing: held?.newest.version, isEnd: row.report == nil)
        } catch Refusal.resultRefused(let findings) {
            return row.refused(row.findings(findings))
        } catch Refusal.recordWithdrawn {
            return row.refused([row.finding("resultNumber", .resultWithdrawn)])
        }
    }
}

extension MassCheckupRow {
    fileprivate func refused(_ findings: [RowFinding]) -> RowOutcome {
        RowOutcome(line: index + 1, kind: .refused, findings: findings)
    }
}

extension CheckupReport {
    fileprivate var withdrawn: CheckupReport {
        var report = self
        report.status = .enteredInError
        return report
    }

    /// 訂正: the same again is as it is held, anything else corrects it; what was withdrawn stays so.
    fileprivate func over(_ held: CheckupReport?) -> CheckupReport {
        guard let held, held.status != .enteredInError else { return self }
        var report = self
        report.status = held.status
        if report != held { report.status = .corrected }
        return report
    }
}

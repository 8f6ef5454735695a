import Exchange

/// 異動の判定: what rows of life events come to, each on what those before it left. What follows from them is
/// reckoned from all events of a person together, whoever sent them and whenever.
struct LifePlan {
    struct News {
        let person: PersonKey
        let row: LifeEventRow
    }

    /// What stands under a sequence of the municipality.
    struct Known: Hashable {
        let person: PersonKey
        let event: LifeEvent
        let told: LifeEventRow.Told
        let identityKey: String
        let isNotDisclosed: Bool

        init(
            _ person: PersonKey, _ event: LifeEvent, _ told: LifeEventRow.Told,
            identityKey: String, isNotDisclosed: Bool
        ) {
            self.person = person
            self.event = event
            self.told = told
            self.identityKey = identityKey
            self.isNotDisclosed = isNotDisclosed
        }
    }

    let municipality: String
    let today: CalendarDay
    let mismatch: MismatchRule
    let persons: NumberedPersons
    var known: [String: Known] = [:]
    /// What bodies that hold rows of a person say of them.
    var said: [PersonKey: [IdentityFacts]] = [:]
    private(set) var news: [News] = []
    private(set) var outcomes: [RowOutcome] = []

    init(
        municipality: String, today: CalendarDay, mismatch: MismatchRule, persons: NumberedPersons
    ) {
        self.municipality = municipality
        self.today = today
        self.mismatch = mismatch
        self.persons = persons
    }

    var touched: Set<PersonKey> { Set(news.map(\.person)) }

    /// `person` is absent for a key under which nobody was registered.
    mutating func weigh(_ row: LifeEventRow, _ person: PersonKey?) {
        guard let person else { return refuse(row, "municipalityIdentityKey", .notOwnResident) }
        guard row.knownOn <= today else { return refuse(row, "knownOn", .dayAhead) }
        let word = Known(
            person, row.event(of: municipality), row.told,
            identityKey: row.municipalityIdentityKey, isNotDisclosed: row.isNotDisclosed)
        if let before = known[row.sequence] {
            guard before == word else { return refuse(row, "sequence", .sequenceReused) }
            return tell(row, .unchanged)
        }
        // An arrival ties a number to a home: what it says of the person must fit whom others know.
        guard !row.kind.isArrival || !speaksOfAnother(row, person) else {
            return refuse(row, "name", .anotherPerson)
        }
        known[row.sequence] = word
        news.append(News(person: person, row: row))
        tell(row, .applied)
    }

    private func speaksOfAnother(_ row: LifeEventRow, _ person: PersonKey) -> Bool {
        (said[person] ?? []).contains {
            compare(row.told.facts, $0, mismatch) == .anotherPerson
        }
    }

    private mutating func tell(_ row: LifeEventRow, _ kind: RowOutcome.Kind) {
        // An event has no versions: one that was sent before is all there is to say.
        outcomes.append(
            RowOutcome(
                line: row.index + 1, kind: kind, findings: row.warnings,
                standing: kind == .unchanged ? 0 : nil))
    }

    private mutating func refuse(_ row: LifeEventRow, _ item: String, _ code: RowCode) {
        outcomes.append(
            RowOutcome(
                line: row.index + 1, kind: .refused,
                findings: row.warnings + [RowFinding(index: row.index, item: item, code: code)]))
    }
}

import Exchange

/// 登録の判定: what rows of guardianships come to, each on what those before it left.
struct GuardianshipPlan {
    let body: String
    let today: CalendarDay
    let persons: NumberedPersons
    /// Where each known person lives today.
    let homes: [PersonKey: String]
    var standing: [Guardianship.Key: Guardianship.Standing]
    private(set) var news: [Guardianship] = []
    private(set) var outcomes: [RowOutcome] = []

    init(
        body: String, today: CalendarDay, persons: NumberedPersons, homes: [PersonKey: String],
        standing: [Guardianship.Key: Guardianship.Standing]
    ) {
        self.body = body
        self.today = today
        self.persons = persons
        self.homes = homes
        self.standing = standing
    }

    /// `child` and `guardian` are absent for a key under which nobody was registered.
    mutating func weigh(_ row: GuardianshipRow, child: PersonKey?, guardian: PersonKey?) {
        guard let child else { return refuse(row, row.childItem) }
        guard let guardian, guardian != child else { return refuse(row, row.guardianItem) }
        let word = Guardianship(person: child, guardian: guardian, row)
        let before = standing[word.key]
        let isRepeat = before?.said == word.said
        guard
            isRepeat || homes[child] == body
                || word.said.takesAway(from: before?.said, on: today.daysSince1970)
        else { return refuse(row, row.childItem) }
        if !isRepeat { news.append(word) }
        standing[word.key] = .init(said: word.said, version: before?.version ?? 0)
        outcomes.append(
            RowOutcome(
                line: row.index + 1, kind: isRepeat ? .unchanged : .applied,
                findings: row.warnings, standing: before?.version,
                isEnd: word.said.isCustodyLost || word.said.to != nil))
    }

    private mutating func refuse(_ row: GuardianshipRow, _ item: String) {
        let finding = RowFinding(index: row.index, item: item, code: .notOwnResident)
        outcomes.append(
            RowOutcome(line: row.index + 1, kind: .refused, findings: row.warnings + [finding]))
    }

    /// 親権・後見: a word of one municipality on a pair.
    struct Guardianship {
        struct Key: Hashable {
            let person: PersonKey
            let guardian: PersonKey
            let kind: String
            let from: Int
        }

        struct Said: Hashable {
            let to: Int?
            let isCustodyLost: Bool

            /// It gives nobody anything that `before` did not.
            func takesAway(from before: Said?, on today: Int) -> Bool {
                if isCustodyLost { return true }
                guard let to else { return false }
                guard to >= today else { return true }
                guard let before, !before.isCustodyLost else { return false }
                return before.to.map { to <= $0 } ?? true
            }
        }

        /// What stood before, and its version.
        struct Standing {
            let said: Said
            let version: Int
        }

        let key: Key
        let said: Said

        init(person: PersonKey, guardian: PersonKey, _ row: GuardianshipRow) {
            key = Key(
                person: person, guardian: guardian, kind: row.kind,
                from: row.from.daysSince1970)
            said = Said(to: row.to?.daysSince1970, isCustodyLost: row.isCustodyLost)
        }
    }
}

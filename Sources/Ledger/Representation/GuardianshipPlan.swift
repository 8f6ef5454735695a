import Exchange

/// 登録の判定: what rows of guardianships come to, each on what those before it left.
struct GuardianshipPlan {
    let body: String
    let today: CalendarDay
    let persons: NumberedPersons
    /// Where each known person lives today.
    let homes: [PersonKey: String]
    var standing: [Guardianship.Key: Guardianship.Standing]
    /// 親権喪失: words that stand on a pair, whoever said them.
    var losses: [Guardianship.Pair: Set<Guardianship.Loss>]
    /// 後からの言葉: of whom the municipality spoke after the moment of the file that the rows stand in.
    let newer: Set<Guardianship.Pair>
    private(set) var news: [Guardianship] = []
    /// 呼び名だけの変更: what stands in the same words, of persons whom the row names by other keys.
    private(set) var renamed: [Guardianship] = []
    private(set) var outcomes: [RowOutcome] = []
    /// Of whom a row was told something that the sender need not have known, refused or not: where a child
    /// lives, what stands between the two, or that two keys are one person's. A number that was known to
    /// nobody is looked at as the others are: it is somebody's from now on.
    private(set) var looked: Set<PersonKey> = []

    init(
        body: String, today: CalendarDay, persons: NumberedPersons, homes: [PersonKey: String],
        standing: [Guardianship.Key: Guardianship.Standing],
        losses: [Guardianship.Pair: Set<Guardianship.Loss>], newer: Set<Guardianship.Pair>
    ) {
        self.body = body
        self.today = today
        self.persons = persons
        self.homes = homes
        self.standing = standing
        self.losses = losses
        self.newer = newer
    }

    /// `child` and `guardian` are absent for a key under which nobody was registered.
    mutating func weigh(_ row: GuardianshipRow, child: PersonKey?, guardian: PersonKey?) {
        guard let child else { return refuse(row, row.childItem, .notOwnResident) }
        guard let guardian else { return refuse(row, row.guardianItem, .notOwnResident) }
        looked.insert(child)
        guard guardian != child else { return refuse(row, row.guardianItem, .notOwnResident) }
        var word = Guardianship(person: child, guardian: guardian, row)
        let before = standing[word.key]
        word.names = word.names ?? before?.names
        let isRepeat = before?.said == word.said && stands(word)
        let isTaking = word.said.takesAway(from: before?.said, on: today.daysSince1970)
        guard isRepeat || isTaking || homes[child] == body else {
            return refuse(row, row.childItem, .notOwnResident)
        }
        looked.insert(guardian)
        // Taking away is always taken, whatever was said since.
        guard isRepeat || isTaking || !newer.contains(word.pair) else { return leave(row, before) }
        let losses = losses(after: word)
        let isStale = before?.said == word.said && !isTaking
        guard isRepeat || isTaking || (losses.isEmpty && !isStale) else {
            return refuse(row, "isCustodyLost", .custodyLost)
        }
        if !isRepeat {
            news.append(word)
            self.losses[word.pair] = losses
        } else if word.names != before?.names, !word.said.isCustodyLost {
            // A loss is never said again: somebody may be giving custody back at this moment.
            renamed.append(word)
        }
        standing[word.key] = .init(
            said: word.said, names: word.names, version: before?.version ?? 0)
        outcomes.append(
            RowOutcome(
                line: row.index + 1, kind: isRepeat ? .unchanged : .applied,
                findings: row.warnings, standing: before?.version,
                isEnd: word.said.isCustodyLost || word.said.to != nil))
    }

    /// Whether a word that was said before still has its effect: of a loss, that nobody has given custody
    /// back since; of a restoration, that nobody has taken it away since.
    private func stands(_ word: Guardianship) -> Bool {
        let losses = losses[word.pair] ?? []
        if word.said.isCustodyLost {
            return losses.contains(.init(municipality: body, key: word.key))
        }
        return !word.said.isCustodyRestored || losses.isEmpty
    }

    /// What of the pair's losses stands beside a word of this municipality.
    private func losses(after word: Guardianship) -> Set<Guardianship.Loss> {
        var losses = losses[word.pair] ?? []
        let own = Guardianship.Loss(municipality: body, key: word.key)
        if word.said.isCustodyRestored {
            losses.removeAll()
        } else if word.said.isCustodyLost {
            losses.insert(own)
        } else {
            losses.remove(own)
        }
        return losses
    }

    /// What is newer stands, and the sender is told.
    private mutating func leave(_ row: GuardianshipRow, _ before: Guardianship.Standing?) {
        let finding = RowFinding(index: row.index, item: row.guardianItem, code: .newerStands)
        outcomes.append(
            RowOutcome(
                line: row.index + 1, kind: .unchanged, findings: row.warnings + [finding],
                standing: before?.version))
    }

    private mutating func refuse(_ row: GuardianshipRow, _ item: String, _ code: RowCode) {
        let finding = RowFinding(index: row.index, item: item, code: code)
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

        struct Pair: Hashable {
            let person: PersonKey
            let guardian: PersonKey
        }

        /// A word that takes custody away, of whichever municipality.
        struct Loss: Hashable {
            let municipality: String
            let key: Key
        }

        struct Said: Hashable {
            let to: Int?
            let isCustodyLost: Bool
            let isCustodyRestored: Bool

            /// It gives nobody anything that `before` did not.
            func takesAway(from before: Said?, on today: Int) -> Bool {
                if isCustodyLost { return true }
                guard let to else { return false }
                guard to >= today else { return true }
                guard let before, !before.isCustodyLost else { return false }
                return before.to.map { to <= $0 } ?? true
            }
        }

        /// 自治体別本人キー, by which a row named the two; a row with numbers names neither.
        struct Names: Hashable {
            let person: String
            let guardian: String
        }

        /// What stood before, and its version.
        struct Standing {
            let said: Said
            let names: Names?
            let version: Int
        }

        let key: Key
        let said: Said
        /// As this row or one before it has them.
        var names: Names?

        init(person: PersonKey, guardian: PersonKey, _ row: GuardianshipRow) {
            key = Key(
                person: person, guardian: guardian, kind: row.kind,
                from: row.from.daysSince1970)
            if let child = row.child.key, let guardian = row.guardian.key {
                names = Names(person: child, guardian: guardian)
            }
            said = Said(
                to: row.to?.daysSince1970, isCustodyLost: row.isCustodyLost,
                isCustodyRestored: row.isCustodyRestored)
        }

        var pair: Pair { Pair(person: key.person, guardian: key.guardian) }
    }
}

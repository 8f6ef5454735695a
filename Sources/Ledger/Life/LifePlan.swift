import Exchange
import Postgres

/// 異動の判定: what rows of life events come to, each on what those before it left. What follows from them is
/// reckoned from all events of a person together, whoever sent them and whenever.
struct LifePlan {
    struct News {
        /// 記録: whose number or key the row names, as if nothing had been merged.
        let record: PersonKey
        let row: LifeEventRow
    }

    /// What stands under a sequence of the municipality.
    struct Known: Hashable {
        let record: PersonKey
        /// 統合される記録, of a merge.
        let merged: PersonKey?
        let event: LifeEvent
        let told: LifeEventRow.Told
        let identityKey: String
        let isNotDisclosed: Bool

        init(
            _ record: PersonKey, merged: PersonKey?, _ event: LifeEvent,
            _ told: LifeEventRow.Told, identityKey: String, isNotDisclosed: Bool
        ) {
            self.record = record
            self.merged = merged
            self.event = event
            self.told = told
            self.identityKey = identityKey
            self.isNotDisclosed = isNotDisclosed
        }
    }

    /// A row with the records that it names; nothing for a key under which nobody was registered.
    struct Named {
        let row: LifeEventRow
        let record: PersonKey?
        let merged: PersonKey?
    }

    /// What names another event, and under which record it was told.
    struct Correction: Hashable {
        let kind: LifeEvent.Kind
        let record: PersonKey
    }

    let municipality: String
    let today: CalendarDay
    let mismatch: MismatchRule
    let persons: NumberedPersons
    /// How many merges and undoings one body may bring.
    let mergesMax: Int
    var known: [String: Known] = [:]
    /// Of whom the events of these sequences are, whichever record they were told under.
    var owners: [String: PersonKey] = [:]
    /// By the sequence that it names, what corrects it or takes it back.
    var corrections: [String: Set<Correction>] = [:]
    /// What bodies that hold rows of a person say of them.
    var said: [PersonKey: [IdentityFacts]] = [:]
    private(set) var news: [News] = []
    /// 統合の申出: merges and undoings with which nothing is wrong; each takes effect once a second person asked
    /// for the same.
    private(set) var asked: [AskedMerge] = []
    private(set) var merges: [PlannedMerge] = []
    /// What officers ask for here and agree to.
    var proposals: [(Statement, [Value])] = []
    private(set) var outcomes: [RowOutcome] = []
    private var rowsOf: [PersonKey: Int] = [:]
    /// Whoever asks whether two records may be one is told something of both, whatever the answer; so is
    /// whoever hears that a number is of somebody else.
    private var looked: Set<PersonKey> = []

    init(
        municipality: String, today: CalendarDay, mismatch: MismatchRule, persons: NumberedPersons,
        mergesMax: Int
    ) {
        self.municipality = municipality
        self.today = today
        self.mismatch = mismatch
        self.persons = persons
        self.mergesMax = mergesMax
    }

    /// Everybody whom the news are about, under every record that they touch.
    var touched: Set<PersonKey> {
        Set(news.flatMap { [$0.record, person(of: $0.record)] })
            .union(merges.flatMap { [$0.absorbed, $0.survivor] })
            .union(looked)
    }

    /// Of those the ones who are known already: what is only compared makes nobody.
    var lookedAt: Set<PersonKey> {
        looked.subtracting(Set(persons.records.ofRows).subtracting(persons.records.known))
    }

    /// Those whose lives are to be reckoned anew.
    var concerned: Set<PersonKey> {
        Set(news.map { person(of: $0.record) })
            .union(merges.flatMap { $0.isJoin ? [$0.survivor] : [$0.absorbed, $0.survivor] })
    }

    /// 今から一つになる記録, and those that become two.
    var joining: [PlannedMerge] { merges.filter { $0.isJoin && !$0.isUndone } }
    var parting: [PlannedMerge] { merges.filter { !$0.isJoin } }

    /// Of whom a record is, once this plan is applied.
    func person(of record: PersonKey) -> PersonKey {
        switch merges.last(where: { $0.absorbed == record && !$0.isUndone }) {
        case let merge? where merge.isJoin: merge.survivor
        case _?: record
        case nil: persons.survivors[record]
        }
    }

    /// What an undoing that was told under a third record names, it does not undo.
    private func merge(_ named: Named, of record: PersonKey) -> AskedMerge {
        let parted = (corrections[named.row.sequence] ?? []).filter { $0.kind == .parted }
        return AskedMerge(
            row: named.row, record: record, merged: named.merged,
            isUndone: parted.contains { $0.record == record || $0.record == named.merged })
    }

    mutating func weigh(_ rows: [Named]) {
        for named in rows {
            // What stands further down may be corrected further up, unless it is refused whatever else is so.
            if let record = named.record, owners[named.row.sequence] == nil, isTaken(named, record)
            {
                owners[named.row.sequence] = persons.survivors[record]
            }
            let records = [named.record, named.merged].compactMap(\.self)
            for person in Set(records.map { persons.survivors[$0] }) {
                rowsOf[person, default: 0] += 1
            }
        }
        for named in rows { weigh(named) }
    }

    /// 二人目: `facts` once two have asked for it, and nothing before: what keeps two records apart may be
    /// what others hold of them, which one officer alone is not told. Whether it takes effect.
    mutating func settle(_ merge: AskedMerge, _ facts: MergeFacts?) -> Bool {
        let row = merge.row
        guard let facts else {
            let finding = RowFinding(index: row.index, item: "sequence", code: .secondPersonAwaited)
            tell(row, .underReview, [finding])
            return false
        }
        if let code = facts.refusal {
            refuse(row, facts.item(row), code)
            return false
        }
        news.append(News(record: merge.record, row: row))
        if let planned = merge.planned(facts) { merges.append(planned) }
        tell(row, .applied)
        return true
    }

    /// What is refused says nothing of whose an event is: its number may be what is wrong with it.
    private func isTaken(_ named: Named, _ record: PersonKey) -> Bool {
        let row = named.row
        guard row.knownOn <= today, !isMoveToItself(row), row.merged == nil || named.merged != nil
        else { return false }
        let isAnother = row.kind.isArrival && speaksOfAnother(row, persons.survivors[record])
        return !isAnother && !mixesKinds(row, of: record)
    }

    private mutating func weigh(_ named: Named) {
        let row = named.row
        guard let record = named.record else {
            return refuse(row, "municipalityIdentityKey", .notOwnResident)
        }
        if row.merged != nil, named.merged == nil {
            return refuse(row, row.mergedItem, .notOwnResident)
        }
        guard row.knownOn <= today else { return refuse(row, "knownOn", .dayAhead) }
        let word = Known(
            record, merged: named.merged, row.event(of: municipality), row.told,
            identityKey: row.municipalityIdentityKey, isNotDisclosed: row.isNotDisclosed)
        if let before = known[row.sequence] {
            guard before == word else { return refuse(row, "sequence", .sequenceReused) }
            return tell(row, .unchanged)
        }
        guard !isMoveToItself(row) else { return refuse(row, "otherMunicipality", .contradicts) }
        if mixesKinds(row, of: record) { return refuse(row, "corrects", .mergeKind) }
        let doubt = doubt(row, persons.survivors[record])
        if doubt == .correctsAnother {
            looked.formUnion([record, persons.survivors[record]])
            return refuse(row, "corrects", .correctsAnother)
        }
        // An arrival ties a number to a home: what it says of the person must fit whom others know.
        guard !row.kind.isArrival || !speaksOfAnother(row, persons.survivors[record]) else {
            looked.formUnion([record, persons.survivors[record]])
            return refuse(row, "name", .anotherPerson)
        }
        if row.kind.isOfRecords {
            let merge = merge(named, of: record)
            let undone: [PersonKey?] =
                row.corrects.flatMap { known[$0] }.map { [$0.record, $0.merged] } ?? []
            looked.formUnion(([record, merge.merged] + undone).compactMap(\.self))
            guard isAlone(merge) else { return refuse(row, "sequence", .mergeAlone) }
            guard asked.count < mergesMax else { return refuse(row, "sequence", .mergesTooMany) }
            asked.append(merge)
        } else {
            news.append(News(record: record, row: row))
            let findings = doubt.map { RowFinding(index: row.index, item: "corrects", code: $0) }
            tell(row, .applied, findings.map { [$0] } ?? [])
        }
        known[row.sequence] = word
    }

    /// Nobody moves from a municipality to itself: taken, it would change nothing, and nobody would know why.
    private func isMoveToItself(_ row: LifeEventRow) -> Bool {
        (row.kind == .movedOut || row.kind == .movedIn)
            && row.otherMunicipality?.digits == municipality
    }

    /// No other row of the body is about either: a merge is weighed on what stood before.
    private func isAlone(_ merge: AskedMerge) -> Bool {
        [merge.record, merge.merged].compactMap(\.self)
            .allSatisfy { rowsOf[persons.survivors[$0]] == 1 }
    }

    /// A merge is undone by its own kind alone, and that undoes nothing else; whichever came first.
    private func mixesKinds(_ row: LifeEventRow, of record: PersonKey) -> Bool {
        if let corrects = row.corrects, let before = known[corrects],
            before.event.kind.isOfRecords || row.kind == .parted
        {
            guard before.event.kind == .joined, row.kind == .parted else { return true }
            // Under a third record it would part two of whom it says nothing.
            guard before.record == record || before.merged == record else { return true }
        }
        let naming = Set((corrections[row.sequence] ?? []).map(\.kind))
        switch row.kind {
        case .joined: return !naming.subtracting([.parted]).isEmpty
        case .parted: return !naming.isEmpty
        default: return naming.contains(.parted)
        }
    }

    /// 訂正の相手: an event of somebody else is not corrected under this one's number. One that was not told of
    /// yet may still come, and the correction has its way then.
    private func doubt(_ row: LifeEventRow, _ person: PersonKey) -> RowCode? {
        guard row.kind.mayCorrect, let corrects = row.corrects else { return nil }
        guard let owner = owners[corrects] else { return .correctsUnknown }
        return owner == person ? nil : .correctsAnother
    }

    private func speaksOfAnother(_ row: LifeEventRow, _ person: PersonKey) -> Bool {
        (said[person] ?? []).contains {
            compare(row.told.facts, $0, mismatch) == .anotherPerson
        }
    }

    private mutating func tell(
        _ row: LifeEventRow, _ kind: RowOutcome.Kind, _ findings: [RowFinding] = []
    ) {
        // An event has no versions: one that was sent before is all there is to say.
        outcomes.append(
            RowOutcome(
                line: row.index + 1, kind: kind, findings: row.warnings + findings,
                standing: kind == .unchanged ? 0 : nil,
                needsSecondPerson: row.kind.isOfRecords && kind != .unchanged))
    }

    private mutating func refuse(_ row: LifeEventRow, _ item: String, _ code: RowCode) {
        tell(row, .refused, [RowFinding(index: row.index, item: item, code: code)])
    }
}

extension LifeEventRow {
    /// What the sender calls the record to be absorbed.
    var mergedItem: String { if case .key = merged { "mergedIdentityKey" } else { "merged" } }
}

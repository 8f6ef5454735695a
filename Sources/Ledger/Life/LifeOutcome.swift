import Exchange
import Postgres

/// 異動の帰結の書き込み: what must be written so that homes, deaths, identities and entitlements are what all
/// that is known of these persons comes to.
struct LifeOutcome {
    private struct Moved {
        let person: PersonKey
        let home: LifeRecord.Home
    }

    private struct Died {
        let person: PersonKey
        let on: CalendarDay?
    }

    private(set) var records: [PersonKey: LifeRecord] = [:]
    private var moves: [Moved] = []
    private var deaths: [Died] = []
    fileprivate var identities: [SaidIdentity] = []
    fileprivate var ends = EntitlementEnds()
    /// 統合とその取消で言い直す資格.
    fileprivate var said = ResaidEntitlements()

    /// `lived` is what the table says: of each day the newest row.
    fileprivate mutating func reckon(
        _ person: PersonKey, _ record: LifeRecord, lived: [CalendarDay: String],
        diedOn: CalendarDay?
    ) {
        records[person] = record
        let days = Set(lived.keys).union(record.homes.map(\.from))
        for day in days.sorted() {
            let home = record.home(on: day) ?? Residence.nowhere
            guard lived[day] != home else { continue }
            moves.append(
                Moved(person: person, home: LifeRecord.Home(from: day, municipality: home)))
        }
        if record.diedOn != diedOn { deaths.append(Died(person: person, on: record.diedOn)) }
    }

    func steps(_ body: String, task: RecordID, at now: Instant) -> [(Statement, [Value])] {
        let dead = deaths.filter { $0.on != nil }
        return [
            (
                Self.insertResidences,
                [
                    .uuids(moves.map { UUIDBytes($0.person) }),
                    .texts(moves.map(\.home.municipality)),
                    .texts(
                        moves.map {
                            ResponsibleBodies(municipality: $0.home.municipality)?.prefecture
                                ?? Residence.nowhere
                        }), .days(moves.map(\.home.from.daysSince1970)),
                ]
            ),
            (
                Self.insertDeaths,
                [
                    .uuids(deaths.map { UUIDBytes($0.person) }),
                    .days(deaths.map { $0.on?.daysSince1970 }), .id(task),
                ]
            ),
            (
                Records.endTokens,
                [.uuids(dead.map { UUIDBytes($0.person) }), .time(now)]
            ),
            SaidIdentity.insertion(of: identities, body, task: task),
        ] + said.steps(task: task) + ends.steps(task: task)
    }

    private static let insertResidences = Statement(
        """
        insert into exchange.residence (person, municipality, prefecture, from_day, is_derived)
        select person, municipality, prefecture, from_day, true
        from unnest($1::uuid[], $2::text[], $3::text[], $4::date[]) with ordinality
            as g(person, municipality, prefecture, from_day, ord) order by ord
        """)

    private static let insertDeaths = Statement(
        """
        insert into exchange.death (person, died_on, task)
        select person, died_on, $3 from unnest($1::uuid[], $2::date[]) as d(person, died_on)
        """)
}

extension Records {
    /// What the news of a plan come to, with everything that was known before.
    mutating func outcome(of plan: LifePlan, _ rules: RuleBook) throws -> LifeOutcome {
        let persons = plan.concerned.sorted { ($0.high, $0.low) < ($1.high, $1.low) }
        var outcome = LifeOutcome()
        guard !persons.isEmpty else { return outcome }
        let facts = try lifeFacts(of: persons, plan)
        let news = Dictionary(grouping: plan.news) { plan.person(of: $0.record) }
        for person in persons {
            let fresh = (news[person] ?? []).map { $0.row.event(of: plan.municipality) }
            facts.reckon(person, adding: fresh, rules.subsidy.moves, into: &outcome)
        }
        outcome.ends = try EntitlementEnds.load(
            &transaction, of: persons + plan.joining.map(\.absorbed))
        for merge in plan.joining { outcome.said.join(merge, &outcome.ends) }
        for merge in plan.parting {
            try outcome.said.part(merge, &outcome.ends, &transaction)
        }
        try outcome.ends.reckon(outcome.records, rules.subsidy.moves)
        outcome.identities = try changedIdentities(news, facts, plan.joining)
        return outcome
    }

    /// 今日の住所地, of each as it is known without the other.
    mutating func homesToday(of persons: [PersonKey], _ rules: RuleBook) throws -> [String?] {
        let facts = try lifeFacts(of: persons)
        var outcome = LifeOutcome()
        for person in persons {
            facts.reckon(person, adding: [], rules.subsidy.moves, into: &outcome)
        }
        return persons.map { outcome.records[$0]?.home(on: now.dayInJapan) }
    }

    /// What the card authority's new words come to, for those of whom municipalities told something.
    mutating func outcome(
        ofFeed news: [(person: PersonKey, residence: Residence)], standing survivors: Survivors,
        _ rules: RuleBook
    ) throws -> LifeOutcome {
        var outcome = LifeOutcome()
        guard !news.isEmpty else { return outcome }
        let persons = try thoseWithEvents(Array(Set(news.map { survivors[$0.person] })))
        guard !persons.isEmpty else { return outcome }
        var facts = try lifeFacts(of: persons)
        for (record, residence) in news {
            facts.feed(record, residence, of: survivors[record])
        }
        for person in persons {
            facts.reckon(person, adding: [], rules.subsidy.moves, into: &outcome)
        }
        outcome.ends = try EntitlementEnds.load(&transaction, of: persons)
        try outcome.ends.reckon(outcome.records, rules.subsidy.moves)
        return outcome
    }

    /// 登録と異動: `words` are what the caller's body registers now, beside all that is written already; an
    /// event that was told before still has its way with them. Of somebody without events nothing is read.
    mutating func ends(
        of words: [(key: EntitlementEnds.Key, own: EntitlementEnds.Own)], _ rules: RuleBook
    ) throws -> EntitlementEnds {
        try ends(of: Array(Set(words.map(\.key.person))), saying: words, rules)
    }

    /// 決着と異動: the same of what is written already.
    mutating func ends(of persons: [PersonKey], _ rules: RuleBook) throws -> EntitlementEnds {
        try ends(of: persons, saying: [], rules)
    }

    private mutating func ends(
        of all: [PersonKey], saying words: [(key: EntitlementEnds.Key, own: EntitlementEnds.Own)],
        _ rules: RuleBook
    ) throws -> EntitlementEnds {
        guard !all.isEmpty else { return EntitlementEnds() }
        let persons = try thoseWithEvents(all)
        guard !persons.isEmpty else { return EntitlementEnds() }
        let facts = try lifeFacts(of: persons)
        var outcome = LifeOutcome()
        for person in persons {
            facts.reckon(person, adding: [], rules.subsidy.moves, into: &outcome)
        }
        var ends = try EntitlementEnds.load(&transaction, of: persons)
        for word in words where outcome.records[word.key.person] != nil {
            ends.say(word.key, word.own)
        }
        try ends.reckon(outcome.records, rules.subsidy.moves)
        return ends
    }

    /// Shared with whoever registers and feeds, alone for whoever tells of events: so neither misses what
    /// the other is about to commit.
    private mutating func thoseWithEvents(_ persons: [PersonKey]) throws -> [PersonKey] {
        try transaction.run(
            AdvisoryLock.shareAll, AdvisoryLock.moves(of: persons))
        return try transaction.query(
            Self.selectPersonsWithEvents, [.uuids(persons.map { UUIDBytes($0) })]
        ).map { try $0.uuid(0).person }
    }

    private static let selectPersonsWithEvents = Statement(
        """
        select distinct l.person from exchange.life_event l where l.person = any ($1) order by l.person
        """)
}

/// What an event of the municipality that asks said of a person.
private struct ToldEvent {
    let event: LifeEvent
    let told: LifeEventRow.Told
    let record: PersonKey
    let at: Instant
}

/// 異動の事実: everything that is known of some persons' lives.
private struct LifeFacts {
    var events: [PersonKey: [LifeEvent]] = [:]
    /// What the municipality that asks told of them, under which record, and since when it is here.
    var told: [PersonKey: [ToldEvent]] = [:]
    var fed: [PersonKey: [Residence]] = [:]
    var lived: [PersonKey: [CalendarDay: String]] = [:]
    var deaths: [PersonKey: CalendarDay] = [:]

    /// The rows of an absorbed record are read together with the survivor's; what follows is written under
    /// the survivor.
    mutating func feed(_ record: PersonKey, _ residence: Residence, of person: PersonKey) {
        fed[person, default: []].append(residence)
        guard record == person else { return }
        lived[person, default: [:]][residence.from] = residence.municipality
    }

    func reckon(
        _ person: PersonKey, adding fresh: [LifeEvent], _ rules: MoveRules,
        into outcome: inout LifeOutcome
    ) {
        let record = LifeRecord(
            (events[person] ?? []) + fresh, feed: fed[person] ?? [], rules: rules)
        outcome.reckon(
            person, record, lived: lived[person] ?? [:], diedOn: deaths[person])
    }
}

extension Records {
    /// `plan` may say that records are of one person from now on, or no longer.
    fileprivate mutating func lifeFacts(of persons: [PersonKey], _ plan: LifePlan? = nil) throws
        -> LifeFacts
    {
        let persons = Set(persons)
        let ids: [Value] = [.uuids(persons.map { UUIDBytes($0) })]
        var owners = Dictionary(uniqueKeysWithValues: persons.map { ($0, $0) })
        for (record, survivor) in try transaction.query(Self.selectAbsorbed, ids).map({
            (try $0.uuid(0).person, try $0.uuid(1).person)
        }) { owners[record] = survivor }
        for merge in plan?.parting ?? [] { owners[merge.absorbed] = merge.absorbed }
        for merge in plan?.joining ?? [] { owners[merge.absorbed] = merge.survivor }
        let keys: [Value] = [.uuids(owners.keys.map { UUIDBytes($0) })]
        let rows = try transaction.pipeline([
            (Self.selectEvents, keys), (Self.selectLived, keys), (Self.selectDeaths, ids),
        ])
        var facts = LifeFacts()
        for index in 0..<rows[0].count {
            let row = rows[0][index]
            let (record, event) = (try row.uuid(0).person, try LifeEvent(row, from: 1))
            guard let person = owners[record] else { continue }
            facts.events[person, default: []].append(event)
            guard event.municipality == caller.party.code, !event.kind.isOfRecords else { continue }
            let told = try LifeEventRow.Told(face: row.text(1 + LifeEvent.columnCount))
            let at = Instant(microseconds: try row.instant(2 + LifeEvent.columnCount))
            // What was told of an absorbed record goes with it, over what the survivor's lists had said.
            facts.told[person, default: []].append(
                ToldEvent(
                    event: event, told: told, record: record, at: record == person ? at : now))
        }
        for index in 0..<rows[1].count {
            let row = rows[1][index]
            let (record, residence) = (try row.uuid(0).person, try Residence(row, from: 1))
            guard let person = owners[record] else { continue }
            if record == person {
                facts.lived[person, default: [:]][residence.from] = residence.municipality
            }
            if try !row.bool(5) { facts.fed[person, default: []].append(residence) }
        }
        for index in 0..<rows[2].count {
            facts.deaths[try rows[2][index].uuid(0).person] = CalendarDay(
                daysSince1970: try rows[2][index].day(1))
        }
        return facts
    }

    /// 基本情報: of each item the word known last, laid over what the municipality said in its other lists.
    ///
    /// Of records that become one, what was told of the absorbed is told of the survivor now. An event that
    /// was taken back says nothing, whichever of the two came first.
    fileprivate mutating func changedIdentities(
        _ news: [PersonKey: [LifePlan.News]], _ facts: LifeFacts, _ joining: [PlannedMerge]
    ) throws -> [SaidIdentity] {
        let own = try ownIdentities(of: Array(news.keys) + joining.map(\.absorbed))
        let absorbed = Set(joining.map(\.absorbed))
        var changed: [SaidIdentity] = []
        for (person, news) in news {
            // Whose record it is says nothing of how they are called.
            let fresh = news.filter { !$0.row.kind.isOfRecords }.map {
                ToldEvent(
                    event: $0.row.event(of: caller.party.code), told: $0.row.told,
                    record: $0.record, at: now)
            }
            let sequences = Set(fresh.map(\.event.sequence))
            let known = facts.events[person] ?? []
            let (before, gone) = (known.takenBack, (known + fresh.map(\.event)).takenBack)
            let told = (facts.told[person] ?? [])
                .sorted { LifeEvent.isKnownEarlier($0.event, $1.event) }
            let all = (told + fresh).filter { !gone.contains($0.event) }
                .sorted { LifeEvent.isKnownEarlier($0.event, $1.event) }
            let merge = joining.last { $0.survivor == person }
            let isUndone = told.contains {
                gone.contains($0.event) && !before.contains($0.event)
            }
            let said =
                isUndone
                ? try ownWords(of: person).with(
                    told.filter { !gone.contains($0.event) }.map { ($0.told, $0.at) })
                : own[person]
            let base = SaidIdentity.joined(said, merge.flatMap { own[$0.absorbed] }, merge)
            let whole = SaidIdentity(person, base, all.map { ($0.told, true) })
            // An item that an event told long ago does not undo what another list said since.
            let overlaid = SaidIdentity(
                person, base,
                all.map {
                    (
                        $0.told,
                        sequences.contains($0.event.sequence) || absorbed.contains($0.record)
                            || before.contains($0.event)
                    )
                })
            let identity = base == nil ? whole : overlaid
            if let identity, identity != own[person] { changed.append(identity) }
        }
        return changed
    }

    private static let selectAbsorbed = Statement(
        """
        select m.person, m.survivor from exchange.record_merge m
        where m.survivor = any ($1) and m.parted_at is null
        """)

    private static let selectEvents = Statement(
        """
        select l.person, \(LifeEvent.columns), l.face, l.known_at
        from exchange.life_event l where l.person = any ($1) order by l.person, l.version
        """)

    private static let selectLived = Statement(
        """
        select person, version, municipality, from_day, known_at, is_derived
        from exchange.residence where person = any ($1) order by person, version
        """)

    private static let selectDeaths = Statement(
        "select person, died_on from exchange.deceased where person = any ($1)")
}

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
        ] + ends.steps(task: task)
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
        let persons = plan.touched.sorted { ($0.high, $0.low) < ($1.high, $1.low) }
        var outcome = LifeOutcome()
        guard !persons.isEmpty else { return outcome }
        let facts = try lifeFacts(of: persons)
        let news = Dictionary(grouping: plan.news, by: \.person)
        for person in persons {
            let fresh = (news[person] ?? []).map { $0.row.event(of: plan.municipality) }
            facts.reckon(person, adding: fresh, rules.subsidy.moves, into: &outcome)
        }
        outcome.ends = try EntitlementEnds.load(&transaction, of: persons)
        try outcome.ends.reckon(outcome.records, rules.subsidy.moves)
        outcome.identities = try changedIdentities(news, facts)
        return outcome
    }

    /// What the card authority's new words come to, for those of whom municipalities told something.
    mutating func outcome(
        ofFeed news: [(person: PersonKey, residence: Residence)], _ rules: RuleBook
    ) throws -> LifeOutcome {
        var outcome = LifeOutcome()
        guard !news.isEmpty else { return outcome }
        let persons = try thoseWithEvents(Array(Set(news.map(\.person))))
        guard !persons.isEmpty else { return outcome }
        var facts = try lifeFacts(of: persons)
        for (person, residence) in news { facts.feed(person, residence) }
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

/// 異動の事実: everything that is known of some persons' lives.
private struct LifeFacts {
    var events: [PersonKey: [LifeEvent]] = [:]
    /// Whether the municipality that asks told of them, what it told, the earliest known first.
    var told: [PersonKey: [(event: LifeEvent, told: LifeEventRow.Told)]] = [:]
    var fed: [PersonKey: [Residence]] = [:]
    var lived: [PersonKey: [CalendarDay: String]] = [:]
    var deaths: [PersonKey: CalendarDay] = [:]

    mutating func feed(_ person: PersonKey, _ residence: Residence) {
        fed[person, default: []].append(residence)
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
    fileprivate mutating func lifeFacts(of persons: [PersonKey]) throws -> LifeFacts {
        let keys: [Value] = [.uuids(persons.map { UUIDBytes($0) })]
        let rows = try transaction.pipeline([
            (Self.selectEvents, keys), (Self.selectLived, keys), (Self.selectDeaths, keys),
        ])
        var facts = LifeFacts()
        for index in 0..<rows[0].count {
            let row = rows[0][index]
            let (person, event) = (try row.uuid(0).person, try LifeEvent(row, from: 1))
            facts.events[person, default: []].append(event)
            guard event.municipality == caller.party.code else { continue }
            let told = try LifeEventRow.Told(face: row.text(1 + LifeEvent.columnCount))
            facts.told[person, default: []].append((event, told))
        }
        for index in 0..<rows[1].count {
            let row = rows[1][index]
            let (person, residence) = (try row.uuid(0).person, try Residence(row, from: 1))
            facts.lived[person, default: [:]][residence.from] = residence.municipality
            if try !row.bool(5) { facts.fed[person, default: []].append(residence) }
        }
        for index in 0..<rows[2].count {
            facts.deaths[try rows[2][index].uuid(0).person] = CalendarDay(
                daysSince1970: try rows[2][index].day(1))
        }
        return facts
    }

    /// 基本情報: of each item the word known last, laid over what the municipality said in its other lists.
    fileprivate mutating func changedIdentities(
        _ news: [PersonKey: [LifePlan.News]], _ facts: LifeFacts
    ) throws -> [SaidIdentity] {
        let base = try ownIdentities(of: Array(news.keys))
        var changed: [SaidIdentity] = []
        for (person, news) in news {
            let fresh = news.map { (event: $0.row.event(of: caller.party.code), told: $0.row.told) }
            let sequences = Set(fresh.map(\.event.sequence))
            let all = ((facts.told[person] ?? []) + fresh)
                .sorted { LifeEvent.isKnownEarlier($0.event, $1.event) }
            let whole = SaidIdentity(person, base[person], all.map { ($0.told, true) })
            // An item that an event told long ago does not undo what another list said since.
            let overlaid = SaidIdentity(
                person, base[person],
                all.map { ($0.told, sequences.contains($0.event.sequence)) })
            let identity = base[person] == nil ? whole : overlaid
            if let identity, identity != base[person] { changed.append(identity) }
        }
        return changed
    }

    private static let selectEvents = Statement(
        """
        select l.person, \(LifeEvent.columns), l.face
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

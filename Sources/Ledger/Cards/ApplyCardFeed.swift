package import Exchange
import Postgres

/// An event of the card authority whose individual number and certificate have already become keyed
/// hashes.
package struct NumberedCardEvent: Sendable {
    package enum Change: Sendable {
        case bind(
            card: HashChain, numberHash: HashChain, valid: ClosedRange<Instant>,
            supersedes: HashChain?)
        /// `nil`: left Japan, or died.
        case residence(numberHash: HashChain, municipality: LocalGovernmentCode?, from: CalendarDay)
        case revoke(card: HashChain)
    }

    /// Counted from 1.
    package let line: Int
    package let change: Change
    package let findings: [RowFinding]

    package init(line: Int, change: Change, findings: [RowFinding]) {
        self.line = line
        self.change = change
        self.findings = findings
    }

    /// The hashes are what the event's number and certificates became at the door; nothing comes of an
    /// event whose number became none.
    package init?(
        _ event: CardFeedEvent, number: (GivenNumber) -> HashChain?,
        card: (CardFeedEvent.Certificate) -> HashChain
    ) {
        let change: Change
        switch event.change {
        case .bind(let certificate, let given, let validFrom, let validTo, let earlier):
            guard let hash = number(given) else { return nil }
            change = .bind(
                card: card(certificate), numberHash: hash, valid: validFrom...validTo,
                supersedes: earlier.map(card))
        case .residence(let given, let municipality, let from):
            guard let hash = number(given) else { return nil }
            change = .residence(numberHash: hash, municipality: municipality, from: from)
        case .revoke(let certificate): change = .revoke(card: card(certificate))
        }
        self.init(line: event.index + 1, change: change, findings: event.warnings)
    }

    var numberHash: HashChain? {
        switch change {
        case .bind(_, let hash, _, _), .residence(let hash, _, _): hash
        case .revoke: nil
        }
    }

    /// The cards it speaks of.
    fileprivate var cards: [HashChain] {
        switch change {
        case .bind(let card, _, _, let earlier): [card] + (earlier.map { [$0] } ?? [])
        case .residence: []
        case .revoke(let card): [card]
        }
    }
}

extension Records {
    /// Applies a feed exactly once per idempotency key, its events in the order sent. What is known
    /// already is `unchanged`; a card bound to another person keeps its first owner and the row is
    /// refused, because a card never changes hands. A revocation that arrives before its binding is
    /// kept: whoever is bound to the card later is bound to a revoked one. Whose card is revoked is
    /// signed out everywhere, and so is who acts with a card that is.
    package mutating func applyCardFeed(
        _ request: RegistrationRequest, _ events: [NumberedCardEvent], rules: RuleBook
    ) throws -> RegistrationReceipt {
        if let receipt = try beginTask(request) { return receipt }
        let (plan, persons, key) = try plan(events)
        let life = try outcome(
            ofFeed: plan.residences(at: now), standing: persons.survivors, rules)
        for person in plan.touched { enter(person) }
        if plan.touched.isEmpty { enter(nil) }
        return endTask(request, plan.outcomes) { [plan, now, caller] task in
            persons.steps + Self.steps(plan, key, at: now)
                + life.steps(caller.party.code, task: task, at: now)
        }
    }

    /// What applying these events would do. Nothing is written and nobody entered.
    mutating func weighCardFeed(_ events: [NumberedCardEvent]) throws -> [RowOutcome] {
        try plan(events).plan.outcomes
    }

    private mutating func plan(_ events: [NumberedCardEvent]) throws
        -> (plan: CardFeedPlan, persons: NumberedPersons, key: KeyVersion)
    {
        let persons = try persons(of: events.compactMap(\.numberHash))
        let cards = Set(events.flatMap(\.cards))
        let key = try storedVersion(of: .card, for: cards)
        var plan = CardFeedPlan()
        // A card and a home come with their number, and go with it when a merge is undone.
        try load(of: persons.records.known, key.byStoredHash(cards), into: &plan)
        var named = persons.records.ofRows.makeIterator()
        for event in events {
            plan.add(
                event, event.numberHash == nil ? nil : named.next(), among: persons.survivors)
        }
        return (plan, persons, key)
    }

    /// 概数: how many cards are bound, as the server's statistics have it. Counting the cards of the
    /// country would take longer than applying a file of them.
    mutating func standingCards() throws -> Int {
        try transaction.query(Self.estimateCards)[0].int(0)
    }

    private static let estimateCards = Statement(
        """
        select greatest(reltuples, 0)::bigint from pg_class where oid = 'exchange.card_binding'::regclass
        """)

    private mutating func load(
        of persons: [PersonKey], _ cards: [[UInt8]: HashChain], into plan: inout CardFeedPlan
    ) throws {
        let hashes = Value.bytesArray(Array(cards.keys))
        let rows = try transaction.pipeline([
            (Self.selectBindings, [hashes]), (Self.selectRevocations, [hashes]),
            (Self.selectResidences, [.uuids(persons.map { UUIDBytes($0) })]),
        ])
        for (hash, binding) in try rows[0].map({ (try $0.bytes(0), try CardFeedPlan.Binding($0)) })
        {
            if let card = cards[hash] { plan.know(card, binding) }
        }
        for hash in try rows[1].map({ try $0.bytes(0) }) {
            if let card = cards[hash] { plan.know(revokedEarly: card) }
        }
        for (residing, municipality) in try rows[2].map({ row in
            (
                CardFeedPlan.Residing(
                    person: try row.uuid(0).person,
                    from: CalendarDay(daysSince1970: try row.day(1))), try row.text(2)
            )
        }) { plan.know(residing, in: municipality) }
    }

    private static func steps(_ plan: CardFeedPlan, _ key: KeyVersion, at now: Instant)
        -> [(Statement, [Value])]
    {
        let moves = plan.newResidences
        return [
            (insertBindings, values(plan.newBindings) + [.time(now), .int(key.version)]),
            (updateBindings, values(plan.changedBindings) + [.time(now)]),
            (
                endTokens,
                [
                    .uuids(
                        plan.changedBindings.filter(\.binding.isRevoked)
                            .map { UUIDBytes($0.binding.person) }), .time(now),
                ]
            ),
            (
                insertRevocations,
                [.bytesArray(plan.newRevocations.map { $0.stored(key) }), .int(key.version)]
            ),
            (
                insertResidences,
                [
                    .uuids(moves.map { UUIDBytes($0.at.person) }),
                    .texts(moves.map { $0.municipality?.digits ?? Residence.nowhere }),
                    .texts(
                        moves.map {
                            $0.municipality?.prefecture.localGovernment.digits
                                ?? Residence.nowhere
                        }),
                    .days(moves.map(\.at.from.daysSince1970)),
                ]
            ),
        ]
    }

    private static func values(_ bindings: [(card: HashChain, binding: CardFeedPlan.Binding)])
        -> [Value]
    {
        [
            .uuids(bindings.map { UUIDBytes($0.binding.person) }),
            .texts(bindings.map(\.card.arrayText)),
            .instants(bindings.map(\.binding.valid.lowerBound.microseconds)),
            .instants(bindings.map(\.binding.valid.upperBound.microseconds)),
            .texts(bindings.map(\.binding.successor?.arrayText)),
            .bools(bindings.map(\.binding.isRevoked)),
        ]
    }

    private static let selectBindings = Statement(
        """
        select b.card_hash, b.person, \(Survivors.sql(of: "b.person")), b.valid_from, b.valid_to,
            b.superseded_by is not null, b.revoked_at is not null
        from exchange.card_binding b where b.card_hash = any ($1)
        """)

    private static let selectRevocations = Statement(
        "select card_hash from exchange.card_revocation where card_hash = any ($1)")

    private static let selectResidences = Statement(
        """
        select distinct on (person, from_day) person, from_day, municipality
        from exchange.residence where person = any ($1) and not is_derived
        order by person, from_day, version desc
        """)

    private static let givenBindings = """
        unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::bool[])
            as g(person, card, valid_from, valid_to, successor, is_revoked)
        """

    private static let insertBindings = Statement(
        """
        insert into exchange.card_binding (person, card_hash, valid_from, valid_to, superseded_by, revoked_at,
            key_version)
        select person, (card::bytea[])[$8::int], valid_from, valid_to, (successor::bytea[])[$8::int],
            case when is_revoked then $7::timestamptz end, $8::int
        from \(givenBindings)
        """)

    /// What somebody else wrote meanwhile is not taken back: superseded and revoked is for ever. A
    /// rotation may rewrap the row while this waits for it: it is matched by any of its hashes, and
    /// the successor is written under the row's own version.
    private static let updateBindings = Statement(
        """
        update exchange.card_binding b set valid_from = g.valid_from, valid_to = g.valid_to,
            superseded_by = coalesce(b.superseded_by, (g.successor::bytea[])[b.key_version::int]),
            revoked_at = coalesce(b.revoked_at, case when g.is_revoked then $7::timestamptz end)
        from \(givenBindings) where b.person = g.person and b.card_hash = any (g.card::bytea[])
        """)

    /// Whoever found the card may hold a session that was begun with it, under whichever record of the
    /// person.
    static let endTokens = Statement(
        """
        with named as materialized (
            select array(
                select person from unnest($1::uuid[]) as g(person)
                union select m.survivor from exchange.record_merge m
                where m.person = any ($1) and m.parted_at is null
                union select m.person from exchange.record_merge m
                where m.survivor = any ($1) and m.parted_at is null) as persons)
        update exchange.resident_token t set revoked_at = $2 from named
        where revoked_at is null and (t.person = any (named.persons) and t.representative is null
            or t.representative = any (named.persons))
        """)

    private static let insertRevocations = Statement(
        """
        insert into exchange.card_revocation (card_hash, key_version)
        select card_hash, $2 from unnest($1::bytea[]) as g(card_hash)
        """)

    private static let insertResidences = Statement(
        """
        insert into exchange.residence (person, municipality, prefecture, from_day)
        select person, municipality, prefecture, from_day
        from unnest($1::uuid[], $2::text[], $3::text[], $4::date[]) with ordinality
            as g(person, municipality, prefecture, from_day, ord) order by ord
        """)
}

extension CardFeedPlan.Binding {
    fileprivate init(_ row: Row) throws {
        let from = Instant(microseconds: try row.instant(3))
        self.init(
            person: try row.uuid(1).person, survivor: try row.uuid(2).person,
            valid: from...max(from, Instant(microseconds: try row.instant(4))),
            isSuperseded: try row.bool(5), isRevoked: try row.bool(6))
    }
}

package import Exchange
import Postgres

/// An event of the card authority whose individual number and certificate have already become keyed
/// hashes.
package struct NumberedCardEvent: Sendable {
    package enum Change: Sendable {
        case bind(
            card: [UInt8], numberHash: [UInt8], valid: ClosedRange<Instant>, supersedes: [UInt8]?)
        /// `nil`: left Japan, or died.
        case residence(numberHash: [UInt8], municipality: LocalGovernmentCode?, from: CalendarDay)
        case revoke(card: [UInt8])
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

    var numberHash: [UInt8]? {
        switch change {
        case .bind(_, let hash, _, _), .residence(let hash, _, _): hash
        case .revoke: nil
        }
    }

    /// The cards it speaks of.
    fileprivate var cards: [[UInt8]] {
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
    /// kept: whoever is bound to the card later is bound to a revoked one.
    package mutating func applyCardFeed(
        _ request: RegistrationRequest, _ events: [NumberedCardEvent]
    ) throws -> RegistrationReceipt {
        if let receipt = try beginTask(request) { return receipt }
        let persons = try persons(of: events.compactMap(\.numberHash))
        var plan = CardFeedPlan()
        try load(of: persons.known, cards: events.flatMap(\.cards), into: &plan)
        var named = persons.ofRows.makeIterator()
        for event in events { plan.add(event, event.numberHash == nil ? nil : named.next()) }
        for person in plan.touched { enter(person) }
        if plan.touched.isEmpty { enter(nil) }
        return endTask(request, plan.outcomes) { [plan, now] _ in
            persons.steps + Self.steps(plan, at: now)
        }
    }

    private mutating func load(
        of persons: [PersonKey], cards: [[UInt8]], into plan: inout CardFeedPlan
    ) throws {
        let cards = Value.bytesArray(Array(Set(cards)))
        let rows = try transaction.pipeline([
            (Self.selectBindings, [cards]), (Self.selectRevocations, [cards]),
            (Self.selectResidences, [.uuids(persons.map { UUIDBytes($0) })]),
        ])
        for (card, binding) in try rows[0].map({ (try $0.bytes(0), try CardFeedPlan.Binding($0)) })
        {
            plan.know(card, binding)
        }
        for card in try rows[1].map({ try $0.bytes(0) }) { plan.know(revokedEarly: card) }
        for (residing, municipality) in try rows[2].map({ row in
            (
                CardFeedPlan.Residing(
                    person: try row.uuid(0).person,
                    from: CalendarDay(daysSince1970: try row.day(1))), try row.text(2)
            )
        }) { plan.know(residing, in: municipality) }
    }

    private static func steps(_ plan: CardFeedPlan, at now: Instant) -> [(Statement, [Value])] {
        let moves = plan.newResidences
        return [
            (insertBindings, values(plan.newBindings) + [.time(now)]),
            (updateBindings, values(plan.changedBindings) + [.time(now)]),
            (insertRevocations, [.bytesArray(plan.newRevocations)]),
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

    private static func values(_ bindings: [(card: [UInt8], binding: CardFeedPlan.Binding)])
        -> [Value]
    {
        [
            .uuids(bindings.map { UUIDBytes($0.binding.person) }),
            .bytesArray(bindings.map(\.card)),
            .instants(bindings.map(\.binding.valid.lowerBound.microseconds)),
            .instants(bindings.map(\.binding.valid.upperBound.microseconds)),
            .bytesArray(bindings.map(\.binding.supersededBy)),
            .bools(bindings.map(\.binding.isRevoked)),
        ]
    }

    private static let selectBindings = Statement(
        """
        select card_hash, person, valid_from, valid_to, superseded_by, revoked_at is not null
        from exchange.card_binding where card_hash = any ($1)
        """)

    private static let selectRevocations = Statement(
        "select card_hash from exchange.card_revocation where card_hash = any ($1)")

    private static let selectResidences = Statement(
        """
        select distinct on (person, from_day) person, from_day, municipality
        from exchange.residence where person = any ($1) order by person, from_day, version desc
        """)

    private static let givenBindings = """
        unnest($1::uuid[], $2::bytea[], $3::timestamptz[], $4::timestamptz[], $5::bytea[], $6::bool[])
            as g(person, card_hash, valid_from, valid_to, superseded_by, is_revoked)
        """

    private static let insertBindings = Statement(
        """
        insert into exchange.card_binding (person, card_hash, valid_from, valid_to, superseded_by, revoked_at)
        select person, card_hash, valid_from, valid_to, superseded_by,
            case when is_revoked then $7::timestamptz end
        from \(givenBindings)
        """)

    /// What somebody else wrote meanwhile is not taken back: superseded and revoked is for ever.
    private static let updateBindings = Statement(
        """
        update exchange.card_binding b set valid_from = g.valid_from, valid_to = g.valid_to,
            superseded_by = coalesce(b.superseded_by, g.superseded_by),
            revoked_at = coalesce(b.revoked_at, case when g.is_revoked then $7::timestamptz end)
        from \(givenBindings) where b.person = g.person and b.card_hash = g.card_hash
        """)

    private static let insertRevocations = Statement(
        """
        insert into exchange.card_revocation (card_hash)
        select card_hash from unnest($1::bytea[]) as g(card_hash)
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
        let from = Instant(microseconds: try row.instant(2))
        self.init(
            person: try row.uuid(1).person,
            valid: from...max(from, Instant(microseconds: try row.instant(3))),
            supersededBy: try row.optionalBytes(4), isRevoked: try row.bool(5))
    }
}

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

    fileprivate var numberHash: [UInt8]? {
        switch change {
        case .bind(_, let hash, _, _), .residence(let hash, _, _): hash
        case .revoke: nil
        }
    }
}

extension Records {
    /// Applies a feed exactly once per idempotency key. A binding that is already known is
    /// `unchanged`; a card bound to another person keeps its first owner and the row is refused,
    /// because a card never changes hands.
    package mutating func applyCardFeed(
        _ request: RegistrationRequest, _ events: [NumberedCardEvent]
    ) throws -> RegistrationReceipt {
        if let receipt = try beginTask(request) { return receipt }
        let persons = try persons(of: events.compactMap(\.numberHash))
        var outcomes: [RowOutcome] = []
        var touched: Set<PersonKey> = []
        for event in events {
            let (kind, person) = try apply(event, persons)
            if let person { touched.insert(person) }
            let findings =
                kind == .refused
                ? [RowFinding(index: event.line - 1, item: "serial", code: .unknownCode)] : []
            outcomes.append(
                RowOutcome(line: event.line, kind: kind, findings: event.findings + findings))
        }
        let task = RecordID.timeOrdered()
        try insertTask(request, outcomes, task: task)
        for person in touched { enter(person) }
        if touched.isEmpty { enter(nil) }
        return try endTask(request, outcomes, task: task)
    }

    private mutating func apply(_ event: NumberedCardEvent, _ persons: [[UInt8]: PersonKey]) throws
        -> (RowOutcome.Kind, PersonKey?)
    {
        switch event.change {
        case .bind(let card, let hash, let valid, let supersedes):
            let person = persons[hash]
            let rows = try transaction.pipeline([
                (
                    Self.insertBinding,
                    [
                        .person(person), .bytes(card), .time(valid.lowerBound),
                        .time(valid.upperBound),
                    ]
                ),
                (Self.supersede, [.person(person), .orNull(supersedes), .bytes(card)]),
                (Self.selectOwner, [.bytes(card)]),
            ])
            guard try rows[2][0].uuid(0).person == person else { return (.refused, nil) }
            return (rows[0].affected == 1 ? .applied : .unchanged, person)
        case .residence(let hash, let municipality, let from):
            let person = persons[hash]
            let count = try transaction.run(
                Self.insertResidence,
                [
                    .person(person), .text(municipality?.digits ?? Residence.nowhere),
                    .text(municipality?.prefecture.localGovernment.digits ?? Residence.nowhere),
                    .day(from),
                ])
            return (count == 1 ? .applied : .unchanged, person)
        case .revoke(let card):
            let rows = try transaction.query(Self.revoke, [.bytes(card), .time(now)])
            guard rows.count == 1 else { return (.refused, nil) }
            return (.applied, try rows[0].uuid(0).person)
        }
    }

    private static let insertBinding = Statement(
        """
        insert into exchange.card_binding (person, card_hash, valid_from, valid_to)
        values ($1, $2, $3, $4) on conflict do nothing
        """)

    /// Only an earlier card of the same person: a feed cannot switch off a stranger's card.
    private static let supersede = Statement(
        """
        update exchange.card_binding set superseded_by = $3
        where person = $1 and card_hash = $2 and superseded_by is null
            and exists (select 1 from exchange.card_binding b where b.card_hash = $3 and b.person = $1)
        """)

    private static let selectOwner = Statement(
        "select person from exchange.card_binding where card_hash = $1")

    private static let insertResidence = Statement(
        """
        insert into exchange.residence (person, municipality, prefecture, from_day)
        select $1, $2, $3, $4
        where not exists (
            select 1 from (
                select municipality from exchange.residence
                where person = $1 and from_day = $4 order by version desc limit 1) newest
            where newest.municipality = $2)
        """)

    private static let revoke = Statement(
        """
        update exchange.card_binding set revoked_at = coalesce(revoked_at, $2)
            where card_hash = $1 returning person
        """)
}

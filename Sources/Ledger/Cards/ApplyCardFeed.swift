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

    fileprivate var numberHash: HashChain? {
        switch change {
        case .bind(_, let hash, _, _), .residence(let hash, _, _): hash
        case .revoke: nil
        }
    }

    fileprivate var cards: [HashChain] {
        switch change {
        case .bind(let card, _, _, let supersedes): [card] + (supersedes.map { [$0] } ?? [])
        case .residence: []
        case .revoke(let card): [card]
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
        let key = try storedVersion(of: .card, for: events.flatMap(\.cards))
        var outcomes: [RowOutcome] = []
        var touched: Set<PersonKey> = []
        for event in events {
            let (kind, person) = try apply(event, persons, key)
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

    private mutating func apply(
        _ event: NumberedCardEvent, _ persons: [HashChain: PersonKey], _ key: KeyVersion
    ) throws -> (RowOutcome.Kind, PersonKey?) {
        switch event.change {
        case .bind(let card, let hash, let valid, let supersedes):
            let person = persons[hash]
            let all = Value.bytesArray(card.byVersion)
            let rows = try transaction.pipeline([
                (
                    Self.insertBinding,
                    [
                        .person(person), .bytes(card.stored(key)), .time(valid.lowerBound),
                        .time(valid.upperBound), .int(key.version), all,
                    ]
                ),
                (
                    Self.supersede,
                    [.person(person), .bytesArray(supersedes?.byVersion ?? []), all]
                ),
                (Self.selectOwner, [all]),
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
            let rows = try transaction.query(
                Self.revoke, [.bytesArray(card.byVersion), .time(now)])
            guard rows.count == 1 else { return (.refused, nil) }
            return (.applied, try rows[0].uuid(0).person)
        }
    }

    private static let insertBinding = Statement(
        """
        insert into exchange.card_binding (person, card_hash, valid_from, valid_to, key_version)
        select $1, $2, $3, $4, $5
        where not exists (select 1 from exchange.card_binding where card_hash = any ($6))
        on conflict do nothing
        """)

    /// Only an earlier card of the same person: a feed cannot switch off a stranger's card. The
    /// successor is written under the version of the row, which a rotation rewraps as a whole.
    private static let supersede = Statement(
        """
        update exchange.card_binding set superseded_by = ($3::bytea[])[key_version::int]
        where person = $1 and card_hash = any ($2) and superseded_by is null
            and exists (
                select 1 from exchange.card_binding b where b.card_hash = any ($3) and b.person = $1)
        """)

    private static let selectOwner = Statement(
        "select person from exchange.card_binding where card_hash = any ($1)")

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
            where card_hash = any ($1) returning person
        """)
}

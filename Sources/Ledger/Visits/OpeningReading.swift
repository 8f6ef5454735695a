import Exchange
import Postgres

/// What one opening is decided from; those of a batch are loaded together, in one statement.
///
/// Only a card that is not bound under the version in use, and a resident who had another id before
/// a rotation, cost one statement more, for all of them together.
struct OpeningReading {
    let now: Instant
    let standing: PartyStanding?
    /// What the nonce opened before.
    let earlier: NewVisit?
    private(set) var binding: CardBinding?
    /// Of the resident, where it is known who that is.
    private(set) var ids: PairwiseIDs?
    /// Those of the former ids that the institution has.
    private(set) var former: [String] = []
    /// What cards stand under, where this one was not found.
    private var stored: KeyVersion?

    static func load(_ transaction: inout Transaction, _ batch: [VisitOpening]) throws
        -> [OpeningReading]
    {
        let keys: [Value] = [
            .texts(batch.map(\.caller.party.key)), .texts(batch.map(\.request.nonce)),
            .bytesArray(batch.map(\.request.cardHash.current)),
        ]
        var readings = try transaction.pipeline([(select, keys)])[0].map { try Self($0) }
        try findOthers(batch, &readings, &transaction)
        for place in readings.indices {
            readings[place].ids = readings[place].person.map(batch[place].pairwise)
        }
        let former = try PairwiseIDs.former(
            readings.indices.map { (batch[$0].caller.party, readings[$0].ids) }, &transaction)
        for place in readings.indices { readings[place].former = former[place] }
        return readings
    }

    /// Throws `KeyVersionLacking` when the card that was not found may stand under a version that
    /// this gateway lacks.
    func requireVersion(of card: HashChain) throws { try stored?.require([card]) }

    private var person: PersonKey? { earlier?.person ?? binding?.person }

    /// Cards that stand under another version, while a rotation is under way. Every hash is asked for
    /// again, in one snapshot: a row rewrapped between two would be missed by both.
    private static func findOthers(
        _ batch: [VisitOpening], _ readings: inout [OpeningReading],
        _ transaction: inout Transaction
    ) throws {
        let missing = readings.indices.filter { readings[$0].person == nil }
        guard !missing.isEmpty else { return }
        let hashes = missing.flatMap { place in
            batch[place].request.cardHash.byVersion.map { (place: place, hash: $0) }
        }
        let rows = try transaction.pipeline([
            (selectOthers, [.ints(hashes.map(\.place)), .bytesArray(hashes.map(\.hash))]),
            (KeyVersion.selectOne, [.text(StoredKey.card.rawValue)]),
        ])
        for (place, binding) in try rows[0].map({ (try $0.int(0), try CardBinding($0, from: 1)) }) {
            readings[place].binding = binding
        }
        let stored = try KeyVersion(rows[1][0])
        for place in missing { readings[place].stored = stored }
    }

    private static let select = Statement(
        """
        select clock_timestamp(), p.party, p.name, p.is_opted_in, p.suspended_at is not null,
            p.designations, \(CardBinding.columns),
            \(NewVisit.columns)
        from unnest($1::text[], $2::text[], $3::bytea[]) with ordinality as q(party, nonce, card, ord)
        left join exchange.party p on p.party = q.party
        left join exchange.visit v on v.nonce = q.nonce
        left join exchange.card_binding b on b.card_hash = q.card
        order by q.ord
        """)

    private static let selectOthers = Statement(
        """
        select q.place, \(CardBinding.columns)
        from unnest($1::bigint[], $2::bytea[]) as q(place, card)
        join exchange.card_binding b on b.card_hash = q.card
        """)
}

extension OpeningReading {
    private init(_ row: Row) throws {
        now = Instant(microseconds: try row.instant(0))
        standing = try PartyStanding(row, from: 1)
        binding = try row.optionalUUID(6) == nil ? nil : CardBinding(row, from: 6)
        let opened = 6 + CardBinding.columnCount
        earlier = try row.optionalUUID(opened) == nil ? nil : NewVisit(row, from: opened)
    }
}

extension NewVisit {
    /// Of `exchange.visit v`, as a visit that was opened before is read.
    static let columns = """
        \(Survivors.sql(of: "v.person")), v.party, v.request_digest, v.visit, v.patient, v.kind,
            v.consents, v.opened_at,
        v.ends_at, v.card_valid_to
        """

    init(_ row: Row, from column: Int) throws {
        person = try row.uuid(column).person
        party = try row.text(column + 1)
        requestDigest = try row.optionalBytes(column + 2)
        visit = OpenedVisit(
            id: try row.uuid(column + 3).record, patient: try row.text(column + 4),
            kind: try row.text(column + 5), consents: try row.texts(column + 6),
            term: VisitTerm(
                opened: Instant(microseconds: try row.instant(column + 7)),
                ends: Instant(microseconds: try row.instant(column + 8))),
            cardValidTo: try row.optionalDay(column + 9).map(CalendarDay.init(daysSince1970:)),
            isRepeat: true)
    }
}

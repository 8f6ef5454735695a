package import Exchange
import Postgres

/// 接種証明カードの台帳: which cards were signed, and which of them no longer hold.
package enum HealthCards {
    /// Every card of these residents that holds such a record: what it says was corrected. A card is kept
    /// under whoever they were when it was signed.
    static func revocation(of records: [HeldVaccination]) -> (Statement, [Value]) {
        (
            revokeHolding,
            [
                .uuids(records.map { UUIDBytes($0.person) }),
                .uuids(records.map { UUIDBytes($0.record) }),
                .uuids(records.map { UUIDBytes($0.id) }),
                .instants(records.map(\.newest.recordedAt.microseconds)),
            ]
        )
    }

    private static let revokeHolding = Statement(
        """
        update exchange.health_card c set revoked_at = q.at
        from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[]) as q(person, kept, record, at)
        where c.person = any (array[q.person, q.kept]) and q.record = any (c.records) and c.revoked_at is null
        """)
}

extension Records {
    /// A card is on the ledger before anybody has it.
    package mutating func issueCard(
        _ card: String, signedBy key: String, of person: PersonKey, holding records: [RecordID]
    ) {
        write([
            (
                Self.insertCard,
                [
                    .person(person), .text(card), .text(key),
                    .uuids(records.map { UUIDBytes($0) }), .time(now),
                ]
            )
        ])
    }

    /// Ends a card of this resident now; ending it twice is the same as once. Throws `.recordUnknown` for
    /// another's.
    package mutating func revokeCard(_ card: String, of person: PersonKey) throws {
        let count = try transaction.run(
            Self.revoke, [.person(person), .text(card), .time(now)])
        guard count == 1 else { throw Refusal.recordUnknown }
    }

    /// As the registry has them; none of a party that it does not know.
    package mutating func names(of parties: Set<Party>) throws -> [Party: String] {
        let keys = parties.map(\.key).sorted()
        let rows = try transaction.query(Self.selectNames, [.texts(keys)]).map {
            (try Party(key: try $0.text(0)), try $0.text(1))
        }
        return Dictionary(rows) { name, _ in name }
    }

    private static let selectNames = Statement(
        "select party, name from exchange.party where party = any ($1)")

    private static let insertCard = Statement(
        """
        insert into exchange.health_card (person, card, key, records, issued_at)
        values ($1, $2, $3, $4, $5)
        """)

    private static let revoke = Statement(
        """
        update exchange.health_card set revoked_at = coalesce(revoked_at, $3)
        where person = any (\(Survivors.records(of: "$1"))) and card = $2
        """)
}

extension Ledger {
    /// 失効一覧: the ids of revoked cards of each of these keys, in order. An id says nothing of anyone.
    package func revokedCards(signedBy keys: [String]) async throws -> [String: [String]] {
        try await gateway.transaction(.readOnly) { transaction in
            var cards: [String: [String]] = [:]
            let rows = try transaction.query(Self.selectRevoked, [.texts(keys)])
            for (key, card) in try rows.map({ (try $0.text(0), try $0.text(1)) }) {
                cards[key, default: []].append(card)
            }
            return cards
        }
    }

    private static let selectRevoked = Statement(
        """
        select key, card from exchange.health_card
        where key = any ($1) and revoked_at is not null order by key, revoked_at, card
        """)
}

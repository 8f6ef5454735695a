import Exchange
import Postgres

/// 届出番号の人: whom a municipality notified under a key of its own, as its newest word on the key says.
struct NotifiedPerson {
    /// 本人: whoever the notified record is of now.
    let person: PersonKey
    let kind: MaternalNotification.Kind
    /// No word on the pregnancy or child that stands took the place of this one.
    let isCurrent: Bool
}

extension Records {
    /// By key. A key that the caller never gave, or took back, is of nobody.
    mutating func notified(_ keys: [String]) throws -> [String: NotifiedPerson] {
        let rows = try transaction.query(
            Self.selectNotified, [.text(caller.party.code), .texts(Array(Set(keys)))])
        var persons: [String: NotifiedPerson] = [:]
        for row in try rows.map({ $0 }) {
            guard let kind = MaternalNotification.Kind(rawValue: try row.text(2)) else { continue }
            persons[try row.text(0)] = NotifiedPerson(
                person: try row.uuid(1).person, kind: kind, isCurrent: try row.bool(3))
        }
        return persons
    }

    private static let selectNotified = Statement(
        """
        select q.key, whom.survivor, n.kind,
            \(StandingWord.isOfNewestMunicipality("n", of: "whom.survivor"))
        from unnest($2::text[]) as q(key)
        cross join lateral (
            select person, episode, municipality, notification_key, kind, face, version
            from exchange.maternal_notification
            where municipality = $1 and notification_key = q.key
            order by version desc limit 1) n
        cross join lateral (select \(Survivors.sql(of: "n.person")) as survivor) whom
        where not coalesce((n.face::jsonb ->> 'isWithdrawn')::boolean, false)
        """)
}

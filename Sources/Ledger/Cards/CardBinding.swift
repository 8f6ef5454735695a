import Exchange
import Postgres

/// カードの結び付き: to whom a card's certificate is bound, and whether it still counts. Renewed,
/// reissued and lost cards keep their row, so that each is answered in its own words.
struct CardBinding {
    let person: PersonKey
    private let isSuperseded: Bool
    private let isRevoked: Bool
    private let validFrom: Instant
    private let validTo: Instant
    private let isOfDeceased: Bool

    /// Of `exchange.card_binding b`.
    static let columns = """
        \(Survivors.sql(of: "b.person")), b.superseded_by is not null, b.revoked_at is not null, b.valid_from,
            b.valid_to, exists (
                select 1 from exchange.deceased d where d.person = \(Survivors.sql(of: "b.person")))
        """
    static let columnCount = 6

    init(_ row: Row, from column: Int) throws {
        person = try row.uuid(column).person
        isSuperseded = try row.bool(column + 1)
        isRevoked = try row.bool(column + 2)
        validFrom = Instant(microseconds: try row.instant(column + 3))
        validTo = Instant(microseconds: try row.instant(column + 4))
        isOfDeceased = try row.bool(column + 5)
    }

    /// Throws `.cardSuperseded`, `.cardRevoked`, `.cardExpired`, or `.cardUnbound` before its time;
    /// `.residentDeceased` for a card that would still count.
    func require(at now: Instant) throws {
        if isSuperseded { throw Refusal.cardSuperseded }
        if isRevoked { throw Refusal.cardRevoked }
        guard now < validTo else { throw Refusal.cardExpired }
        guard now >= validFrom else { throw Refusal.cardUnbound }
        if isOfDeceased { throw Refusal.residentDeceased }
    }
}

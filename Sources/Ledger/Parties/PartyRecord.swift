package import Exchange
import Postgres

/// 台帳の記載: what the registry says of a party, or said of it until a moment.
package struct PartyRecord: Sendable, Hashable {
    package let name: String
    /// Nil for what it says now.
    package let until: Instant?
    package let isOptedIn: Bool
    package let suspendedAt: Instant?
    package let designations: [DesignationTerm]
    package let connectedSince: CalendarDay?
    /// 台帳の申出: since when a municipality's ledger of past doses is whole, as it says.
    package let dosesSince: CalendarDay?

    static let select = Statement(
        """
        select r.name, p.until, p.is_opted_in, p.suspended_at, p.designations, p.connected_since,
            p.doses_since
        from exchange.party r
        cross join lateral (
            select null::timestamptz as until, null::bigint as serial, r.is_opted_in, r.suspended_at,
                r.designations, r.connected_since, r.doses_since
            union all
            select until, serial, is_opted_in, suspended_at, designations, connected_since, doses_since
            from exchange.party_past where party = r.party
        ) as p
        where r.party = $1
        order by p.serial desc nulls first
        """)

    init(_ row: Row) throws {
        name = try row.text(0)
        until = try row.optionalInstant(1).map(Instant.init(microseconds:))
        isOptedIn = try row.bool(2)
        suspendedAt = try row.optionalInstant(3).map(Instant.init(microseconds:))
        designations = try row.texts(4).compactMap(DesignationTerm.init(text:))
        connectedSince = try row.optionalDay(5).map(CalendarDay.init(daysSince1970:))
        dosesSince = try row.optionalDay(6).map(CalendarDay.init(daysSince1970:))
    }

    /// One line for the person at the command line.
    package var text: String {
        var parts = [isOptedIn ? "opted in" : "not opted in"]
        if let suspendedAt { parts.append("suspended since \(suspendedAt.text)") }
        if let connectedSince { parts.append("connected since \(connectedSince.text)") }
        if let dosesSince { parts.append("ledger of doses whole since \(dosesSince.text)") }
        parts += designations.map { "designated \($0.phrase)" }
        return parts.joined(separator: ", ")
    }
}

extension PartyRegistry {
    /// What the registry says now, then what it said before, newest first; empty for an unknown
    /// party.
    package func records(of party: Party) async throws -> [PartyRecord] {
        try await pool.transaction(.readOnly) { transaction in
            try transaction.query(PartyRecord.select, [.text(party.key)]).map(PartyRecord.init)
        }
    }
}

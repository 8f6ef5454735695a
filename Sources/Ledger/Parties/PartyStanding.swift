package import Exchange
import Postgres

/// 当事者の立場: what the registry says of a party at this moment.
package struct PartyStanding: Sendable {
    package let party: String
    package let name: String
    package let isOptedIn: Bool
    package let isSuspended: Bool
    private let terms: [DesignationTerm]

    static let select = Statement(
        """
        select clock_timestamp(), p.party, p.name, p.is_opted_in, p.suspended_at is not null, p.designations
        from (values ($1::text)) as q(party) left join exchange.party p on p.party = q.party
        """)

    /// Nothing when the registry holds nothing of it.
    init?(_ row: Row, from column: Int) throws {
        guard let party = try row.optionalText(column) else { return nil }
        self.party = party
        name = try row.text(column + 1)
        isOptedIn = try row.bool(column + 2)
        isSuspended = try row.bool(column + 3)
        terms = try row.texts(column + 4).compactMap(DesignationTerm.init(text:))
    }

    /// 指定: what an institution is designated for on a day, by which body, as the registry says it now.
    package func designations(on day: CalendarDay) -> Set<Designation> {
        Set(terms.filter { $0.holds(on: day) }.map(\.designation))
    }

    /// 立入り: what every door asks before anything is read. Throws `.rulesUnknown` where no permissions are
    /// loaded, `.notYourPurpose`, `.partyUnknown` where the registry holds nothing of the party,
    /// `.partySuspended` or `.partyNotOptedIn`.
    static func admit(
        _ caller: Caller, _ purpose: Purpose, _ standing: PartyStanding?,
        by permissions: Permissions?
    ) throws -> PartyStanding {
        guard let permissions else { throw Refusal.rulesUnknown }
        guard permissions.may(caller.party.role, purpose) else { throw Refusal.notYourPurpose }
        guard let standing else { throw Refusal.partyUnknown }
        guard !standing.isSuspended else { throw Refusal.partySuspended }
        guard standing.isOptedIn else { throw Refusal.partyNotOptedIn }
        return standing
    }
}

extension Designation {
    /// `<body>:<scheme>`, the form in the registry and in the basis of an answer.
    var text: String { "\(body):\(scheme)" }

    init?(text: String) {
        let parts = text.split(separator: ":")
        guard parts.count == 2 else { return nil }
        self.init(body: String(parts[0]), scheme: String(parts[1]))
    }
}

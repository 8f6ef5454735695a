package import Exchange
import Postgres

/// 当事者の立場: what the registry says of a party at this moment.
package struct PartyStanding: Sendable {
    package let party: String
    package let name: String
    package let isOptedIn: Bool
    package let isSuspended: Bool
    /// 指定: what an institution is designated for, by which body.
    package let designations: Set<Designation>

    static let select = Statement(
        """
        select clock_timestamp(), p.party, p.name, p.is_opted_in, p.suspended_at is not null, p.designations
        from (values ($1::text)) as q(party) left join exchange.party p on p.party = q.party
        """)

    /// Throws `.partyUnknown` when the registry holds nothing of it.
    init(_ row: Row, from column: Int) throws {
        guard let party = try row.optionalText(column) else { throw Refusal.partyUnknown }
        self.party = party
        name = try row.text(column + 1)
        isOptedIn = try row.bool(column + 2)
        isSuspended = try row.bool(column + 3)
        designations = Set(try row.texts(column + 4).compactMap(Designation.init(text:)))
    }

}

extension Caller {
    /// What every access asks before anything else. Throws `.notYourPurpose`, `.partyUnknown`,
    /// `.partySuspended` or `.partyNotOptedIn`.
    func require(_ purpose: Purpose, _ standing: PartyStanding?) throws(Refusal) {
        guard purpose.may(party.role) else { throw .notYourPurpose }
        guard let standing else { throw .partyUnknown }
        guard !standing.isSuspended else { throw .partySuspended }
        guard standing.isOptedIn else { throw .partyNotOptedIn }
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

package import Exchange
import Postgres

/// 本人の受付: one visit as the resident sees it.
package struct OwnVisit: Sendable {
    package let id: RecordID
    package let party: Party
    package let partyName: String
    package let kind: String
    package let consents: [String]
    package let term: VisitTerm
    /// Opened with a paper certificate and not yet confirmed by a card.
    package let isConfirmedLater: Bool
}

/// Own records of a resident; each is one entry on the record, like anybody else's reading.
extension Records {
    /// Every version the resident's bodies registered, newest first; those under review are not
    /// theirs to see yet.
    package mutating func ownEntitlements(of person: PersonKey) throws -> [EntitlementVersion] {
        let rows = try transaction.query(
            Self.selectOwnEntitlements, [.person(person), kindsShown])
        return try rows.map { try EntitlementVersion($0, from: 0) }
    }

    /// Those that are open first, so that each can be found and ended; then the newest.
    package mutating func ownVisits(of person: PersonKey, limit: Int) throws -> [OwnVisit] {
        let rows = try transaction.query(Self.selectOwnVisits, [.person(person), .int(limit)])
        return try rows.map { row in
            OwnVisit(
                id: try row.uuid(0).record, party: try Party(key: try row.text(1)),
                partyName: try row.text(2), kind: try row.text(3), consents: try row.texts(4),
                term: VisitTerm(
                    opened: Instant(microseconds: try row.instant(5)),
                    ends: Instant(microseconds: try row.instant(6))),
                isConfirmedLater: try row.bool(7))
        }
    }

    /// Ends a visit of this resident now; ending it twice is the same as once. Throws
    /// `.visitUnknown` for another's.
    package mutating func endVisit(_ visit: RecordID, of person: PersonKey) throws {
        let count = try transaction.run(
            Self.endVisit, [.person(person), .id(visit), .time(now)])
        guard count == 1 else { throw Refusal.visitUnknown }
    }

    /// 同意の撤回: takes these kinds out of a visit of this resident, from the next request of its
    /// institution on; twice is the same as once. Throws `.visitUnknown` for another's.
    package mutating func withdraw(
        _ kinds: Set<ConsentKind>, from visit: RecordID, of person: PersonKey
    ) throws {
        let count = try transaction.run(
            Self.withdrawConsents,
            [.person(person), .id(visit), .texts(kinds.map(\.code).sorted())])
        guard count == 1 else { throw Refusal.visitUnknown }
    }

    private static let selectOwnEntitlements = Statement(
        """
        select \(EntitlementVersion.columns) from exchange.entitlement e
        where e.person = $1 and not e.is_under_review
            and ($2::text[] is null or e.consent_kind = any ($2))
        order by e.version desc
        """)

    private static let selectOwnVisits = Statement(
        """
        select v.visit, v.party, p.name, v.kind, v.consents, v.opened_at, v.ends_at,
            v.confirmed_by = 'paper' and c.visit is null
        from exchange.visit_now v join exchange.party p on p.party = v.party
        left join exchange.visit_confirmation c on c.person = v.record and c.visit = v.visit
        where v.record = any (\(Survivors.records(of: "$1")))
        order by v.ends_at > clock_timestamp() desc, v.opened_at desc limit $2
        """)

    private static let endVisit = Statement(
        """
        update exchange.visit set ends_at = least(ends_at, $3)
        where person = any (\(Survivors.records(of: "$1"))) and visit = $2
        """)

    private static let withdrawConsents = Statement(
        """
        update exchange.visit
        set withdrawn = array(select distinct unnest(withdrawn || $3::text[]) order by 1)
        where person = any (\(Survivors.records(of: "$1"))) and visit = $2
        """)
}

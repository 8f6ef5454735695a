package import Exchange
import Postgres

/// 受付中の患者: the resident of a visit that is open now, with what the visit opens of them.
package struct Visitor: Sendable {
    package let person: PersonKey
    package let visit: RecordID
    /// Kinds that the resident agreed to with this visit.
    package let consents: [String]
}

/// 基本情報 without the address.
package struct RegisteredIdentity: Sendable {
    package let name: String
    package let nameKana: String?
    package let birthDate: String
    package let sex: String
}

extension Records {
    /// The resident whom the institution knows by any patient id it was given, by the newest open visit of
    /// one of these kinds that a card confirmed.
    ///
    /// Throws `.recordUnknown` where no visit is open, `.visitForCheckAlone` where only visits of
    /// other kinds are.
    package mutating func visitor(patient: String, kinds: Set<String>) throws -> Visitor {
        let rows =
            try first.first
            ?? transaction.query(
                Self.selectOpen, [.text(caller.party.key), .text(patient)])
        let visits = try rows.map { $0 }.filter {
            Instant(microseconds: try $0.instant(4)) > now
        }
        guard let newest = visits.first else { throw Refusal.recordUnknown }
        subject.person = try newest.uuid(0).person
        subject.visit = try newest.uuid(1).record
        let opened = try visits.map { row in
            (
                visit: try row.uuid(1).record, kind: try row.text(2),
                consents: try row.texts(3)
            )
        }
        guard let open = opened.first(where: { kinds.contains($0.kind) }) else {
            throw Refusal.visitForCheckAlone
        }
        return Visitor(
            person: try newest.uuid(0).person, visit: open.visit, consents: open.consents)
    }

    /// 基本情報 without the address: what the newest body says that holds a current row of a kind
    /// agreed to. Nothing where there is none, whatever other bodies hold.
    package mutating func identity(of visitor: Visitor) throws -> RegisteredIdentity? {
        let said = try transaction.query(
            Self.selectNewestIdentity, [.person(visitor.person), .texts(visitor.consents)])
        return try said.first.map { try RegisteredIdentity($0) }
    }

    /// Whichever ended within the last minute `visitor` leaves out, by the clock of the access: where this is
    /// read first, nobody knows it yet.
    fileprivate static let selectOpen = Statement(
        """
        select person, visit, kind, consents, ends_at from exchange.visit_now
        where party = $1 and ends_at > statement_timestamp() - interval '1 minute'
            and confirmed_by = 'card' and record = any (array(
            select r.record from (
                select person from exchange.visit_now where party = $1 and patient = $2 limit 1) given
            cross join lateral (
                select given.person as record union all
                select m.person from exchange.record_merge m
                where m.survivor = given.person and m.parted_at is null) r))
        order by opened_at desc
        """)

    /// What the newest body says of each person that holds a current row of one of these kinds.
    static let selectNewestIdentities = newestIdentities(of: "any ($1)")

    /// The same of one, whose statement is planned once, as in `CheckupCompartment.reading`.
    static let selectNewestIdentity = newestIdentities(of: "$1")

    private static func newestIdentities(of persons: String) -> Statement {
        Statement(
            """
            select distinct on (i.person) i.name, i.name_kana, i.birth_date, i.sex, i.person
            from exchange.identity i
            where i.person = \(persons) and \(SaidIdentity.stands("i")) and exists (
                select 1 from exchange.entitlement e
                where e.person = i.person and e.body = i.body and e.consent_kind = any ($2)
                    and \(EntitlementRow.isCurrent))
            order by i.person, i.version desc
            """)
    }
}

extension FirstReading {
    /// For `visitor`.
    package static func visitor(patient: String, at party: Party) -> FirstReading {
        FirstReading(steps: [(Records.selectOpen, [.text(party.key), .text(patient)])])
    }
}

extension RegisteredIdentity {
    /// 支援措置 (`isNotDisclosed`), by any body's latest word: a condition on the person that an SQL
    /// expression names.
    static func isHidden(_ person: String) -> String {
        "exists (select 1 from exchange.withheld w where w.person = \(person))"
    }

    init(_ row: Row) throws {
        self.init(
            name: try row.text(0), nameKana: try row.optionalText(1), birthDate: try row.text(2),
            sex: try row.text(3))
    }
}

package import Exchange
import Postgres

/// 代理関係: for whom somebody may act now. A resident about whom nothing may be disclosed is in none of these
/// lists: the rows are left out before they are read (`exchange.relation`).
package struct RepresentedResident: Sendable {
    package let person: PersonKey
    package let representative: PersonKey
    package let name: String?
    package let relations: [HeldRelation]
    /// What is open now; never empty.
    package let kinds: Set<ConsentKind>
}

/// One relation with who says so.
package struct HeldRelation: Sendable {
    package let relation: Relation
    /// The municipality that registered it; nothing for what the resident let somebody do.
    package let municipality: String?
}

extension Records {
    /// Those for whom `representative` may act now, whatever kinds are open.
    package mutating func represented(
        by representative: PersonKey, _ rules: ActingRules
    ) throws -> [RepresentedResident] {
        let rows = try transaction.query(Self.selectRepresented, [.person(representative)])
        return try Self.residents(rows, on: now.dayInJapan, rules)
    }

    /// Those who may act now for this resident.
    package mutating func representatives(
        of person: PersonKey, _ rules: ActingRules
    ) throws -> [RepresentedResident] {
        let rows = try transaction.query(Self.selectRepresentatives, [.person(person)])
        return try Self.residents(rows, on: now.dayInJapan, rules)
    }

    /// Puts on the record that `resident` was shown to whoever may act for them.
    package mutating func enter(represented resident: RepresentedResident) {
        let basis = ActingBasis(
            representative: resident.representative, kinds: resident.kinds)
        enter(resident.person, basis: basis.text(beside: nil))
    }

    /// Lets `representative` go on for this access's purpose. From here to the commit nobody can take
    /// the relation away. Throws `.relationUnknown`, in the same words whatever the reason.
    mutating func requireRelation(
        of person: PersonKey, to representative: PersonKey, _ rules: ActingRules?
    ) throws {
        let rows = try transaction.pipeline([
            (AdvisoryLock.share, [.int(AdvisoryLock.relations(of: person))]),
            (Self.selectRelation, [.person(person), .person(representative)]),
        ])[1]
        guard let rules,
            let held = try Self.residents(rows, on: now.dayInJapan, rules).first,
            let kinds = rules.narrowed(purpose, to: held.kinds)
        else { throw Refusal.relationUnknown }
        let basis = ActingBasis(representative: representative, kinds: kinds)
        subject.basis = basis.text(beside: nil)
        acting = basis
    }

    /// Codes of the kinds that whoever acts is shown; nothing where the resident asks.
    var kindsShown: Value {
        acting.map { .texts($0.kinds.map(\.code).sorted()) } ?? .null
    }

    private static func residents(
        _ rows: Rows, on day: CalendarDay, _ rules: ActingRules
    ) throws -> [RepresentedResident] {
        struct Pair: Hashable {
            let person: PersonKey
            let representative: PersonKey
        }
        var order: [Pair] = []
        var held: [Pair: [HeldRelation]] = [:]
        var known: [Pair: (name: String?, birth: BirthDate?)] = [:]
        for index in 0..<rows.count {
            let row = rows[index]
            let pair = Pair(
                person: try row.uuid(0).person, representative: try row.uuid(1).person)
            if held[pair] == nil { order.append(pair) }
            held[pair, default: []].append(try HeldRelation(row, from: 2))
            known[pair] = (
                try row.optionalText(7), try row.optionalText(8).flatMap { try? BirthDate($0) }
            )
        }
        return order.compactMap { pair in
            let relations = (held[pair] ?? []).filter { $0.relation.holds(on: day) }
            let kinds = Represented(
                birth: known[pair]?.birth, relations: relations.map(\.relation)
            ).openKinds(on: day, rules)
            guard !kinds.isEmpty else { return nil }
            return RepresentedResident(
                person: pair.person, representative: pair.representative,
                name: known[pair]?.name, relations: relations, kinds: kinds)
        }
    }

    private static let columns = """
        r.person, r.representative, r.ground, r.municipality, r.valid_from, r.valid_to, r.kinds, r.name,
            r.birth_date
        """

    private static let selectRepresented = Statement(
        """
        select \(columns) from exchange.relation r where r.representative = $1
        order by r.person, r.valid_from, r.ground
        """)

    private static let selectRepresentatives = Statement(
        """
        select \(columns) from exchange.relation r where r.person = $1
        order by r.representative, r.valid_from, r.ground
        """)

    private static let selectRelation = Statement(
        """
        select \(columns) from exchange.relation r where r.person = $1 and r.representative = $2
        order by r.valid_from, r.ground
        """)
}

extension HeldRelation {
    fileprivate init(_ row: Row, from column: Int) throws {
        let kinds = try row.optionalTexts(column + 4)
        relation = Relation(
            ground: try kinds.map { .delegation(Set(try $0.map { try ConsentKind($0) })) }
                ?? .guardian(try row.text(column)),
            from: CalendarDay(daysSince1970: try row.day(column + 2)),
            to: try row.optionalDay(column + 3).map(CalendarDay.init(daysSince1970:)))
        municipality = try row.optionalText(column + 1)
    }
}

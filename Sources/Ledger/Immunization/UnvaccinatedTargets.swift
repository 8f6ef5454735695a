package import Exchange
import Postgres

/// 未接種者: whom a municipality invited and of whom it holds no dose since the invitation began.
package struct UnvaccinatedTarget: Sendable {
    /// The place in the list, to go on from.
    package let place: Int
    package let person: PersonKey
    package let identityKey: String
    package let validFrom: CalendarDay
    package let validTo: CalendarDay
}

extension Records {
    /// Those invited to the schedule whose invitation has begun, in the order in which they were registered;
    /// `vaccines` are the codes that it gives. Each of them is entered.
    package mutating func unvaccinated(
        by programme: String, giving vaccines: [String], after place: Int, limit: Int
    ) throws -> [UnvaccinatedTarget] {
        let rows = try transaction.query(
            Self.selectUnvaccinated,
            [
                .text(caller.party.code), .text(programme), .texts(vaccines), .int(place),
                .day(now.dayInJapan), .int(limit),
            ])
        let targets = try rows.map { row in
            UnvaccinatedTarget(
                place: try row.int(0), person: try row.uuid(1).person,
                identityKey: try row.text(2),
                validFrom: CalendarDay(daysSince1970: try row.day(3)),
                validTo: CalendarDay(daysSince1970: try row.day(4)))
        }
        for person in Set(targets.map(\.person)) { enter(person) }
        if targets.isEmpty { enter(nil) }
        return targets
    }

    private static let selectUnvaccinated = Statement(
        """
        select t.version, t.person, t.identity_key, t.valid_from, t.valid_to
        from exchange.vaccination_target t
        where t.municipality = $1 and t.programme = $2 and t.version > $4 and not t.is_removed
            and t.valid_from <= $5 and not exists (
                select 1 from exchange.vaccination_target n
                where n.person = t.person and n.municipality = t.municipality
                    and n.identity_key = t.identity_key and n.programme = t.programme
                    and n.valid_from = t.valid_from and n.version > t.version)
            and not exists (
                select 1 from exchange.vaccination v
                where v.person = t.person and v.status = 'completed' and v.vaccine = any ($3)
                    and v.day >= t.valid_from and not exists (
                        select 1 from exchange.vaccination n
                        where n.person = v.person and n.vaccination = v.vaccination
                            and n.version > v.version))
        order by t.version limit $6
        """)
}

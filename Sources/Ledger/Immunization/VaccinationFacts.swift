package import Exchange
import Postgres

/// 接種の根拠: what is known of a resident when a dose is judged, and the versions of all that was read.
package struct VaccinationFacts: Sendable {
    package let held: [HeldVaccination]
    package let birth: CalendarDay?
    package let sex: ResidentSex?
    let residences: [Residence]
    let bodies: [BodyStanding]

    /// What a resident is of whom nothing is known: the same for one who did not agree.
    package static let nothing = VaccinationFacts(
        held: [], birth: nil, sex: nil, residences: [], bodies: [])

    /// As the check asks about them.
    package func person(at now: Instant, _ rules: ImmunizationRules) -> NeedlePerson {
        NeedlePerson(
            birth: birth, sex: sex,
            held: held.compactMap { $0.newest.vaccination.dose(rules) }, hasGaps: hasGaps(at: now))
    }

    /// 未接続の期間: whether the resident ever lived where no connected municipality would have told of a
    /// dose.
    private func hasGaps(at now: Instant) -> Bool {
        guard let birth else { return true }
        var day = now.dayInJapan
        while day >= birth {
            guard let home = residences.residence(on: day, knownBy: now),
                let since = bodies.first(where: { $0.body == home.municipality })?.connectedSince,
                since <= max(home.from, birth)
            else { return true }
            day = home.from.adding(days: -1)
        }
        return false
    }

    /// For the entry: the rules and the versions of the records that the answer was decided from.
    package func basis(rulesVersion: String) -> String {
        var writer = JSONWriter(reservingBytes: 64 + held.count * 64)
        writer.beginObject()
        writer.member("rules", rulesVersion)
        writer.name("records")
        writer.beginArray()
        for record in held { writer.string("\(record.id.text)/\(record.newest.version)") }
        writer.endArray()
        writer.name("residences")
        writer.beginArray()
        for residence in residences { writer.int(residence.version) }
        writer.endArray()
        writer.endObject()
        return writer.text
    }
}

extension Records {
    /// What is known of a resident. Birth and sex are of whichever body says them newest; one that holds
    /// nothing but what is sensitive says nothing here.
    package mutating func vaccinationFacts(of person: PersonKey, rules: RuleBook) throws
        -> VaccinationFacts
    {
        let kinds = rules.openConsentKinds.map(\.code)
        let rows = try transaction.pipeline([
            (HeldVaccination.selectByPerson, [.person(person)]),
            (Self.selectIdentity, [.person(person), .texts(kinds)]),
            (Self.selectHomes, [.person(person)]),
        ])
        let identity = try rows[1].first.map(RegisteredIdentity.init)
        return VaccinationFacts(
            held: try rows[0].map(HeldVaccination.init),
            birth: identity.flatMap { try? BirthDate($0.birthDate).day },
            sex: identity.map { ResidentSex(registered: $0.sex) },
            residences: try rows[2].map { try Residence($0, from: 0) },
            bodies: try rows[2].map { row in
                BodyStanding(
                    body: try row.text(1),
                    connectedSince: try row.optionalDay(4).map(
                        CalendarDay.init(daysSince1970:)),
                    asOf: nil)
            })
    }

    static let selectHomes = Statement(
        """
        select r.version, r.municipality, r.from_day, r.known_at, p.connected_since
        from exchange.residence r
        left join exchange.party p on p.party = 'municipality:' || r.municipality
        where r.person = $1
        """)
}

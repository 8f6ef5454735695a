package import Exchange
import Postgres

/// 接種の根拠: what is known of a resident when a dose is judged, and the versions of all that was read.
package struct VaccinationFacts: Sendable {
    /// The newest version of every record, whichever institution sent it, in the order in which they came.
    private(set) var held: [CountedRecord]
    package private(set) var identity: RegisteredIdentity?
    private(set) var residences: [Residence]
    private(set) var bodies: [BodyStanding]
    /// 届け出られた妊娠: none unless they were asked for.
    private(set) var pregnancies: [NotifiedPregnancy] = []
    private(set) var illnesses: [RecognisedIllness] = []

    /// What a resident is of whom nothing is known: the same for one who did not agree.
    package static let nothing = VaccinationFacts(
        held: [], identity: nil, residences: [], bodies: [])

    package var birth: CalendarDay? { identity.flatMap { try? BirthDate($0.birthDate).day } }
    package var sex: ResidentSex? { identity.map { ResidentSex(registered: $0.sex) } }

    /// 長期療養特例.
    var longIllnesses: [LongIllness] { illnesses.map(\.illness) }

    /// As the check asks about them on a day.
    package func person(
        on day: CalendarDay, at now: Instant, _ rules: ImmunizationRules
    ) -> NeedlePerson {
        NeedlePerson(
            birth: birth, sex: sex,
            held: held.compactMap { $0.counted.dose(rules) }, gaps: gaps(at: now),
            seasons: rules.seasons(in: municipality(on: day, knownBy: now)),
            pregnancies: pregnancies.map(\.known), longIllnesses: longIllnesses)
    }

    /// As one who did not agree that a pregnancy be told of.
    func withoutPregnancies() -> VaccinationFacts {
        var facts = self
        facts.pregnancies = []
        return facts
    }

    /// 住所地 on a day: the municipality that pays for a dose of that day, and whose seasons are heeded; `nil`
    /// when nobody told, and abroad.
    func municipality(on day: CalendarDay, knownBy now: Instant) -> String? {
        let home = residences.residence(on: day, knownBy: now)?.municipality
        return home == Residence.nowhere ? nil : home
    }

    /// `Immunization/<id>` of each dose that counts, in the order of `person`; another institution's is no
    /// resource to this one, and is named by its place.
    package func references(_ rules: ImmunizationRules, ownedBy party: Party) -> [String] {
        held.filter { $0.counted.dose(rules) != nil }.enumerated().map { place, record in
            record.institution == party.key
                ? "Immunization/" + record.id.text : "#held-\(place + 1)"
        }
    }

    /// 未接続の期間: when the resident lived where no connected municipality would have told of a dose, the
    /// latest first. Without a birth date or a residence nobody can tell, so the whole of it is one.
    private func gaps(at now: Instant) -> [ClosedRange<CalendarDay>] {
        let first = birth ?? Self.longAgo
        var day = now.dayInJapan
        var gaps: [ClosedRange<CalendarDay>] = []
        while day >= first {
            guard birth != nil, let home = residences.residence(on: day, knownBy: now) else {
                return gaps + [first...day]
            }
            let from = max(home.from, first)
            let since = bodies.first { $0.body == home.municipality }?.connectedSince
            let last = min(since.map { $0.adding(days: -1) } ?? day, day)
            if from <= last { gaps.append(from...last) }
            day = from.adding(days: -1)
        }
        return gaps
    }

    /// Before anybody now alive was vaccinated.
    private static let longAgo = CalendarDay(daysSince1970: -25_567)

    /// For the entry: the rules and the versions of the records, and of the answers to questionnaires, that
    /// the answer was decided from; and the reasons for which a doctor goes on all the same.
    package func basis(
        rulesVersion: String, responses: [HeldScreening] = [], overrides: [NeedleOverride] = []
    ) -> String {
        var writer = JSONWriter(reservingBytes: 64 + held.count * 64)
        writer.beginObject()
        writer.member("rules", rulesVersion)
        writer.name("records")
        writer.beginArray()
        for record in held { writer.string("\(record.id.text)/\(record.version)") }
        writer.endArray()
        if !responses.isEmpty {
            writer.name("responses")
            writer.beginArray()
            for saved in responses { writer.string("\(saved.id.text)/\(saved.newest.version)") }
            writer.endArray()
        }
        writer.name("residences")
        writer.beginArray()
        for residence in residences { writer.int(residence.version) }
        writer.endArray()
        if !pregnancies.isEmpty {
            writer.name("episodes")
            writer.beginArray()
            for pregnancy in pregnancies { writer.string(pregnancy.episode.text) }
            writer.endArray()
        }
        if !illnesses.isEmpty {
            writer.name("invitations")
            writer.beginArray()
            for recognised in illnesses { writer.int(recognised.version) }
            writer.endArray()
        }
        if !overrides.isEmpty { write(overrides, to: &writer) }
        writer.endObject()
        return writer.text
    }

    private func write(_ overrides: [NeedleOverride], to writer: inout JSONWriter) {
        writer.name("overrides")
        writer.beginArray()
        for lifted in overrides {
            writer.beginObject()
            writer.member("rule", lifted.rule)
            writer.member("reason", lifted.reason)
            writer.endObject()
        }
        writer.endArray()
    }
}

/// 数える記録: the newest version of one record, as it is counted.
struct CountedRecord: Sendable {
    let id: RecordID
    let version: Int
    let counted: CountedVaccination
    /// 台帳の一行: it is a municipality's line.
    let isLine: Bool
    /// Whose record it is, by the key of the party.
    let institution: String

    /// 台帳の写し.
    var isPastDose: Bool { institution.hasPrefix(Role.municipality.rawValue + ":") }

    init(_ row: Row) throws {
        id = try row.uuid(0).record
        version = try row.int(1)
        counted = try CountedVaccination(face: try row.text(2))
        isLine = try row.bool(3)
        institution = try row.text(5)
    }
}

extension [CountedRecord] {
    /// As `ImmunizationRules.withoutCopies`, of one resident.
    func withoutCopies(_ rules: ImmunizationRules) -> [CountedRecord] {
        guard contains(where: \.isPastDose) else { return self }
        let kept = rules.withoutCopies(map { (counted: $0.counted, isPastDose: $0.isPastDose) })
        return zip(self, kept).filter { $0.1 }.map { $0.0 }
    }
}

extension Records {
    /// As `VaccinationFacts.load`, of one resident.
    package mutating func vaccinationFacts(
        of person: PersonKey, withPregnancies: Bool = false, rules: RuleBook
    ) throws -> VaccinationFacts {
        let steps = VaccinationFacts.steps(
            of: person, withPregnancies: withPregnancies, rules: rules)
        return try VaccinationFacts.read(transaction.pipeline(steps), rules)[person] ?? .nothing
    }

    /// As the resident reads them. A pregnancy is nobody's but her own: whoever acts for her is not told
    /// that there is one, nor by its going that it ended; nor is the card of a child who does not decide
    /// alone yet, since it is in a guardian's hands.
    package mutating func ownVaccinationFacts(of person: PersonKey, rules: RuleBook) throws
        -> VaccinationFacts
    {
        let facts = try vaccinationFacts(
            of: person, withPregnancies: acting == nil, rules: rules)
        let decidesFrom = rules.consentKinds.filter { $0.field == "maternal" }
            .map(\.childDecidesFromAge).max()
        guard let birth = facts.birth, let decidesFrom,
            birth.yearsCompleted(on: now.dayInJapan) < decidesFrom
        else { return facts }
        return facts.withoutPregnancies()
    }

    /// With the day from which the municipality's doses are known here: since it is connected, or since the
    /// ledger that it sent is whole.
    static let selectHomes = homes(of: "any ($1)")
    static let selectHomesOfOne = homes(of: "$1")

    private static func homes(of persons: String) -> Statement {
        Statement(homesText(of: persons))
    }

    /// `more`: further columns, each with a comma before it.
    static func homesText(of persons: String, with more: String = "") -> String {
        """
        select r.version, r.municipality, r.from_day, r.known_at,
            case when p.connected_since is not null then least(p.connected_since, p.doses_since) end,
            r.person\(more)
        from exchange.residence r
        left join exchange.party p on p.party = 'municipality:' || r.municipality
        where r.person = \(persons)
        """
    }
}

extension VaccinationFacts {
    /// What is known of each of these residents, in one round trip. Birth and sex are of whichever body says
    /// them newest; one that holds nothing but what is sensitive says nothing here. `expecting`: of whom the
    /// pregnancies are read, too.
    static func load(
        _ transaction: inout Transaction, of persons: [PersonKey], expecting: [PersonKey] = [],
        rules: RuleBook
    ) throws -> [PersonKey: VaccinationFacts] {
        guard !persons.isEmpty else { return [:] }
        return try read(
            transaction.pipeline(steps(of: persons, expecting: expecting, rules: rules)), rules)
    }

    /// Three statements, and one more where pregnancies are asked for; `read` takes their rows.
    /// `isOffice`: as the office's role may ask.
    static func steps(
        of persons: [PersonKey], expecting: [PersonKey] = [], isOffice: Bool = false,
        rules: RuleBook
    ) -> [(Statement, [Value])] {
        let keys = Value.uuids(persons.map { UUIDBytes($0) })
        return [
            isOffice ? (selectCounted, [keys]) : dosesStep(of: persons),
            (Records.selectNewestIdentities, [keys, .texts(rules.openConsentKinds.map(\.code))]),
            (RecognisedIllness.selectWithHomes, [keys]),
        ] + (expecting.isEmpty ? [] : [NotifiedPregnancy.step(of: expecting)])
    }

    /// The same of one, whose statements are planned once, as in `CheckupCompartment.reading`.
    static func steps(
        of person: PersonKey, withPregnancies: Bool, rules: RuleBook
    ) -> [(Statement, [Value])] {
        let key = Value.person(person)
        return [
            (selectVersionsOfOne, [key]),
            (Records.selectNewestIdentity, [key, .texts(rules.openConsentKinds.map(\.code))]),
            (RecognisedIllness.selectWithHomesOfOne, [key]),
        ] + (withPregnancies ? [NotifiedPregnancy.step(of: person)] : [])
    }

    /// Records alone, each to be read as a `CountedRecord`; the fifth column says whose.
    static func dosesStep(of persons: [PersonKey]) -> (Statement, [Value]) {
        (selectVersions, [.uuids(persons.map { UUIDBytes($0) })])
    }

    /// Of whom nothing is known, nothing stands here.
    static func read(_ rows: [Rows], _ rules: RuleBook) throws -> [PersonKey: VaccinationFacts] {
        var facts: [PersonKey: VaccinationFacts] = [:]
        for index in 0..<rows[0].count {
            try facts[rows[0][index].uuid(4).person, default: .nothing].held.append(
                CountedRecord(rows[0][index]))
        }
        if let immunization = rules.immunization {
            for person in facts.keys { facts[person]?.leaveOutCopies(immunization) }
        }
        for index in 0..<rows[1].count {
            let row = rows[1][index]
            facts[try row.uuid(4).person, default: .nothing].identity = try RegisteredIdentity(row)
        }
        for index in 0..<rows[2].count {
            let row = rows[2][index]
            let person = try row.uuid(5).person
            if let recognised = try RecognisedIllness(row) {
                facts[person, default: .nothing].illnesses.append(recognised)
            } else {
                try facts[person, default: .nothing].addHome(row)
            }
        }
        if rows.count > 3, let maternal = rules.maternal {
            for (person, pregnancies) in try NotifiedPregnancy.read(rows[3], maternal) {
                facts[person, default: .nothing].pregnancies = pregnancies
            }
        }
        return facts
    }

    private mutating func leaveOutCopies(_ rules: ImmunizationRules) {
        held = held.withoutCopies(rules)
    }

    private mutating func addHome(_ row: Row) throws {
        residences.append(try Residence(row, from: 0))
        bodies.append(
            BodyStanding(
                body: try row.text(1),
                connectedSince: try row.optionalDay(4).map(CalendarDay.init(daysSince1970:)),
                asOf: nil))
    }

    private static let selectVersions = versions(
        of: "exchange.vaccination", counted: "coalesce(v.counted, v.face)")
    private static let selectVersionsOfOne = versions(
        of: "exchange.vaccination", counted: "coalesce(v.counted, v.face)",
        among: "(values ($1::uuid))")
    private static let selectCounted = versions(of: "exchange.counted_dose", counted: "v.counted")

    /// As `dosesStep`, of what was recorded by a moment: all of it without one.
    static let selectVersionsAsOf = versions(
        of: "exchange.vaccination", counted: "coalesce(v.counted, v.face)",
        where: "where $2::timestamptz is null or v.recorded_at <= $2")

    private static func versions(
        of table: String, counted: String, among persons: String = "unnest($1::uuid[])",
        where asked: String = ""
    ) -> Statement {
        Statement(
            """
            select held.vaccination, held.version, held.counted, held.is_line, q.person, held.party
            from \(persons) as q(person)
            cross join lateral (
                select distinct on (v.vaccination) v.vaccination, v.version, v.recorded_at, v.party,
                    \(counted) as counted,
                    coalesce(v.is_line, exists (
                        select 1 from exchange.vaccination_claim c
                        where c.person = v.person and c.vaccination = v.vaccination
                            and c.version = v.version and c.refusal is null)) as is_line
                from \(Survivors.eachRecord(of: "q.person")) r
                join \(table) v on v.person = r.record
                \(asked)
                order by v.vaccination, v.version desc) held
            order by held.recorded_at, held.vaccination
            """)
    }
}

package import Exchange
import Postgres

/// 母子保健の根拠: what is known of a resident when a checkup is recorded or planned.
package struct MaternalFacts: Sendable {
    package let name: String?
    package let birth: CalendarDay?
    package let sex: ResidentSex?
    let held: [HeldEpisode]
    let residences: [Residence]
    /// 届け出た市区町村: those whose word on the resident stands.
    let notifiers: Set<String>

    package var episodes: [MaternalEpisode] { held.map { $0.episode() } }

    /// 出生日, as notified or as registered.
    package var childBirth: CalendarDay? {
        episodes.last { $0.notification.birth != nil && !$0.notification.isWithdrawn }?
            .notification.birth ?? birth
    }

    /// 住所地, as it was known then; `nil` abroad, too.
    package func municipality(on day: CalendarDay, knownBy now: Instant) -> String? {
        let home = residences.residence(on: day, knownBy: now)?.municipality
        return home == Residence.nowhere ? nil : home
    }

    /// 事後措置を担う市区町村: where the resident lived on the day of what asks for it; or lives now, once that one has
    /// taken the family over. A task sent to a town that was left would wait there for nobody.
    func keeper(on day: CalendarDay, at now: Instant) -> String? {
        let home = municipality(on: now.dayInJapan, knownBy: now)
        if let home, notifiers.contains(home) { return home }
        return municipality(on: day, knownBy: now)
    }

    /// What a checkup is counted from: as notified, or for a child as registered.
    package func origin(of result: CheckupResult, _ rules: MaternalRules) -> CheckupOrigin? {
        if let episode = episodes.episode(of: result, rules) {
            return episode.origin(of: result, rules)
        }
        return rules.isOfChild(result.checkup) ? birth.map(CheckupOrigin.birth) : nil
    }

    /// For the entry: the rules, and the residences and episodes that the line was decided from.
    func basis(rulesVersion: String) -> String {
        var writer = JSONWriter(reservingBytes: 128)
        writer.beginObject()
        writer.member("rules", rulesVersion)
        writer.name("residences")
        writer.beginArray()
        for residence in residences { writer.int(residence.version) }
        writer.endArray()
        writer.name("episodes")
        writer.beginArray()
        for episode in held { writer.string(episode.id.text) }
        writer.endArray()
        writer.endObject()
        return writer.text
    }
}

extension MaternalFacts {
    /// What a resident is of whom nothing is known.
    static let nothing = MaternalFacts(
        name: nil, birth: nil, sex: nil, held: [], residences: [], notifiers: [])
}

extension Records {
    /// As `MaternalReading`, of one resident. Throws `.rulesUnknown`.
    package mutating func maternalFacts(of person: PersonKey, rules: RuleBook) throws
        -> MaternalFacts
    {
        guard let maternal = rules.maternal else { throw Refusal.rulesUnknown }
        let rows = try transaction.pipeline(MaternalReading.steps(of: person, rules: rules))
        return try MaternalReading(rows, maternal).facts(of: person, at: now)
    }
}

/// 母子保健の読み取り: of many residents at once. Birth and sex are of whichever body says them newest; one that
/// holds nothing but what is sensitive says nothing here.
struct MaternalReading {
    private var identities: [PersonKey: RegisteredIdentity] = [:]
    private var residences: [PersonKey: [Residence]] = [:]
    private let episodes: EpisodeReading

    /// Four statements; their rows make the reading.
    static func steps(of persons: [PersonKey], rules: RuleBook) -> [(Statement, [Value])] {
        let keys = Value.uuids(persons.map { UUIDBytes($0) })
        return [
            (Records.selectNewestIdentities, [keys, .texts(rules.openConsentKinds.map(\.code))]),
            (Records.selectHomes, [keys]),
        ] + EpisodeReading.steps(of: persons)
    }

    /// The same of one, whose statements are planned once, as in `CheckupCompartment.reading`.
    static func steps(of person: PersonKey, rules: RuleBook) -> [(Statement, [Value])] {
        let key = Value.person(person)
        return [
            (Records.selectNewestIdentity, [key, .texts(rules.openConsentKinds.map(\.code))]),
            (Records.selectHomesOfOne, [key]),
        ] + EpisodeReading.steps(of: person)
    }

    init(_ rows: [Rows], _ maternal: MaternalRules) throws {
        for index in 0..<rows[0].count {
            identities[try rows[0][index].uuid(4).person] = try RegisteredIdentity(rows[0][index])
        }
        for index in 0..<rows[1].count {
            let row = rows[1][index]
            residences[try row.uuid(5).person, default: []].append(try Residence(row, from: 0))
        }
        episodes = try EpisodeReading(Array(rows[2...]), maternal)
    }

    func facts(of person: PersonKey, at now: Instant) -> MaternalFacts {
        let identity = identities[person]
        let homes = residences[person] ?? []
        let held = episodes.episodes(of: person, homes, knownBy: now)
        return MaternalFacts(
            name: identity?.name, birth: identity.flatMap { try? BirthDate($0.birthDate).day },
            sex: identity.map { ResidentSex(registered: $0.sex) },
            held: held, residences: homes,
            notifiers: Set(
                held.flatMap { episodes.standing(on: $0, of: person) }.map(\.municipality)))
    }

    func lastSequence(_ visit: TicketVisit) -> Int { episodes.lastSequence(visit) }
}

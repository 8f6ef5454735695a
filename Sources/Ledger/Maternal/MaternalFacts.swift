package import Exchange
import Postgres

/// 母子保健の根拠: what is known of a resident when a checkup is recorded or planned.
package struct MaternalFacts: Sendable {
    package let name: String?
    package let birth: CalendarDay?
    package let sex: ResidentSex?
    package let episodes: [MaternalEpisode]
    let residences: [Residence]
    /// 届け出た市区町村: those whose word on the resident stands.
    let notifiers: Set<String>

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
        for episode in episodes { writer.string(episode.id.text) }
        writer.endArray()
        writer.endObject()
        return writer.text
    }
}

extension MaternalFacts {
    /// What a resident is of whom nothing is known.
    static let nothing = MaternalFacts(
        name: nil, birth: nil, sex: nil, episodes: [], residences: [], notifiers: [])
}

extension Records {
    /// As `MaternalReading`, of one resident. Throws `.rulesUnknown`.
    package mutating func maternalFacts(of person: PersonKey, rules: RuleBook) throws
        -> MaternalFacts
    {
        guard let maternal = rules.maternal else { throw Refusal.rulesUnknown }
        let rows = try transaction.pipeline(MaternalReading.steps(of: [person], rules: rules))
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
        return MaternalFacts(
            name: identity?.name, birth: identity.flatMap { try? BirthDate($0.birthDate).day },
            sex: identity.map { ResidentSex(registered: $0.sex) },
            episodes: episodes.episodes(of: person, homes, knownBy: now), residences: homes,
            notifiers: Set(
                episodes.said(of: person).filter { !$0.notification.isWithdrawn }.map(
                    \.municipality)))
    }

    func lastSequence(_ visit: TicketVisit) -> Int { episodes.lastSequence(visit) }
}

/// 妊娠と子: what was said, given out and used, read for many persons at once.
struct EpisodeReading {
    /// What one municipality says now, with what it said word for word.
    struct Said {
        let episode: RecordID
        let municipality: String
        let notification: MaternalNotification
        let face: String
    }

    private var said: [PersonKey: [Said]] = [:]
    private var tickets: [PersonKey: [GivenTicket]] = [:]
    private var sequences: [TicketVisit: Int] = [:]

    static func steps(of persons: [PersonKey]) -> [(Statement, [Value])] {
        let values: [Value] = [.uuids(persons.map { UUIDBytes($0) })]
        return [(selectNotifications, values), (selectTickets, values)]
    }

    init(_ rows: [Rows], _ rules: MaternalRules) throws {
        for row in try rows[0].map({ $0 }) {
            let face = try row.text(3)
            said[try row.uuid(0).person, default: []].append(
                Said(
                    episode: try row.uuid(1).record, municipality: try row.text(2),
                    notification: try MaternalNotification(face: face, rules), face: face))
        }
        for row in try rows[1].map({ $0 }) { try add(row) }
    }

    func said(of person: PersonKey) -> [Said] { said[person] ?? [] }

    /// The number of the last event of a visit that tickets stand for; 0 where there was none.
    func lastSequence(_ visit: TicketVisit) -> Int { sequences[visit] ?? 0 }

    /// Of one person: the last word on each speaks. Where a family lives is what the residence feed says: a
    /// ticket counts no longer from the day on which the family lives elsewhere, whether or not anybody
    /// gave out others.
    func episodes(
        of person: PersonKey, _ residences: [Residence], knownBy now: Instant
    ) -> [MaternalEpisode] {
        episodes(of: person, heeding: []) { $0.moved(by: residences, knownBy: now) }
    }

    /// The same as the next ticket given out must know them: with those that `body` gave out before it took
    /// its word back, and wherever the family lived.
    func episodesAsGivenOut(to person: PersonKey, by body: String) -> [MaternalEpisode] {
        episodes(of: person, heeding: [body]) { $0 }
    }

    /// 取り下げた届出: tickets that such a word gave out do not count, and those that it replaced are open
    /// again; `more`: whose count all the same.
    private func episodes(
        of person: PersonKey, heeding more: Set<String>,
        _ counting: (CheckupTicket) -> CheckupTicket
    ) -> [MaternalEpisode] {
        var order: [RecordID] = []
        var words: [RecordID: [Said]] = [:]
        for word in said(of: person) {
            if words[word.episode] == nil { order.append(word.episode) }
            words[word.episode, default: []].append(word)
        }
        return order.compactMap { id in
            // What was taken back by one municipality may stand by the word of another.
            let said = words[id] ?? []
            guard let last = said.last(where: { !$0.notification.isWithdrawn }) ?? said.last
            else { return nil }
            let standing = said.filter { !$0.notification.isWithdrawn }.map(\.municipality)
            let bodies = more.union(standing)
            let given = (tickets[person] ?? []).filter {
                $0.episode == id && bodies.contains($0.ticket.number.body)
            }
            return MaternalEpisode(
                id: id, notification: last.notification,
                tickets: given.map { counting($0.ticket(heeding: bodies)) })
        }
    }

    private mutating func add(_ row: Row) throws {
        let person = try row.uuid(0).person
        let episode = try row.uuid(1).record
        let number = CheckupTicket.Number(
            body: try row.text(2), kind: try row.text(3), serial: try row.int(4),
            issue: try row.int(5))
        var use: CheckupTicket.Use?
        if let day = try row.optionalDay(7) {
            use = CheckupTicket.Use(
                day: CalendarDay(daysSince1970: day),
                institution: try Party(key: try row.text(8)).code,
                key: try row.uuid(9).record.text)
        }
        tickets[person, default: []].append(
            GivenTicket(
                episode: episode,
                ticket: CheckupTicket(
                    number: number, validFrom: CalendarDay(daysSince1970: try row.day(6)),
                    use: use,
                    returnedOn: try row.optionalDay(12).map(CalendarDay.init(daysSince1970:)),
                    face: try CheckupTicket.Face(row, from: 13)),
                replacements: try row.texts(10).compactMap(GivenTicket.Replacement.init(kept:))))
        let visit = TicketVisit(person: person, episode: episode, number: number)
        sequences[visit] = max(lastSequence(visit), try row.int(11))
    }

    /// The newest of each key, in the order in which the family came to those who spoke.
    private static let selectNotifications = Statement(
        """
        select person, episode, municipality, face from (
            select distinct on (person, municipality, notification_key) person, version, episode,
                municipality, face, max(case when takes then version end) over (
                    partition by person, municipality, notification_key) as held_from
            from exchange.maternal_notification where person = any ($1)
            order by person, municipality, notification_key, version desc) newest
        order by held_from, version
        """)

    private static func events(_ event: String) -> String {
        """
        exchange.checkup_ticket_event r
            where r.person = t.person and r.episode = t.episode and r.kind = t.kind
                and r.serial = t.serial and r.body = t.body and r.issue = t.issue
                and r.event = '\(event)'
        """
    }

    /// Each ticket with its standing use, its replacements, the last event of its visit, and its return.
    private static let selectTickets = Statement(
        """
        select t.person, t.episode, t.body, t.kind, t.serial, t.issue, t.valid_from,
            case when e.event = 'use' then e.day end, case when e.event = 'use' then e.party end,
            case when e.event = 'use' then e.result end,
            array(
                select concat(to_char(r.day, 'YYYY-MM-DD'), ' ', r.said_by)
                from \(events("replace"))),
            coalesce((select max(l.sequence) from exchange.checkup_ticket_event l
                where l.person = t.person and l.episode = t.episode and l.kind = t.kind
                    and l.serial = t.serial), 0),
            (select min(r.day) from \(events("return"))), p.number, p.valid_from, p.valid_to, p.limit_yen
        from exchange.checkup_ticket t
        left join lateral (
            select event, day, party, result from exchange.checkup_ticket_event u
            where u.person = t.person and u.episode = t.episode and u.kind = t.kind
                and u.serial = t.serial and u.body = t.body and u.issue = t.issue
                and u.event in ('use', 'cancel')
            order by u.sequence desc limit 1) e on true
        left join lateral (
            select number, valid_from, valid_to, limit_yen from exchange.checkup_ticket_face f
            where f.person = t.person and f.episode = t.episode and f.kind = t.kind
                and f.serial = t.serial and f.body = t.body and f.issue = t.issue
            order by f.version desc limit 1) p on true
        where t.person = any ($1)
        order by t.valid_from, t.body, t.kind, t.serial, t.issue
        """)
}

/// 交付された受診券, with what the words of municipalities did to it.
private struct GivenTicket {
    struct Replacement {
        let day: CalendarDay
        /// Whose word it was; nothing where it was kept before anybody asked.
        let municipality: String?
    }

    let episode: RecordID
    /// Replaced by nobody.
    let ticket: CheckupTicket
    let replacements: [Replacement]

    /// As it is by the words of these municipalities alone.
    func ticket(heeding bodies: Set<String>) -> CheckupTicket {
        let days = replacements.filter { $0.municipality.map(bodies.contains) ?? true }.map(\.day)
        return CheckupTicket(
            number: ticket.number, validFrom: ticket.validFrom, use: ticket.use,
            returnedOn: ticket.returnedOn, replacedOn: days.min(), face: ticket.face)
    }
}

extension GivenTicket.Replacement {
    /// `<day> <municipality>`, or the day alone.
    init?(kept text: String) {
        let parts = text.split(separator: " ").map(String.init)
        guard let first = parts.first, let day = try? CalendarDay(first) else { return nil }
        self.init(day: day, municipality: parts.count > 1 ? parts[1] : nil)
    }
}

/// 受診の回: what a ticket of any municipality stands for.
struct TicketVisit: Hashable {
    let person: PersonKey
    let episode: RecordID
    let kind: String
    let serial: Int
}

extension TicketVisit {
    init(person: PersonKey, episode: RecordID, number: CheckupTicket.Number) {
        self.init(person: person, episode: episode, kind: number.kind, serial: number.serial)
    }
}

extension CheckupTicket.Face {
    fileprivate init?(_ row: Row, from column: Int) throws {
        guard let number = try row.optionalText(column) else { return nil }
        self.init(
            number: number, validFrom: CalendarDay(daysSince1970: try row.day(column + 1)),
            validTo: CalendarDay(daysSince1970: try row.day(column + 2)),
            limitYen: try row.optionalInt(column + 3))
    }
}

extension CheckupTicket {
    /// Replaced from the first day after it was given out on which the family lived elsewhere.
    fileprivate func moved(by residences: [Residence], knownBy now: Instant) -> CheckupTicket {
        let left = residences.filter {
            $0.knownAt <= now && $0.from > validFrom && $0.municipality != number.body
                && residences.residence(on: $0.from, knownBy: now)?.municipality
                    == $0.municipality
        }.map(\.from).min()
        let days = [left, replacedOn].compactMap(\.self)
        return CheckupTicket(
            number: number, validFrom: validFrom, use: use, returnedOn: returnedOn,
            replacedOn: days.min(), face: face)
    }
}

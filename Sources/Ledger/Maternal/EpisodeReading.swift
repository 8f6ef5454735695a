import Exchange
import Postgres

/// 妊娠と子: what was said, given out and used, read for many persons at once, of each under every record that
/// is of them.
struct EpisodeReading {
    /// What one municipality says now, with what it said word for word.
    struct Said {
        let place: EpisodePlace
        let municipality: String
        let notification: MaternalNotification
        let face: String

        fileprivate var key: [String] { [municipality, notification.key] }

        /// 転入: one that notified under one record, on a later day than another gave out its tickets
        /// under the other, took over without knowing of them.
        fileprivate func takesOver(_ given: GivenTicket) -> Bool {
            given.place.person != place.person && given.ticket.number.body != municipality
                && given.ticket.validFrom < notification.notifiedOn
        }
    }

    private let rules: MaternalRules
    private var said: [PersonKey: [Said]] = [:]
    private var tickets: [PersonKey: [GivenTicket]] = [:]
    private var sequences: [TicketVisit: Int] = [:]

    static func steps(of persons: [PersonKey]) -> [(Statement, [Value])] {
        let values: [Value] = [.uuids(Set(persons).map { UUIDBytes($0) })]
        return [(selectNotifications, values), (selectTickets, values)]
    }

    /// The same of one, whose statements are planned once, as in `CheckupCompartment.reading`.
    static func steps(of person: PersonKey) -> [(Statement, [Value])] {
        [(selectNotificationsOfOne, [.person(person)]), (selectTicketsOfOne, [.person(person)])]
    }

    init(_ rows: [Rows], _ rules: MaternalRules) throws {
        self.rules = rules
        for row in try rows[0].map({ $0 }) {
            let face = try row.text(3)
            said[try row.uuid(4).person, default: []].append(
                Said(
                    place: EpisodePlace(
                        person: try row.uuid(0).person, episode: try row.uuid(1).record),
                    municipality: try row.text(2),
                    notification: try MaternalNotification(face: face, rules), face: face))
        }
        for row in try rows[1].map({ $0 }) { try add(row) }
    }

    func said(of person: PersonKey) -> [Said] { said[person] ?? [] }

    /// What stands of one pregnancy or child, in the order in which the family came to those who spoke.
    func standing(on held: HeldEpisode, of person: PersonKey) -> [Said] {
        Self.speaking(said(of: person).filter { held.tells(at: $0.place) })
            .filter { !$0.notification.isWithdrawn }
    }

    /// Of a key that was said under two records, the newer word alone speaks.
    private static func speaking(_ words: [Said]) -> [Said] {
        let newest = Dictionary(words.map { ($0.key, $0) }, uniquingKeysWith: { $1 })
        return words.filter { newest[$0.key]?.place == $0.place }
    }

    /// The number of the last event of a visit that tickets stand for; 0 where there was none.
    func lastSequence(_ visit: TicketVisit) -> Int { sequences[visit] ?? 0 }

    /// Of one person: the last word on each speaks. Where a family lives is what the residence feed says: a
    /// ticket counts no longer from the day on which the family lives elsewhere, whether or not anybody
    /// gave out others.
    func episodes(
        of person: PersonKey, _ residences: [Residence], knownBy now: Instant
    ) -> [HeldEpisode] {
        episodes(of: person, heeding: []) { $0.moved(by: residences, knownBy: now) }
    }

    /// The same as the next ticket given out must know them: with those that `body` gave out before it took
    /// its word back, and wherever the family lived.
    func episodesAsGivenOut(to person: PersonKey, by body: String) -> [HeldEpisode] {
        episodes(of: person, heeding: [body]) { $0 }
    }

    /// 取り下げた届出: tickets that such a word gave out do not count, and those that it replaced are open
    /// again; `more`: whose count all the same.
    private func episodes(
        of person: PersonKey, heeding more: Set<String>,
        _ counting: (CheckupTicket) -> CheckupTicket
    ) -> [HeldEpisode] {
        let told = said(of: person)
        return groups(told).compactMap { ids in
            let words = told.filter { ids.contains($0.place.episode) }
            let speaking = Self.speaking(words)
            // What was taken back by one municipality may stand by the word of another.
            let standing = speaking.filter { !$0.notification.isWithdrawn }
            guard let last = standing.last ?? speaking.last else { return nil }
            let keys = Set(standing.map(\.key))
            let kept = Set(words.filter { keys.contains($0.key) }.map(\.place.episode))
            let bodies = more.union(standing.map(\.municipality))
            let given = (tickets[person] ?? []).filter { ids.contains($0.place.episode) }
            let counted = given.compactMap { one -> HeldEpisode.Ticket? in
                // 取り下げられた届出の使用済みの券: a second notification of what another record tells of was a
                // mistake, and the checkup that was paid for by its ticket was none.
                let isMistake = !kept.isEmpty && !kept.contains(one.place.episode)
                let held = one.held(heeding: bodies)
                guard !isMistake else { return held.ticket.use == nil ? nil : held }
                guard bodies.contains(held.ticket.number.body) else { return nil }
                let taken = standing.filter { $0.takesOver(one) }
                    .map(\.notification.notifiedOn).min()
                return HeldEpisode.Ticket(
                    place: held.place, ticket: counting(held.ticket).replaced(on: taken))
            }
            let own = ids.first { id in
                (kept.isEmpty || kept.contains(id))
                    && words.contains { $0.place == EpisodePlace(person: person, episode: id) }
            }
            return HeldEpisode(
                id: own ?? last.place.episode, places: Set(words.map(\.place)),
                notification: last.notification, tickets: counted)
        }
    }

    /// 同じ妊娠・同じ子: what was notified under one record is told apart by its number. Under two, which nobody
    /// could know of each other, what a municipality names by one key is the same, and what cannot be two.
    private func groups(_ told: [Said]) -> [[RecordID]] {
        var words: [RecordID: [Said]] = [:]
        var groups: [[RecordID]] = []
        for word in told {
            if words[word.place.episode] == nil { groups.append([word.place.episode]) }
            words[word.place.episode, default: []].append(word)
        }
        guard Set(told.map(\.place.person)).count > 1 else { return groups }
        var joined: [[RecordID]] = []
        for group in groups {
            let ids = group.flatMap { id in
                joined.flatMap(\.self).filter {
                    isSame(words[$0] ?? [], words[id] ?? [])
                }
            }
            let others = joined.filter { !$0.contains(where: ids.contains) }
            let same = joined.filter { $0.contains(where: ids.contains) }
            joined = others + [same.flatMap(\.self) + group]
        }
        return joined
    }

    private func isSame(_ one: [Said], _ other: [Said]) -> Bool {
        let records = Set(one.map(\.place.person))
        guard !other.contains(where: { records.contains($0.place.person) }) else { return false }
        func last(_ words: [Said]) -> MaternalNotification? {
            (words.last { !$0.notification.isWithdrawn } ?? words.last)?.notification
        }
        guard let left = last(one), let right = last(other), left.kind == right.kind else {
            return false
        }
        let keys = Set(one.map(\.key))
        return other.contains { keys.contains($0.key) } || left.isOfSame(as: right, rules)
    }

    private mutating func add(_ row: Row) throws {
        let person = try row.uuid(0).person
        let place = EpisodePlace(person: person, episode: try row.uuid(1).record)
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
        tickets[try row.uuid(17).person, default: []].append(
            GivenTicket(
                place: place,
                ticket: CheckupTicket(
                    number: number, validFrom: CalendarDay(daysSince1970: try row.day(6)),
                    use: use,
                    returnedOn: try row.optionalDay(12).map(CalendarDay.init(daysSince1970:)),
                    face: try CheckupTicket.Face(row, from: 13)),
                replacements: try row.texts(10).compactMap(GivenTicket.Replacement.init(kept:))))
        let visit = TicketVisit(at: place, number: number)
        sequences[visit] = max(lastSequence(visit), try row.int(11))
    }

    private static let selectNotifications = notifications(among: "unnest($1::uuid[])")
    private static let selectTickets = tickets(among: "unnest($1::uuid[])")
    private static let selectNotificationsOfOne = notifications(among: "(values ($1::uuid))")
    private static let selectTicketsOfOne = tickets(among: "(values ($1::uuid))")

    /// The newest of each key under each record, in the order in which the family came to those who spoke.
    private static func notifications(among persons: String) -> Statement {
        Statement(
            """
            select newest.person, newest.episode, newest.municipality, newest.face, q.person
            from \(persons) as q(person)
            cross join lateral \(StandingWord.newestOfEachKey(of: "q.person")) newest
            order by \(StandingWord.heldFrom("newest", of: "q.person")), newest.version
            """)
    }

    private static func events(_ event: String) -> String {
        """
        exchange.checkup_ticket_event r
            where r.person = t.person and r.episode = t.episode and r.kind = t.kind
                and r.serial = t.serial and r.body = t.body and r.issue = t.issue
                and r.event = '\(event)'
        """
    }

    /// Each ticket with its standing use, its replacements, the last event of its visit, and its return.
    private static func tickets(among persons: String) -> Statement {
        Statement(
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
                (select min(r.day) from \(events("return"))), p.number, p.valid_from, p.valid_to,
                p.limit_yen, q.person
            from \(persons) as q(person)
            cross join lateral \(Survivors.eachRecord(of: "q.person")) one
            join exchange.checkup_ticket t on t.person = one.record
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
            order by t.valid_from, t.body, t.kind, t.serial, t.issue, t.person = q.person desc
            """)
    }
}

/// 交付された受診券, with what the words of municipalities did to it.
private struct GivenTicket {
    struct Replacement {
        let day: CalendarDay
        /// Whose word it was; nothing where it was kept before anybody asked.
        let municipality: String?
    }

    let place: EpisodePlace
    /// Replaced by nobody.
    let ticket: CheckupTicket
    let replacements: [Replacement]

    /// As it is by the words of these municipalities alone.
    func held(heeding bodies: Set<String>) -> HeldEpisode.Ticket {
        let days = replacements.filter { $0.municipality.map(bodies.contains) ?? true }.map(\.day)
        return HeldEpisode.Ticket(place: place, ticket: ticket.replaced(on: days.min()))
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
    let at: EpisodePlace
    let kind: String
    let serial: Int
}

extension TicketVisit {
    init(at place: EpisodePlace, number: CheckupTicket.Number) {
        self.init(at: place, kind: number.kind, serial: number.serial)
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
    /// On this day, or before.
    fileprivate func replaced(on day: CalendarDay?) -> CheckupTicket {
        CheckupTicket(
            number: number, validFrom: validFrom, use: use, returnedOn: returnedOn,
            replacedOn: [day, replacedOn].compactMap(\.self).min(), face: face)
    }

    /// Replaced from the first day after it was given out on which the family lived elsewhere.
    fileprivate func moved(by residences: [Residence], knownBy now: Instant) -> CheckupTicket {
        let left = residences.filter {
            $0.knownAt <= now && $0.from > validFrom && $0.municipality != number.body
                && residences.residence(on: $0.from, knownBy: now)?.municipality
                    == $0.municipality
        }.map(\.from).min()
        return replaced(on: left)
    }
}

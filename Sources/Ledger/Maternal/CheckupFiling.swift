import Exchange
import Postgres

/// 健診結果の綴じ込み: everything that one version of a report writes, decided before any of it is written.
struct CheckupFiling {
    let held: HeldCheckup
    private let followUps: [String]
    private let municipality: String?
    private let rules: MaternalRules
    private let rulesVersion: String
    private let ticketEvents: [TicketChange]

    /// `others`: the newest version of every report of the resident, the one before this among them.
    ///
    /// Throws `.resultRefused` and `.ticketRefused`.
    init(
        _ version: CheckupVersion, in compartment: CheckupCompartment, _ visit: FieldVisit,
        _ facts: MaternalFacts, others: [CheckupVersion],
        rules: (maternal: MaternalRules, version: String)
    ) throws {
        let result = version.report.result
        let isWithdrawn = version.report.status == .enteredInError
        municipality = facts.municipality(on: result.day, knownBy: version.recordedAt)
        let checked = rules.maternal.check(
            result, of: facts.origin(of: result, rules.maternal), in: compartment)
        guard checked.isAccepted || isWithdrawn else {
            throw Refusal.resultRefused(checked.findings.filter { $0.severity == .error })
        }
        followUps = isWithdrawn ? [] : checked.followUps
        var warnings = isWithdrawn ? [] : checked.findings.filter { $0.severity == .warning }
        if municipality == nil, !followUps.isEmpty {
            warnings.append(ItemFinding(item: result.checkup, code: .followUpUnsent))
        }
        var line: CheckupLine?
        var changes: [TicketChange] = []
        if compartment == .open {
            let episode = facts.episodes.episode(of: result, rules.maternal)
            do throws(MaternalRefusal) {
                line = try rules.maternal.line(
                    of: version,
                    CheckupClaimFacts(
                        municipality: municipality,
                        tickets: try episode?.book(rules.maternal, without: version.id)
                            ?? TicketBook(),
                        others: others.filter { $0.id != version.id }))
            } catch {
                throw Refusal.ticketRefused(error)
            }
            changes = TicketChange.all(
                of: version, using: line?.ticket, of: episode?.id, among: facts.episodes)
        }
        ticketEvents = changes
        self.rules = rules.maternal
        rulesVersion = rules.version
        held = HeldCheckup(
            id: try RecordID(version.id), person: visit.person, visit: visit.visit,
            shown: ShownCheckup(
                version: version, compartment: compartment, warnings: warnings, line: line))
    }

    func steps(by party: Party) -> [(Statement, [Value])] {
        var steps = [insertion]
        if let line = held.shown.line { steps.append(insertion(of: line)) }
        steps += ticketEvents.map { $0.insertion(of: held, by: party) }
        if let tasks { steps.append(tasks) }
        return steps
    }

    private var insertion: (Statement, [Value]) {
        let version = held.newest
        let report = version.report
        return (
            held.shown.compartment.insert,
            [
                .person(held.person), .id(held.id), .int(version.version),
                .text(version.institution.key), .text(report.identifier.system),
                .text(report.identifier.value), .text(report.status.rawValue),
                .text(report.result.checkup), .day(report.result.day), .text(report.face),
                .texts(held.shown.warnings.map(\.stored)), .texts(followUps),
                .text(optional: municipality), .id(held.visit), .text(rulesVersion),
                .time(version.recordedAt),
            ]
        )
    }

    private func insertion(of line: CheckupLine) -> (Statement, [Value]) {
        let version = held.newest
        let result = version.report.result
        return (
            Self.insertLine,
            [
                .person(held.person), .id(held.id), .int(version.version),
                .text(optional: line.municipality), .text(result.checkup), .day(result.day),
                .text(optional: line.judgement), .bool(line.isOutOfArea),
                .text(optional: line.ticket?.body), .text(optional: line.ticket?.kind),
                .orNull(line.ticket?.serial), .orNull(line.ticket?.issue),
                .orNull(line.charge?.yen), .text(optional: line.charge?.source),
                .text(optional: line.refusal?.rawValue), .time(version.recordedAt),
            ]
        )
    }

    /// 事後措置: a task once for each that any version asked for. Where nobody lives nobody can do it.
    private var tasks: (Statement, [Value])? {
        guard let municipality, !followUps.isEmpty else { return nil }
        let day = held.newest.report.result.day
        let isSensitive = held.shown.compartment == .sensitive
        let rows = followUps.compactMap { self.rules.followUps[$0] }
        return (
            Self.insertTasks,
            [
                .person(held.person), .uuids(rows.map { _ in UUIDBytes(RecordID.random()) }),
                .id(held.id), .texts(rows.map(\.code)), .text(municipality),
                .days(rows.map { $0.dueDay(after: day).daysSince1970 }),
                .bools(rows.map { isSensitive || $0.isSensitive }), .time(held.newest.recordedAt),
            ]
        )
    }

    private static let insertLine = Statement(
        """
        insert into exchange.checkup_line (person, result, version, municipality, checkup, day,
            judgement, is_out_of_area, ticket_body, ticket_kind, ticket_serial, ticket_issue, yen,
            price_source, refusal, made_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        """)

    private static let insertTasks = Statement(
        """
        insert into exchange.follow_up (person, follow_up, result, code, municipality, due_day,
            is_sensitive, made_at)
        select $1, follow_up, $3, code, $5, due_day, is_sensitive, $8
        from unnest($2::uuid[], $4::text[], $6::date[], $7::bool[])
            as t(follow_up, code, due_day, is_sensitive)
        on conflict (person, result, code) do nothing
        """)
}

extension CheckupCompartment {
    fileprivate var insert: Statement { self == .open ? Self.insertOpen : Self.insertSensitive }

    private static let insertOpen = insert(into: .open)
    private static let insertSensitive = insert(into: .sensitive)

    private static func insert(into compartment: Self) -> Statement {
        Statement(
            """
            insert into \(compartment.table) (person, result, version, party, identifier_system,
                identifier, status, checkup, day, face, warnings, follow_ups, municipality, visit,
                rules, recorded_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
            """)
    }
}

extension MaternalEpisode {
    /// The book as it is for a report that is sent again: its own use is free to be made anew.
    fileprivate func book(
        _ rules: MaternalRules, without report: String
    ) throws(MaternalRefusal) -> TicketBook {
        let book = book(rules)
        guard let own = tickets.first(where: { $0.use?.key == report }) else { return book }
        return try book.applying(.cancelUse(own.number, key: report))
    }
}

/// 受診券の出来事 that a version of a report brings about.
struct TicketChange {
    let event: String
    let episode: RecordID
    let number: CheckupTicket.Number
    let day: CalendarDay

    /// What the version before it used is given back, unless this one uses the same on the same day.
    static func all(
        of version: CheckupVersion, using ticket: CheckupTicket.Number?, of episode: RecordID?,
        among episodes: [MaternalEpisode]
    ) -> [TicketChange] {
        var uses: [TicketChange] = []
        for episode in episodes {
            for held in episode.tickets where held.use?.key == version.id {
                uses.append(
                    TicketChange(
                        event: "cancel", episode: episode.id, number: held.number,
                        day: held.use?.day ?? version.report.result.day))
            }
        }
        guard let ticket, let episode else { return uses }
        let day = version.report.result.day
        let isSame = uses.contains { $0.number == ticket && $0.day == day }
        guard !isSame else { return [] }
        return uses + [TicketChange(event: "use", episode: episode, number: ticket, day: day)]
    }

    fileprivate func insertion(of held: HeldCheckup, by party: Party) -> (Statement, [Value]) {
        (
            Self.insert,
            [
                .person(held.person), .id(episode), .text(number.kind), .int(number.serial),
                .text(number.body), .int(number.issue), .text(event), .day(day),
                .text(party.key), .id(held.id), .time(held.newest.recordedAt),
            ]
        )
    }

    /// The next number of the visit is taken by the statement itself: of two at once the second meets the
    /// first at the key, runs again, and finds the ticket used.
    private static let insert = Statement(
        """
        insert into exchange.checkup_ticket_event (person, episode, kind, serial, sequence, body, issue,
            event, day, party, result, recorded_at)
        select $1, $2, $3, $4, coalesce((
                select max(e.sequence) from exchange.checkup_ticket_event e
                where e.person = $1 and e.episode = $2 and e.kind = $3 and e.serial = $4), 0) + 1,
            $5, $6, $7, $8, $9, $10, $11
        """)
}

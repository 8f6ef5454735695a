import Exchange
import Postgres

/// 健診結果の綴じ込み: everything that one version of a report writes, decided before any of it is written.
struct CheckupFiling {
    let held: HeldCheckup
    /// 同意日 of what a municipality recorded itself, in the sensitive compartment.
    var consentedOn: CalendarDay?
    private let followUps: [String]
    private let municipality: String?
    /// Who does what the report asks for.
    private let keeper: String?
    private let rules: MaternalRules
    private let rulesVersion: String
    private let ticketEvents: [TicketChange]

    /// `beside`: every report of the resident, the one before this among them, and the prices that were
    /// registered where the resident lived; `record`: under whom the report is kept; `visit`: nothing where a
    /// municipality examined them itself.
    ///
    /// Throws `.resultRefused` and `.ticketRefused`.
    init(
        _ version: CheckupVersion, in compartment: CheckupCompartment,
        of whom: (person: PersonKey, record: PersonKey, visit: RecordID?), _ facts: MaternalFacts,
        beside: (others: [CheckupClaimFacts.Other], prices: [RegisteredPrice]),
        rules: (maternal: MaternalRules, version: String)
    ) throws {
        let result = version.report.result
        let isWithdrawn = version.report.status == .enteredInError
        // Where nobody told of a residence, who examined its own resident is believed.
        let examiner =
            version.institution.role == .municipality ? version.institution.code : nil
        municipality = facts.municipality(on: result.day, knownBy: version.recordedAt) ?? examiner
        keeper = facts.keeper(on: result.day, at: version.recordedAt) ?? examiner
        let checked = rules.maternal.check(
            result, of: facts.origin(of: result, rules.maternal), in: compartment)
        guard checked.isAccepted || isWithdrawn else {
            throw Refusal.resultRefused(checked.findings.filter { $0.severity == .error })
        }
        followUps = isWithdrawn ? [] : checked.followUps
        var warnings = isWithdrawn ? [] : checked.findings.filter { $0.severity == .warning }
        if keeper == nil, !followUps.isEmpty {
            warnings.append(ItemFinding(item: result.checkup, code: .followUpUnsent))
        }
        var line: CheckupLine?
        var changes: [TicketChange] = []
        if compartment == .open {
            let episodes = facts.held.map { $0.episode(for: version.id) }
            let episode = episodes.episode(of: result, rules.maternal)
            do throws(MaternalRefusal) {
                line = try rules.maternal.line(
                    of: version,
                    CheckupClaimFacts(
                        municipality: municipality,
                        tickets: try episode?.book(rules.maternal, without: version.id)
                            ?? TicketBook(),
                        before: beside.others.first { $0.id == version.id },
                        others: beside.others.filter { $0.id != version.id },
                        episodes: episodes, prices: beside.prices))
            } catch {
                throw Refusal.ticketRefused(error)
            }
            changes = TicketChange.all(
                of: version, using: line?.ticket, of: episode?.id, among: facts.held)
        }
        ticketEvents = changes
        self.rules = rules.maternal
        rulesVersion = rules.version
        held = HeldCheckup(
            id: try RecordID(version.id), person: whom.person, record: whom.record,
            visit: whom.visit,
            shown: ShownCheckup(
                version: version, compartment: compartment, warnings: warnings, line: line))
    }

    /// What is written of filings of different residents; `lastSequence`: the number of the last event of
    /// a visit that tickets stand for, as it was read.
    static func steps(
        of filings: [(filing: CheckupFiling, party: Party)],
        after lastSequence: (TicketVisit) -> Int
    ) -> [(Statement, [Value])] {
        let all = filings.map(\.filing)
        let lines = all.compactMap { filing in filing.held.shown.line.map { (filing.held, $0) } }
        let events = filings.flatMap { filing, party in
            filing.ticketEvents.map { (event: $0, of: filing.held, by: party) }
        }
        return CheckupCompartment.allCases.flatMap { compartment in
            insertion(all.filter { $0.held.shown.compartment == compartment }, into: compartment)
        } + insertion(lines) + TicketChange.insertion(events, after: lastSequence)
            + AskedFollowUp.insertion(all.flatMap(\.tasks))
    }

    /// Codes have no space and stand one in a line: arrays of arrays must be rectangles.
    private static func insertion(
        _ filings: [CheckupFiling], into compartment: CheckupCompartment
    ) -> [(Statement, [Value])] {
        guard !filings.isEmpty else { return [] }
        let held = filings.map(\.held)
        let reports = held.map(\.newest.report)
        return [
            (
                compartment.insert,
                [
                    .uuids(held.map { UUIDBytes($0.record) }),
                    .uuids(held.map { UUIDBytes($0.id) }), .ints(held.map(\.newest.version)),
                    .texts(held.map(\.newest.institution.key)),
                    .texts(reports.map(\.identifier.system)),
                    .texts(reports.map(\.identifier.value)),
                    .texts(reports.map(\.status.rawValue)), .texts(reports.map(\.result.checkup)),
                    .days(reports.map(\.result.day.daysSince1970)), .texts(reports.map(\.face)),
                    .texts(held.map { $0.shown.warnings.map(\.stored).joined(separator: "\n") }),
                    .texts(filings.map { $0.followUps.joined(separator: "\n") }),
                    .texts(filings.map(\.municipality)),
                    .uuids(held.map { $0.visit.map { UUIDBytes($0) } }),
                    .texts(filings.map(\.rulesVersion)),
                    .instants(held.map(\.newest.recordedAt.microseconds)),
                    .uuids(held.map { $0.record == $0.person ? nil : UUIDBytes($0.person) }),
                ]
                    + (compartment == .open
                        ? [] : [.days(filings.map { $0.consentedOn?.daysSince1970 })])
            )
        ]
    }

    private static func insertion(
        _ lines: [(of: HeldCheckup, line: CheckupLine)]
    ) -> [(Statement, [Value])] {
        guard !lines.isEmpty else { return [] }
        let held = lines.map(\.of)
        let results = held.map(\.newest.report.result)
        let made = lines.map(\.line)
        return [
            (
                insertLines,
                [
                    .uuids(held.map { UUIDBytes($0.record) }),
                    .uuids(held.map { UUIDBytes($0.id) }), .ints(held.map(\.newest.version)),
                    .texts(made.map(\.municipality)), .texts(results.map(\.checkup)),
                    .days(results.map(\.day.daysSince1970)), .texts(made.map(\.judgement)),
                    .bools(made.map(\.isOutOfArea)), .texts(made.map(\.ticket?.body)),
                    .texts(made.map(\.ticket?.kind)), .ints(made.map(\.ticket?.serial)),
                    .ints(made.map(\.ticket?.issue)), .ints(made.map(\.charge?.yen)),
                    .texts(made.map(\.charge?.source)), .texts(made.map(\.refusal?.rawValue)),
                    .instants(held.map(\.newest.recordedAt.microseconds)),
                ]
            )
        ]
    }

    /// 事後措置. Where nobody lives nobody can do it.
    private var tasks: [AskedFollowUp] {
        guard let keeper else { return [] }
        let result = held.newest.report.result
        return followUps.compactMap { rules.followUps[$0] }.map {
            AskedFollowUp(
                rule: $0, person: held.person, source: held.id,
                compartment: held.shown.compartment, checkup: result.checkup,
                comesAgain: rules.comesAgain(result.checkup), municipality: keeper,
                day: result.day, madeAt: held.newest.recordedAt)
        }
    }

    private static let insertLines = Statement(
        """
        insert into exchange.checkup_line (person, result, version, municipality, checkup, day,
            judgement, is_out_of_area, ticket_body, ticket_kind, ticket_serial, ticket_issue, yen,
            price_source, refusal, made_at)
        select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::date[],
            $7::text[], $8::bool[], $9::text[], $10::text[], $11::bigint[], $12::bigint[],
            $13::bigint[], $14::text[], $15::text[], $16::timestamptz[])
        """)
}

extension CheckupCompartment {
    fileprivate var insert: Statement { self == .open ? Self.insertOpen : Self.insertSensitive }

    private static let insertOpen = insert(into: .open)
    private static let insertSensitive = insert(into: .sensitive)

    private static func insert(into compartment: Self) -> Statement {
        let isOpen = compartment == .open
        let (consent, type) = isOpen ? ("", "") : (", consented_on", ", $18::date[]")
        return Statement(
            """
            insert into \(compartment.table) (person, result, version, party, identifier_system,
                identifier, status, checkup, day, face, warnings, follow_ups, municipality, visit,
                rules, recorded_at, survivor\(consent))
            select person, result, version, party, identifier_system, identifier, status, checkup, day,
                face, string_to_array(warnings, E'\\n'), string_to_array(follow_ups, E'\\n'),
                municipality, visit, rules, recorded_at, survivor\(consent)
            from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[],
                $7::text[], $8::text[], $9::date[], $10::text[], $11::text[], $12::text[],
                $13::text[], $14::uuid[], $15::text[], $16::timestamptz[], $17::uuid[]\(type))
                as q(person, result, version, party, identifier_system, identifier, status, checkup,
                day, face, warnings, follow_ups, municipality, visit, rules, recorded_at,
                survivor\(consent))
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
    /// Where the ticket is kept, whichever record the report is under.
    let place: EpisodePlace
    let number: CheckupTicket.Number
    let day: CalendarDay

    /// What the version before it used is given back, unless this one uses the same on the same day.
    static func all(
        of version: CheckupVersion, using ticket: CheckupTicket.Number?, of episode: RecordID?,
        among held: [HeldEpisode]
    ) -> [TicketChange] {
        var uses: [TicketChange] = []
        for kept in held.flatMap(\.tickets) where kept.ticket.use?.key == version.id {
            uses.append(
                TicketChange(
                    event: "cancel", place: kept.place, number: kept.ticket.number,
                    day: kept.ticket.use?.day ?? version.report.result.day))
        }
        guard let ticket,
            let place = held.first(where: { $0.id == episode })?.place(of: ticket, for: version.id)
        else { return uses }
        let day = version.report.result.day
        let isSame = uses.contains { $0.number == ticket && $0.place == place && $0.day == day }
        guard !isSame else { return [] }
        return uses + [TicketChange(event: "use", place: place, number: ticket, day: day)]
    }

    /// 回の番号: the next of each visit that tickets stand for. Of two uses at once the second takes the same
    /// number and meets the first at the key, runs again, and finds the ticket used.
    fileprivate static func insertion(
        _ changes: [(event: TicketChange, of: HeldCheckup, by: Party)],
        after lastSequence: (TicketVisit) -> Int
    ) -> [(Statement, [Value])] {
        guard !changes.isEmpty else { return [] }
        var sequences: [TicketVisit: Int] = [:]
        let numbers = changes.map { change in
            let visit = TicketVisit(at: change.event.place, number: change.event.number)
            let next = (sequences[visit] ?? lastSequence(visit)) + 1
            sequences[visit] = next
            return next
        }
        let events = changes.map(\.event)
        return [
            (
                insert,
                [
                    .uuids(events.map { UUIDBytes($0.place.person) }),
                    .uuids(events.map { UUIDBytes($0.place.episode) }),
                    .texts(events.map(\.number.kind)), .ints(events.map(\.number.serial)),
                    .ints(numbers), .texts(events.map(\.number.body)),
                    .ints(events.map(\.number.issue)), .texts(events.map(\.event)),
                    .days(events.map(\.day.daysSince1970)), .texts(changes.map(\.by.key)),
                    .uuids(changes.map { UUIDBytes($0.of.id) }),
                    .instants(changes.map(\.of.newest.recordedAt.microseconds)),
                ]
            )
        ]
    }

    private static let insert = Statement(
        """
        insert into exchange.checkup_ticket_event (person, episode, kind, serial, sequence, body, issue,
            event, day, party, result, recorded_at)
        select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::bigint[],
            $6::text[], $7::bigint[], $8::text[], $9::date[], $10::text[], $11::uuid[],
            $12::timestamptz[])
        """)
}

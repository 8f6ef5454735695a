import Exchange
import Postgres

/// 集団健診の帳面: what is held of the residents of one turn, each under its lock until the commit, and what the
/// turn adds. The office's role reads of others' results no more than that there are any, and whole those
/// alone that municipalities recorded themselves.
struct MassCheckupDesk {
    enum Place: Hashable {
        case identifier(RecordIdentifier)
        case id(RecordID)
    }

    private let caller: Caller
    private let compartment: CheckupCompartment
    private let rules: (maternal: MaternalRules, version: String)
    private let now: Instant
    private let known: MaternalReading
    private let prices: [RegisteredPrice]
    private var others: [PersonKey: [CheckupClaimFacts.Other]] = [:]
    private var held: [Place: HeldCheckup] = [:]
    /// 同意日 of what is held in confidence.
    private var consents: [RecordID: CalendarDay] = [:]
    private var filings: [(filing: CheckupFiling, party: Party)] = []

    /// One round trip. Nobody is named twice; `checkups` are those of the turn. Throws `.rulesUnknown`.
    init(
        _ records: inout Records, _ turn: [(place: Place, person: PersonKey)],
        of checkups: Set<String>, in compartment: CheckupCompartment, _ book: RuleBook
    ) throws {
        guard let maternal = book.maternal else { throw Refusal.rulesUnknown }
        caller = records.caller
        self.compartment = compartment
        rules = (maternal, book.version)
        now = records.now
        let persons = turn.map(\.person)
        let facts = MaternalReading.steps(of: persons, rules: book)
        // Only what is open has a line: of the sensitive way's children nothing beside is read.
        let priced = compartment == .open ? persons : []
        let beside = [
            (Self.selectOthers, [Value.uuids(priced.map { UUIDBytes($0) })]),
            RegisteredPrice.step(of: Set(priced), services: maternal.services(of: checkups)),
        ]
        let rows = try records.transaction.pipeline(
            facts + beside
                + Self.heldSteps(turn.map(\.place), of: caller.party, in: compartment))
        prices = try rows[facts.count + 1].map(RegisteredPrice.init)
        known = try MaternalReading(Array(rows[..<facts.count]), maternal)
        for row in try rows[facts.count].map({ $0 }) {
            others[try row.uuid(0).person, default: []].append(
                CheckupClaimFacts.Other(
                    id: try row.uuid(1).record.text, checkup: try row.text(2),
                    day: CalendarDay(daysSince1970: try row.day(3)),
                    isWithdrawn: try row.bool(4),
                    refusal: try row.optionalText(5).flatMap(CheckupClaimRefusal.init(rawValue:))))
        }
        for rows in rows[(facts.count + beside.count)...] {
            for row in try rows.map({ $0 }) {
                let checkup = try HeldCheckup(row, compartment, maternal)
                held[.id(checkup.id)] = checkup
                held[.identifier(checkup.newest.report.identifier)] = checkup
                guard compartment == .sensitive, let day = try row.optionalDay(10) else { continue }
                consents[checkup.id] = CalendarDay(daysSince1970: day)
            }
        }
    }

    /// The caller's own, as it stands; what this turn files is not among it.
    func held(_ place: Place) -> HeldCheckup? { held[place] }

    /// Whether it is what is held, with the day of its consent.
    func holds(
        _ report: CheckupReport, consentedOn day: CalendarDay?, as held: HeldCheckup
    ) -> Bool {
        report == held.newest.report && isSameDay(day, of: report, over: held)
    }

    /// What is taken back needs no day.
    private func isSameDay(
        _ day: CalendarDay?, of report: CheckupReport, over held: HeldCheckup?
    ) -> Bool {
        report.status == .enteredInError || held.flatMap { consents[$0.id] } == day
    }

    func basis(of person: PersonKey) -> String {
        known.facts(of: person, at: now).basis(rulesVersion: rules.version)
    }

    /// Files a report over what is held; `seen` as in `HeldRecord.amended`. The same again is the one
    /// that is held, unless its line waits for a price, or for a home, that was told since: then it is
    /// priced anew, as a version. Another day of consent is another content, but of what is taken back,
    /// which needs none. Throws what `HeldRecord.amended` and `CheckupFiling.init` do.
    mutating func file(
        _ report: CheckupReport, of person: PersonKey, over held: HeldCheckup?, seen: Int?,
        consentedOn: CalendarDay? = nil
    ) throws -> RecordedCheckup {
        let amendment = try held?.newest.amended(
            by: report, isSameBeside: isSameDay(consentedOn, of: report, over: held),
            from: caller.party, seen: seen)
        if let held, amendment == .unchanged, held.shown.line?.isWaiting != true {
            return RecordedCheckup(held: held, isNew: false)
        }
        var filing = try CheckupFiling(
            CheckupVersion(of: report, after: held, by: caller.party, at: now), in: compartment,
            of: (person, held?.record ?? person, nil), known.facts(of: person, at: now),
            beside: (others[person] ?? [], prices), rules: rules)
        if let held, amendment == .unchanged, filing.held.shown.line?.isWaiting != false {
            return RecordedCheckup(held: held, isNew: false)
        }
        filing.consentedOn = consentedOn
        filings.append((filing, caller.party))
        return RecordedCheckup(held: filing.held, isNew: true)
    }

    var steps: [(Statement, [Value])] {
        CheckupFiling.steps(of: filings, after: known.lastSequence)
    }

    private static func heldSteps(
        _ places: [Place], of party: Party, in compartment: CheckupCompartment
    ) -> [(Statement, [Value])] {
        var identifiers: [RecordIdentifier] = []
        var ids: [RecordID] = []
        for place in places {
            switch place {
            case .identifier(let identifier): identifiers.append(identifier)
            case .id(let id): ids.append(id)
            }
        }
        return [
            (
                compartment == .open ? openByIdentifier : sensitiveByIdentifier,
                [
                    .text(party.key), .texts(identifiers.map(\.system)),
                    .texts(identifiers.map(\.value)),
                ]
            ),
            (
                compartment == .open ? openByID : sensitiveByID,
                [.text(party.key), .uuids(ids.map { UUIDBytes($0) })]
            ),
        ]
    }

    private static let selectOthers = Statement(
        """
        select q.person, n.result, n.checkup, n.day, n.status = 'entered-in-error', l.refusal
        from unnest($1::uuid[]) as q(person)
        cross join lateral (
            select distinct on (r.result) r.person, r.result, r.version, r.checkup, r.day, r.status
            from \(Survivors.eachRecord(of: "q.person")) one
            join exchange.checkup_result r on r.person = one.record
            order by r.result, r.version desc) n
        left join exchange.checkup_line l
            on l.person = n.person and l.result = n.result and l.version = n.version
        """)

    private static let openByIdentifier = byIdentifier(.open)
    private static let sensitiveByIdentifier = byIdentifier(.sensitive)
    private static let openByID = byID(.open)
    private static let sensitiveByID = byID(.sensitive)

    private static func byIdentifier(_ compartment: CheckupCompartment) -> Statement {
        Statement(
            """
            select held.* from unnest($2::text[], $3::text[]) as q(system, value)
            cross join lateral (
                select \(columns(compartment)) where r.party = $1 and r.identifier_system = q.system
                    and r.identifier = q.value
                order by r.version desc limit 1) held
            """)
    }

    private static func byID(_ compartment: CheckupCompartment) -> Statement {
        Statement(
            """
            select held.* from unnest($2::uuid[]) as q(result)
            cross join lateral (
                select \(columns(compartment)) where r.party = $1 and r.result = q.result
                order by r.version desc limit 1) held
            """)
    }

    /// Each view has the report's columns in one row, with those of its line or the day of its consent.
    private static func columns(_ compartment: CheckupCompartment) -> String {
        switch compartment {
        case .open:
            """
            \(compartment.columns())
                from exchange.mass_checkup r cross join lateral (select r.*) l
            """
        case .sensitive:
            "\(compartment.columns()), r.consented_on from exchange.sensitive_mass_checkup r"
        }
    }
}

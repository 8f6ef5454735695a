package import Exchange
import Postgres

/// 保存された健診結果: the newest version of a report, with whose it is, the visit it was sent in, if a municipality
/// did not examine the resident itself, and, in the open compartment, what it is to the municipality.
package struct HeldCheckup: Sendable {
    package let id: RecordID
    /// 本人: whoever the report is of now.
    package let person: PersonKey
    /// 記録された側: under whom it is kept, and with it every version of it.
    let record: PersonKey
    package let visit: RecordID?
    package let shown: ShownCheckup

    package var newest: CheckupVersion { shown.version }

    /// As `HeldVaccination.isOf`.
    func isOf(_ person: PersonKey) -> Bool { person == self.person || person == record }
}

extension Records {
    /// A report of the caller's own. Throws `.recordUnknown` for another's, and for one of the other
    /// compartment, in the same words as for none.
    package mutating func ownCheckup(
        _ id: RecordID, in compartment: CheckupCompartment, rules: MaternalRules
    ) throws -> HeldCheckup {
        let rows = try transaction.query(
            compartment.selectByID, HeldCheckup.values([(caller.party, id)]))
        guard let row = rows.first else { throw Refusal.recordUnknown }
        let held = try HeldCheckup(row, compartment, rules)
        subject.person = held.person
        subject.visit = held.visit
        return held
    }

    /// Every report of a resident in one compartment, whichever institution sent it, by the day of the
    /// checkup.
    package mutating func checkups(
        of person: PersonKey, in compartment: CheckupCompartment, rules: MaternalRules
    ) throws -> [HeldCheckup] {
        try checkups(of: person, in: compartment, rules: rules) { $0 }
    }

    /// What `make` makes of them, part by part and in their order: reading a row and writing it again is one
    /// hand's work.
    package mutating func checkups<Made: Sendable>(
        of person: PersonKey, in compartment: CheckupCompartment, rules: MaternalRules,
        _ make: @Sendable ([HeldCheckup]) throws -> [Made]
    ) throws -> [Made] {
        let (statement, values) = compartment.reading(of: person)
        return try HeldCheckup.read(
            transaction.query(statement, values), compartment, rules, make)
    }
}

extension CheckupVersion {
    /// The version that a report becomes after what is held, if anything is.
    init(of report: CheckupReport, after held: HeldCheckup?, by party: Party, at now: Instant) {
        self.init(
            id: (held?.id ?? .random()).text, version: (held?.newest.version ?? 0) + 1,
            recordedAt: now, institution: party, report: report)
    }
}

extension HeldCheckup {
    /// The newest version of each report, in the order of the rows.
    static func read(
        _ rows: Rows, _ compartment: CheckupCompartment, _ rules: MaternalRules
    ) throws -> [HeldCheckup] {
        try read(rows, compartment, rules) { $0 }
    }

    /// What `make` makes of the same.
    fileprivate static func read<Made: Sendable>(
        _ rows: Rows, _ compartment: CheckupCompartment, _ rules: MaternalRules,
        _ make: @Sendable ([HeldCheckup]) throws -> [Made]
    ) throws -> [Made] {
        var newest: [RecordID: (version: Int, place: Int)] = [:]
        for place in 0..<rows.count {
            let (id, version) = (try rows[place].uuid(0).record, try rows[place].int(3))
            if newest[id].map({ $0.version < version }) ?? true { newest[id] = (version, place) }
        }
        let shared = rows.shared
        return try sharedOut(newest.values.map(\.place).sorted()) { places in
            var parties = KnownParties()
            return try make(
                places.map { try HeldCheckup(shared[$0], compartment, rules, &parties) })
        }
    }

    static func values(_ keys: [(party: Party, id: RecordID)]) -> [Value] {
        [.texts(keys.map(\.party.key)), .uuids(keys.map { UUIDBytes($0.id) })]
    }

    static func values(_ keys: [(party: Party, identifier: RecordIdentifier)]) -> [Value] {
        [
            .texts(keys.map(\.party.key)), .texts(keys.map(\.identifier.system)),
            .texts(keys.map(\.identifier.value)),
        ]
    }

    init(
        _ row: Row, from column: Int = 0, _ compartment: CheckupCompartment, _ rules: MaternalRules
    ) throws {
        var parties = KnownParties()
        try self.init(row, from: column, compartment, rules, &parties)
    }

    private init(
        _ row: Row, from column: Int = 0, _ compartment: CheckupCompartment,
        _ rules: MaternalRules, _ parties: inout KnownParties
    ) throws {
        id = try row.uuid(column).record
        record = try row.uuid(column + 1).person
        person = try row.uuid(column + 8).person
        visit = try row.optionalUUID(column + 2)?.record
        shown = ShownCheckup(
            version: CheckupVersion(
                id: id.text, version: try row.int(column + 3),
                recordedAt: Instant(microseconds: try row.instant(column + 4)),
                institution: try parties.party(try row.text(column + 5)),
                report: try CheckupReport(face: try row.text(column + 6))
                    .shown(in: compartment, rules.items)),
            compartment: compartment,
            warnings: try row.texts(column + 7).compactMap { ItemFinding(stored: $0, rules) }
                .filter { compartment.shows($0.item, rules.items) },
            line: compartment == .open ? try CheckupLine(row, from: column + 9) : nil)
    }
}

/// 記録した機関: a few send all of a resident's reports; the key of each is read once.
private struct KnownParties {
    private var byKey: [String: Party] = [:]

    mutating func party(_ key: String) throws -> Party {
        if let known = byKey[key] { return known }
        let party = try Party(key: key)
        byKey[key] = party
        return party
    }
}

extension CheckupLine {
    fileprivate init?(_ row: Row, from column: Int) throws {
        guard let isOutOfArea = try row.optionalBool(column + 2) else { return nil }
        var ticket: CheckupTicket.Number?
        if let body = try row.optionalText(column + 3) {
            ticket = CheckupTicket.Number(
                body: body, kind: try row.text(column + 4), serial: try row.int(column + 5),
                issue: try row.int(column + 6))
        }
        var charge: Charge?
        if let yen = try row.optionalInt(column + 7) {
            charge = Charge(yen: yen, source: try row.text(column + 8))
        }
        self.init(
            municipality: try row.optionalText(column), judgement: try row.optionalText(column + 1),
            isOutOfArea: isOutOfArea, ticket: ticket, charge: charge,
            refusal: try row.optionalText(column + 9).flatMap(CheckupClaimRefusal.init(rawValue:)))
    }
}

extension ItemFinding {
    /// `<item> <code>`, as it is kept.
    var stored: String { "\(item) \(code.rawValue)" }

    fileprivate init?(stored: String, _ rules: MaternalRules) {
        let parts = stored.split(separator: " ").map(String.init)
        guard parts.count == 2, let code = Code(rawValue: parts[1]) else { return nil }
        self.init(item: parts[0], code: code, named: rules.items[parts[0]])
    }
}

extension CheckupCompartment {
    /// Two tables, so that no statement about the one can touch the other.
    var table: String { "exchange.\(unqualified)" }

    private var unqualified: String {
        switch self {
        case .open: "checkup_result"
        case .sensitive: "sensitive_checkup_result"
        }
    }

    var selectByID: Statement { self == .open ? Self.openByID : Self.sensitiveByID }
    var selectByIdentifier: Statement {
        self == .open ? Self.openByIdentifier : Self.sensitiveByIdentifier
    }
    /// Every version of every report of these residents, by the day of the checkup. In which visit each came
    /// nobody is told by it: as it was sent.
    func reading(of persons: [PersonKey]) -> (Statement, [Value]) {
        (selectByPerson, [.uuids(Set(persons).map { UUIDBytes($0) })])
    }

    /// The same of one, whose statement is planned once: a plan for an array of any length looks ten times as
    /// dear as one for this array, so that the server would plan anew each time. The lines of years are read
    /// in one range; a batch of many residents, with a few reports each, looks each line up.
    func reading(of person: PersonKey) -> (Statement, [Value]) {
        (self == .open ? Self.openByOne : Self.sensitiveByOne, [.person(person)])
    }

    private var selectByPerson: Statement {
        self == .open ? Self.openByPerson : Self.sensitiveByPerson
    }

    private static let openByID = byID(.open)
    private static let sensitiveByID = byID(.sensitive)
    private static let openByIdentifier = byIdentifier(.open)
    private static let sensitiveByIdentifier = byIdentifier(.sensitive)
    private static let openByPerson = byPerson(.open, among: "unnest($1::uuid[])")
    private static let sensitiveByPerson = byPerson(.sensitive, among: "unnest($1::uuid[])")
    private static let sensitiveByOne = byPerson(.sensitive, among: "(values ($1::uuid))")

    private static func byID(_ compartment: Self) -> Statement {
        Statement(
            """
            select held.*
            from unnest($1::text[], $2::uuid[]) as q(party, result)
            cross join lateral (
                select \(compartment.columns(visit: told)) from \(compartment.source)
                \(compartment.former)
                where r.party = q.party and r.result = q.result
                order by r.version desc limit 1) held
            """)
    }

    private static func byIdentifier(_ compartment: Self) -> Statement {
        Statement(
            """
            select held.*
            from unnest($1::text[], $2::text[], $3::text[]) as q(party, system, value)
            cross join lateral (
                select \(compartment.columns(visit: told)) from \(compartment.source)
                \(compartment.former)
                where r.party = q.party and r.identifier_system = q.system
                    and r.identifier = q.value
                order by r.version desc limit 1) held
            """)
    }

    private static func byPerson(_ compartment: Self, among persons: String) -> Statement {
        Statement(
            """
            select \(compartment.columns(whom: "q.person"))
            from \(persons) as q(person)
            cross join lateral \(Survivors.eachRecord(of: "q.person")) one
            cross join \(compartment.source)
            where r.person = one.record order by r.day, r.recorded_at, r.result
            """)
    }

    /// Reports and lines of each record, by one range of either's key, whose first column is the person. A
    /// full join is never made row by row, however few reports a plan takes a resident to have, and it gives
    /// no more than a left one would: there is no line without its report.
    private static let openByOne = Statement(
        """
        select held.*
        from (values ($1::uuid)) as q(person)
        cross join lateral \(Survivors.eachRecord(of: "q.person")) one
        cross join lateral (
            select \(CheckupCompartment.open.columns(whom: "q.person"))
            from (select * from \(CheckupCompartment.open.table) where person = one.record) r
            full join (select * from exchange.checkup_line where person = one.record) l
                on l.result = r.result and l.version = r.version) held
        order by held.day, held.recorded_at, held.result
        """)

    /// 受付: of `former`, the visit that a version is told by.
    private static let told = "coalesce(former.visit, r.visit) as visit"

    private var former: String {
        """
        left join exchange.visit b on b.visit = r.visit
        \(Survivors.formerVisit(of: "r", in: unqualified, by: "result", visit: "b"))
        """
    }

    /// The columns that `HeldCheckup` reads, of a version `r` and its line `l`, with whoever it is of now.
    func columns(
        visit: String = "r.visit", whom: String = Survivors.sql(of: "r.person")
    ) -> String {
        let own = """
            r.result, r.person, \(visit), r.version, r.recorded_at, r.party, r.face, r.warnings,
                \(whom) as whom
            """
        switch self {
        case .open:
            return """
                \(own), l.municipality, l.judgement, l.is_out_of_area, l.ticket_body, l.ticket_kind,
                    l.ticket_serial, l.ticket_issue, l.yen, l.price_source, l.refusal, r.day
                """
        case .sensitive: return "\(own), r.day"
        }
    }

    /// A report's line is looked up by its key, however many reports a plan takes there to be: a resident's
    /// are few beside all the lines.
    private var source: String {
        switch self {
        case .open:
            """
            \(table) r left join lateral (
                select * from exchange.checkup_line l
                where l.person = r.person and l.result = r.result and l.version = r.version
                limit 1) l on true
            """
        case .sensitive: "\(table) r"
        }
    }
}

import Exchange
import Postgres

/// 全件にない資格: what a whole list of entitlements no longer holds has ended on the day before it came. A row
/// that was refused ends nobody: what stands of its person is kept, and where nobody can say of whom
/// a row speaks, nothing ends. What came after the moment as of which the list is, is not missing in it.
extension Records {
    /// 受給中: rows that answer on this day.
    mutating func standingEntitlements(on day: CalendarDay) throws -> Int {
        try transaction.query(
            Self.countStanding, [.text(caller.party.code), .day(day.daysSince1970)])[0].int(0)
    }

    /// Remembers which of the versions that stand this part of the list still holds.
    mutating func keepStanding(_ part: JudgedPart, _ outcomes: [RowOutcome], _ file: RecordID)
        throws
    {
        let refused = Set(outcomes.filter { $0.kind == .refused }.map(\.line))
        let persons = try persons(of: part.numbers(of: refused)).known
        write([
            (Self.keepVersions, [.id(file), .ints(outcomes.compactMap(\.standing))]),
            (
                Self.keepPersons,
                [
                    .id(file), .uuids(persons.map { UUIDBytes($0) }), .text(caller.party.code),
                ]
            ),
        ])
    }

    /// 終わりを量る: writes down whom the list would end, and counts those whom it must leave.
    mutating func weighMissing(_ file: FileRow) throws -> MissingRows {
        guard file.endsMissing else { return MissingRows() }
        let key = missingKey(file)
        var missing = MissingRows()
        missing.since = try transaction.query(Self.countSince, key)[0].int(0)
        try transaction.run(Self.forgetEnds, [.id(file.file)])
        guard !file.hasUnnamedRows else {
            missing.suspended = try transaction.query(Self.countMissing, key)[0].int(0)
            return missing
        }
        try transaction.run(Self.insertEnds, key)
        let ends = try transaction.query(Self.selectEnds, [.id(file.file)])[0]
        missing.ends = try ends.int(0)
        missing.digest = try ends.optionalBytes(1)
        return missing
    }

    /// What the list left standing, now that it is through.
    mutating func countLeft(_ file: FileRow) throws -> MissingRows {
        guard file.endsMissing else { return MissingRows() }
        let key = missingKey(file)
        var missing = MissingRows()
        missing.since = try transaction.query(Self.countSince, key)[0].int(0)
        if file.hasUnnamedRows {
            missing.suspended = try transaction.query(Self.countMissing, key)[0].int(0)
        }
        return missing
    }

    /// Whether somebody would end who was not among those that were weighed, and perhaps confirmed.
    mutating func endsMoreThanWeighed(_ file: FileRow) throws -> Bool {
        let key = missingKey(file)
        return try transaction.query(Self.selectUnweighed, key)[0].bool(0)
    }

    /// Ends some of them behind `through`, each with an entry. Returns whether there were any left.
    mutating func endMissing(_ file: FileRow, _ kind: FileKind, behind through: Int) throws -> Bool
    {
        let left = try transaction.query(
            Self.selectStep, [.id(file.file), .int(through), .int(Self.endsInStep)])[0]
        guard let last = try left.optionalInt(0) else { return false }
        // What stands now stands until the commit: else the end would come after a word of the API.
        try holdEntitlements()
        let key = missingKey(file) + [.int(through), .int(last)]
        let missing = try transaction.query(Self.selectMissing, key).map {
            try Ending($0, before: file.knownUntil.dayInJapan)
        }
        for person in Set(missing.map(\.person)) { enter(person) }
        if missing.isEmpty {
            enter(nil, basis: file.basis)
        } else {
            let part = FilePart(
                file: file.file, chunk: file.chunks + file.tally.ends, digest: file.digest,
                refused: [])
            let request = part.request(kind.registration, refused: [], taken: 0)
            _ = endTask(request, []) { task in
                [
                    (Self.insertEnded, Ending.values(missing) + [.id(task)]),
                    (Self.tellEnded, [.id(task), .id(file.file)]),
                ]
            }
        }
        write([(Self.countEnded, [.id(file.file), .int(missing.count), .int(last)])])
        return true
    }

    private func missingKey(_ file: FileRow) -> [Value] {
        [.text(caller.party.code), .day(file.knownUntil.dayInJapan)] + FileMoment(file).values
    }

    private static let endsInStep = 1_000

    private static let standing = """
        e.body = $1 and e.valid_to >= $2 and \(EntitlementRow.isCurrent)
        """

    /// Neither in the list nor of it.
    private static let absent = """
        \(standing)
            and not exists (
                select 1 from office.file_kept k where k.file = $3 and k.version = e.version)
            and not exists (
                select 1 from office.file_chunk c where c.task = e.task and c.file = $3)
        """

    /// 時点の後: said after the moment as of which the list is, so that it cannot hold it: by the API, by an
    /// event, by hand.
    private static let isSince = """
        (\(FileMoment.isSince("e")) or exists (
            select 1 from office.said_again s
            where s.version = e.version and \(FileMoment.isNewer(mark: "s"))))
        """

    private static let missing = "\(absent) and not \(isSince)"

    private static let countStanding = Statement(
        "select count(*) from exchange.entitlement e where \(standing)")

    private static let countMissing = Statement(
        "select count(*) from exchange.entitlement e where \(missing)")

    private static let countSince = Statement(
        "select count(*) from exchange.entitlement e where \(absent) and \(isSince)")

    private static let forgetEnds = Statement("delete from office.file_end where file = $1")

    private static let insertEnds = Statement(
        """
        insert into office.file_end (file, place, version)
        select $3::uuid, row_number() over (order by e.version), e.version
        from exchange.entitlement e where \(missing)
        """)

    private static let selectEnds = Statement(
        """
        select count(*), sha256(convert_to(string_agg(version::text, ',' order by place), 'UTF8'))
        from office.file_end where file = $1
        """)

    private static let selectUnweighed = Statement(
        """
        select exists (
            select 1 from exchange.entitlement e where \(missing)
                and not exists (
                    select 1 from office.file_end n where n.file = $3 and n.version = e.version))
        """)

    private static let selectStep = Statement(
        """
        select max(place) from (
            select place from office.file_end where file = $1 and place > $2
            order by place limit $3) step
        """)

    private static let selectMissing = Statement(
        """
        select e.person, e.version, e.valid_from, e.face, e.birth_date
        from office.file_end n join exchange.entitlement e on e.version = n.version
        where n.file = $3 and n.place > $8 and n.place <= $9 and \(missing) order by n.place
        """)

    private static let keepVersions = Statement(
        """
        insert into office.file_kept (file, version)
        select $1, version from unnest($2::bigint[]) as v(version) on conflict do nothing
        """)

    private static let keepPersons = Statement(
        """
        insert into office.file_kept (file, version)
        select $1, e.version from exchange.entitlement e
        where e.person = any ($2) and e.body = $3 and \(EntitlementRow.isCurrent)
        on conflict do nothing
        """)

    private static let countEnded = Statement(
        """
        update office.file set ends = ends + $2, ends_through = $3, advanced_at = clock_timestamp()
        where file = $1
        """)

    /// An end is the list's word as its rows are, and as old.
    private static let tellEnded = Statement(
        "insert into office.file_end_task (task, file) values ($1, $2)")

    private static let insertEnded = Statement(
        """
        insert into exchange.entitlement (person, body, certificate_type, sub_key, history_key, consent_kind,
            valid_from, valid_to, is_deleted, is_under_review, is_always_reimbursement, payer_number,
            recipient_number, birth_date, certification_name, designated_institutions, face,
            face_digest, task)
        select e.person, e.body, e.certificate_type, e.sub_key, e.history_key, e.consent_kind,
            e.valid_from, n.valid_to, n.is_deleted, false, e.is_always_reimbursement, e.payer_number,
            e.recipient_number, e.birth_date, e.certification_name, e.designated_institutions, n.face,
            n.face_digest, $7
        from unnest($1::uuid[], $2::bigint[], $3::date[], $4::bool[], $5::text[], $6::bytea[])
            as n(person, version, valid_to, is_deleted, face, face_digest)
        join exchange.entitlement e on e.person = n.person and e.version = n.version
        """)
}

/// 全件にないもの, as it is found at one moment.
struct MissingRows {
    var ends = 0
    /// Over their versions; `nil` for nobody.
    var digest: [UInt8]?
    /// Would end, had every row named somebody.
    var suspended = 0
    /// Came after the moment as of which the list is.
    var since = 0
}

/// 終わり: one row that a whole list no longer holds, as it stands from now on.
private struct Ending {
    let person: PersonKey
    private let version: Int
    private let validTo: CalendarDay
    /// One that had not begun is taken back.
    private let isDeleted: Bool
    private let face: String
    private let digest: [UInt8]

    init(_ row: Row, before day: CalendarDay) throws {
        person = try row.uuid(0).person
        version = try row.int(1)
        let from = CalendarDay(daysSince1970: try row.day(2))
        isDeleted = from >= day
        validTo = isDeleted ? from : day.adding(days: -1)
        var object = try JSON(reading: row.text(3)).requiredObject(at: "face")
        object = object.replacing("validTo", by: .string(validTo.text))
        face = JSON.object(object).text
        digest = RegistrationPlan.digest(
            face: face, isDeleted: isDeleted, birthDate: try row.text(4))
    }

    static func values(_ all: [Ending]) -> [Value] {
        [
            .uuids(all.map { UUIDBytes($0.person) }), .ints(all.map(\.version)),
            .days(all.map(\.validTo.daysSince1970)), .bools(all.map(\.isDeleted)),
            .texts(all.map(\.face)), .bytesArray(all.map(\.digest)),
        ]
    }
}

extension JSONObject {
    func replacing(_ name: String, by value: JSON) -> JSONObject {
        JSONObject(members.map { $0.name == name ? .init(name: name, value: value) : $0 })
    }
}

import Exchange
import Postgres

/// 全件にない資格: what a whole list of entitlements no longer holds has ended on the day before it came. A row
/// that was refused ends nobody: what stands of its person is kept, and where nobody can say of whom
/// a row speaks, nothing ends.
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

    mutating func countMissing(_ file: FileRow, on day: CalendarDay) throws -> Int {
        guard !file.hasUnnamedRows else { return 0 }
        return try transaction.query(
            Self.countMissing,
            [.text(caller.party.code), .day(day.daysSince1970), .id(file.file)])[0].int(0)
    }

    /// Ends some of them, each with an entry. Returns whether there were any.
    mutating func endMissing(_ file: FileRow, _ kind: FileKind) throws -> Bool {
        guard !file.hasUnnamedRows else { return false }
        let day = file.receivedAt.dayInJapan
        let missing = try transaction.query(
            Self.selectMissing,
            [.text(caller.party.code), .day(day.daysSince1970), .id(file.file)]
        ).map { try Ending($0, before: day) }
        guard !missing.isEmpty else { return false }
        for person in Set(missing.map(\.person)) { enter(person) }
        let part = FilePart(
            file: file.file, chunk: file.chunks + file.tally.ends, digest: file.digest, refused: [])
        let request = part.request(kind.registration, refused: [], taken: 0)
        _ = endTask(request, []) { task in
            [(Self.insertEnded, Ending.values(missing) + [.id(task)])]
        }
        write([(Self.countEnded, [.id(file.file), .int(missing.count)])])
        return true
    }

    private static let standing = """
        e.body = $1 and e.valid_to >= $2 and \(EntitlementRow.isCurrent)
        """

    private static let missing = """
        \(standing)
            and not exists (
                select 1 from office.file_kept k where k.file = $3 and k.version = e.version)
            and not exists (
                select 1 from office.file_chunk c where c.task = e.task and c.file = $3)
        """

    private static let countStanding = Statement(
        "select count(*) from exchange.entitlement e where \(standing)")

    private static let countMissing = Statement(
        "select count(*) from exchange.entitlement e where \(missing)")

    private static let selectMissing = Statement(
        """
        select e.person, e.version, e.valid_from, e.face, e.birth_date
        from exchange.entitlement e where \(missing) order by e.version limit 1000
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
        update office.file set ends = ends + $2, advanced_at = clock_timestamp() where file = $1
        """)

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

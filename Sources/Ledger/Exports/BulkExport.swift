package import Exchange
import Postgres

/// 一括の受領: what a municipality asked for as a whole. Its files stand for a time, or until it deletes them.
package struct BulkExport: Sendable {
    package let id: RecordID
    package let question: ExportQuestion
    package let askedAt: Instant
    package let endsAt: Instant
    package let isReady: Bool
    package fileprivate(set) var files: [ExportManifest.File] = []

    static let columns = "e.export, e.types, e.since, e.asked_at, e.ends_at, e.ready_at is not null"

    init(_ row: Row) throws {
        id = try row.uuid(0).record
        question = ExportQuestion(
            types: try row.texts(1).compactMap(ExportType.init(rawValue:)),
            since: try row.optionalInstant(2).map(Instant.init(microseconds:)))
        askedAt = Instant(microseconds: try row.instant(3))
        endsAt = Instant(microseconds: try row.instant(4))
        isReady = try row.bool(5)
    }
}

/// 一括の受領の大きさ.
package enum ExportLimits {
    /// As many as one answer of a delivery has: some 3 MB.
    package static let linesInFile = 1_000
    package static let hours = 24
    /// Of one municipality.
    package static let standingMax = 4
    /// Places are given so many at a time, so that a body's deliveries wait for no more.
    static let placesAtOnce = 10_000
}

/// 受領の中身: what is in one file.
package enum ExportedLines: Sendable {
    case residents([(person: PersonKey, whom: FollowUpTask.Whom)])
    case lines([Delivery])
}

extension Records {
    /// The export is prepared afterwards, by any gateway. Throws `.exportsTooMany`, and `.notYourPurpose` for
    /// a type that the caller may not receive.
    package mutating func beginExport(
        _ asked: ExportQuestion, rules: RuleBook
    ) throws -> BulkExport {
        guard let permissions = rules.permissions else { throw Refusal.rulesUnknown }
        let question = try asked.resolved(for: caller.party.role, by: permissions)
        let body = caller.party.code
        try transaction.run(Self.lockExports, [.text(body)])
        let standing = try transaction.query(Self.countStanding, [.text(body), .time(now)])[0]
        guard try standing.int(0) < ExportLimits.standingMax else { throw Refusal.exportsTooMany }
        let id = RecordID.timeOrdered()
        let row = try transaction.query(
            Self.insertExport,
            [
                .id(id), .text(body), .texts(question.types.map(\.rawValue)),
                question.since.map { .time($0) } ?? .null, .time(now),
                .time(now.adding(seconds: Int64(ExportLimits.hours) * 3_600)),
            ])[0]
        enter(nil, basis: "export \(id.text) asked for")
        return try BulkExport(row)
    }

    /// With its files, once it is ready. Throws `.recordUnknown` for one that is over, deleted, or another
    /// body's.
    package mutating func export(_ id: RecordID) throws -> BulkExport {
        var export = try standingExport(id)
        enter(nil, basis: "export \(id.text)")
        let files = try transaction.query(Self.selectFiles, [.id(id)]).map { row in
            guard let type = ExportType(rawValue: try row.text(0)) else {
                throw DatabaseError.decoding(column: "type")
            }
            return ExportManifest.File(
                type: type, number: try row.int(1), count: try row.int(2))
        }
        export.files = ExportType.allCases.flatMap { type in
            files.filter { $0.type == type }.sorted { $0.number < $1.number }
        }
        return export
    }

    /// What is in a file now: what the body held when it asked. Each resident is entered. Throws as
    /// `export` does, and for a file that it has not; `.notYourPurpose` for what the caller may not receive
    /// any more.
    package mutating func exported(
        _ id: RecordID, _ type: ExportType, _ number: Int, rules: RuleBook
    ) throws -> ExportedLines {
        let export = try standingExport(id)
        guard let permissions = rules.permissions else { throw Refusal.rulesUnknown }
        guard type.isOpen(to: caller.party.role, by: permissions) else {
            throw Refusal.notYourPurpose
        }
        let found = try transaction.query(
            Self.selectFile, [.id(id), .text(type.rawValue), .int(number)])
        guard let file = found.first else { throw Refusal.recordUnknown }
        if type == .patient {
            let rows = try transaction.query(
                Self.selectResidents, [.text(caller.party.code), .id(id), .int(number)])
            let residents = try rows.map { try ($0.uuid(0).person, Delivery.whom($0, 1)) }
            for (person, _) in residents { enter(person, basis: "export \(id.text)") }
            return .residents(residents)
        }
        let isOwn = try file.optionalText(2) == DeliveryField.ownDoses
        let stretch = isOwn ? DeliveryField.selectOwnDoses : type.field?.selectStretch
        let deliveries = try transaction.query(
            stretch ?? Self.selectCertificates,
            [
                .text(caller.party.code), .int(try file.int(0)), .int(try file.int(1)),
                .time(export.askedAt), export.question.since.map { .time($0) } ?? .null,
            ]
        ).map { try (type.field ?? .subsidy).delivery($0, rules) }
        let shown = try self.shown(deliveries, asOf: export.askedAt, rules)
        disclose(shown)
        return .lines(shown)
    }

    /// Nothing of it can be fetched from now on. Throws as `export` does.
    package mutating func deleteExport(_ id: RecordID) throws {
        _ = try standingExport(id)
        write([(Self.markDeleted, [.id(id), .time(now)])])
        enter(nil, basis: "export \(id.text) deleted")
    }

    private mutating func standingExport(_ id: RecordID) throws -> BulkExport {
        let rows = try transaction.query(
            Self.selectExport, [.id(id), .text(caller.party.code), .time(now)])
        guard let row = rows.first else { throw Refusal.recordUnknown }
        return try BulkExport(row)
    }

    private static let lockExports = Statement(
        "select pg_advisory_xact_lock(hashtextextended('tsunagi export ' || $1, 0))::text")

    private static let countStanding = Statement(
        """
        select count(*) from exchange.bulk_export
        where body = $1 and deleted_at is null and ends_at > $2
        """)

    private static let insertExport = Statement(
        """
        insert into exchange.bulk_export as e (export, body, types, since, asked_at, ends_at)
        values ($1, $2, $3, $4, $5, $6) returning \(BulkExport.columns)
        """)

    private static let selectExport = Statement(
        """
        select \(BulkExport.columns) from exchange.bulk_export e
        where e.export = $1 and e.body = $2 and e.ends_at > $3 and e.deleted_at is null
        """)

    private static let selectFiles = Statement(
        "select type, number, count from exchange.bulk_file where export = $1")

    private static let selectFile = Statement(
        """
        select coalesce(first, 0), coalesce(last, 0), line from exchange.bulk_file
        where export = $1 and type = $2 and number = $3
        """)

    private static let selectResidents = Statement(
        """
        select coalesce(j.survivor, d.person), k.identity_key, n.notification_key
        from (
            select unnest(f.persons) as person, $1::text as body from exchange.bulk_file f
            where f.export = $2 and f.type = 'Patient' and f.number = $3) d
        \(Delivery.keys)
        order by d.person
        """)

    /// 受給資格 as lines of the field: what `EntitlementRow.isHeld` says, a stretch of versions.
    private static let selectCertificates = Statement(
        """
        select \(Delivery.head), \(EntitlementVersion.columns)
        from exchange.entitlement e
        cross join lateral (
            select e.task as record, e.person, null::bigint as place, false as is_withdrawn, e.body) d
        \(Delivery.keys)
        where e.body = $1 and e.version between $2 and $3
            and \(EntitlementRow.isHeld(asOf: "$4", since: "$5"))
        order by e.version
        """)

    private static let markDeleted = Statement(
        "update exchange.bulk_export set deleted_at = $2 where export = $1")
}

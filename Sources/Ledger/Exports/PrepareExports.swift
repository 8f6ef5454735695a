import Exchange
import Postgres

/// 支度の一歩: what came of one look at the exports that wait.
package enum ExportStep: Sendable {
    /// None waits, or another gateway is at it.
    case nothing
    /// One is further than before.
    case walked
    case ready
}

/// 一括の受領の支度: gives every line that was there when an export was asked for its place, and says which
/// are in which file. Nothing leaves here, so nobody is entered.
extension Ledger {
    /// One step of the export that was tried longest ago: a file of it, in a short transaction, for one that
    /// writes long keeps the log from being sealed. An export waits until everybody who could write when it
    /// was looked at first has ended, so that no line of its moment is missed.
    ///
    /// A crash leaves the steps before it done; of several gateways one makes each. Throws `.rulesUnknown`
    /// while there are none.
    package func prepareExport() async throws -> ExportStep {
        let rules = try rules.current()
        guard let permissions = rules.permissions else { throw Refusal.rulesUnknown }
        let taken = try await gateway.transaction { transaction in
            try transaction.run(WaitingExport.deleteOver)
            try transaction.run(WaitingExport.lookAround)
            return try transaction.query(WaitingExport.take).first.map { try WaitingExport($0) }
        }
        guard let taken else { return .nothing }
        if taken.walkedTo == 0, let line = taken.walk(permissions)?.line {
            try await givePlaces(to: taken.body, line)
        }
        return try await gateway.transaction { transaction in
            let rows = try transaction.query(WaitingExport.lock, [.uuid(taken.id)])
            guard let row = rows.first else { return .nothing }
            return try WaitingExport(row).step(permissions, rules, &transaction)
        }
    }

    private func givePlaces(to body: String, _ name: String) async throws {
        let line: [Value] = [.text(body), .text(name)]
        var given = ExportLimits.placesAtOnce
        while given == ExportLimits.placesAtOnce {
            given = try await gateway.transaction { transaction in
                try transaction.run(Records.lockDeliveries, line)
                return try transaction.run(
                    Records.givePlaces, line + [.int(ExportLimits.placesAtOnce)])
            }
        }
    }
}

/// 支度の一続き: what is walked from place to place by itself: a type; and of vaccinations, beside the line
/// that the municipality receives, what it told from its own ledger.
private enum ExportWalk: Hashable, Sendable {
    case whole(ExportType)
    case ownDoses

    static let all: [ExportWalk] = ExportType.allCases.flatMap { type in
        type == .immunization ? [.whole(type), .ownDoses] : [.whole(type)]
    }

    /// As it is kept with the export.
    var name: String {
        switch self {
        case .whole(let type): type.rawValue
        case .ownDoses: DeliveryField.ownDoses
        }
    }

    var type: ExportType {
        switch self {
        case .whole(let type): type
        case .ownDoses: .immunization
        }
    }

    /// The line of deliveries that it is.
    var line: String? {
        switch self {
        case .whole(let type): type.field?.rawValue
        case .ownDoses: DeliveryField.ownDoses
        }
    }
}

/// 支度中の一括の受領: type after type is walked, from place to place; residents come last, of whoever was
/// met.
private struct WaitingExport: Sendable {
    let id: UUIDBytes
    let body: String
    let askedAt: Int64
    let since: Int64?
    let types: Set<ExportType>
    let walked: ExportWalk?
    let walkedTo: Int

    init(_ row: Row) throws {
        id = try row.uuid(0)
        body = try row.text(1)
        askedAt = try row.instant(2)
        since = try row.optionalInstant(3)
        types = Set(try row.texts(4).compactMap(ExportType.init(rawValue:)))
        let name = try row.optionalText(5)
        walked = ExportWalk.all.first { $0.name == name }
        walkedTo = try row.int(6)
    }

    /// What is walked now; nothing once all is. For the residents everything is walked that the municipality
    /// may receive.
    func walk(_ permissions: Permissions) -> ExportWalk? {
        ExportWalk.all.drop { walked != nil && $0 != walked }.first {
            types.contains($0.type)
                || types.contains(.patient) && $0.type.isOpen(to: .municipality, by: permissions)
        }
    }

    func step(
        _ permissions: Permissions, _ rules: RuleBook, _ transaction: inout Transaction
    ) throws -> ExportStep {
        guard let walk = walk(permissions) else { return try finish(&transaction) }
        let isLast =
            walk.type == .patient
            ? try keepResidents(&transaction) : try keepLines(of: walk, rules, &transaction)
        guard isLast else { return .walked }
        guard let next = ExportWalk.all.drop(while: { $0 != walk }).dropFirst().first else {
            return try finish(&transaction)
        }
        try transaction.run(Self.walkOn, [.uuid(id), .text(next.name)])
        return .walked
    }

    private func finish(_ transaction: inout Transaction) throws -> ExportStep {
        try transaction.run(Self.forgetResidents, [.uuid(id)])
        try transaction.run(Self.markReady, [.uuid(id)])
        return .ready
    }

    /// The next file of the walk, if there is one; returns whether it was the last. Past doses that the
    /// municipality was not shown at the moment of the export are in none.
    private func keepLines(
        of walk: ExportWalk, _ rules: RuleBook, _ transaction: inout Transaction
    ) throws -> Bool {
        let asked: [Value] = [
            .text(body), .int(walkedTo), .instant(askedAt), since.map { .instant($0) } ?? .null,
            .int(ExportLimits.linesInFile),
        ]
        let rows = try transaction.query(
            walk.line == nil ? Self.selectCertificates : Self.selectLines,
            asked + (walk.line.map { [.text($0)] } ?? []))
        guard let first = rows.first else { return true }
        let (from, to) = (try first.int(0), try rows[rows.count - 1].int(0))
        let kept = try shownLines(rows, rules, &transaction)
        if types.contains(walk.type), !kept.isEmpty {
            try transaction.run(
                Self.insertLines,
                [
                    .uuid(id), .text(walk.type.rawValue), .int(kept.count), .int(from), .int(to),
                    walk.line.map { .text($0) } ?? .null,
                ])
        }
        if types.contains(.patient) {
            try transaction.run(
                Self.insertMet, [.uuid(id), .uuids(Set(kept).map { UUIDBytes($0) })])
        }
        try transaction.run(Self.walkTo, [.uuid(id), .text(walk.name), .int(to)])
        return rows.count < ExportLimits.linesInFile
    }

    /// Whose the lines of a file are, one for each: as `Records.exported` reads them.
    private func shownLines(
        _ rows: Rows, _ rules: RuleBook, _ transaction: inout Transaction
    ) throws -> [PersonKey] {
        let lines = try rows.map { row in
            (
                person: try row.uuid(1).person, record: try row.uuid(2).record,
                teller: try row.optionalText(3).map { try Party(key: $0) }
            )
        }
        let moment = Instant(microseconds: askedAt)
        let told = try ToldDoses(
            &transaction, of: Set(lines.filter { $0.teller != nil }.map(\.person)), asOf: moment,
            now: moment, rules)
        return lines.filter { line in
            line.teller.map {
                told.shows(line.record, toldBy: $0, of: line.person, to: body)
            } ?? true
        }.map(\.person)
    }

    /// The next file of residents, taken from those who were met; returns whether it was the last.
    private func keepResidents(_ transaction: inout Transaction) throws -> Bool {
        let persons = try transaction.query(
            Self.takeMet, [.uuid(id), .int(ExportLimits.linesInFile)]
        ).map { try $0.uuid(0) }
        guard !persons.isEmpty else { return true }
        try transaction.run(
            Self.insertResidents,
            [
                .uuid(id), .text(ExportType.patient.rawValue), .int(persons.count), .uuids(persons),
            ])
        return persons.count < ExportLimits.linesInFile
    }
}

/// 支度の問い合わせ.
extension WaitingExport {
    private static let columns =
        "e.export, e.body, e.asked_at, e.since, e.types, e.walked_type, e.walked_to"
    private static let isWaiting =
        "e.ready_at is null and e.deleted_at is null and e.ends_at > clock_timestamp()"

    static let deleteOver = Statement(
        """
        delete from exchange.bulk_export
        where deleted_at is not null or ends_at <= clock_timestamp()
        """)

    /// Of the sessions of other roles it can be seen who they are, and by its lock each transaction of
    /// theirs, but not since when it runs: all of that moment are waited for.
    static let lookAround = Statement(
        """
        update exchange.bulk_export e set waits_for = array(
            select l.virtualtransaction from pg_locks l join pg_stat_activity a on a.pid = l.pid
            where l.locktype = 'virtualxid' and l.granted and a.pid <> pg_backend_pid()
                and a.datname = current_database()
                and a.usename in ('tsunagi_gateway', 'tsunagi_office'))
        where e.waits_for is null and \(isWaiting)
        """)

    static let take = Statement(
        """
        update exchange.bulk_export e set tried_at = clock_timestamp()
        from (
            select e.export from exchange.bulk_export e
            where \(isWaiting) and not e.waits_for && array(
                select l.virtualtransaction from pg_locks l
                where l.locktype = 'virtualxid' and l.granted)
            order by e.tried_at nulls first, e.asked_at limit 1 for update skip locked) waiting
        where e.export = waiting.export returning \(columns)
        """)

    static let lock = Statement(
        """
        select \(columns) from exchange.bulk_export e
        where e.export = $1 and \(isWaiting) for update skip locked
        """)

    private static let selectLines = Statement(
        """
        select d.place, \(Survivors.sql(of: "d.person")), d.record,
            case when d.field in ('immunization', '\(DeliveryField.ownDoses)') then (
                select v.party from exchange.vaccination v
                where v.person = d.person and v.vaccination = d.record and v.version = d.version
                    and v.party like 'municipality:%') end
        from exchange.delivery d
        where d.body = $1 and d.field = $6 and d.place > $2
            and \(DeliveryField.isHeld(asOf: "$3", since: "$4"))
        order by d.place limit $5
        """)

    private static let selectCertificates = Statement(
        """
        select e.version, \(Survivors.sql(of: "e.person")), e.task, null::text
        from exchange.entitlement e
        where e.body = $1 and e.version > $2
            and \(EntitlementRow.isHeld(asOf: "$3", since: "$4"))
        order by e.version limit $5
        """)

    private static let nextNumber =
        "(select coalesce(max(number), 0) + 1 from exchange.bulk_file where export = $1 and type = $2)"

    private static let insertLines = Statement(
        """
        insert into exchange.bulk_file (export, type, number, count, first, last, line)
        values ($1, $2, \(nextNumber), $3::bigint, $4, $5, $6)
        """)

    private static let walkTo = Statement(
        "update exchange.bulk_export set walked_type = $2, walked_to = $3 where export = $1")

    private static let walkOn = Statement(
        "update exchange.bulk_export set walked_type = $2, walked_to = 0 where export = $1")

    private static let insertMet = Statement(
        """
        insert into exchange.bulk_resident (export, person) select $1, unnest($2::uuid[])
        on conflict do nothing
        """)

    private static let takeMet = Statement(
        """
        with met as (
            select person from exchange.bulk_resident where export = $1 order by person limit $2)
        delete from exchange.bulk_resident r using met where r.export = $1 and r.person = met.person
        returning r.person
        """)

    private static let insertResidents = Statement(
        """
        insert into exchange.bulk_file (export, type, number, count, persons)
        values ($1, $2, \(nextNumber), $3::bigint, $4)
        """)

    private static let forgetResidents = Statement(
        "delete from exchange.bulk_resident where export = $1")

    private static let markReady = Statement(
        "update exchange.bulk_export set ready_at = clock_timestamp() where export = $1")
}

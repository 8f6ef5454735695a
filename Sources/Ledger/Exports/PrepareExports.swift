import Exchange
import Postgres

/// 一括の受領の支度: gives every line that was there when an export was asked for its place, and says which
/// are in which file. Nothing leaves here, so nobody is entered.
extension Ledger {
    /// Prepares the export that has waited longest; returns whether there was one. One waits until everything
    /// that was running when it was asked for has ended, so that no line of that moment is missed.
    ///
    /// A crash leaves places given, which change nothing, and the export to be prepared again; of several
    /// gateways one makes the files.
    package func prepareExport() async throws -> Bool {
        try await gateway.transaction { _ = try $0.run(Self.deleteFiles) }
        let waiting = try await gateway.transaction(.readOnly) { transaction in
            try transaction.query(Self.selectWaiting).first.map {
                (id: try $0.uuid(0), body: try $0.text(1), askedAt: try $0.instant(2))
            }
        }
        guard let waiting else { return false }
        for field in ExportType.allCases.compactMap(\.field) {
            let line: [Value] = [.text(waiting.body), .text(field.rawValue)]
            var isPlaced = false
            while !isPlaced {
                isPlaced = try await gateway.transaction { transaction in
                    try transaction.run(Records.lockDeliveries, line)
                    let given = try transaction.run(
                        Records.givePlaces, line + [.int(ExportLimits.placesAtOnce)])
                    return given < ExportLimits.placesAtOnce
                }
            }
        }
        let certificates = try await keepCertificates(of: waiting.id)
        return try await gateway.transaction { transaction in
            let rows = try transaction.query(Self.lockWaiting, [.uuid(waiting.id)])
            // Another gateway is at it, or it was deleted meanwhile: the next round sees.
            guard let row = rows.first else { return false }
            let types = try row.texts(0)
            let asked: [Value] = [
                .uuid(waiting.id), .text(waiting.body), .instant(waiting.askedAt),
                try row.optionalInstant(1).map { .instant($0) } ?? .null,
                .int(ExportLimits.linesInFile),
            ]
            for type in ExportType.allCases where types.contains(type.rawValue) {
                guard let field = type.field else { continue }
                _ = try transaction.run(
                    Self.insertLines, asked + [.text(field.rawValue), .text(type.rawValue)])
            }
            if types.contains(ExportType.patient.rawValue) {
                try Self.keepResidents(beside: certificates, asked, &transaction)
            }
            _ = try transaction.run(Self.markReady, [.uuid(waiting.id)])
            return true
        }
    }

    /// 受給資格, a file at a time, each in a transaction of its own, so that none that writes is long; made again
    /// they are the same. Returns whose they are, 16 bytes each.
    private func keepCertificates(of export: UUIDBytes) async throws -> Set<PersonKey> {
        var persons: Set<PersonKey> = []
        var (number, last) = (0, 0)
        while true {
            let page = try await gateway.transaction { [number, last] transaction in
                try Self.keepCertificates(of: export, number + 1, after: last, &transaction)
            }
            guard let page else { return persons }
            persons.formUnion(page.persons)
            (number, last) = (number + 1, page.last)
        }
    }

    private static func keepCertificates(
        of export: UUIDBytes, _ number: Int, after last: Int, _ transaction: inout Transaction
    ) throws -> (persons: [PersonKey], last: Int)? {
        let rows = try transaction.query(
            selectCertificates, [.uuid(export), .int(last), .int(ExportLimits.linesInFile)])
        guard rows.count > 0 else { return nil }
        let (first, last) = (try rows[0].int(0), try rows[rows.count - 1].int(0))
        if try rows[0].bool(2) {
            try transaction.run(
                insertCertificates,
                [.uuid(export), .int(number), .int(rows.count), .int(first), .int(last)])
        }
        return (try rows.map { try $0.uuid(1).person }, last)
    }

    private static func keepResidents(
        beside certificates: Set<PersonKey>, _ asked: [Value], _ transaction: inout Transaction
    ) throws {
        let delivered = try transaction.query(selectResidents, Array(asked[1..<4])).map {
            try $0.uuid(0).person
        }
        let all = certificates.union(delivered).sorted {
            ($0.high, $0.low) < ($1.high, $1.low)
        }
        for (number, from) in stride(from: 0, to: all.count, by: ExportLimits.linesInFile)
            .enumerated()
        {
            let file = all[from..<min(from + ExportLimits.linesInFile, all.count)]
            try transaction.run(
                insertResidents,
                [
                    asked[0], .int(number + 1), .int(file.count),
                    .uuids(file.map { UUIDBytes($0) }),
                ])
        }
    }

    private static let selectCertificates = Statement(
        """
        select e.version, e.person, 'Coverage' = any (x.types)
        from exchange.bulk_export x
        join exchange.entitlement e on e.body = x.body
        where x.export = $1 and x.deleted_at is null and x.types && array['Coverage', 'Patient']
            and e.version > $2 and \(EntitlementRow.isHeld(asOf: "x.asked_at", since: "x.since"))
        order by e.version limit $3
        """)

    private static let insertCertificates = Statement(
        """
        insert into exchange.bulk_file (export, type, number, count, first, last)
        values ($1, 'Coverage', $2::bigint, $3::bigint, $4, $5) on conflict do nothing
        """)

    private static let selectWaiting = Statement(
        """
        select e.export, e.body, e.asked_at from exchange.bulk_export e
        where e.ready_at is null and e.deleted_at is null and e.ends_at > clock_timestamp()
            and not exists (
                select 1 from pg_stat_activity a
                where a.datname = current_database() and a.pid <> pg_backend_pid()
                    and a.xact_start <= e.asked_at)
        order by e.asked_at limit 1
        """)

    private static let lockWaiting = Statement(
        """
        select e.types, e.since from exchange.bulk_export e
        where e.export = $1 and e.ready_at is null and e.deleted_at is null
        for update skip locked
        """)

    private static let insertLines = Statement(
        """
        insert into exchange.bulk_file (export, type, number, count, first, last)
        select $1, $7, 1 + held.ord / $5, count(*), min(held.place), max(held.place)
        from (
            select d.place, row_number() over (order by d.place) - 1 as ord
            from exchange.delivery d
            where d.body = $2 and d.field = $6 and d.place > 0
                and \(DeliveryField.isHeld(asOf: "$3", since: "$4"))) held
        group by held.ord / $5
        """)

    private static let selectResidents = Statement(
        """
        select distinct d.person from exchange.delivery d
        where d.body = $1 and d.field in ('immunization', 'maternal', 'claims') and d.place > 0
            and \(DeliveryField.isHeld(asOf: "$2", since: "$3"))
        """)

    private static let insertResidents = Statement(
        """
        insert into exchange.bulk_file (export, type, number, count, persons)
        values ($1, 'Patient', $2::bigint, $3::bigint, $4)
        """)

    private static let markReady = Statement(
        "update exchange.bulk_export set ready_at = clock_timestamp() where export = $1")

    private static let deleteFiles = Statement(
        """
        delete from exchange.bulk_file f where f.export in (
            select e.export from exchange.bulk_export e
            where e.deleted_at is not null or e.ends_at <= clock_timestamp())
        """)
}

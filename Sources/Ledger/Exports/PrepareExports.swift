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
        return try await gateway.transaction { transaction in
            let rows = try transaction.query(Self.lockWaiting, [.uuid(waiting.id)])
            // Another gateway was faster, or it was deleted meanwhile.
            guard let row = rows.first else { return true }
            let types = try row.texts(0)
            let asked: [Value] = [
                .uuid(waiting.id), .text(waiting.body), .instant(waiting.askedAt),
                try row.optionalInstant(1).map { .instant($0) } ?? .null,
                .int(ExportLimits.linesInFile),
            ]
            for type in ExportType.allCases where types.contains(type.rawValue) {
                _ = try transaction.run(
                    type.field == nil ? Self.insertResidents : Self.insertLines,
                    asked + (type.field.map { [.text($0.rawValue), .text(type.rawValue)] } ?? []))
            }
            _ = try transaction.run(Self.markReady, [.uuid(waiting.id)])
            return true
        }
    }

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

    private static let insertResidents = Statement(
        """
        insert into exchange.bulk_file (export, type, number, count, persons)
        select $1, 'Patient', 1 + held.ord / $5, count(*), array_agg(held.person order by held.person)
        from (
            select found.person, row_number() over (order by found.person) - 1 as ord
            from (
                select distinct d.person from exchange.delivery d
                where d.body = $2 and d.field in ('immunization', 'maternal', 'claims')
                    and d.place > 0
                    and \(DeliveryField.isHeld(asOf: "$3", since: "$4"))) found) held
        group by held.ord / $5
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

import Postgres

/// 監査の前提: what the audit reads must be there in the form in which it was made. A log that lost a table, a
/// column or a value is no question that could not be asked: somebody took it.
enum AuditForm {
    private struct Column {
        let table: String
        let name: String
        let type: String
    }

    /// Each column that the audit reads: `name type`, by its table.
    private static let tables: KeyValuePairs<String, [String]> = [
        "log.access_entry": [
            "entry uuid", "at timestamp with time zone", "format smallint", "party text",
            "operator text", "purpose text", "visit uuid", "person uuid", "outcome text",
            "basis text", "digest bytea", "salt bytea", "xid xid8",
        ],
        "log.position": [
            "position bigint", "entry uuid", "leaf bytea", "person uuid", "sequence bigint",
            "link bytea", "at timestamp with time zone",
        ],
        "log.head": ["size bigint", "root bytea", "next_xid xid8"],
        "log.tile": ["level integer", "index bigint", "hashes bytea", "root bytea"],
        "log.checkpoint": ["size bigint", "root bytea", "note text"],
        "log.epoch": [
            "epoch bigint", "entry uuid", "size bigint", "root bytea",
            "at timestamp with time zone",
        ],
        "log.map_tile": ["prefix text", "epoch bigint", "slots bytea", "prior bytea"],
        "log.seal_key": [
            "version bigint", "entry uuid", "key text", "at timestamp with time zone",
        ],
        "log.archive": [
            "month date", "entry uuid", "first bigint", "last bigint", "entries bigint",
            "root bytea", "archive bytea", "at timestamp with time zone",
        ],
        "log.withholding": ["entry uuid", "person uuid", "party text", "marked_by uuid"],
    ]

    private static let columns: [Column] = tables.flatMap { table, columns in
        columns.map { column in
            let name = column.prefix { $0 != " " }
            return Column(
                table: table, name: String(name),
                type: String(column.dropFirst(name.count + 1)))
        }
    }

    /// What is not there, or of another type. Throws `NoLog` for a database in which there never was a log.
    static func differences(_ transaction: inout Transaction) throws -> [LogAudit.Finding] {
        let rows = try transaction.query(
            selectDifferences,
            [
                .texts(columns.map(\.table)), .texts(columns.map(\.name)),
                .texts(columns.map(\.type)),
            ])
        if rows.count == columns.count {
            let wasThere = try transaction.query(selectMigrated)[0].bool(0)
            guard wasThere else { throw NoLog() }
        }
        var told: [String] = []
        for index in 0..<rows.count {
            let what = try text(rows[index])
            // A table that is gone is told once, not by each of its columns.
            if told.last != what { told.append(what) }
        }
        return told.map { .formDiffers($0) }
    }

    private static func text(_ row: Row) throws -> String {
        let table = try row.text(0)
        guard try row.bool(2) else { return "the table \(table) is not there" }
        let column = "the column \(table).\(try row.text(1))"
        guard let type = try row.optionalText(4) else { return "\(column) is not there" }
        return "\(column) is of type \(type), not \(try row.text(3))"
    }

    /// Whether what was read is not what any release wrote. Not that nothing could be read: a database that
    /// is away, or a role that may not.
    static func isDamage(_ error: any Error) -> Bool {
        switch error {
        case is CancellationError, is PoolExhausted:
            return false
        case DatabaseError.decoding(column: _):
            return true
        case DatabaseError.server(sqlState: let state, constraint: _):
            // Data exceptions; names and types; pages that are no pages; a file of the server's own that is
            // gone. 42501 is a role that may not read.
            let isOfData = ["22", "42", "XX"].contains(String(state.prefix(2)))
            return isOfData ? state != "42501" : ["3F000", "58P01"].contains(state)
        case is DatabaseError:
            return false
        default:
            return true
        }
    }

    /// https://www.postgresql.org/docs/15/catalog-pg-attribute.html
    private static let selectDifferences = Statement(
        """
        select w.relation, w.name, to_regclass(w.relation) is not null, w.type,
            format_type(a.atttypid, null)
        from unnest($1::text[], $2::text[], $3::text[]) with ordinality
            as w(relation, name, type, place)
        left join pg_attribute a on a.attrelid = to_regclass(w.relation) and a.attname = w.name
            and a.attnum > 0 and not a.attisdropped
        where a.attname is null or format_type(a.atttypid, null) <> w.type
        order by w.place
        """)
    private static let selectMigrated = Statement(
        """
        select exists (select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where n.nspname = 'public' and c.relname = 'tsunagi_migration')
        """)
}

/// A database that never had a log: another one than was meant.
package struct NoLog: Error, CustomStringConvertible {
    package var description: String {
        "The database has no log of accesses: does --database name the right one?"
    }
}

import Postgres

/// 月の区画: whether entries have a place to go, this month and the next. Whoever seals makes months
/// ahead (`Sealer.ensurePartitions`), so that a missing one is news long before it is trouble.
package enum LogMonths: Sendable {
    /// This month has none: no entry can be written, so nothing is answered.
    case none
    /// The last month there is: nothing will be answered from the first of the next on.
    case thisMonthOnly
    case ahead
}

extension Ledger {
    package func logMonths() async throws -> LogMonths {
        try await gateway.transaction(.readOnly) { transaction in
            let row = try transaction.query(Self.selectMonths)[0]
            guard try row.bool(0) else { return .none }
            return try row.bool(1) ? .ahead : .thisMonthOnly
        }
    }

    private static let selectMonths = Statement(
        """
        select bool_or(n = 0 and is_there), bool_or(n = 1 and is_there) from (
            select n, exists (
                select 1 from pg_inherits where inhparent = 'log.access_entry'::regclass
                    and inhrelid = to_regclass('log.access_entry_' || to_char(
                        date_trunc('month', clock_timestamp() at time zone 'Asia/Tokyo')
                            + make_interval(months => n), 'YYYY_MM'))) as is_there
            from generate_series(0, 1) as n) as month
        """)
}

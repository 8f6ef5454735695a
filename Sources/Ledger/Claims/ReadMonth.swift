package import Exchange
import Postgres

/// 判定の一頁: some claims of a run, in its order.
package struct VerdictPage: Sendable {
    package struct Line: Sendable {
        package let claim: String
        package let person: PersonKey?
        package let body: String
        package let isReopened: Bool
        package let told: String
        package let madeAt: Instant
    }

    package let lines: [Line]
    package let total: Int
}

/// Which claims of a run are asked for.
package enum VerdictFilter: String, CaseIterable, Sendable {
    case all
    /// 照会と返戻: not simply accepted.
    case told
    /// 再開
    case reopened
}

extension Records {
    /// A run of the caller's, `nil` the newest. Throws `.recordUnknown`. It names nobody; whoever is
    /// disclosed beside it has an entry there.
    package mutating func monthRun(
        _ run: Int?, of month: ServiceMonth
    ) throws -> MonthRunRecord {
        let rows = try transaction.query(Self.selectRun, monthKey(month) + [.orNull(run)])
        guard let row = rows.first else { throw Refusal.recordUnknown }
        return try MonthRunRecord(row, of: month)
    }

    /// With an entry for everybody shown.
    package mutating func verdicts(
        of run: MonthRunRecord, _ filter: VerdictFilter, offset: Int, limit: Int
    ) throws -> VerdictPage {
        try page(
            Self.selectVerdicts,
            monthKey(run.month) + [
                .int(run.run), .bool(filter == .told), .bool(filter == .reopened), .int(offset),
                .int(limit),
            ], of: run.month)
    }

    /// 医療機関への明細: what the newest closings of a month say of the caller's own claims. A month that is
    /// not closed shows nothing.
    package mutating func closedVerdicts(
        by body: String?, of month: ServiceMonth, offset: Int, limit: Int
    ) throws -> VerdictPage {
        try page(
            Self.selectClosedVerdicts,
            [
                .text(caller.party.code), .day(Int(month.firstDay)), .orNull(body),
                .int(offset), .int(limit),
            ], of: month)
    }

    private mutating func page(
        _ statement: Statement, _ values: [Value], of month: ServiceMonth
    ) throws -> VerdictPage {
        let rows = try transaction.query(statement, values)
        let lines = try rows.map { row in
            VerdictPage.Line(
                claim: try row.text(0), person: try row.optionalUUID(1)?.person,
                body: try row.text(2), isReopened: try row.bool(3), told: try row.text(4),
                madeAt: Instant(microseconds: try row.instant(5)))
        }
        enterAll(Set(lines.compactMap(\.person)), basis: month)
        return VerdictPage(lines: lines, total: try rows.first.map { try $0.int(6) } ?? 0)
    }

    /// 明細: CSV rows by institution, of one or of all, with an entry for everybody in them.
    package mutating func statement(of run: MonthRunRecord) throws -> [UInt8] {
        try statement(
            Self.selectStatements, Self.selectPersons, monthKey(run.month) + [.int(run.run)],
            of: run.month)
    }

    /// Throws `.recordUnknown` where no closed month has a claim of the caller's.
    package mutating func ownStatement(
        by body: String?, of month: ServiceMonth
    ) throws -> [UInt8] {
        try statement(
            Self.selectOwnStatements, Self.selectOwnPersons,
            [.text(caller.party.code), .day(Int(month.firstDay)), .orNull(body)], of: month)
    }

    private mutating func statement(
        _ rows: Statement, _ persons: Statement, _ values: [Value], of month: ServiceMonth
    ) throws -> [UInt8] {
        let read = try transaction.pipeline([(rows, values), (persons, values)])
        guard read[0].count > 0 else { throw Refusal.recordUnknown }
        enterAll(try read[1].map { try $0.uuid(0).person }, basis: month)
        return try read[0].map { try $0.bytes(0) }.reduce(into: MonthSettlement.heading) {
            $0 += $1
        }
    }

    private static let selectRun = Statement(
        """
        select \(MonthRunRecord.columns) from exchange.claim_run r
        where r.body = $1 and r.month = $2 and ($3::bigint is null or r.run = $3)
        order by r.run desc limit 1
        """)

    private static let verdict = """
        v.claim, v.person, v.body, v.is_reopened, v.told
        """

    private static let selectVerdicts = Statement(
        """
        select \(verdict), r.made_at, count(*) over ()
        from exchange.claim_verdict v
        join exchange.claim_run r on r.body = v.body and r.month = v.month and r.run = v.run
        where v.body = $1 and v.month = $2 and v.run = $3
            and (not $4 or v.standing <> 'accepted') and (not $5 or v.is_reopened)
        order by v.ordinal offset $6 limit $7
        """)

    /// Newest closings `c` of a month.
    private static let newestClosings = """
        (select distinct on (body) body, month, run, closed_at from exchange.claim_closing
        where month = $2 and ($3::text is null or body = $3) order by body, closing desc) c
        """

    private static let selectClosedVerdicts = Statement(
        """
        select \(verdict), c.closed_at, count(*) over () from \(newestClosings)
        join exchange.claim_verdict v on v.institution = $1 and v.month = c.month
            and v.body = c.body and v.run = c.run
        order by v.body, v.ordinal offset $4 limit $5
        """)

    private static let selectStatements = Statement(
        """
        select rows from exchange.claim_statement where body = $1 and month = $2 and run = $3
        order by institution
        """)

    private static let selectPersons = Statement(
        """
        select distinct person from exchange.claim_verdict
        where body = $1 and month = $2 and run = $3 and person is not null
        """)

    private static let selectOwnStatements = Statement(
        """
        select s.rows from \(newestClosings)
        join exchange.claim_statement s on s.body = c.body and s.month = c.month and s.run = c.run
            and s.institution = $1
        order by s.body
        """)

    private static let selectOwnPersons = Statement(
        """
        select distinct v.person from \(newestClosings)
        join exchange.claim_verdict v on v.institution = $1 and v.month = c.month
            and v.body = c.body and v.run = c.run
        where v.person is not null
        """)
}

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

/// 明細の一頁: CSV rows of whole institutions of a body, or of whole bodies of an institution, by their codes.
package struct StatementPage: Sendable {
    package let bytes: [UInt8]
    /// The last of them here, where others follow.
    package let next: String?
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
    /// A run of the caller's, `nil` the newest; `hasTotals`: with its totals. Throws `.recordUnknown`. It
    /// names nobody; whoever is disclosed beside it has an entry there.
    package mutating func monthRun(
        _ run: Int?, of month: ServiceMonth, hasTotals: Bool = false
    ) throws -> MonthRunRecord {
        let rows = try transaction.query(
            Self.selectRun, monthKey(month) + [.orNull(run), .bool(hasTotals)])
        guard let row = rows.first else { throw Refusal.recordUnknown }
        return try MonthRunRecord(row, of: month)
    }

    /// With an entry for everybody shown.
    package mutating func verdicts(
        of run: MonthRunRecord, _ filter: VerdictFilter, offset: Int, limit: Int
    ) throws -> VerdictPage {
        let key = monthKey(run.month) + [.int(run.run)]
        let lines: Statement
        let total: Int
        switch filter {
        case .all:
            lines = Self.selectAll
            total = run.claims
        case .reopened:
            lines = Self.selectReopened
            total = try transaction.query(Self.countReopened, key)[0].int(0)
        case .told:
            lines = Self.selectTold
            total = try transaction.query(Self.countTold, key)[0].int(0)
        }
        let rows = try transaction.query(lines, key + [.int(offset), .int(limit)])
        return try page(rows, of: total, run.month)
    }

    /// 医療機関への明細: what the newest closings of a month say of the caller's own claims. A month that is
    /// not closed shows nothing.
    package mutating func closedVerdicts(
        by body: String?, of month: ServiceMonth, offset: Int, limit: Int
    ) throws -> VerdictPage {
        let rows = try transaction.query(
            Self.selectClosedVerdicts,
            [
                .text(caller.party.code), .day(Int(month.firstDay)), .orNull(body),
                .int(offset), .int(limit),
            ])
        return try page(rows, of: rows.first.map { try $0.int(6) } ?? 0, month)
    }

    private mutating func page(
        _ rows: Rows, of total: Int, _ month: ServiceMonth
    ) throws -> VerdictPage {
        let lines = try rows.map { row in
            VerdictPage.Line(
                claim: try row.text(0), person: try row.optionalUUID(1)?.person,
                body: try row.text(2), isReopened: try row.bool(3), told: try row.text(4),
                madeAt: Instant(microseconds: try row.instant(5)))
        }
        enterAll(Set(lines.compactMap(\.person)), basis: month)
        return VerdictPage(lines: lines, total: total)
    }

    /// A page has 50,000 rows of about 300 bytes, 15 MB, and those of one institution and body in any case.
    private static let statementRowsMax = 50_000

    /// Of all institutions, or of those after `institution`, with an entry for everybody in it; behind the
    /// rows of each what a closing counted of it and is gone since. A run of which nothing is left has the
    /// headings. Throws `.recordUnknown` where none comes after `institution`.
    package mutating func statement(
        of run: MonthRunRecord, after institution: String?
    ) throws -> StatementPage {
        let key = monthKey(run.month) + [.int(run.run)]
        let following = try transaction.query(
            Self.selectInstitutions, key + [.text(institution ?? "")]
        ).map { (name: try $0.text(0), rows: try $0.int(1)) }
        guard !following.isEmpty || institution != nil else {
            enter(nil)
            return StatementPage(bytes: MonthSettlement.heading, next: nil)
        }
        let page = try Self.cut(following)
        let bytes = try statement(
            (Self.selectStatements, Self.selectGone, Self.selectPersons),
            key + [.text(page.first), .text(page.last)], of: run.month)
        return StatementPage(bytes: bytes, next: page.next)
    }

    /// 自機関の明細: what the newest closings of a month say of the caller's own claims; of one body, or of all
    /// after a body, as far as a page holds them, with an entry for everybody in it. Throws `.recordUnknown`
    /// where no closed month has a claim of the caller's.
    package mutating func ownStatement(
        by body: String?, of month: ServiceMonth, after: String?
    ) throws -> StatementPage {
        let key: [Value] = [
            .text(caller.party.code), .day(Int(month.firstDay)), .orNull(body),
        ]
        let following = try transaction.query(
            Self.selectOwnBodies, key + [.text(after ?? "")]
        ).map { (name: try $0.text(0), rows: try $0.int(1)) }
        let page = try Self.cut(following)
        let bytes = try statement(
            (Self.selectOwnStatements, Self.selectOwnGone, Self.selectOwnPersons),
            key + [.text(page.first), .text(page.last)], of: month)
        return StatementPage(bytes: bytes, next: page.next)
    }

    /// As many whole parts as a page holds, at least one. Throws `.recordUnknown` for none.
    private static func cut(
        _ parts: [(name: String, rows: Int)]
    ) throws -> (first: String, last: String, next: String?) {
        guard let first = parts.first else { throw Refusal.recordUnknown }
        var (last, count, places) = (first.name, first.rows, 1)
        for (name, rows) in parts.dropFirst() {
            guard count + rows <= statementRowsMax else { break }
            (last, count, places) = (name, count + rows, places + 1)
        }
        return (first.name, last, places < parts.count ? last : nil)
    }

    /// Rows as they were written with the run, and of records that are gone as the run tells them; of one
    /// institution or body both together.
    private mutating func statement(
        _ statements: (rows: Statement, gone: Statement, persons: Statement), _ values: [Value],
        of month: ServiceMonth
    ) throws -> [UInt8] {
        let read = try transaction.pipeline([
            (statements.rows, values), (statements.gone, values), (statements.persons, values),
        ])
        guard read[0].count + read[1].count > 0 else { throw Refusal.recordUnknown }
        enterAll(try read[2].map { try $0.uuid(0).person }, basis: month)
        var parts: [String: [UInt8]] = [:]
        for (name, rows) in try read[0].map({ (try $0.text(0), try $0.bytes(1)) }) {
            parts[name] = rows
        }
        for (name, told) in try read[1].map({ (try $0.text(0), try $0.text(1)) }) {
            parts[name, default: []] += MonthSettlement.line(try RecordClaim.goneRow(told))
        }
        return parts.sorted { $0.key < $1.key }.reduce(into: MonthSettlement.heading) {
            $0 += $1.value
        }
    }

    private static let selectRun = Statement(
        """
        select \(MonthRunRecord.columns(totals: "case when $4 then r.totals else '' end"))
        from exchange.claim_run r
        where r.body = $1 and r.month = $2 and ($3::bigint is null or r.run = $3)
        order by r.run desc limit 1
        """)

    private static let verdict = """
        v.claim, v.person, v.body, v.is_reopened, v.told
        """

    private static let ofRun = """
        exchange.claim_verdict v
        join exchange.claim_run r on r.body = v.body and r.month = v.month and r.run = v.run
        where v.body = $1 and v.month = $2 and v.run = $3
        """

    private static let selectAll = Statement(
        "select \(verdict), r.made_at from \(ofRun) order by v.ordinal offset $4 limit $5")

    private static let selectTold = Statement(
        """
        select \(verdict), r.made_at from \(ofRun) and v.standing <> 'accepted'
        order by v.ordinal offset $4 limit $5
        """)

    private static let countTold = Statement(
        "select count(*) from \(ofRun) and v.standing <> 'accepted'")

    private static let countReopened = Statement(
        "select count(*) from \(ofRun) and v.is_reopened")

    private static let selectReopened = Statement(
        """
        select \(verdict), r.made_at from \(ofRun) and v.is_reopened
        order by v.ordinal offset $4 limit $5
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

    /// 消えた記録 among verdicts `v`: told of a record as come back, which is always open again.
    private static let isGone = """
        v.is_reopened and starts_with(v.told, \(Records.toldAsGone))
        """

    private static let selectInstitutions = Statement(
        """
        select institution, sum(claims)::bigint from (
            select institution, claims from exchange.claim_statement
            where body = $1 and month = $2 and run = $3
            union all
            select v.institution, 1 from exchange.claim_verdict v
            where v.body = $1 and v.month = $2 and v.run = $3 and \(isGone)) s
        where institution > $4 group by institution order by institution
        """)

    private static let selectStatements = Statement(
        """
        select institution, rows from exchange.claim_statement
        where body = $1 and month = $2 and run = $3 and institution between $4 and $5
        """)

    private static let selectGone = Statement(
        """
        select v.institution, v.told from exchange.claim_verdict v
        where v.body = $1 and v.month = $2 and v.run = $3 and v.institution between $4 and $5
            and \(isGone)
        order by v.ordinal
        """)

    private static let selectPersons = Statement(
        """
        select distinct person from exchange.claim_verdict
        where body = $1 and month = $2 and run = $3 and institution between $4 and $5
            and person is not null
        """)

    private static let ofOwn = """
        \(newestClosings)
        join exchange.claim_statement s on s.body = c.body and s.month = c.month and s.run = c.run
            and s.institution = $1
        """

    private static let goneOfOwn = """
        \(newestClosings)
        join exchange.claim_verdict v on v.institution = $1 and v.month = c.month
            and v.body = c.body and v.run = c.run and \(isGone)
        """

    private static let selectOwnBodies = Statement(
        """
        select body, sum(claims)::bigint from (
            select s.body, s.claims from \(ofOwn)
            union all
            select v.body, 1 from \(goneOfOwn)) b
        where body > $4 group by body order by body
        """)

    private static let selectOwnStatements = Statement(
        "select s.body, s.rows from \(ofOwn) where s.body between $4 and $5")

    private static let selectOwnGone = Statement(
        """
        select v.body, v.told from \(goneOfOwn) where v.body between $4 and $5
        order by v.ordinal
        """)

    private static let selectOwnPersons = Statement(
        """
        select distinct v.person from \(newestClosings)
        join exchange.claim_verdict v on v.institution = $1 and v.month = c.month
            and v.body = c.body and v.run = c.run
        where v.body between $4 and $5 and v.person is not null
        """)
}

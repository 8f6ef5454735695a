package import Exchange
import Postgres

/// 照合の実行: one run of a month as it is kept.
package struct MonthRunRecord: Sendable {
    package let month: ServiceMonth
    /// From 1.
    package let run: Int
    package let rulesVersion: String
    package let digest: [UInt8]
    /// As JSON: in all, by scheme, by institution, and of records: some megabytes of a large month. Empty
    /// where they were not asked for.
    package let totals: String
    package let unverified: [String]
    package let claims: Int
    /// 再開: since the closing that it was compared with; none of a run that was closed itself.
    package let reopened: Int
    package let madeAt: Instant
    /// The newest closing of the month; 0 before the first.
    package let closing: Int
    /// 未着の部: `set/number` of parts that are not here now, twenty of them at most.
    package let awaited: [String]
}

extension Records {
    /// Reconciles a month of the caller's with what is known now, some institutions at a time. The same
    /// claims, facts and rules give the same run again; anything else makes a new one, and the old ones
    /// stay. Run, verdicts, statements and an entry for everybody in it are one commit; a crash leaves all
    /// of it or nothing.
    ///
    /// Of a closed month it says which of the closed claims are judged otherwise now, and changes nothing
    /// of the closing. Throws `.recordUnknown` for a month that never had a claim, `.rulesUnknown`,
    /// `.tooMany("claims")` where more claims name one certificate than can be held together.
    package mutating func runMonth(
        _ month: ServiceMonth, rules: RuleBook, kept: (String) throws -> RuleBook
    ) throws -> MonthRunRecord {
        try takeTime()
        try lockMonth(month)
        let plan = try planMonth(month)
        let known = try transaction.pipeline([
            (Self.selectNewestRun, monthKey(month)), (Self.selectNewestClosing, monthKey(month)),
        ])
        let newest = try known[0].first.map { try MonthRunRecord($0, of: month) }
        // Judged before anything is written: whoever has written holds up the seal until the commit, and a
        // month that comes out as it did needs nothing written.
        if let newest, newest.rulesVersion == rules.version {
            let judged = try judge(plan, rules: rules, kept: kept)
            if judged.digest == newest.digest {
                enterAll(judged.persons, basis: month)
                return newest
            }
        }
        let closing = try known[1].first.map { (number: try $0.int(0), run: try $0.int(1)) }
        let run = NewRun(number: (newest?.run ?? 0) + 1, closedRun: closing?.run)
        let judged = try judge(plan, writing: run, rules: rules, kept: kept)
        let gone = try tellGoneRecords(since: run, after: judged.lines, of: month)
        enterAll(judged.persons.union(gone.compactMap(\.self)), basis: month)
        return try keep(run, judged, gone: gone.count, of: plan, rules: rules.version)
    }

    private mutating func keep(
        _ run: NewRun, _ judged: JudgedMonth, gone: Int, of plan: MonthPlan, rules: String
    ) throws -> MonthRunRecord {
        let key = monthKey(plan.month)
        try transaction.run(
            Self.insertRun,
            key + [
                .int(run.number), .text(rules), .bytes(judged.digest),
                .text(judged.settlement.totals), .texts(judged.settlement.unverified.sorted()),
                .int(judged.lines + gone), .int(judged.reopened + gone),
                .text(caller.party.key), .time(now),
            ])
        guard let row = try transaction.query(Self.selectNewestRun, key).first else {
            throw Refusal.recordUnknown
        }
        return try MonthRunRecord(row, of: plan.month)
    }

    mutating func enterAll(_ persons: some Collection<PersonKey>, basis month: ServiceMonth) {
        enterEach(persons, basis: "{\"month\":\"\(month.text)\"}")
        if persons.isEmpty { enter(nil) }
    }

    static let selectNewestRun = Statement(
        """
        select \(MonthRunRecord.columns()) from exchange.claim_run r
        where r.body = $1 and r.month = $2 order by r.run desc limit 1
        """)

    private static let selectNewestClosing = Statement(
        """
        select closing, run from exchange.claim_closing where body = $1 and month = $2
        order by closing desc limit 1
        """)

    private static let insertRun = Statement(
        """
        insert into exchange.claim_run (body, month, run, rules, digest, totals, unverified, claims,
            reopened, party, made_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """)
}

extension MonthRunRecord {
    /// Of a run `r`.
    static func columns(totals: String = "r.totals") -> String {
        """
        r.run, r.rules, r.digest, \(totals), r.unverified, r.claims,
            case when exists (
                select 1 from exchange.claim_closing c
                where c.body = r.body and c.month = r.month and c.run = r.run)
            then 0 else r.reopened end, r.made_at, coalesce((
                select max(c.closing) from exchange.claim_closing c
                where c.body = r.body and c.month = r.month), 0),
            array(
                select s.part_set || '/' || n from (
                    select f.part_set, max(f.parts) as parts from exchange.claim_file f
                    where f.body = r.body and f.month = r.month and f.part_set is not null
                    group by f.part_set) s
                cross join generate_series(1, s.parts) n
                where not exists (
                    select 1 from exchange.claim_file f where f.body = r.body
                        and f.month = r.month and f.part_set = s.part_set and f.part = n)
                order by s.part_set, n limit 20)
        """
    }

    init(_ row: Row, of month: ServiceMonth) throws {
        self.init(
            month: month, run: try row.int(0), rulesVersion: try row.text(1),
            digest: try row.bytes(2), totals: try row.text(3), unverified: try row.texts(4),
            claims: try row.int(5), reopened: try row.int(6),
            madeAt: Instant(microseconds: try row.instant(7)), closing: try row.int(8),
            awaited: try row.texts(9))
    }
}

/// これから記す照合.
struct NewRun {
    /// From 1.
    let number: Int
    /// That of the newest closing.
    let closedRun: Int?
}

package import Exchange
import Postgres

/// 月の一覧の一行: how far a body is with one month: what came for it, what its newest run says, whether it is
/// closed, and what came since. It names nobody.
package struct ListedMonth: Sendable {
    package enum Status: String, CaseIterable, Sendable {
        /// Never closed.
        case open
        case closed
        /// 再開: the newest run judges closed claims otherwise.
        case reopened
    }

    package struct Sum: Sendable {
        package let standing: ClaimStanding
        package let count: Int
        /// 請求額.
        package let yen: Int
    }

    package struct Run: Sendable {
        package let number: Int
        package let madeAt: Instant
        package let rulesVersion: String
        /// Of claims and records together, in the order of `ClaimStanding`.
        package let sums: [Sum]
        /// Of the closed claims; none of a run that was closed itself.
        package let reopened: Int
    }

    package struct Closing: Sendable {
        package let number: Int
        package let run: Int
        package let closedAt: Instant
    }

    /// 再開の理由: what the newest run says of closed claims that it judges otherwise.
    package struct Reopened: Sendable {
        package let standing: ClaimStanding
        /// `nil`: nothing is against it, or it claims nothing any more.
        package let code: String?
        package let claims: Int
    }

    /// 締めた後の変化 of one kind. A claim that was touched twice counts twice.
    package struct Change: Sendable {
        package let cause: String
        package let claims: Int
        package let last: Instant
        /// The month was not judged again since.
        package let isWaiting: Bool
    }

    package let month: ServiceMonth
    package let files: Int
    /// In files; what records claim is counted by runs.
    package let claims: Int
    package let run: Run?
    package let closing: Closing?
    package fileprivate(set) var reopened: [Reopened] = []
    package fileprivate(set) var changes: [Change] = []

    package var status: Status {
        guard closing != nil else { return .open }
        return (run?.reopened ?? 0) > 0 ? .reopened : .closed
    }
}

extension Records {
    /// The caller's months, the newest first: those with files or runs, and of the last two years those in
    /// which somebody was vaccinated or examined at its cost.
    package mutating func listMonths(
        offset: Int, limit: Int
    ) throws -> (months: [ListedMonth], total: Int) {
        let body = Value.text(caller.party.code)
        let rows = try transaction.query(Self.selectMonths, [body, .int(offset), .int(limit)])
        var months = try rows.map { try ListedMonth($0) }
        enter(nil)
        let closed = months.filter { $0.closing != nil }
        let days = closed.map { Int($0.month.firstDay) }
        let runs = closed.map { $0.run?.number ?? 0 }
        let closings = closed.compactMap { $0.closing?.closedAt.microseconds }
        let since = try transaction.pipeline([
            (Self.selectReopenedBy, [body, .days(days), .ints(runs)]),
            (Self.selectChangesSince, [body, .days(days), .instants(closings)]),
        ])
        var reopened: [Int: [ListedMonth.Reopened]] = [:]
        for index in 0..<since[0].count {
            let row = since[0][index]
            reopened[try row.day(0), default: []].append(try ListedMonth.Reopened(row))
        }
        var changes: [Int: [ListedMonth.Change]] = [:]
        for index in 0..<since[1].count {
            let row = since[1][index]
            changes[try row.day(0), default: []].append(try ListedMonth.Change(row))
        }
        for place in months.indices where months[place].closing != nil {
            let day = Int(months[place].month.firstDay)
            // What a closed run itself opened before is closed with it.
            if months[place].status == .reopened {
                months[place].reopened = reopened[day] ?? []
            }
            months[place].changes = changes[day] ?? []
        }
        return (months, try rows.first.map { try $0.int(ListedMonth.totalColumn) } ?? 0)
    }

    /// Of totals `t`: claims of files and those of records.
    private static func sum(_ standing: ClaimStanding, _ item: String) -> String {
        let path = "'{\(standing.rawValue),\(item)}'"
        return """
            coalesce((t.totals #> '{total}' #>> \(path))::bigint, 0) + coalesce((
                select sum((x #>> \(path))::bigint)
                from json_array_elements(t.totals -> 'records') x), 0)::bigint
            """
    }

    private static let sums = ClaimStanding.allCases.map {
        sum($0, "count") + ", " + sum($0, "amount")
    }.joined(separator: ", ")

    private static let selectMonths = Statement(
        """
        select m.month, f.files, f.claims, r.run, r.made_at, r.rules,
            case when r.run = c.run then 0 else r.reopened end, c.closing, c.run, c.closed_at, m.total,
            \(sums)
        from (
            select known.month, count(*) over () as total from (
                select month from exchange.claim_file where body = $1
                union
                select month from exchange.claim_run where body = $1
                union
                select s.month from (
                    select (date_trunc('month', now() at time zone 'Asia/Tokyo')
                        - n * interval '1 month')::date as month
                    from generate_series(0, 23) n) s
                where exists (
                        select 1 from exchange.vaccination_claim v
                        where v.municipality = $1 and v.refusal is null
                            and v.day >= s.month and v.day < s.month + interval '1 month'
                            and not exists (
                                select 1 from exchange.vaccination_claim later
                                where later.person = v.person and later.vaccination = v.vaccination
                                    and later.version > v.version))
                    or exists (
                        select 1 from exchange.checkup_line v
                        join exchange.checkup_result e on e.person = v.person
                            and e.result = v.result and e.version = v.version
                        where v.municipality = $1 and v.day >= s.month
                            and v.day < s.month + interval '1 month'
                            and coalesce(v.refusal, '') not in ('withdrawn', 'not-examined')
                            and e.party <> 'municipality:' || $1
                            and not exists (
                                select 1 from exchange.checkup_line later
                                where later.person = v.person and later.result = v.result
                                    and later.version > v.version))) known
            order by known.month desc offset $2 limit $3) m
        cross join lateral (
            select count(*) as files, coalesce(sum(claims), 0)::bigint as claims
            from exchange.claim_file where body = $1 and month = m.month) f
        left join lateral (
            select run, made_at, rules, reopened, totals::json as totals from exchange.claim_run
            where body = $1 and month = m.month order by run desc limit 1) r on true
        left join lateral (
            select closing, run, closed_at from exchange.claim_closing
            where body = $1 and month = m.month order by closing desc limit 1) c on true
        cross join lateral (select r.totals) t
        order by m.month desc
        """)

    private static let selectReopenedBy = Statement(
        """
        select v.month, v.standing, x ->> 'code', count(distinct v.ordinal)
        from unnest($2::date[], $3::bigint[]) as q(month, run)
        join exchange.claim_verdict v on v.body = $1 and v.month = q.month and v.run = q.run
            and v.is_reopened
        left join lateral json_array_elements(v.told::json -> 'reasons') x on true
        group by 1, 2, 3 order by 1, 2, 3
        """)

    private static let selectChangesSince = Statement(
        """
        select h.month, h.cause, sum(h.claims)::bigint, max(h.made_at), bool_or(h.settled_at is null)
        from unnest($2::date[], $3::timestamptz[]) as q(month, since)
        join exchange.month_change h on h.body = $1 and h.month = q.month and h.made_at > q.since
        group by 1, 2 order by 1, 2
        """)
}

extension ListedMonth {
    fileprivate static let totalColumn = 10

    fileprivate init(_ row: Row) throws {
        month = ServiceMonth(of: CalendarDay(daysSince1970: try row.day(0)))
        files = try row.int(1)
        claims = try row.int(2)
        if let number = try row.optionalInt(3) {
            let sums = try ClaimStanding.allCases.enumerated().map { place, standing in
                let column = Self.totalColumn + 1 + place * 2
                return Sum(
                    standing: standing, count: try row.int(column), yen: try row.int(column + 1))
            }
            run = Run(
                number: number, madeAt: Instant(microseconds: try row.instant(4)),
                rulesVersion: try row.text(5), sums: sums, reopened: try row.int(6))
        } else {
            run = nil
        }
        if let number = try row.optionalInt(7) {
            closing = Closing(
                number: number, run: try row.int(8),
                closedAt: Instant(microseconds: try row.instant(9)))
        } else {
            closing = nil
        }
    }
}

extension ListedMonth.Reopened {
    fileprivate init(_ row: Row) throws {
        guard let standing = ClaimStanding(rawValue: try row.text(1)) else {
            throw DatabaseError.decoding(column: "standing")
        }
        self.standing = standing
        code = try row.optionalText(2)
        claims = try row.int(3)
    }
}

extension ListedMonth.Change {
    fileprivate init(_ row: Row) throws {
        cause = try row.text(1)
        claims = try row.int(2)
        last = Instant(microseconds: try row.instant(3))
        isWaiting = try row.bool(4)
    }
}

package import Exchange
import Postgres

/// 遡及の喪失を知らせる: checks that were answered on days a certificate has since lost, and months of claims
/// that were closed on them. Losses are found by the table of entitlements itself; here they are
/// looked into, each once.
extension Ledger {
    /// Looks into what was lost: whoever was shown a certificate on a day that it lost gets a notice of
    /// what the answer is now. Returns how many losses were looked into.
    ///
    /// A check that read the row before it was changed may still be on its way: a loss waits until
    /// everything that was running when it was first seen has ended. Notices and the mark are one commit;
    /// a crash leaves the loss to be looked into again, and of two gateways each takes others.
    package func tellOfLosses(atMost limit: Int = 200) async throws -> Int {
        let book = try rules.current()
        try await gateway.transaction { try $0.run(Self.see, []) }
        var books: [String: RuleBook] = [:]
        while true {
            do {
                return try await tell(ofAtMost: limit, by: book)
            } catch let missing as RuleShelf.NotOnShelf {
                try await rules.fetch(missing, holding: &books)
            }
        }
    }

    private func tell(ofAtMost limit: Int, by book: RuleBook) async throws -> Int {
        try await gateway.transaction { [shelf = rules] transaction in
            let losses = try transaction.query(Self.takeLosses, [.int(limit)]).map(Loss.init)
            var notices: [NewCheckNotice] = []
            var missing: Set<String> = []
            for loss in losses {
                do {
                    notices += try loss.notices(&transaction, by: book, kept: shelf.kept)
                } catch let lacking as RuleShelf.NotOnShelf {
                    missing.formUnion(lacking.versions)
                }
            }
            guard missing.isEmpty else { throw RuleShelf.NotOnShelf(versions: missing) }
            _ = try transaction.pipelineAndCommit([
                NewCheckNotice.insertion(of: notices),
                (Self.markTold, [.ints(losses.map(\.number))]),
            ])
            return losses.count
        }
    }

    /// 閉じた月: a body's closed month that something said of the past speaks of, and which losses and changes
    /// those are.
    package struct TouchedMonth: Sendable {
        package let body: Party
        package let month: ServiceMonth
        fileprivate let losses: [Int]
        fileprivate let changes: [Int]
    }

    /// What was looked at in one round: its months, and what touches none and is settled by that.
    package struct TouchedMonths: Sendable {
        package let months: [TouchedMonth]
        fileprivate let losses: [Int]
        fileprivate let changes: [Int]
    }

    /// Those that were tried in vain wait `againSeconds`, so that the others come first.
    package func touchedMonths() async throws -> TouchedMonths {
        try await gateway.transaction(.readOnly) { transaction in
            let again: [Value] = [.int(Self.againSeconds)]
            let losses = try transaction.query(Self.selectTold, again).map { try $0.int(0) }
            let changes = try transaction.query(Self.selectChanges, again).map { try $0.int(0) }
            let rows = try transaction.query(
                Self.selectTouched, [.ints(losses), .ints(changes)])
            let months = try rows.map { row in
                let code = try row.text(0)
                return TouchedMonth(
                    body: try Party(
                        role: ResponsibleBodies.isPrefecture(code) ? .prefecture : .municipality,
                        code: code),
                    month: ServiceMonth(of: CalendarDay(daysSince1970: try row.day(1))),
                    losses: try row.ints(2), changes: try row.ints(3))
            }
            return TouchedMonths(months: months, losses: losses, changes: changes)
        }
    }

    /// Runs the month in the body's name, as if it had asked; returns how many closed claims are open again,
    /// and nothing for a body that may not ask: its month waits until it may.
    package func judgeAgain(_ touched: TouchedMonth) async throws -> Int? {
        let (book, shelf) = (try rules.current(), rules)
        let caller = Caller(party: touched.body, operatorID: "tsunagi-losses")
        do {
            return try await access(caller, .reconcileMonth) {
                try $0.runMonth(touched.month, rules: book, kept: shelf.kept)
            }.reopened
        } catch is Refusal {
            return nil
        }
    }

    /// Nothing more is to be done about them, but of the months that are `left`: what touches one of those
    /// stays open.
    package func settle(_ touched: TouchedMonths, left: [TouchedMonth]) async throws {
        let open = (Set(left.flatMap(\.losses)), Set(left.flatMap(\.changes)))
        let losses = touched.losses.filter { !open.0.contains($0) }
        let changes = touched.changes.filter { !open.1.contains($0) }
        guard !touched.losses.isEmpty || !touched.changes.isEmpty else { return }
        _ = try await gateway.transaction { transaction in
            try transaction.run(Self.markSettled, [.ints(losses)])
            try transaction.run(Self.markChangesSettled, [.ints(changes)])
            try transaction.run(Self.markTried, [.ints(open.0.sorted())])
            try transaction.run(Self.markChangesTried, [.ints(open.1.sorted())])
        }
    }

    /// 再試行の間隔
    package static let againSeconds = 3_600

    private static let see = Statement(
        "update exchange.loss set seen_at = clock_timestamp() where settled_at is null and seen_at is null"
    )

    private static let takeLosses = Statement(
        """
        select \(Loss.columns) from exchange.loss l
        where l.settled_at is null and l.told_at is null and l.seen_at is not null and not exists (
            select 1 from pg_stat_activity a
            where a.datname = current_database() and a.pid <> pg_backend_pid() and a.xact_start <= l.seen_at)
        order by l.loss limit $1 for update skip locked
        """)

    private static let markTold = Statement(
        """
        update exchange.loss set told_at = clock_timestamp()
        where settled_at is null and told_at is null and loss = any ($1)
        """)

    private static let selectTold = Statement(
        """
        select loss from exchange.loss where settled_at is null and told_at is not null
            and (tried_at is null or tried_at < clock_timestamp() - make_interval(secs => $1::bigint))
        order by loss limit 1000
        """)

    /// 締めた月の変化, which the tables found. Whoever sees one sees what it is of: they are one commit.
    private static let selectChanges = Statement(
        """
        select change from exchange.month_change where settled_at is null
            and (tried_at is null or tried_at < clock_timestamp() - make_interval(secs => $1::bigint))
        order by change limit 1000
        """)

    private static let selectTouched = Statement(
        """
        select t.body, t.month, coalesce(array_agg(t.loss) filter (where t.loss is not null), '{}'),
            coalesce(array_agg(t.change) filter (where t.change is not null), '{}')
        from (
            select distinct f.body, f.month, l.loss, null::bigint as change
            from exchange.loss l
            join exchange.claim_part p
                on p.recipient = l.recipient_number and p.payer = l.payer_number::bigint
            join exchange.claim c on c.file = p.file and c.place = p.place
                and c.service_month between date_trunc('month', l.from_day)::date and l.to_day
            join exchange.claim_file f on f.file = c.file and f.body = l.body
            join exchange.claim_closing g on g.body = f.body and g.month = f.month
            where l.settled_at is null and l.loss = any ($1)
            union all
            select body, month, null, change from exchange.month_change
            where settled_at is null and change = any ($2)) t
        group by t.body, t.month order by t.body, t.month
        """)

    private static let markSettled = Statement(
        """
        update exchange.loss set settled_at = clock_timestamp()
        where settled_at is null and loss = any ($1)
        """)

    private static let markChangesSettled = Statement(
        """
        update exchange.month_change set settled_at = clock_timestamp()
        where settled_at is null and change = any ($1)
        """)

    private static let markTried = Statement(
        """
        update exchange.loss set tried_at = clock_timestamp()
        where settled_at is null and loss = any ($1)
        """)

    private static let markChangesTried = Statement(
        """
        update exchange.month_change set tried_at = clock_timestamp()
        where settled_at is null and change = any ($1)
        """)
}

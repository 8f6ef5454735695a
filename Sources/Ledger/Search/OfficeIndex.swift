import Exchange
package import Logging
package import Postgres

/// 役所の索引: behind the sealer, notes which sealed entries concern which office: those it made itself; for
/// a municipality those about whoever lived there on the day of the entry, and for its prefecture those of
/// visits that were opened in a disaster. So a search of an office looks at its own entries alone, however
/// long the log is, and no entry ever waits for the index.
///
/// Each step is one statement: a crash leaves it done or not done. Of two at once one goes on and the
/// other does nothing.
package final class OfficeIndex: Sendable {
    /// A step keeps a core for about five milliseconds, and whoever is behind rests as long between two:
    /// some 50,000 positions a second, of which an answer at the counter notices nothing.
    static let stepMax = 512
    static let restMilliseconds = 5
    static let pauseMilliseconds = 100

    private let pool: Pool
    private let logger: Logger

    package init(_ address: Address, logger: Logger) {
        pool = Pool(address, limits: .single, label: "tsunagi-offices", logger: logger)
        self.logger = logger
    }

    /// Follows until cancelled. A database that is away is waited for.
    package func run() async {
        while !Task.isCancelled {
            var pause = Self.pauseMilliseconds
            do {
                if try await advance() == Self.stepMax { pause = Self.restMilliseconds }
            } catch  where !Task.isCancelled {
                logger.warning("office index postponed", metadata: ["error": "\(error)"])
            } catch {}
            try? await Task.sleep(for: .milliseconds(pause))
        }
        await pool.shutdown()
    }

    /// One step; returns how many positions it went ahead.
    @discardableResult
    package func advance() async throws -> Int {
        try await pool.transaction { transaction in
            try transaction.query(Self.step, [.int(Self.stepMax)]).first?.int(0) ?? 0
        }
    }

    package func close() async { await pool.shutdown() }

    /// The limits keep the order of looking: position by position, each with its own entry. A plan made
    /// while the log was empty, and kept until statistics come, went through the whole log at each step.
    private static let step = Statement(
        """
        with follower as (
            select next_position from log.follower where name = 'offices' for update skip locked),
        span as (
            select f.next_position as first, least(f.next_position + $1, h.size) as past
            from follower f cross join log.head h),
        entries as (
            select s.position, s.person, e.visit, e.party, (e.at at time zone 'Asia/Tokyo')::date as day
            from span
            cross join lateral (
                select position, entry, at, person from log.position
                where position >= span.first and position < span.past order by position limit $1) s
            cross join lateral (
                select visit, party, at from log.access_entry a
                where a.entry = s.entry and a.at = s.at limit 1) e),
        lived as (
            select e.position, e.visit, r.municipality, r.prefecture from entries e
            cross join lateral (
                select municipality, prefecture from exchange.residence r
                where r.person = e.person and r.from_day <= e.day
                order by r.from_day desc, r.version desc limit 1) r
            where e.party not like 'portal:%' and r.municipality <> '\(Residence.nowhere)'),
        noted as (
            insert into log.office_entry (office, position)
            select party, position from entries
            where party like 'municipality:%' or party like 'prefecture:%'
            union all
            select 'municipality:' || municipality, position from lived
            union all
            select 'prefecture:' || l.prefecture, l.position from lived l
            join exchange.emergency_review v on v.visit = l.visit
            on conflict do nothing)
        update log.follower f set next_position = span.past, asked_at = clock_timestamp() from span
        where f.name = 'offices' and span.past > span.first
        returning span.past - span.first
        """)
}

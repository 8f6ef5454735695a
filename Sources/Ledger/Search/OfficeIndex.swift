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
    /// As many as a round of the sealer: a step is a short transaction.
    static let stepMax = 2_048
    static let pauseMilliseconds = 500

    private let pool: Pool
    private let logger: Logger

    package init(_ address: Address, logger: Logger) {
        pool = Pool(address, limits: .single, label: "tsunagi-offices", logger: logger)
        self.logger = logger
    }

    /// Follows until cancelled. A database that is away is waited for.
    package func run() async {
        while !Task.isCancelled {
            do {
                if try await advance() == Self.stepMax { continue }
            } catch  where !Task.isCancelled {
                logger.warning("office index postponed", metadata: ["error": "\(error)"])
            } catch {}
            try? await Task.sleep(for: .milliseconds(Self.pauseMilliseconds))
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
            join log.position s on s.position >= span.first and s.position < span.past
            join log.access_entry e on e.entry = s.entry and e.at = s.at),
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
            union
            select 'municipality:' || municipality, position from lived
            union
            select 'prefecture:' || l.prefecture, l.position from lived l
            join exchange.emergency_review v on v.visit = l.visit
            on conflict do nothing)
        update log.follower f set next_position = span.past, asked_at = clock_timestamp() from span
        where f.name = 'offices' and span.past > span.first
        returning span.past - span.first
        """)
}

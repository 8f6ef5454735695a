import Exchange
import Postgres

/// 失効した予約の片付け: what keeps nothing any more is taken out of the books, and its institution finds a
/// notice of it (`exchange.deliver_lapses`) in the same commit.
extension Ledger {
    /// Returns how many holds were swept away. Of two gateways each takes what the other has not; a
    /// crash leaves them to the next round.
    package func sweepLapses(atMost limit: Int = 500) async throws -> Int {
        try await gateway.transaction { try $0.run(Self.sweep, [.int(limit)]) }
    }

    private static let sweep = Statement(
        """
        with lapsed as (
            select person, body, certificate_type, sub_key, month, bill from exchange.cap_hold
            where lapses_at <= now() order by lapses_at limit $1 for update skip locked)
        delete from exchange.cap_hold m using lapsed q
        where \(CapMonthKey.matches) and m.bill = q.bill
        """)
}

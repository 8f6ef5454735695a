import Exchange
import Postgres

/// 試行: how often a party tries to open a visit without a card. Counted in a commit of its own, before
/// anybody is looked for: tries of one party come one after the other here, so that no number of them at
/// once exceeds the limit. A crash may leave a try counted that was never answered.
enum VisitTry {
    /// False for the try after the last of the hour, which costs no later one.
    static func count(
        _ kind: String, by caller: Caller, atMost perHour: Int, _ transaction: inout Transaction
    ) throws -> Bool {
        try transaction.run(
            count, [.text(caller.party.key), .text(kind), .int(perHour)]) == 1
    }

    private static let count = Statement(
        """
        insert into exchange.visit_try as t (party, kind, tries) values ($1, $2, array[clock_timestamp()])
        on conflict (party, kind) do update set tries = clock_timestamp() || array(
            select at from unnest(t.tries) as u(at) where at > clock_timestamp() - interval '1 hour')
        where $3 > (
            select count(*) from unnest(t.tries) as u(at)
            where at > clock_timestamp() - interval '1 hour')
        """)
}

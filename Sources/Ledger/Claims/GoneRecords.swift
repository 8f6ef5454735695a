import Exchange
import Postgres

/// 消えた記録の請求: what a closing counted of a vaccination or a checkup that claims nothing any more, because
/// it was withdrawn or is of another month or body by now. Nobody sends it again, so that the run itself
/// says so.
extension Records {
    /// Writes a line for each of them behind the lines of `run`: as it was closed, come back, and open
    /// again. A claim of a file stays in its month and needs none. Returns whose they are, of each one;
    /// nothing where the month is not closed.
    mutating func tellGoneRecords(
        since run: NewRun, after lines: Int, of month: ServiceMonth
    ) throws -> [PersonKey?] {
        guard let closed = run.closedRun else { return [] }
        return try transaction.query(
            Self.insertGone, monthKey(month) + [.int(run.number), .int(closed), .int(lines)]
        ).map { try $0.optionalUUID(0)?.person }
    }

    /// How what was told of a record begins once it is told as come back.
    static let toldAsGone = #"'{"isReturned":true,'"#

    /// A claim of a file is named by file and place, with a point between them. What was told as come back
    /// in the closed run is told already. The closed run is older than this one, so that what has its newest
    /// line there is gone. Counted and not looked up: of the lines that were just written there are no
    /// statistics, and whoever plans by none reads them all once for each closed line.
    private static let insertGone = Statement(
        """
        insert into exchange.claim_verdict (body, month, run, ordinal, claim, person, institution,
            standing, is_reopened, told)
        select v.body, v.month, $3, $5 + row_number() over (order by v.ordinal), v.claim, v.person,
            v.institution, 'accepted', true, \(toldAsGone) || substr(v.told, 2)
        from (
            select min(n.ordinal) as ordinal from exchange.claim_verdict n
            where n.body = $1 and n.month = $2 and n.run in ($3, $4) and position('.' in n.claim) = 0
            group by n.claim having max(n.run) = $4) g
        cross join lateral (
            select * from exchange.claim_verdict v
            where v.body = $1 and v.month = $2 and v.run = $4 and v.ordinal = g.ordinal
            offset 0) v
        where not starts_with(v.told, \(toldAsGone))
        returning person
        """)
}

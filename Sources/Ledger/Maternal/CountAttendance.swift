package import Exchange
import Postgres

/// 受診者数: from notifications and reports that came anyway, of all the children, or mothers, of a municipality
/// or of a prefecture at once.
extension Records {
    /// Of these municipalities, by month of birth or delivery, or of the expected birth. It says nothing of
    /// anyone.
    package mutating func attendance(
        _ checkup: AwaitedCheckup, of municipalities: String, least: Int
    ) throws -> CheckupAttendance {
        let span = checkup.counted
        let rows = try transaction.query(
            checkup.origin.countAttendance,
            [
                .text(municipalities), .text(checkup.code), .text(span.origins.first.text),
                .text(span.origins.last.text), .orNull(span.seenFromDay),
                .orNull(span.seenToDay),
            ])
        enter(nil)
        return CheckupAttendance(
            checkup: checkup.code,
            cohorts: try rows.map { row in
                CheckupAttendance.Cohort(
                    municipality: try row.text(0), month: try row.text(1),
                    registered: try row.int(2), seen: try row.int(3))
            }, least: least)
    }
}

extension AwaitedCheckup.Origin {
    fileprivate var countAttendance: Statement {
        switch self {
        case .birth: Self.countChildren
        case .delivery: Self.countMothers
        case .expectedDate: Self.countPregnant
        }
    }

    private static let countChildren = Statement(count(.birth))
    private static let countMothers = Statement(count(.delivery))
    private static let countPregnant = Statement(count(.expectedDate))

    /// Whose words are of these days, all that anybody ever said of them under any of their records, which
    /// of it stands and is the newest (as `StandingWord` has it of one row), and who was examined: each read
    /// once for all, so that a prefecture is not asked for child by child.
    private static func count(_ origin: Self) -> String {
        """
        with waited as materialized (
            select distinct coalesce(m.survivor, n.person) as survivor
            from exchange.maternal_notification n
            left join exchange.record_merge m on m.person = n.person and m.parted_at is null
            where n.municipality like $1 and n.kind = '\(origin.kind.rawValue)'
                and (\(origin.day(in: "n"))) between $3 and $4),
        records as materialized (
            select survivor, survivor as person from waited
            union all
            select m.survivor, m.person from waited
            join exchange.record_merge m on m.survivor = waited.survivor and m.parted_at is null),
        words as materialized (
            select r.survivor, n.person, n.episode, n.municipality, n.kind,
                \(origin.day(in: "n")) as day, \(origin.isCounted("n")) as is_counted,
                n.version = greatest(max(n.version) over of_kind, max(n.version) over of_record)
                    and not coalesce((n.face::jsonb ->> 'isWithdrawn')::boolean, false) as stands,
                greatest(max(n.version) filter (where n.takes) over of_kind,
                    max(n.version) filter (where n.takes) over of_record) as held_from
            from records r join exchange.maternal_notification n on n.person = r.person
            window of_kind as (
                    partition by r.survivor, n.municipality, n.notification_key, n.kind),
                of_record as (
                    partition by r.survivor, n.municipality, n.notification_key, n.person)),
        newest as (
            select w.survivor, w.episode, w.municipality, w.day from words w
            where w.stands and w.is_counted and w.municipality like $1
                and w.kind = '\(origin.kind.rawValue)' and w.day between $3 and $4
                and not exists (
                    select 1 from words later
                    where later.survivor = w.survivor and later.stands
                        and (later.episode = w.episode
                            or later.person <> w.person and later.kind = w.kind)
                        and later.held_from > w.held_from)),
        examined as materialized (
            select distinct r.survivor, c.day
            from records r join exchange.checkup_result c on c.person = r.person
            where c.checkup = $2 and \(ExaminedReport.isExamined("c")))
        select w.municipality, substr(w.day, 1, 7), count(distinct (w.survivor, w.episode)),
            count(distinct (w.survivor, w.episode)) filter (where e.survivor is not null)
        from newest w
        left join examined e on e.survivor = w.survivor
            and ($5::int is null or e.day >= w.day::date + $5::int)
            and ($6::int is null or e.day <= w.day::date + $6::int)
        group by 1, 2 order by 1, 2
        """
    }
}

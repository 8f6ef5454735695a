package import Exchange
import Postgres

/// 受診者数: from notifications and reports that came anyway, of all the children, or mothers, of a municipality
/// or of a prefecture at once.
extension Records {
    /// Of these municipalities, by month of birth or delivery, or of the expected birth; of those who live
    /// there, as far as anybody knows. It says nothing of anyone.
    package mutating func attendance(
        _ checkup: AwaitedCheckup, of municipalities: String, least: Int
    ) throws -> CheckupAttendance {
        let span = checkup.counted
        let rows = try transaction.query(
            checkup.origin.countAttendance,
            [
                .text(municipalities), .text(checkup.code), .text(span.origins.first.text),
                .text(span.origins.last.text), .orNull(span.seenFromDay),
                .orNull(span.seenToDay), .day(now.dayInJapan), .int(checkup.times),
            ])
        enter(nil)
        return CheckupAttendance(
            checkup: checkup.code, times: checkup.times,
            cohorts: try rows.map { row in
                let times = try row.ints(2)
                return CheckupAttendance.Cohort(
                    municipality: try row.text(0), month: try row.text(1),
                    byTimes: Dictionary(zip(times, try row.ints(3)), uniquingKeysWith: +))
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

    /// 妊娠の終わり: no day after it is one of a checkup of this pregnancy; the next may begin within weeks.
    private func end(in row: String) -> String {
        guard self == .expectedDate else { return "null::date" }
        return """
            coalesce((\(row).face::jsonb #>> '{delivery,on}')::date, (
                    select max((lost ->> 'on')::date)
                    from jsonb_array_elements(\(row).face::jsonb -> 'losses') lost
                    having sum((lost ->> 'fetuses')::int)
                        >= coalesce((\(row).face::jsonb ->> 'fetuses')::int, 1)))
            """
    }

    /// Whose words are of these days, all that anybody ever said of them under any of their records, which
    /// of it stands and is the newest (as `StandingWord` has it of one row), where they live, and when they
    /// were examined: each read once for all, so that a prefecture is not asked for child by child.
    private static func count(_ origin: Self) -> String {
        """
        with \(words(of: origin)),
        homes as materialized (
            select distinct on (r.person) r.person, r.municipality
            from waited join exchange.residence r on r.person = waited.survivor
            where r.from_day <= $7
            order by r.person, r.from_day desc, r.version desc),
        newest as (
            select w.survivor, w.episode, w.municipality, w.day, w.ended
            from words w left join homes h on h.person = w.survivor
            where w.stands and w.is_counted and w.municipality like $1
                and coalesce(h.municipality, w.municipality) = w.municipality
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
            where c.checkup = $2 and \(ExaminedReport.isExamined("c"))),
        often as (
            select w.municipality, substr(w.day, 1, 7) as month,
                least(count(distinct e.day), $8::bigint) as times
            from newest w
            left join examined e on e.survivor = w.survivor
                and ($5::int is null or e.day >= w.day::date + $5::int)
                and ($6::int is null or e.day <= w.day::date + $6::int)
                and (w.ended is null or e.day <= w.ended)
            group by w.municipality, 2, w.survivor, w.episode),
        counts as (
            select municipality, month, times, count(*) as residents from often group by 1, 2, 3)
        select municipality, month, array_agg(times), array_agg(residents)
        from counts group by 1, 2 order by 1, 2
        """
    }

    /// Whose words are of these days, and all that anybody ever said of them.
    private static func words(of origin: Self) -> String {
        """
        waited as materialized (
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
                \(origin.end(in: "n")) as ended,
                n.version = greatest(max(n.version) over of_kind, max(n.version) over of_record)
                    and not coalesce((n.face::jsonb ->> 'isWithdrawn')::boolean, false) as stands,
                greatest(max(n.version) filter (where n.takes) over of_kind,
                    max(n.version) filter (where n.takes) over of_record) as held_from
            from records r join exchange.maternal_notification n on n.person = r.person
            window of_kind as (
                    partition by r.survivor, n.municipality, n.notification_key, n.kind),
                of_record as (
                    partition by r.survivor, n.municipality, n.notification_key, n.person))
        """
    }
}

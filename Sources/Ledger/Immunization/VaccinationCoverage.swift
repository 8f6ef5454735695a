package import Exchange
import Postgres

/// 接種率の集計: how many of those who lived somewhere at the end of a month had which dose. A month is
/// counted once, when it is first asked for, and stays as it was counted: two answers of one month
/// can never be subtracted from each other.
extension Records {
    /// The figures of the nation and of these municipalities; of every one without any. The month is over,
    /// and counted by `rules` if it is not counted yet.
    package mutating func coverage(
        of month: ServiceMonth, in municipalities: [String]?, rules: ImmunizationRules
    ) throws -> (counted: Instant, counts: [CoverageCount]) {
        let first = Value.day(Int(month.firstDay))
        try transaction.run(Self.lockCoverage)
        if try transaction.query(Self.selectMonth, [first]).count == 0 {
            try transaction.run(Self.insertMonth, [first, .time(now)])
            let lastDay = Int(month.lastDay)
            let scopes = rules.coverageScopes(on: CalendarDay(daysSince1970: lastDay))
            try transaction.run(
                Self.count,
                [
                    first, .day(lastDay), .texts(scopes.map(\.programme)),
                    .texts(scopes.map { $0.sex?.registered }),
                    .days(scopes.map { $0.since?.daysSince1970 }),
                ])
        }
        let counted = try transaction.query(Self.selectMonth, [first])[0].instant(0)
        let rows = try transaction.query(
            Self.selectCounts,
            [first, .bool(municipalities == nil), .texts(municipalities ?? [])])
        enter(nil, basis: "coverage \(month.text)")
        return (
            Instant(microseconds: counted),
            try rows.map { row in
                let area = try row.text(0)
                return CoverageCount(
                    area: area.isEmpty ? .nation : .municipality(area), cohort: try row.int(1),
                    programme: try row.text(2), dose: try row.int(3),
                    population: try row.int(4), vaccinated: try row.int(5))
            }
        )
    }

    private static let lockCoverage = Statement(
        "select pg_advisory_xact_lock(\(AdvisoryLock.coverage.rawValue))::text")

    private static let selectMonth = Statement(
        "select counted_at from exchange.coverage_month where month = $1")

    private static let insertMonth = Statement(
        "insert into exchange.coverage_month (month, counted_at) values ($1, $2)")

    /// A birth date may be no day at all (`2020-00-00`): its parts are compared, never read as one. A
    /// schedule for one sex is counted among that sex, and one of every season in the last that had begun.
    /// What a municipality's own ledger tells counts where no line of an institution is of the same day and
    /// person, under whichever of the person's records.
    private static let count = Statement(
        """
        with home as (
            select distinct on (r.person) r.person, r.municipality from exchange.residence r
            where r.from_day <= $2 and not exists (
                select 1 from exchange.record_merge m where m.person = r.person and m.parted_at is null)
            order by r.person, r.from_day desc, r.version desc),
        born as (
            select distinct on (i.person) i.person, i.birth_date, i.sex from exchange.identity i
            where \(SaidIdentity.stands("i")) order by i.person, i.version desc),
        people as (
            select h.person, h.municipality, b.sex, substr(b.birth_date, 1, 4)::bigint
                - (substr(b.birth_date, 6) < '04-02')::int as cohort
            from home h join born b using (person)
            where h.municipality <> '\(Residence.nowhere)'
                and b.birth_date ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'),
        scope as (
            select * from unnest($3::text[], $4::text[], $5::date[]) as q(programme, sex, since)),
        given as (
            select distinct coalesce(m.survivor, c.person) as person, c.programme,
                coalesce(c.dose_number, 0) as dose, coalesce(s.sex, '') as among
            from exchange.vaccination_claim c
            join scope s on s.programme = c.programme
            left join exchange.record_merge m on m.person = c.person and m.parted_at is null
            where coalesce(c.refusal, 'copied') = 'copied'
                and c.day <= $2 and c.day >= coalesce(s.since, c.day)
                and not exists (
                    select 1 from exchange.vaccination_claim n
                    where n.person = c.person and n.vaccination = c.vaccination
                        and n.version > c.version)
                and (c.refusal is null or not exists (
                    select 1 from exchange.vaccination_claim own
                    where own.person = any (array(
                            select coalesce(m.survivor, c.person) union all
                            select o.person from exchange.record_merge o
                            where o.survivor = coalesce(m.survivor, c.person) and o.parted_at is null))
                        and own.day = c.day and own.programme = c.programme
                        and own.refusal is null and not exists (
                            select 1 from exchange.vaccination_claim n
                            where n.person = own.person and n.vaccination = own.vaccination
                                and n.version > own.version))))
        insert into exchange.coverage_count
            (month, municipality, cohort, programme, dose, population, vaccinated)
        select $1, v.municipality, v.cohort, v.programme, v.dose, p.people, v.people
        from (
            select coalesce(municipality, '') as municipality, cohort, programme, dose, among,
                count(*) as people
            from given join people using (person) where among in ('', sex)
            group by grouping sets
                ((municipality, cohort, programme, dose, among), (cohort, programme, dose, among))) v
        join (
            select coalesce(municipality, '') as municipality, cohort,
                case when grouping(sex) = 1 then '' else sex end as among, count(*) as people
            from people group by grouping sets
                ((municipality, cohort), (cohort), (municipality, cohort, sex), (cohort, sex))) p
            using (municipality, cohort, among)
        """)

    private static let selectCounts = Statement(
        """
        select municipality, cohort, programme, dose, population, vaccinated
        from exchange.coverage_count
        where month = $1 and (municipality = '' or $2 or municipality = any ($3))
        order by municipality, programme, dose, cohort
        """)
}

import Exchange
import Postgres

/// 高額な月の数に達した知らせ: told by what is kept of the bills anyway; nothing is written for it at the counter.
extension Records {
    /// The notices that a rule's months are reached, each at the bill that completed them.
    mutating func reachedCounts(
        of person: PersonKey, rules: RuleBook, name: (RecordID, String) -> String
    ) throws -> [Notice] {
        guard let kind = rules.noticeKind(Notice.costMonthsReached) else { return [] }
        let amounts = Array(Set(rules.costMonths.map(\.above)))
        let rows = try transaction.query(
            Self.selectCrossings, [.person(person), .ints(amounts), kindsShown])
        let crossings = try rows.map { row in
            CostCrossing(
                capMonth: try CapMonth(row, from: 0), above: try row.int(4),
                bill: try row.uuid(5).record,
                by: (try Party(key: try row.text(6)), try row.text(7)),
                at: Instant(microseconds: try row.instant(8)))
        }
        return CostCrossing.completing(crossings, rules).map { rule, crossing in
            Notice(
                id: name(crossing.bill, rule.code), at: crossing.at, kind: kind,
                party: crossing.party, partyName: crossing.partyName,
                about: (nil, rule.subject(crossing.capMonth.certificate, rules.subsidy)))
        }
    }

    /// Of the months that are above an amount now, the first version that took them there. Where none did and
    /// two records are so together (統合), the last one.
    private static let selectCrossings = Statement(
        """
        select \(CapMonth.columns), t.above, c.bill, c.party, coalesce(p.name, c.party), c.recorded_at
        from (
            select \(CapMonth.columns), sum(m.cost)::bigint as cost from exchange.cap_month m
            where m.person = any (\(Survivors.records(of: "$1"))) and \(isShown("$3", to: "$1"))
            group by \(CapMonth.columns)) m
        cross join unnest($2::bigint[]) as t(above)
        cross join lateral (
            select b.bill, b.party, b.recorded_at from exchange.bill b
            where b.person = any (\(Survivors.records(of: "$1"))) and b.body = m.body
                and b.certificate_type = m.certificate_type and b.sub_key = m.sub_key
                and b.month = m.month and b.status = 'confirmed' and not exists (
                    select 1 from exchange.bill later
                    where later.person = b.person and later.bill = b.bill
                        and later.version > b.version)
            order by b.month_cost > t.above desc,
                case when b.month_cost > t.above then b.recorded_at end, b.recorded_at desc,
                b.position
            limit 1) c
        left join exchange.party p on p.party = c.party
        where m.cost > t.above
        """)
}

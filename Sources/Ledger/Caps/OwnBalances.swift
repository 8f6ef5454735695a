package import Exchange
import Postgres

/// 本人の残高 as the ledger reads it: whatever was confirmed before the question is in the answer.
extension Records {
    /// The newest months of a resident's certificates, each with the newest version of its bills
    /// and the refunds due; reservations that have lapsed keep nothing.
    ///
    /// `name` makes the id of a refund case that its reader knows it by.
    package mutating func ownBalances(
        of person: PersonKey, limit: Int, rules: RuleBook, name: (RecordID) -> String
    ) throws -> OwnBalances {
        let today = now.dayInJapan
        let first = OwnSums.lookBack(from: today, rules)
        let rows = try transaction.pipeline([
            (Self.selectMonths, [.person(person), .time(now), .int(limit), kindsShown]),
            (
                Self.selectBills,
                [.person(person), .int(limit * Self.billsPerMonth), kindsShown]
            ),
            (Self.selectRefunds, [.person(person), .int(limit), kindsShown]),
            (Self.selectSums, [.person(person), .day(first.daysSince1970), kindsShown]),
        ])
        let bills = try rows[1].map { row in
            OwnBalances.Bill(
                version: try BillVersion(row, from: 1), institutionName: try row.text(0))
        }
        let refunds = try rows[2].map { row in
            guard let status = RefundStatus(rawValue: try row.text(6)) else {
                throw Refusal.malformed("status")
            }
            let refund = OwnBalances.Refund(
                id: name(try row.uuid(4).record), yen: try row.int(5), status: status,
                since: Instant(microseconds: try row.instant(7)),
                isAboveYear: try row.text(8) == RefundVersion.Above.year.rawValue)
            return (capMonth: try CapMonth(row, from: 0), refund: refund)
        }
        let months = try rows[0].map { row in
            let capMonth = try CapMonth(row, from: 0)
            return OwnBalances.Month(
                capMonth,
                .init(
                    cap: try row.optionalInt(4), collected: try row.int(5),
                    held: try row.int(6), cost: try row.int(7)),
                passedOn: try row.int(8), borne: try row.int(9),
                bills: bills.filter { $0.version.content.capMonth == capMonth },
                refunds: refunds.filter { $0.capMonth == capMonth }.map(\.refund))
        }
        let sums = try rows[3].map { row in
            MonthSum(
                capMonth: try CapMonth(row, from: 0), cost: try row.int(4), paid: try row.int(5),
                inpatient: try row.int(6))
        }
        return OwnBalances(
            asOf: now, months: months, sums: OwnSums(sums, on: today, rules))
    }

    /// Weekly visits to five institutions.
    private static let billsPerMonth = 25

    /// Of a certificate whose kind, under any record of the person, is among those shown, or all of them.
    static func isShown(_ kinds: String, to person: String) -> String {
        """
        (\(kinds)::text[] is null or exists (
            select 1 from exchange.entitlement e
            where e.person = any (\(Survivors.records(of: person))) and e.body = m.body
                and e.certificate_type = m.certificate_type and e.consent_kind = any (\(kinds))))
        """
    }

    /// 統合された記録の月: a person's month is the sum of what stands under their records.
    private static let selectMonths = Statement(
        """
        select \(CapMonth.columns), \(CapMonth.cap), sum(m.collected + m.borne_collected)::bigint,
            sum(m.held)::bigint, sum(m.cost)::bigint, sum(m.passed_on)::bigint,
            sum(m.borne_collected)::bigint
        from (
            select c.*, (
                select coalesce(sum(h.collected), 0)::bigint from exchange.cap_hold h
                where h.person = c.person and h.body = c.body
                    and h.certificate_type = c.certificate_type and h.sub_key = c.sub_key
                    and h.month = c.month and h.lapses_at > $2) as held
            from exchange.cap_month c
            where c.person = any (\(Survivors.records(of: "$1")))
                and (c.position > 0 or c.borne_collected > 0)) m
        where \(isShown("$4", to: "$1"))
        group by \(CapMonth.columns)
        order by m.month desc, m.body, m.certificate_type, m.sub_key limit $3
        """)

    /// The newest first: by their places in the month, which two records have counted apart.
    private static let selectBills = Statement(
        """
        select p.name, \(BillVersion.columns)
        from exchange.bill m join exchange.party p on p.party = m.party
        where m.person = any (\(Survivors.records(of: "$1"))) and not exists (
            select 1 from exchange.bill later
            where later.person = m.person and later.bill = m.bill and later.version > m.version)
            and \(isShown("$3", to: "$1"))
        order by m.month desc, case when cardinality(\(Survivors.records(of: "$1"))) > 1
            then m.recorded_at end desc, m.position desc limit $2
        """)

    /// What was collected above the cap or above the limit of the year is due back, and what was passed on
    /// was paid by nobody. What refunds left borne was paid, too.
    private static let selectSums = Statement(
        """
        select s.body, s.certificate_type, s.sub_key, s.month, s.cost,
            least(s.collected, greatest(coalesce(s.cap - s.borne, s.collected), s.passed_on))
                - s.passed_on - s.back + s.borne,
            s.inpatient
        from (
            select \(CapMonth.columns), \(CapMonth.cap) as cap, sum(m.cost)::bigint as cost,
                sum(m.collected)::bigint as collected, sum(m.passed_on)::bigint as passed_on,
                sum(m.borne_collected)::bigint as borne, sum(back.yen)::bigint as back,
                sum(m.inpatient - back.inpatient + m.borne_inpatient)::bigint as inpatient
            from exchange.cap_month m
            cross join lateral (
                select coalesce(sum(r.yen), 0)::bigint as yen,
                    coalesce(sum(r.yen) filter (where b.is_inpatient), 0)::bigint as inpatient
                from exchange.refund_case r
                join exchange.bill b on b.person = r.person and b.bill = r.bill and b.version = 1
                where r.person = m.person and r.body = m.body
                    and r.certificate_type = m.certificate_type and r.sub_key = m.sub_key
                    and r.month = m.month and r.above = 'year' and not exists (
                        select 1 from exchange.refund_case later
                        where later.person = r.person and later.refund = r.refund
                            and later.version > r.version)) back
            where m.person = any (\(Survivors.records(of: "$1"))) and m.month >= $2
                and \(isShown("$3", to: "$1"))
            group by \(CapMonth.columns)) s
        order by s.month, s.body, s.certificate_type, s.sub_key
        """)

    private static let selectRefunds = Statement(
        """
        select \(CapMonth.columns), m.refund, m.yen, m.status, m.at, m.above from exchange.refund_now m
        where m.person = any (\(Survivors.records(of: "$1"))) and m.paid is null
            and \(isShown("$3", to: "$1"))
        order by m.month desc, m.at desc limit $2
        """)
}

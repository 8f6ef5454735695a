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

    /// Of a certificate whose kind is among those shown, or all of them.
    static func isShown(_ kinds: String) -> String {
        """
        (\(kinds)::text[] is null or exists (
            select 1 from exchange.entitlement e
            where e.person = m.person and e.body = m.body and e.certificate_type = m.certificate_type
                and e.consent_kind = any (\(kinds))))
        """
    }

    /// 統合された記録の月: of an absorbed record nothing but voided bills are here, and months without an amount: the
    /// month is the survivor's own where there is one.
    private static let selectMonths = Statement(
        """
        select body, certificate_type, sub_key, month, cap, filled, held, cost, passed_on, borne_collected
        from (
            select distinct on (m.month, m.body, m.certificate_type, m.sub_key) \(CapMonth.columns), m.cap,
                m.collected + m.borne_collected as filled, (
                    select coalesce(sum(h.collected), 0)::bigint from exchange.cap_hold h
                    where h.person = m.person and h.body = m.body
                        and h.certificate_type = m.certificate_type and h.sub_key = m.sub_key
                        and h.month = m.month and h.lapses_at > $2) as held, m.cost, m.passed_on,
                m.borne_collected
            from exchange.cap_month m
            where m.person = any (\(Survivors.records(of: "$1")))
                and (m.position > 0 or m.borne_collected > 0) and \(isShown("$4"))
            order by m.month, m.body, m.certificate_type, m.sub_key, m.person <> $1) o
        order by month desc, body, certificate_type, sub_key limit $3
        """)

    private static let selectBills = Statement(
        """
        select p.name, \(BillVersion.columns)
        from exchange.bill m join exchange.party p on p.party = m.party
        where m.person = any (\(Survivors.records(of: "$1"))) and not exists (
            select 1 from exchange.bill later
            where later.person = m.person and later.bill = m.bill and later.version > m.version)
            and \(isShown("$3"))
        order by m.month desc, m.person <> $1, m.position desc limit $2
        """)

    /// What was collected above the cap or above the limit of the year is due back, and what was passed on
    /// was paid by nobody. What refunds left borne was paid, too.
    private static let selectSums = Statement(
        """
        select \(CapMonth.columns), m.cost,
            least(m.collected, greatest(coalesce(m.cap - m.borne_collected, m.collected), m.passed_on))
                - m.passed_on - back.yen + m.borne_collected,
            m.inpatient - back.inpatient + m.borne_inpatient
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
        where m.person = $1 and m.month >= $2
            and \(isShown("$3"))
        order by m.month, m.body, m.certificate_type, m.sub_key
        """)

    private static let selectRefunds = Statement(
        """
        select \(CapMonth.columns), m.refund, m.yen, m.status, m.at, m.above from exchange.refund_now m
        where m.person = any (\(Survivors.records(of: "$1"))) and m.paid is null
            and \(isShown("$3"))
        order by m.month desc, m.at desc limit $2
        """)
}

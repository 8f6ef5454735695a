import Exchange
import Postgres

/// 上限額の月 as rows name it: five columns, the person first.
extension CapMonth {
    /// Of a row `m`, without the person.
    static let columns = "m.body, m.certificate_type, m.sub_key, m.month"

    init(_ row: Row, from column: Int) throws {
        self.init(
            certificate: HeldCertificate(
                body: try row.text(column), typeID: try row.text(column + 1),
                subKey: try row.text(column + 2)),
            month: ServiceMonth(of: CalendarDay(daysSince1970: try row.day(column + 3))))
    }

    /// Person, body, type, sub key and month: $1 to $5 of every statement on one month.
    func key(of person: PersonKey) -> [Value] {
        [
            .person(person), .text(certificate.body), .text(certificate.typeID),
            .text(certificate.subKey), .day(Int(month.firstDay)),
        ]
    }
}

extension HeldCertificate {
    static func isBefore(_ left: HeldCertificate, _ right: HeldCertificate) -> Bool {
        (left.body, left.typeID, left.subKey) < (right.body, right.typeID, right.subKey)
    }
}

/// 月の状態: what one certificate's month holds, as it was read.
struct HeldMonth: Sendable {
    let capMonth: CapMonth
    /// Of the newest version of a bill in it.
    let position: Int
    let cap: Int?
    let balance: CapBalance

    /// The row's lock, for the rest of the transaction: whoever decides on this month comes after
    /// whoever decided before, and sees it. One transaction locks one month, so that none waits in
    /// a ring.
    static let lock = Statement(
        """
        insert into exchange.cap_month as m (person, body, certificate_type, sub_key, month)
        values ($1, $2, $3, $4, $5)
        on conflict (person, body, certificate_type, sub_key, month)
            do update set position = m.position
        returning m.position, m.cap, m.share, m.collected, m.cost
        """)

    /// As `lock`, of what is there now, for who decides nothing.
    static let select = Statement(
        """
        select position, cap, share, collected, cost from exchange.cap_month
        where person = $1 and body = $2 and certificate_type = $3 and sub_key = $4 and month = $5
        """)

    /// Live reservations ($6: now) but for that of the bill which party $7 holds under this
    /// identifier.
    static let selectHeld = Statement(
        """
        select coalesce(sum(share), 0)::bigint, coalesce(sum(collected), 0)::bigint
        from exchange.cap_hold
        where person = $1 and body = $2 and certificate_type = $3 and sub_key = $4 and month = $5
            and lapses_at > $6 and bill is distinct from (
                select own.bill from exchange.bill own
                where own.party = $7 and own.identifier_system = $8 and own.identifier = $9 limit 1)
        """)

    static let insertHold = Statement(
        """
        insert into exchange.cap_hold
            (person, body, certificate_type, sub_key, month, bill, share, collected, lapses_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """)

    /// What bill $6 kept, and what has lapsed.
    static let deleteHolds = Statement(
        """
        delete from exchange.cap_hold
        where person = $1 and body = $2 and certificate_type = $3 and sub_key = $4 and month = $5
            and (bill = $6 or lapses_at <= $7)
        """)

    static let selectRefunds = Statement(
        """
        select refund, version, bill, yen, at from (
            select distinct on (refund) refund, version, bill, yen, at from exchange.refund_case
            where person = $1 and body = $2 and certificate_type = $3 and sub_key = $4
                and month = $5
            order by refund, version desc) newest
        where yen > 0 order by at desc, refund desc
        """)

    init(_ capMonth: CapMonth, _ rows: Rows, held: Row) throws {
        self.capMonth = capMonth
        let held = CapRun(share: try held.int(0), collected: try held.int(1))
        guard let row = rows.first else {
            position = 0
            cap = nil
            balance = CapBalance(confirmed: CapRun(), cost: 0, held: held)
            return
        }
        position = try row.int(0)
        cap = try row.optionalInt(1)
        balance = CapBalance(
            confirmed: CapRun(share: try row.int(2), collected: try row.int(3)),
            cost: try row.int(4), held: held)
    }

    func update(_ version: BillVersion, _ after: CapBalance, of person: PersonKey)
        -> (Statement, [Value])
    {
        (
            Self.update,
            capMonth.key(of: person) + [
                .int(position + 1), .orNull(version.month.cap), .int(after.confirmed.share),
                .int(after.confirmed.collected), .int(after.cost),
            ]
        )
    }

    private static let update = Statement(
        """
        update exchange.cap_month
        set position = $6, cap = $7, share = $8, collected = $9, cost = $10
        where person = $1 and body = $2 and certificate_type = $3 and sub_key = $4 and month = $5
        """)
}

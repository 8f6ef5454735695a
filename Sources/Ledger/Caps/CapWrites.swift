import Exchange
import Postgres

/// 償還払いの版: one case as it is kept.
struct RefundVersion: Sendable {
    let id: RecordID
    let version: Int
    /// The bill that went over.
    let bill: RecordID
    /// None is due any more at 0.
    let yen: Int
    let at: Instant

    func lowered(by less: Int, at now: Instant) -> RefundVersion {
        RefundVersion(id: id, version: version + 1, bill: bill, yen: yen - less, at: now)
    }

    var status: RefundStatus { yen > 0 ? .open : .withdrawn }
}

extension RefundVersion {
    init(_ row: Row, from column: Int) throws {
        self.init(
            id: try row.uuid(column).record, version: try row.int(column + 1),
            bill: try row.uuid(column + 2).record, yen: try row.int(column + 3),
            at: Instant(microseconds: try row.instant(column + 4)))
    }
}

/// 書く一行: a line of a bill with its month and its place in it.
struct CapLine: Sendable {
    let visit: RecordID
    let version: BillVersion
    let key: CapMonthKey
    let position: Int
}

/// What a batch changes: all of it travels with the commit, a statement for each table.
struct CapWrites: Sendable {
    var now = Instant(seconds: 0)
    private var lines: [CapLine] = []
    private var refunds: [(key: CapMonthKey, version: RefundVersion)] = []

    mutating func add(_ line: CapLine, _ changed: [RefundVersion]) {
        lines.append(line)
        refunds += changed.map { (line.key, $0) }
    }

    func steps(_ months: [CapMonthKey: CapDesk.Month]) -> [(Statement, [Value])] {
        guard !lines.isEmpty else { return [] }
        let touched = Array(Set(lines.map(\.key)))
        var steps = [
            HeldBill.insertion(lines),
            Self.update(touched.map { ($0, months[$0] ?? CapDesk.Month()) }),
            (
                Self.deleteHolds,
                CapMonthKey.values(touched) + [
                    .uuids(lines.map { UUIDBytes($0.version.id) }), .time(now),
                ]
            ),
        ]
        // What was reserved and confirmed in one batch keeps nothing.
        let holds = lines.filter { line in
            line.version.status == .reserved
                && months[line.key]?.holds[line.version.id] != nil
        }
        if !holds.isEmpty { steps.append(Self.insertion(of: holds)) }
        if !refunds.isEmpty { steps.append(refundInsertion) }
        return steps
    }

    private static func update(_ months: [(CapMonthKey, CapDesk.Month)]) -> (Statement, [Value]) {
        (
            updateMonths,
            CapMonthKey.values(months.map(\.0)) + [
                .ints(months.map(\.1.position)), .ints(months.map(\.1.cap)),
                .ints(months.map(\.1.confirmed.share)),
                .ints(months.map(\.1.confirmed.collected)), .ints(months.map(\.1.cost)),
                .ints(months.map(\.1.passedOn)),
            ]
        )
    }

    private static func insertion(of holds: [CapLine]) -> (Statement, [Value]) {
        let bills = holds.map(\.version)
        return (
            insertHolds,
            CapMonthKey.values(holds.map(\.key)) + [
                .uuids(bills.map { UUIDBytes($0.id) }), .ints(bills.map(\.amounts.share)),
                .ints(bills.map(\.amounts.collected)),
                .instants(bills.map { $0.lapses?.microseconds }),
            ]
        )
    }

    private var refundInsertion: (Statement, [Value]) {
        let versions = refunds.map(\.version)
        return (
            Self.insertRefunds,
            CapMonthKey.values(refunds.map(\.key)) + [
                .uuids(versions.map { UUIDBytes($0.id) }), .ints(versions.map(\.version)),
                .uuids(versions.map { UUIDBytes($0.bill) }), .ints(versions.map(\.yen)),
                .texts(versions.map(\.status.rawValue)),
                .instants(versions.map(\.at.microseconds)),
            ]
        )
    }

    private static let updateMonths = Statement(
        """
        update exchange.cap_month m
        set position = q.position, cap = q.cap, share = q.share, collected = q.collected,
            cost = q.cost, passed_on = q.passed_on
        from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::date[], $6::bigint[],
            $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[])
            as q(person, body, certificate_type, sub_key, month, position, cap, share, collected, cost,
                passed_on)
        where \(CapMonthKey.matches)
        """)

    /// What the batch's bills kept, and what has lapsed in its months.
    private static let deleteHolds = Statement(
        """
        delete from exchange.cap_hold m using \(CapMonthKey.rows)
        where \(CapMonthKey.matches) and (m.bill = any ($6) or m.lapses_at <= $7)
        """)

    private static let insertHolds = Statement(
        """
        insert into exchange.cap_hold
            (person, body, certificate_type, sub_key, month, bill, share, collected, lapses_at)
        select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::date[],
            $6::uuid[], $7::bigint[], $8::bigint[], $9::timestamptz[])
        """)

    private static let insertRefunds = Statement(
        """
        insert into exchange.refund_case
            (person, body, certificate_type, sub_key, month, refund, version, bill, yen, status, at)
        select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::date[],
            $6::uuid[], $7::bigint[], $8::uuid[], $9::bigint[], $10::text[], $11::timestamptz[])
        """)
}

import Exchange
import Postgres

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
    private var years: [CapYearKey: CapYearBook] = [:]

    mutating func add(_ line: CapLine, _ changed: [RefundVersion]) {
        lines.append(line)
        refunds += changed.map { (line.key, $0) }
    }

    mutating func add(_ refund: RefundVersion, of month: CapMonthKey) {
        refunds.append((month, refund))
    }

    mutating func add(_ key: CapYearKey, _ book: CapYearBook) { years[key] = book }

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
        if !years.isEmpty { steps.append(yearUpdate) }
        return steps
    }

    private static func update(_ months: [(CapMonthKey, CapDesk.Month)]) -> (Statement, [Value]) {
        (
            updateMonths,
            CapMonthKey.values(months.map(\.0)) + [
                .ints(months.map(\.1.position)), .ints(months.map(\.1.cap)),
                .ints(months.map(\.1.confirmed.share)),
                .ints(months.map(\.1.confirmed.collected)), .ints(months.map(\.1.cost)),
                .ints(months.map(\.1.passedOn)), .ints(months.map(\.1.inpatient)),
                .ints(months.map(\.1.meals)), .ints(months.map(\.1.over)),
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
                .bools(bills.map(\.content.place.isLast)),
                .bools(bills.map(\.content.care.isInpatient)), .ints(bills.map(\.amounts.meals)),
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
                .texts(versions.map(\.above.rawValue)), .ints(versions.map(\.limit?.yen)),
                .bools(versions.map { $0.limit?.isOutpatientOnly ?? false }),
            ]
        )
    }

    private var yearUpdate: (Statement, [Value]) {
        let years = Array(self.years)
        return (
            Self.updateYears,
            [
                .uuids(years.map { UUIDBytes($0.key.person) }),
                .days(years.map { Int($0.key.first.firstDay) }),
                .ints(years.map(\.value.limit?.yen)),
                .bools(years.map { $0.value.limit?.isOutpatientOnly ?? false }),
            ]
        )
    }

    private static let updateMonths = Statement(
        """
        update exchange.cap_month m
        set position = q.position, cap = q.cap, share = q.share, collected = q.collected,
            cost = q.cost, passed_on = q.passed_on, inpatient = q.inpatient, meals = q.meals,
            paid_over = q.paid_over
        from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::date[], $6::bigint[],
            $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[],
            $13::bigint[], $14::bigint[])
            as q(person, body, certificate_type, sub_key, month, position, cap, share, collected, cost,
                passed_on, inpatient, meals, paid_over)
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
            (person, body, certificate_type, sub_key, month, bill, share, collected, lapses_at,
            is_last, is_inpatient, meals)
        select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::date[],
            $6::uuid[], $7::bigint[], $8::bigint[], $9::timestamptz[], $10::boolean[],
            $11::boolean[], $12::bigint[])
        """)

    private static let insertRefunds = Statement(
        """
        insert into exchange.refund_case
            (person, body, certificate_type, sub_key, month, refund, version, bill, yen, status, at,
            above, limit_yen, is_outpatient_only)
        select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::date[],
            $6::uuid[], $7::bigint[], $8::uuid[], $9::bigint[], $10::text[], $11::timestamptz[],
            $12::text[], $13::bigint[], $14::boolean[])
        """)

    private static let updateYears = Statement(
        """
        update exchange.cap_year m
        set yen = q.yen, is_outpatient_only = q.is_outpatient_only
        from unnest($1::uuid[], $2::date[], $3::bigint[], $4::boolean[])
            as q(person, first_month, yen, is_outpatient_only)
        where m.person = q.person and m.first_month = q.first_month
        """)
}

import Exchange
import Postgres

/// 書く一行: a line of a bill with its month and its place in it.
struct CapLine: Sendable {
    let visit: RecordID
    let version: BillVersion
    /// The row of the record under which the bill stands.
    let key: CapMonthKey
    /// Whoever that record is of now.
    let person: PersonKey
    let position: Int

    /// 残す側: where the record was merged.
    var survivor: PersonKey? { person == key.person ? nil : person }
    var monthOfPerson: CapMonthKey { CapMonthKey(person: person, capMonth: key.capMonth) }
}

/// 月の増減: what the bills of a batch make of one record's own row.
struct CapMonthChange: Sendable {
    private(set) var position = 0
    /// As a bill decided by it; a void decides by none.
    private(set) var cap: Int?
    private(set) var isDecided = false
    private(set) var run = CapRun()
    private(set) var cost = 0
    private(set) var passedOn = 0
    private(set) var inpatient = 0
    private(set) var meals = 0
    private(set) var over = 0

    init(from before: CapDesk.Month, to after: CapDesk.Month, by line: BillVersion) {
        position = after.position
        if line.status != .voided { (cap, isDecided) = (line.month.cap, true) }
        run.add(
            share: after.confirmed.share - before.confirmed.share,
            collected: after.confirmed.collected - before.confirmed.collected)
        cost = after.cost - before.cost
        passedOn = after.passedOn - before.passedOn
        inpatient = after.inpatient - before.inpatient
        meals = after.meals - before.meals
        over = after.over - before.over
    }

    mutating func add(_ later: CapMonthChange) {
        position = later.position
        if later.isDecided { (cap, isDecided) = (later.cap, true) }
        run.add(share: later.run.share, collected: later.run.collected)
        cost += later.cost
        passedOn += later.passedOn
        inpatient += later.inpatient
        meals += later.meals
        over += later.over
    }
}

/// What a batch changes: all of it travels with the commit, a statement for each table.
struct CapWrites: Sendable {
    var now = Instant(seconds: 0)
    private var lines: [CapLine] = []
    private var changes: [CapMonthKey: CapMonthChange] = [:]
    /// With the month of whoever they are of now.
    private var refunds: [(key: CapMonthKey, version: RefundVersion)] = []
    private var years: [CapYearKey: CapYearBook] = [:]

    mutating func add(
        _ line: CapLine, _ change: CapMonthChange,
        _ changed: [(key: CapMonthKey, version: RefundVersion)]
    ) {
        lines.append(line)
        if changes[line.key]?.add(change) == nil { changes[line.key] = change }
        refunds += changed
    }

    mutating func add(_ refund: RefundVersion, of month: CapMonthKey) {
        refunds.append((month, refund))
    }

    mutating func add(_ key: CapYearKey, _ book: CapYearBook) { years[key] = book }

    func steps(_ months: [CapMonthKey: CapDesk.Month]) -> [(Statement, [Value])] {
        guard !lines.isEmpty else { return [] }
        let touched = Array(changes)
        var steps = [
            HeldBill.insertion(lines), Self.update(touched, at: now),
            (
                Self.deleteHolds,
                CapMonthKey.values(touched.map(\.key)) + [
                    .uuids(lines.map { UUIDBytes($0.version.id) }), .time(now),
                ]
            ),
        ]
        // What was reserved and confirmed in one batch keeps nothing.
        let holds = lines.filter { line in
            line.version.status == .reserved
                && months[line.monthOfPerson]?.holds[line.version.id] != nil
        }
        if !holds.isEmpty { steps.append(Self.insertion(of: holds)) }
        if !refunds.isEmpty { steps.append(refundInsertion) }
        if !years.isEmpty { steps.append(yearUpdate) }
        return steps
    }

    private static func update(
        _ changes: [(key: CapMonthKey, value: CapMonthChange)], at now: Instant
    ) -> (Statement, [Value]) {
        let months = changes.map(\.value)
        return (
            updateMonths,
            CapMonthKey.values(changes.map(\.key)) + [
                .ints(months.map(\.position)), .ints(months.map(\.cap)),
                .ints(months.map(\.run.share)), .ints(months.map(\.run.collected)),
                .ints(months.map(\.cost)), .ints(months.map(\.passedOn)),
                .ints(months.map(\.inpatient)), .ints(months.map(\.meals)),
                .ints(months.map(\.over)), .bools(months.map(\.isDecided)), .time(now),
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
        let rows = refunds.map { key, version in
            CapMonthKey(person: version.cause.record, capMonth: key.capMonth)
        }
        let survivors = refunds.map { key, version in
            version.cause.record == key.person ? nil : UUIDBytes(key.person)
        }
        return (
            Self.insertRefunds,
            CapMonthKey.values(rows) + [
                .uuids(versions.map { UUIDBytes($0.id) }), .ints(versions.map(\.version)),
                .uuids(versions.map { UUIDBytes($0.cause.bill) }), .ints(versions.map(\.yen)),
                .texts(versions.map(\.status.rawValue)),
                .instants(versions.map(\.at.microseconds)),
                .texts(versions.map(\.above.rawValue)), .ints(versions.map(\.limit?.yen)),
                .bools(versions.map { $0.limit?.isOutpatientOnly ?? false }), .uuids(survivors),
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
                .bools(years.map { $0.value.limit?.isOutpatientOnly ?? false }), .time(now),
            ]
        )
    }

    /// Each record's row holds what was billed under it; the survivor's is the lock of them all.
    private static let updateMonths = Statement(
        """
        update exchange.cap_month m
        set position = q.position, cap = case when q.is_decided then q.cap else m.cap end,
            decided_at = case when q.is_decided then $16::timestamptz else m.decided_at end,
            share = m.share + q.share, collected = m.collected + q.collected, cost = m.cost + q.cost,
            passed_on = m.passed_on + q.passed_on, inpatient = m.inpatient + q.inpatient,
            meals = m.meals + q.meals, paid_over = m.paid_over + q.paid_over
        from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::date[], $6::bigint[],
            $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[],
            $13::bigint[], $14::bigint[], $15::boolean[])
            as q(person, body, certificate_type, sub_key, month, position, cap, share, collected, cost,
                passed_on, inpatient, meals, paid_over, is_decided)
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
            above, limit_yen, is_outpatient_only, survivor)
        select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::date[],
            $6::uuid[], $7::bigint[], $8::uuid[], $9::bigint[], $10::text[], $11::timestamptz[],
            $12::text[], $13::bigint[], $14::boolean[], $15::uuid[])
        """)

    private static let updateYears = Statement(
        """
        update exchange.cap_year m
        set yen = q.yen, is_outpatient_only = q.is_outpatient_only, decided_at = $5
        from unnest($1::uuid[], $2::date[], $3::bigint[], $4::boolean[])
            as q(person, first_month, yen, is_outpatient_only)
        where m.person = q.person and m.first_month = q.first_month
        """)
}

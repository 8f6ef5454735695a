import Exchange
import Postgres

/// 窓口の帳面: the months of one batch, each under its row's lock until the commit, and the bills that
/// are named in it. Whoever decides on a month comes after whoever decided before, and sees it. A person's
/// month is that of all their records (統合), of which the survivor's row is the lock; nobody merges or parts
/// them before the commit.
struct CapDesk: Sendable {
    struct Month: Sendable {
        /// Of the newest version of a bill in it.
        var position = 0
        /// As it was last decided by, and when, as far as the database knows.
        var cap: Int?
        var decidedAt: Instant?
        var confirmed = CapRun()
        var cost = 0
        /// What of the confirmed amounts went to the next certificate of its bill.
        var passedOn = 0
        /// What of them was paid for stays in hospital.
        var inpatient = 0
        /// 食事の負担 of what is confirmed.
        var meals = 0
        /// 過徴収額 above caps that count visits or days.
        var over = 0
        /// 償還払いの後に残る負担, of approved cases; a bill changes nothing of it.
        var borne = CapRun()
        /// What of it is of stays in hospital.
        var borneInpatient = 0
        /// Live reservations.
        var holds: [RecordID: CapHold] = [:]
        /// Bills that count, confirmed or held, and receipts of approved refunds, where a scheme
        /// counts visits or days.
        var visits: [RecordID: CountedVisit] = [:]
        /// Open cases, the newest last.
        var refunds: [RefundVersion] = []

        /// `content`: of the bill that is decided now, which may hold a place already.
        func balance(without bill: RecordID?, for content: BillContent? = nil) -> CapBalance {
            var held = CapRun()
            var meals = meals
            for (other, hold) in holds where other != bill {
                held.add(share: hold.run.share, collected: hold.run.collected)
                meals += hold.meals
            }
            return CapBalance(
                confirmed: confirmed, cost: cost, held: held, passedOn: passedOn,
                inpatient: inpatient, meals: meals, over: over, borne: borne,
                visits: others(than: bill, for: content))
        }
    }

    private(set) var months: [CapMonthKey: Month] = [:]
    /// Keys of `months`, and of `years`: a batch holds many people's.
    private(set) var monthsOf: [PersonKey: [CapMonthKey]] = [:]
    private(set) var yearsOf: [PersonKey: [CapYearKey]] = [:]
    private(set) var bills: [BillName: HeldBill] = [:]
    var years: [CapYearKey: CapYearBook] = [:]
    /// 明細書: those on which a bill of the batch stands that says a class.
    var receipts: [ReceiptKey: [BillName: ReceiptBill]] = [:]
    var writes = CapWrites()

    func month(_ key: CapMonthKey) -> Month { months[key] ?? Month() }

    /// Locks in one order, so that no two batches wait for each other in a ring; what is only asked
    /// for waits for nobody.
    static func load(_ transaction: inout Transaction, _ asked: [AskedBill]) throws -> CapDesk {
        var desk = CapDesk()
        guard let now = asked.map(\.at).max() else { return desk }
        try desk.readVoided(&transaction, asked)
        var locked: Set<CapMonthKey> = []
        var looked: Set<CapMonthKey> = []
        for bill in asked {
            let contents =
                bill.named?.contents
                ?? bill.name.flatMap { desk.bills[$0]?.lines.all.map(\.content) }
            for content in contents ?? [] {
                let key = CapMonthKey(person: bill.visit.person, capMonth: content.capMonth)
                if bill.use == .quote { looked.insert(key) } else { locked.insert(key) }
            }
        }
        let share = AdvisoryLock.sharing(mergesOf: Set(locked.map(\.person)))
        let turns = locked.sorted(by: CapMonthKey.isBefore)
        let others = Array(looked.subtracting(locked))
        guard !turns.isEmpty || !others.isEmpty else { return desk }
        let keys = CapMonthKey.values(turns + others)
        desk.monthsOf = Dictionary(grouping: turns + others, by: \.person)
        let years = try desk.lockYears(&transaction, asked, share)
        desk.yearsOf = Dictionary(grouping: desk.years.keys, by: \.person)
        let rows = try transaction.pipeline(
            [
                share, (Self.insertMonths, CapMonthKey.values(turns)),
                (Self.lockMonths, CapMonthKey.values(turns)),
                (Self.selectMonths, CapMonthKey.values(others)), (Self.selectAbsorbed, keys),
                (Self.selectHolds, keys + [.time(now)]), (Self.selectRefunds, keys),
                (Self.selectBills, values(asked.compactMap(\.name))),
            ] + CapYearBook.reading(years, now))
        try desk.readMonths(rows[2], turns)
        try desk.readMonths(rows[3], others)
        try desk.readMonths(rows[4], turns + others)
        try desk.readHolds(rows[5], turns + others)
        try desk.readRefunds(rows[6], turns + others)
        try desk.readBills(rows[7])
        try desk.requireNewestPersons(&transaction, asked)
        try desk.readYears(rows.dropFirst(8), years)
        try desk.readVisits(&transaction, asked, now)
        try desk.readReceipts(&transaction, asked, now)
        desk.writes.now = now
        return desk
    }

    /// Takes a decided bill into the books, for those that come after it in the batch. What it adds is of the
    /// record under which it stands.
    mutating func keep(_ decided: DecidedBill) {
        guard decided.isNew else { return }
        let before = paidInYear(decided)
        let (person, record) = (decided.held.person, decided.held.record)
        for (line, after) in zip(decided.held.lines.all, decided.after) {
            let key = CapMonthKey(person: person, capMonth: line.content.capMonth)
            let held = month(key)
            var month = held
            let refunds = month.refunds(following: line, after, under: record)
            month.take(line, after, in: decided.held.visit, under: record)
            months[key] = month
            writes.add(
                CapLine(
                    visit: decided.held.visit, version: line,
                    key: CapMonthKey(person: record, capMonth: key.capMonth), person: person,
                    position: month.position),
                CapMonthChange(from: held, to: month, by: line),
                refunds.map { (key, $0) })
        }
        keepOnReceipt(decided.held, instead: bills[decided.held.name])
        bills[decided.held.name] = decided.held
        settleYear(decided, before: before)
    }

    /// What is to be written, in order.
    var steps: [(Statement, [Value])] { writes.steps(months) }
}

extension CapDesk.Month {
    fileprivate mutating func take(
        _ line: BillVersion, _ after: CapBalance, in visit: RecordID, under record: PersonKey
    ) {
        position += 1
        cap = line.month.cap
        confirmed = after.confirmed
        cost = after.cost
        passedOn = after.passedOn
        inpatient = after.inpatient
        over = after.over
        holds[line.id] = line.status == .reserved ? CapHold(line) : nil
        meals = after.meals - holds.filter { $0.key != line.id }.reduce(0) { $0 + $1.value.meals }
        visits[line.id] =
            line.status == .voided
            ? nil
            : CountedVisit(
                line, in: visit, position: position, under: record, keeping: visits[line.id])
    }

    /// 償還払い: the cases that make what is open equal to what is over the cap now. A case is of the
    /// bill that went over; what is no longer over is taken off the newest.
    fileprivate mutating func refunds(
        following newest: BillVersion, _ after: CapBalance, under record: PersonKey
    ) -> [RefundVersion] {
        RefundVersion.follow(
            &refunds, due: after.excess(over: newest.month.cap),
            .init(bill: newest.id, record: record), above: .month, at: newest.recordedAt)
    }

    /// What one record's row says.
    fileprivate init(_ row: Row, from column: Int) throws {
        position = try row.int(column)
        cap = try row.optionalInt(column + 1)
        confirmed = CapRun(share: try row.int(column + 2), collected: try row.int(column + 3))
        cost = try row.int(column + 4)
        passedOn = try row.int(column + 5)
        inpatient = try row.int(column + 6)
        meals = try row.int(column + 7)
        over = try row.int(column + 8)
        borne = CapRun(share: try row.int(column + 9), collected: try row.int(column + 10))
        borneInpatient = try row.int(column + 11)
        decidedAt = try row.optionalInstant(column + 12).map(Instant.init(microseconds:))
    }

    /// 統合: another record's row of the same person's month. The positions of later bills are after those of
    /// both.
    fileprivate mutating func add(_ other: CapDesk.Month) {
        position = max(position, other.position)
        let isLater = other.decidedAt.map { then in decidedAt.map { $0 < then } ?? true }
        if isLater ?? (decidedAt == nil && cap == nil) {
            (cap, decidedAt) = (other.cap, other.decidedAt)
        }
        confirmed.add(share: other.confirmed.share, collected: other.confirmed.collected)
        cost += other.cost
        passedOn += other.passedOn
        inpatient += other.inpatient
        meals += other.meals
        over += other.over
        borne.add(share: other.borne.share, collected: other.borne.collected)
        borneInpatient += other.borneInpatient
    }
}

extension CapDesk {
    private static func values(_ names: [BillName]) -> [Value] {
        let names = Array(Set(names))
        return [
            .texts(names.map(\.party.key)), .texts(names.map(\.identifier.system)),
            .texts(names.map(\.identifier.value)),
        ]
    }

    /// 取消の前に: what is to be voided, in the turn of its person's years. A year has no row before a bill says
    /// its class: whoever voids meanwhile would find none, and leave standing what that bill then made due.
    private mutating func readVoided(
        _ transaction: inout Transaction, _ asked: [AskedBill]
    ) throws {
        let voids = asked.filter { $0.use == .void }.compactMap(\.name)
        guard !voids.isEmpty else { return }
        let billing = asked.filter { $0.use != .quote }
        let rows = try transaction.pipeline([
            AdvisoryLock.sharing(mergesOf: Set(billing.map(\.visit.person))),
            Self.turn(of: asked), (Self.selectBills, Self.values(voids)),
        ])
        try readBills(rows[2])
    }

    /// Waits for the turn of whoever has a bill that says a class, or a void: a year and a receipt hold bills
    /// on several certificates, whose months are not the same rows.
    static func turn(of asked: [AskedBill]) -> (Statement, [Value]) {
        let inTurn = asked.filter { bill in
            bill.use == .void
                || bill.use != .quote && bill.named?.reckoning.isOnReceipt == true
        }
        return AdvisoryLock.waiting(forYearsOf: Set(inTurn.map(\.visit.person)))
    }

    private mutating func readBills(_ rows: Rows) throws {
        for held in try HeldBill.all(rows) { bills[held.name] = held }
    }

    private mutating func readMonths(_ rows: Rows, _ order: [CapMonthKey]) throws {
        for (place, own) in try rows.map({ (try $0.int(0) - 1, try Month($0, from: 1)) }) {
            months[order[place], default: Month()].add(own)
        }
    }

    /// Only of the months in which a scheme counts them.
    private mutating func readVisits(
        _ transaction: inout Transaction, _ asked: [AskedBill], _ now: Instant
    ) throws {
        var counted: Set<CapMonthKey> = []
        for bill in asked {
            guard let named = bill.named else { continue }
            for (place, content) in named.contents.enumerated()
            where named.reckoning.countsVisits(place) {
                counted.insert(
                    CapMonthKey(person: bill.visit.person, capMonth: content.capMonth))
            }
        }
        guard !counted.isEmpty else { return }
        let order = Array(counted)
        let rows = try transaction.query(
            Self.selectVisits, CapMonthKey.values(order) + [.time(now)])
        for (place, bill, visit) in try rows.map({ row in
            (
                try row.int(0) - 1, try row.uuid(1).record, try CountedVisit(row, from: 2)
            )
        }) { months[order[place], default: Month()].visits[bill] = visit }
    }

    private mutating func readHolds(_ rows: Rows, _ order: [CapMonthKey]) throws {
        for (place, bill, hold) in try rows.map({ row in
            (try row.int(0) - 1, try row.uuid(1).record, try CapHold(row, from: 2))
        }) { months[order[place], default: Month()].holds[bill] = hold }
    }

    private mutating func readRefunds(_ rows: Rows, _ order: [CapMonthKey]) throws {
        for (place, refund) in try rows.map({
            (try $0.int(0) - 1, try RefundVersion($0, from: 1, above: .month))
        }) {
            months[order[place], default: Month()].refunds.append(refund)
        }
    }

    /// So that there is a row to lock.
    private static let insertMonths = Statement(
        """
        insert into exchange.cap_month (person, body, certificate_type, sub_key, month)
        select person, body, certificate_type, sub_key, month from \(CapMonthKey.rows) order by ord
        on conflict (person, body, certificate_type, sub_key, month) do nothing
        """)

    private static let selectMonths = Statement(monthsOfKeys)
    private static let lockMonths = Statement(monthsOfKeys + " order by q.ord for update of m")

    private static let monthsOfKeys = """
        \(columnsOfMonth) from \(CapMonthKey.rows) join exchange.cap_month m on \(CapMonthKey.matches)
        """

    /// What absorbed records add: whoever writes there has the survivor's row. Looked up record by record, as
    /// holds are: merges are few.
    private static let selectAbsorbed = Statement(
        """
        \(columnsOfMonth)
        from \(CapMonthKey.absorbed) cross join lateral (
            select * from exchange.cap_month m where \(CapMonthKey.matchesRecord) offset 0) m
        """)

    private static let columnsOfMonth = """
        select q.ord, m.position, m.cap, m.share, m.collected, m.cost, m.passed_on, m.inpatient,
            m.meals, m.paid_over, m.borne_share, m.borne_collected, m.borne_inpatient, m.decided_at
        """

    /// Looked up month by month: the table is empty as often as not, and a plan made then would read all of
    /// its index, with what was deleted since.
    private static let selectHolds = Statement(
        """
        select q.ord, m.bill, \(CapHold.columns)
        from \(CapMonthKey.records) cross join lateral (
            select * from exchange.cap_hold m where \(CapMonthKey.matchesRecord) and m.lapses_at > $6
            offset 0) m
        """)

    private static let selectVisits = Statement(
        """
        select q.ord, \(CountedVisit.columnsOfBill)
        from \(CapMonthKey.records) join exchange.bill m on \(CapMonthKey.matchesRecord)
        \(CountedVisit.reservation)
        where m.status <> 'voided' and (m.lapses_at is null or m.lapses_at > $6) and not exists (
            select 1 from exchange.bill later
            where later.person = m.person and later.bill = m.bill and later.version > m.version)
        union all
        select q.ord, \(CountedVisit.columnsOfReceipt)
        from \(CapMonthKey.records) join exchange.refund_borne m on \(CapMonthKey.matchesRecord)
        """)

    /// A month has open cases while it is over the cap it was last decided by; of several records, while
    /// they are so together.
    private static let selectRefunds = Statement(
        """
        select q.ord, f.refund, f.version, f.bill, f.yen, f.at, f.limit_yen, f.is_outpatient_only,
            f.person
        from \(CapMonthKey.records) join exchange.cap_month m on \(CapMonthKey.matchesRecord)
        join exchange.refund_case f on f.person = m.person and f.body = m.body
            and f.certificate_type = m.certificate_type and f.sub_key = m.sub_key
            and f.month = m.month
        where (m.collected + m.borne_collected > m.cap or m.paid_over > 0 or exists (
                select 1 from exchange.record_merge j
                where j.survivor = q.person and j.parted_at is null))
            and f.above = 'month' and f.yen > 0 and not exists (
            select 1 from exchange.refund_case later
            where later.person = f.person and later.refund = f.refund
                and later.version > f.version)
        order by f.at, f.refund
        """)

    private static let selectBills = Statement(
        """
        select \(HeldBill.columns)
        from unnest($1::text[], $2::text[], $3::text[]) as q(party, system, value)
        join exchange.bill m on m.party = q.party and m.identifier_system = q.system
            and m.identifier = q.value
        \(HeldBill.visitOfBill)
        where not exists (
            select 1 from exchange.bill later
            where later.bill = m.bill and later.version > m.version)
        order by m.party, m.identifier_system, m.identifier, m.place
        """)
}

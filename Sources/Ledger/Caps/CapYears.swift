import Exchange
import Postgres

/// 年間上限の帳面: the year of one person, over all certificates, under its row's lock until the commit. What
/// was paid in it is added up from its months, so that no total of its own can differ from them.
struct CapYearBook: Sendable {
    let year: CapYear
    /// As it was last decided by.
    var limit: Limit?
    /// The months as the database holds them; those on the desk are newer there.
    var months: [CapMonthKey: Paid] = [:]
    /// Open cases above the year's limit, the newest last, and the month each is of.
    var refunds: [RefundVersion] = []
    var monthsOfRefunds: [RecordID: CapMonthKey] = [:]

    /// 年間上限
    struct Limit: Sendable {
        let yen: Int
        /// Of what is paid outside hospital alone.
        let isOutpatientOnly: Bool
    }

    struct Paid: Sendable {
        var confirmed = 0
        var inpatient = 0
        var holds: [RecordID: CapHold] = [:]

        func yen(outpatientOnly: Bool) -> Int {
            outpatientOnly ? max(0, confirmed - inpatient) : confirmed
        }

        func held(outpatientOnly: Bool, without bills: Set<RecordID>) -> Int {
            holds.filter { !bills.contains($0.key) && !(outpatientOnly && $0.value.isInpatient) }
                .reduce(0) { $0 + $1.value.paid }
        }
    }
}

/// 人物の年: whose year it is; the key of its row.
struct CapYearKey: Hashable, Sendable {
    let person: PersonKey
    let first: ServiceMonth
}

/// 予約の枠: what one line of an open bill keeps.
struct CapHold: Sendable {
    let run: CapRun
    let isLast: Bool
    let isInpatient: Bool
    let meals: Int

    init(_ line: BillVersion) {
        run = CapRun(share: line.amounts.share, collected: line.amounts.collected)
        isLast = line.content.place.isLast
        isInpatient = line.content.care.isInpatient
        meals = line.amounts.meals
    }

    /// Of a row `m`.
    static let columns = "m.share, m.collected, m.is_last, m.is_inpatient, m.meals"

    init(_ row: Row, from column: Int) throws {
        run = CapRun(share: try row.int(column), collected: try row.int(column + 1))
        isLast = try row.bool(column + 2)
        isInpatient = try row.bool(column + 3)
        meals = try row.int(column + 4)
    }

    /// What the patient will pay at the counter.
    var paid: Int { isLast ? run.collected : 0 }
}

extension CapDesk.Month {
    /// What the holder paid, and keeps paying, at counters, and what refunds left borne.
    fileprivate var paid: CapYearBook.Paid {
        CapYearBook.Paid(
            confirmed: balance(without: nil).paid(under: cap) + borne.collected,
            inpatient: inpatient + borneInpatient, holds: holds)
    }
}

extension CapDesk {
    /// What other bills took, or keep, of the year that a bill counts towards.
    func paid(_ named: NamedBill, of person: PersonKey, without lines: [BillVersion]?) -> Int {
        guard let limit = named.reckoning.yearLimit else { return 0 }
        let own = Set((lines ?? []).map(\.id))
        let key = CapYearKey(person: person, first: limit.year.from)
        return paid(key).values.reduce(0) { sum, month in
            sum + month.yen(outpatientOnly: limit.isOutpatientOnly)
                + month.held(outpatientOnly: limit.isOutpatientOnly, without: own)
        }
    }

    private func paid(_ key: CapYearKey) -> [CapMonthKey: CapYearBook.Paid] {
        guard let book = years[key] else { return [:] }
        var paid = book.months
        for month in monthsOf[key.person] ?? [] where book.year.contains(month.capMonth.month) {
            if let standing = months[month] { paid[month] = standing.paid }
        }
        return paid
    }

    /// 償還払い: what a bill that was taken as it was left above the year's limit is due back from the insurer.
    /// Never more than it took itself: by another class, or one that was mistyped, what others took may be
    /// above the limit as well, and was not when they took it. Only a void takes a case back.
    ///
    /// `before`: what was paid before the bill, as `paidInYear` said it.
    mutating func settleYear(_ decided: DecidedBill, before: Int) {
        guard let key = yearKey(decided), var book = years[key] else { return }
        let newest = decided.held.newest
        let last = decided.held.lines.last
        let paid = paid(key).values
        var changed: [RefundVersion] = []
        if let limit = decided.yearLimit {
            let told = CapYearBook.Limit(
                yen: limit.yen, isOutpatientOnly: limit.isOutpatientOnly)
            book.limit = told
            let open = book.refunds.reduce(0) { $0 + $1.yen }
            let sum = paid.yen(under: told)
            let more = min(sum - limit.yen - open, sum - before)
            if more > 0 {
                changed = [
                    RefundVersion.open(
                        &book.refunds, more,
                        .init(bill: last.id, record: decided.held.record), above: .year, told,
                        at: newest.recordedAt)
                ]
            }
        } else {
            let lastTold = book.limit
            changed = RefundVersion.lower(&book.refunds, at: newest.recordedAt) { refund in
                guard let limit = refund.limit ?? lastTold else { return .max }
                return max(0, paid.yen(under: limit) - limit.yen)
            }
        }
        for version in changed {
            let month =
                book.monthsOfRefunds[version.id]
                ?? CapMonthKey(person: key.person, capMonth: last.content.capMonth)
            book.monthsOfRefunds[version.id] = month
            writes.add(version, of: month)
        }
        years[key] = book
        // A void decides by no limit.
        if decided.yearLimit != nil { writes.add(key, book) }
    }

    /// What was paid of the year that a bill's class counts towards; 0 where it says none.
    func paidInYear(_ decided: DecidedBill) -> Int {
        guard let limit = decided.yearLimit, let key = yearKey(decided) else { return 0 }
        return paid(key).values.yen(
            under: .init(yen: limit.yen, isOutpatientOnly: limit.isOutpatientOnly))
    }

    /// The year that a bill changes something of: one that says a class by being confirmed, any by its void.
    private func yearKey(_ decided: DecidedBill) -> CapYearKey? {
        let newest = decided.held.newest
        guard newest.status == .voided || newest.status == .confirmed && decided.yearLimit != nil
        else { return nil }
        let month = newest.content.capMonth.month
        return yearsOf[decided.held.person]?.first { years[$0]?.year.contains(month) == true }
    }

    // MARK: Reading

    /// Locks the years of all bills that say a class, and those in which a void gives something back, once it
    /// is their people's turn; returns which are to be read. Years come before months, and in one order, so
    /// that nothing waits in a ring; merges, which `share` keeps off, before both.
    mutating func lockYears(
        _ transaction: inout Transaction, _ asked: [AskedBill], _ share: (Statement, [Value])
    ) throws -> [CapYearKey] {
        var told: Set<CapYearKey> = []
        var quoted: Set<CapYearKey> = []
        var months: [(PersonKey, ServiceMonth)] = []
        for bill in asked {
            if let limit = bill.named?.reckoning.yearLimit {
                let key = CapYearKey(person: bill.visit.person, first: limit.year.from)
                years[key] = CapYearBook(year: limit.year)
                if bill.use == .quote { quoted.insert(key) } else { told.insert(key) }
            } else if bill.use == .void, let held = bill.name.flatMap({ bills[$0] }) {
                months.append((held.person, held.newest.content.capMonth.month))
            }
        }
        let locked = told.sorted(by: CapYearKey.isBefore)
        // A receipt waits for its turn as well, also where its class has no limit of the year.
        let isInTurn = asked.contains { bill in
            bill.use != .quote && bill.named?.reckoning.isOnReceipt == true
        }
        guard isInTurn || !months.isEmpty else { return Array(quoted) }
        let persons = locked.map(\.person) + months.map(\.0)
        let firsts = locked.map(\.first) + months.map(\.1)
        // With a void it is their turn already.
        let turn = asked.contains { $0.use == .void } ? [] : [share, Self.turn(of: asked)]
        let rows = try transaction.pipeline(
            turn + [
                (
                    Self.insertYears,
                    CapYearBook.values(
                        locked.compactMap { key in years[key].map { (key, $0.year) } })
                ),
                (
                    Self.lockYears,
                    [
                        .uuids(persons.map { UUIDBytes($0) }),
                        .days(firsts.map { Int($0.firstDay) }),
                    ]
                ),
            ])
        var found = quoted.union(told)
        for (key, book) in try rows[turn.count + 1].map({ row in
            let year = try CapYear(row, from: 1)
            var book = CapYearBook(year: year)
            let isOutpatientOnly = try row.bool(4)
            book.limit = try row.optionalInt(3).map {
                CapYearBook.Limit(yen: $0, isOutpatientOnly: isOutpatientOnly)
            }
            return (CapYearKey(person: try row.uuid(0).person, first: year.from), book)
        }) {
            years[key] = book
            found.insert(key)
        }
        return Array(found)
    }

    mutating func readYears(_ rows: ArraySlice<Rows>, _ keys: [CapYearKey]) throws {
        guard let first = rows.first, let last = rows.last, rows.count == 3 else { return }
        for (place, month, paid) in try first.map({ row in
            let borne = try row.int(9)
            let balance = CapBalance(
                confirmed: CapRun(share: 0, collected: try row.int(6)), cost: 0, held: CapRun(),
                passedOn: try row.int(7), borne: CapRun(share: 0, collected: borne))
            return (
                try row.int(0) - 1, try CapMonth(row, from: 1),
                CapYearBook.Paid(
                    confirmed: balance.paid(under: try row.optionalInt(5)) + borne,
                    inpatient: try row.int(8) + row.int(10))
            )
        }) {
            let key = CapMonthKey(person: keys[place].person, capMonth: month)
            years[keys[place]]?.months[key] = paid
        }
        for (place, month, bill, hold) in try rows[rows.startIndex + 1].map({ row in
            (
                try row.int(0) - 1, try CapMonth(row, from: 1), try row.uuid(5).record,
                try CapHold(row, from: 6)
            )
        }) {
            let key = CapMonthKey(person: keys[place].person, capMonth: month)
            years[keys[place]]?.months[key, default: .init()].holds[bill] = hold
        }
        for (place, month, refund) in try last.map({ row in
            (
                try row.int(0) - 1, try CapMonth(row, from: 1),
                try RefundVersion(row, from: 5, above: .year)
            )
        }) {
            years[keys[place]]?.refunds.append(refund)
            years[keys[place]]?.monthsOfRefunds[refund.id] = CapMonthKey(
                person: keys[place].person, capMonth: month)
        }
    }

    private static let insertYears = Statement(
        """
        insert into exchange.cap_year (person, first_month, last_month)
        select * from unnest($1::uuid[], $2::date[], $3::date[])
        on conflict (person, first_month) do nothing
        """)

    /// Of several records the one that was decided by last comes last; whose turn it is has them all.
    private static let lockYears = Statement(
        """
        select r.person, y.first_month, y.last_month, y.yen, y.is_outpatient_only
        from \(Survivors.recordsOfAsked("$1")) r join exchange.cap_year y on y.person = r.record
        where exists (
            select 1 from unnest($1::uuid[], $2::date[]) as q(person, month)
            where q.person = r.person and q.month between y.first_month and y.last_month)
        order by r.person, y.first_month, y.decided_at nulls first, y.person for update of y
        """)
}

extension Collection where Element == CapYearBook.Paid {
    /// What of it counts towards a limit.
    fileprivate func yen(under limit: CapYearBook.Limit) -> Int {
        reduce(0) { $0 + $1.yen(outpatientOnly: limit.isOutpatientOnly) }
    }
}

extension CapYearKey {
    static func isBefore(_ left: CapYearKey, _ right: CapYearKey) -> Bool {
        (left.person.high, left.person.low, left.first)
            < (right.person.high, right.person.low, right.first)
    }
}

extension CapYear {
    /// First and last month.
    fileprivate init(_ row: Row, from column: Int) throws {
        let first = CalendarDay(daysSince1970: try row.day(column))
        guard let year = CapYear(of: first, startingIn: first.month) else {
            throw Refusal.malformed("month")
        }
        self = year
    }
}

extension CapYearBook {
    static func values(_ years: [(CapYearKey, CapYear)]) -> [Value] {
        [
            .uuids(years.map { UUIDBytes($0.0.person) }),
            .days(years.map { Int($0.1.from.firstDay) }),
            .days(years.map { Int($0.1.to.firstDay) }),
        ]
    }

    /// The months of years, what is held in them, and what is due back above their limits; nothing
    /// where no bill of the batch counts towards one.
    static func reading(_ keys: [CapYearKey], _ now: Instant) -> [(Statement, [Value])] {
        guard !keys.isEmpty else { return [] }
        let years = keys.map { key in
            (
                key,
                CapYear(
                    of: CalendarDay(daysSince1970: Int(key.first.firstDay)),
                    startingIn: key.first.month)
            )
        }
        let values = values(years.compactMap { key, year in year.map { (key, $0) } })
        return [
            (selectMonths, values), (selectHolds, values + [.time(now)]), (selectRefunds, values),
        ]
    }

    /// The years, once for every record of their person.
    private static let records = """
        unnest($1::uuid[], $2::date[], $3::date[]) with ordinality as q(person, first, last, ord)
        cross join lateral \(Survivors.eachRecord(of: "q.person")) r
        """

    private static let selectMonths = Statement(
        """
        select q.ord, \(CapMonth.columns), \(CapMonth.cap), sum(m.collected)::bigint,
            sum(m.passed_on)::bigint, sum(m.inpatient)::bigint, sum(m.borne_collected)::bigint,
            sum(m.borne_inpatient)::bigint
        from \(records) join exchange.cap_month m
            on m.person = r.record and m.month between q.first and q.last
            and (m.position > 0 or m.borne_collected > 0)
        group by q.ord, \(CapMonth.columns)
        """)

    private static let selectHolds = Statement(
        """
        select q.ord, \(CapMonth.columns), m.bill, \(CapHold.columns)
        from \(records) join exchange.cap_hold m
            on m.person = r.record and m.month between q.first and q.last and m.lapses_at > $4
        """)

    private static let selectRefunds = Statement(
        """
        select q.ord, \(CapMonth.columns), \(RefundVersion.columns)
        from \(records) join exchange.refund_case m
            on m.person = r.record and m.month between q.first and q.last and m.above = 'year'
        where m.yen > 0 and not exists (
            select 1 from exchange.refund_case later
            where later.person = m.person and later.refund = m.refund
                and later.version > m.version)
        order by m.at, m.refund
        """)
}

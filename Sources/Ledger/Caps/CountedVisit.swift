import Exchange
import Postgres

/// 数える受診: a bill of a month, or a receipt that was paid back, where a scheme counts visits or days, and the
/// place it took among them. A bill takes its place when it is decided, in its turn under the month's lock;
/// one that was reserved and confirmed before that lapsed keeps the reservation's, because whatever was
/// decided between the two was told to come after it.
struct CountedVisit: Sendable {
    let visit: CapVisit
    /// Of the version in its month; `nil` of a receipt, which took its place when it was approved.
    let position: Int?
    let at: Instant
    /// Under which it stands: each of a person's records has counted its positions apart.
    let record: PersonKey

    /// `held`: as it counts by now. Of other days, or not in time, it takes a place anew.
    init(
        _ line: BillVersion, in visit: RecordID, position: Int, under record: PersonKey,
        keeping held: CountedVisit?
    ) {
        let kept = held.flatMap { $0.visit.isOfDays(of: line.content) ? $0 : nil }
        self.visit = CapVisit(
            line.content, line.amounts,
            at: CareSpot(
                institution: line.institution.code, visit: visit.text,
                prescriber: line.content.care.prescriber))
        self.position = kept?.position ?? position
        at = kept?.at ?? line.recordedAt
        self.record = record
    }

    /// Of rows `m` of bills in their newest versions, beside `reservation`.
    static let columnsOfBill = """
        m.bill, m.day, m.share, m.days, m.is_inpatient, coalesce(p.position, m.position),
            coalesce(p.recorded_at, m.recorded_at), m.person,
            m.collected - case when m.is_last then m.paid_over else m.paid_over_counts end, m.party, m.visit,
            m.prescriber
        """

    /// The version `p` whose place a confirmed one keeps.
    static let reservation = """
        left join exchange.bill p on m.status = 'confirmed' and p.person = m.person and p.bill = m.bill
            and p.version = m.version - 1 and p.status = 'reserved' and p.lapses_at > m.recorded_at
            and p.day = m.day and p.days = m.days and p.is_inpatient = m.is_inpatient
        """

    /// Of rows `m` of receipts whose rest is borne.
    static let columnsOfReceipt = """
        m.receipt, m.day, m.share, m.days, m.is_inpatient, null::bigint, (
                select a.answered_at from exchange.refund_answer a
                where a.person = m.person and a.refund = m.refund and a.decision = 'approved'
                order by a.version limit 1), m.person,
            m.collected, 'institution:' || m.institution, null::uuid, null::text
        """

    /// After the id.
    init(_ row: Row, from column: Int) throws {
        visit = CapVisit(
            day: CalendarDay(daysSince1970: try row.day(column)).day,
            days: try row.int(column + 2), isInpatient: try row.bool(column + 3),
            share: try row.int(column + 1), collected: try row.int(column + 7),
            at: CareSpot(
                institution: try row.optionalText(column + 8).map { try Party(key: $0).code } ?? "",
                visit: try row.optionalUUID(column + 9)?.record.text,
                prescriber: try row.optionalText(column + 10)))
        position = try row.optionalInt(column + 4)
        at = Instant(microseconds: try row.instant(column + 5))
        record = try row.uuid(column + 6).person
    }

    /// In the order of their places: a record's bills by their turns, whenever a turn began, and receipts and
    /// those of several records by the moment.
    static func inOrder(_ visits: [RecordID: CountedVisit]) -> [Placed] {
        var placed: [Placed] = []
        let bills = visits.filter { $0.value.position != nil }
        for ofRecord in Dictionary(grouping: bills, by: { $0.value.record }).values {
            let inTurn = ofRecord.sorted {
                ($0.value.position ?? 0, $0.value.at) < ($1.value.position ?? 0, $1.value.at)
            }
            var last: Instant?
            for (turn, bill) in inTurn.enumerated() {
                let at = max(bill.value.at, last ?? bill.value.at)
                placed.append(Placed(id: bill.key, visit: bill.value, at: at, turn: turn))
                last = at
            }
        }
        for (id, receipt) in visits where receipt.position == nil {
            placed.append(Placed(id: id, visit: receipt, at: receipt.at, turn: -1))
        }
        return placed.sorted(by: Placed.isBefore)
    }

    struct Placed: Sendable {
        let id: RecordID
        let visit: CapVisit
        let at: Instant
        fileprivate let record: PersonKey
        /// −1 of a receipt.
        private let turn: Int

        fileprivate init(id: RecordID, visit: CountedVisit, at: Instant, turn: Int) {
            self.id = id
            self.visit = visit.visit
            self.at = at
            record = visit.record
            self.turn = turn
        }

        fileprivate static func isBefore(_ left: Placed, _ right: Placed) -> Bool {
            if left.at != right.at { return left.at < right.at }
            guard left.turn == right.turn else { return left.turn < right.turn }
            return (left.id.high, left.id.low) < (right.id.high, right.id.low)
        }
    }
}

extension CapDesk.Month {
    /// The visits that a scheme counts beside a bill. Where that holds a place and keeps it, those behind it
    /// come later: but for what was decided when the reservation's day was over, and did not count it, and
    /// for what another record of the person was billed, which was told of no place under this one.
    func others(than bill: RecordID?, for content: BillContent?) -> [CapVisit] {
        var kept: (record: PersonKey, end: Instant)?
        var others: [CapVisit] = []
        for placed in CountedVisit.inOrder(visits) {
            guard placed.id != bill else {
                let isKept = content.map { placed.visit.isOfDays(of: $0) } ?? false
                let end = Instant.startOfDay(placed.at.dayInJapan.adding(days: 1))
                kept = isKept ? (record: placed.record, end: end) : nil
                continue
            }
            let isLater = kept.map { placed.record == $0.record && placed.at < $0.end } ?? false
            others.append(isLater ? placed.visit.later : placed.visit)
        }
        return others
    }
}

import Exchange
import Postgres

/// 順番: one month under its lock, and what its caller holds under an identifier.
struct CapTurn: Sendable {
    let month: HeldMonth
    let held: HeldBill?
}

extension Records {
    /// Waits for the month's turn. Nothing where the identifier is already of another person's
    /// bill.
    mutating func turn(
        _ capMonth: CapMonth, _ identifier: RecordIdentifier, _ visit: VisitReading.VisitRow
    ) throws -> CapTurn? {
        let key = capMonth.key(of: visit.person)
        let own = values(of: identifier)
        let rows = try transaction.pipeline([
            (HeldMonth.lock, key), (HeldBill.selectByIdentifier, own),
            (HeldMonth.selectHeld, key + [.time(now)] + own),
        ])
        let held = try rows[1].first.map { try HeldBill($0) }
        guard held?.person ?? visit.person == visit.person else { return nil }
        return CapTurn(month: try HeldMonth(capMonth, rows[0], held: rows[2][0]), held: held)
    }

    /// 取消: takes back a bill of the caller's own; amounts and refunds due are then as if it had
    /// never been. Others' confirmed amounts stay.
    mutating func void(
        _ identifier: RecordIdentifier?, in visit: VisitReading.VisitRow
    ) throws -> HeldBill {
        guard let identifier else { throw Refusal.missing("identifier") }
        let known = try transaction.query(
            HeldBill.selectByIdentifier, values(of: identifier)
        ).first.map { try HeldBill($0) }
        guard let known, known.person == visit.person else { throw Refusal.recordUnknown }
        try visit.term.requireAnswer(for: known.newest.content.day, at: now)
        guard let turn = try turn(known.newest.content.capMonth, identifier, visit),
            let held = turn.held
        else { throw Refusal.recordUnknown }
        let newest = held.newest
        guard try newest.next(.void, nil) != nil else { return held }
        var after = turn.month.balance
        if newest.status == .confirmed {
            after.confirmed.add(
                share: -newest.amounts.share, collected: -newest.amounts.collected)
            after.cost -= newest.content.cost
        }
        let voided = HeldBill(
            person: held.person, visit: visit.id, patient: visit.patient,
            newest: BillVersion(
                id: newest.id, version: newest.version + 1, status: .voided,
                institution: caller.party, content: newest.content, amounts: newest.amounts,
                month: .init(after, cap: turn.month.cap), lapses: nil,
                rulesVersion: newest.rulesVersion, recordedAt: now))
        try keep(voided, turn.month, after)
        return voided
    }

    private func values(of identifier: RecordIdentifier) -> [Value] {
        [.text(caller.party.key), .text(identifier.system), .text(identifier.value)]
    }

    /// Writes a version and what it makes of its month: all of it travels with the commit.
    mutating func keep(_ held: HeldBill, _ month: HeldMonth, _ after: CapBalance) throws {
        let newest = held.newest
        let key = month.capMonth.key(of: held.person)
        let refunds = try refunds(of: held, month, after)
        write([
            newest.insertion(of: held.person, visit: held.visit, at: month.position + 1),
            month.update(newest, after, of: held.person),
            (HeldMonth.deleteHolds, key + [.id(newest.id), .time(now)]),
        ])
        if newest.status == .reserved, let lapses = newest.lapses {
            let kept: [Value] = [
                .id(newest.id), .int(newest.amounts.share), .int(newest.amounts.collected),
                .time(lapses),
            ]
            write([(HeldMonth.insertHold, key + kept)])
        }
        write(refunds.map { ($0.insertion(month.capMonth, of: held.person)) })
    }

    /// 償還払い: the cases that make what is open equal to what is over the cap now. A case is of the
    /// bill that went over; what is no longer over is taken off the newest.
    private mutating func refunds(
        of held: HeldBill, _ month: HeldMonth, _ after: CapBalance
    ) throws -> [RefundVersion] {
        let excess = after.excess(over: held.newest.month.cap)
        guard excess > 0 || month.balance.excess(over: month.cap) > 0 else { return [] }
        let open = try transaction.query(
            HeldMonth.selectRefunds, month.capMonth.key(of: held.person)
        ).map { try RefundVersion($0) }
        var surplus = open.reduce(0) { $0 + $1.yen } - excess
        guard surplus >= 0 else {
            return [
                RefundVersion(
                    id: .timeOrdered(), version: 1, bill: held.newest.id, yen: -surplus, at: now)
            ]
        }
        var changed: [RefundVersion] = []
        for refund in open where surplus > 0 {
            let less = min(surplus, refund.yen)
            surplus -= less
            changed.append(
                RefundVersion(
                    id: refund.id, version: refund.version + 1, bill: refund.bill,
                    yen: refund.yen - less, at: now))
        }
        return changed
    }
}

/// 償還払いの版: one case as it is kept.
struct RefundVersion: Sendable {
    let id: RecordID
    let version: Int
    let bill: RecordID
    /// None is due any more at 0.
    let yen: Int
    let at: Instant

    init(id: RecordID, version: Int, bill: RecordID, yen: Int, at: Instant) {
        self.id = id
        self.version = version
        self.bill = bill
        self.yen = yen
        self.at = at
    }

    init(_ row: Row) throws {
        self.init(
            id: try row.uuid(0).record, version: try row.int(1), bill: try row.uuid(2).record,
            yen: try row.int(3), at: Instant(microseconds: try row.instant(4)))
    }

    func insertion(_ capMonth: CapMonth, of person: PersonKey) -> (Statement, [Value]) {
        let status: RefundStatus = yen > 0 ? .open : .withdrawn
        return (
            Self.insert,
            capMonth.key(of: person) + [
                .id(id), .int(version), .id(bill), .int(yen), .text(status.rawValue), .time(at),
            ]
        )
    }

    private static let insert = Statement(
        """
        insert into exchange.refund_case
            (person, body, certificate_type, sub_key, month, refund, version, bill, yen, status, at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """)
}

import Exchange
import Postgres

/// 償還払いの版: one case as it is kept.
struct RefundVersion: Sendable {
    /// What was gone over: the cap of a month, which the certificate's body answers for, or the limit
    /// of a year, which the insurer does.
    enum Above: String, Sendable {
        case month
        case year
    }

    /// 超えた会計: the bill that went over, and the record under which it stands, and its cases do.
    struct Cause: Sendable {
        let bill: RecordID
        let record: PersonKey
    }

    let id: RecordID
    let version: Int
    let cause: Cause
    /// None is due any more at 0.
    let yen: Int
    let above: Above
    /// 年間上限 that it is above; `nil` of a month's case, and of one that was opened before it was kept.
    let limit: CapYearBook.Limit?
    let at: Instant

    var status: RefundStatus { yen > 0 ? .open : .withdrawn }

    private func lowered(by less: Int, at now: Instant) -> RefundVersion {
        RefundVersion(
            id: id, version: version + 1, cause: cause, yen: yen - less, above: above,
            limit: limit, at: now)
    }

    /// The cases of a month that make what is open equal to what is due now. A case is of the bill that
    /// went over; what is no longer over is taken off the newest.
    static func follow(
        _ open: inout [RefundVersion], due: Int, _ cause: Cause, above: Above, at now: Instant
    ) -> [RefundVersion] {
        var surplus = open.reduce(0) { $0 + $1.yen } - due
        guard surplus >= 0 else {
            return [Self.open(&open, -surplus, cause, above: above, at: now)]
        }
        var changed: [RefundVersion] = []
        while surplus > 0, let last = open.popLast() {
            let less = last.lowered(by: min(surplus, last.yen), at: now)
            surplus -= last.yen - less.yen
            changed.append(less)
            if less.yen > 0 { open.append(less) }
        }
        return changed
    }

    static func open(
        _ open: inout [RefundVersion], _ yen: Int, _ cause: Cause, above: Above,
        _ limit: CapYearBook.Limit? = nil, at now: Instant
    ) -> RefundVersion {
        let opened = RefundVersion(
            id: .timeOrdered(), version: 1, cause: cause, yen: yen, above: above, limit: limit,
            at: now)
        open.append(opened)
        return opened
    }

    /// After a void: each case is of what was above its own limit, whichever class was told since; the newest
    /// is lowered first. `left`: what is still above a limit.
    static func lower(
        _ open: inout [RefundVersion], at now: Instant, left: (RefundVersion) -> Int
    ) -> [RefundVersion] {
        var changed: [RefundVersion] = []
        for place in open.indices.reversed() {
            let due = open[...place].reduce(0) { $0 + $1.yen }
            let less = min(open[place].yen, due - left(open[place]))
            guard less > 0 else { continue }
            open[place] = open[place].lowered(by: less, at: now)
            changed.append(open[place])
        }
        open.removeAll { $0.yen == 0 }
        return changed
    }
}

extension RefundVersion {
    /// Of a row `m`.
    static let columns = """
        m.refund, m.version, m.bill, m.yen, m.at, m.limit_yen, m.is_outpatient_only, m.person
        """

    init(_ row: Row, from column: Int, above: Above) throws {
        let isOutpatientOnly = try row.bool(column + 6)
        self.init(
            id: try row.uuid(column).record, version: try row.int(column + 1),
            cause: Cause(
                bill: try row.uuid(column + 2).record, record: try row.uuid(column + 7).person),
            yen: try row.int(column + 3), above: above,
            limit: try row.optionalInt(column + 5).map {
                CapYearBook.Limit(yen: $0, isOutpatientOnly: isOutpatientOnly)
            }, at: Instant(microseconds: try row.instant(column + 4)))
    }
}

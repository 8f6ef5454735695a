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

    let id: RecordID
    let version: Int
    /// The bill that went over.
    let bill: RecordID
    /// None is due any more at 0.
    let yen: Int
    let above: Above
    let at: Instant

    var status: RefundStatus { yen > 0 ? .open : .withdrawn }

    private func lowered(by less: Int, at now: Instant) -> RefundVersion {
        RefundVersion(
            id: id, version: version + 1, bill: bill, yen: yen - less, above: above, at: now)
    }

    /// The cases that make what is open equal to what is due now. A case is of the bill that went over;
    /// what is no longer over is taken off the newest.
    static func follow(
        _ open: inout [RefundVersion], due: Int, _ bill: RecordID, above: Above, at now: Instant
    ) -> [RefundVersion] {
        var surplus = open.reduce(0) { $0 + $1.yen } - due
        guard surplus >= 0 else {
            let opened = RefundVersion(
                id: .timeOrdered(), version: 1, bill: bill, yen: -surplus, above: above, at: now)
            open.append(opened)
            return [opened]
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
}

extension RefundVersion {
    /// Of a row `m`.
    static let columns = "m.refund, m.version, m.bill, m.yen, m.at"

    init(_ row: Row, from column: Int, above: Above) throws {
        self.init(
            id: try row.uuid(column).record, version: try row.int(column + 1),
            bill: try row.uuid(column + 2).record, yen: try row.int(column + 3), above: above,
            at: Instant(microseconds: try row.instant(column + 4)))
    }
}

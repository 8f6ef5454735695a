package import Exchange
import Postgres

/// 保存された会計: the newest version of a bill, with whose it is and the visit it was sent in.
package struct HeldBill: Sendable {
    package let person: PersonKey
    package let visit: RecordID
    /// The resident as the institution knew them at that visit.
    package let patient: String
    package let newest: BillVersion
}

extension Records {
    /// A bill of the caller's own. Throws `.recordUnknown` for another's in the same words as for
    /// none.
    package mutating func ownBill(_ id: RecordID) throws -> HeldBill {
        let rows = try transaction.query(
            HeldBill.selectByID, [.text(caller.party.key), .id(id)])
        guard let held = try rows.first.map({ try HeldBill($0) }) else {
            throw Refusal.recordUnknown
        }
        subject.person = held.person
        subject.visit = held.visit
        return held
    }
}

extension HeldBill {
    static let selectByID = Statement(
        """
        select \(columns) from \(tables)
        where m.party = $1 and m.bill = $2 order by m.version desc limit 1
        """)

    static let selectByIdentifier = Statement(
        """
        select \(columns) from \(tables)
        where m.party = $1 and m.identifier_system = $2 and m.identifier = $3
        order by m.version desc limit 1
        """)

    static let columns = """
        m.person, m.visit, v.patient, \(BillVersion.columns)
        """

    static let tables = """
        exchange.bill m join exchange.visit v on v.person = m.person and v.visit = m.visit
        """

    init(_ row: Row) throws {
        person = try row.uuid(0).person
        visit = try row.uuid(1).record
        patient = try row.text(2)
        newest = try BillVersion(row, from: 3)
    }
}

extension BillVersion {
    static let columns = """
        m.bill, m.version, m.status, m.party, m.identifier_system, m.identifier, \(CapMonth.columns), m.day,
            m.cost, m.percent, m.due, m.share, m.collected, m.is_as_collected, m.cap, m.month_collected,
            m.month_held, m.month_cost, m.lapses_at, m.notes, m.warnings, m.rules, m.recorded_at
        """

    init(_ row: Row, from column: Int) throws {
        guard let status = Status(rawValue: try row.text(column + 2)) else {
            throw Refusal.malformed("status")
        }
        let collected = try row.int(column + 15)
        self.init(
            id: try row.uuid(column).record, version: try row.int(column + 1), status: status,
            institution: try Party(key: try row.text(column + 3)),
            content: BillContent(
                identifier: RecordIdentifier(
                    system: try row.text(column + 4), value: try row.text(column + 5)),
                certificate: try CapMonth(row, from: column + 6).certificate,
                day: CalendarDay(daysSince1970: try row.day(column + 10)),
                cost: try row.int(column + 11), percent: try row.int(column + 12),
                collected: try row.bool(column + 16) ? collected : nil),
            amounts: BillAmounts(
                due: try row.int(column + 13), share: try row.int(column + 14),
                collected: collected, notes: try [BillNote](face: try row.text(column + 22)),
                warnings: try row.texts(column + 23).compactMap { CaseWarning(rawValue: $0) }),
            month: Month(
                cap: try row.optionalInt(column + 17), collected: try row.int(column + 18),
                held: try row.int(column + 19), cost: try row.int(column + 20)),
            lapses: try row.optionalInstant(column + 21).map(Instant.init(microseconds:)),
            rulesVersion: try row.text(column + 24),
            recordedAt: Instant(microseconds: try row.instant(column + 25)))
    }

    func insertion(of person: PersonKey, visit: RecordID, at position: Int) -> (
        Statement, [Value]
    ) {
        (
            Self.insert,
            content.capMonth.key(of: person) + [
                .id(id), .int(version), .text(status.rawValue), .text(institution.key),
                .text(content.identifier.system), .text(content.identifier.value),
                .int(position), .day(content.day), .int(content.cost), .int(content.percent),
                .int(amounts.due), .int(amounts.share), .int(amounts.collected),
                .bool(content.collected != nil), .orNull(month.cap), .int(month.collected),
                .int(month.held), .int(month.cost), .time(lapses), .text(amounts.notes.face),
                .texts(amounts.warnings.map(\.rawValue)), .text(rulesVersion), .id(visit),
                .time(recordedAt),
            ]
        )
    }

    private static let insert = Statement(
        """
        insert into exchange.bill
            (person, body, certificate_type, sub_key, month, bill, version, status, party,
            identifier_system, identifier, position, day, cost, percent, due, share, collected,
            is_as_collected, cap, month_collected, month_held, month_cost, lapses_at, notes, warnings,
            rules, visit, recorded_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
            $21, $22, $23, $24, $25, $26, $27, $28, $29)
        """)
}

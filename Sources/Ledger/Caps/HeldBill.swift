package import Exchange
import Postgres

/// 保存された会計: the newest version of a bill and all its lines, with whose it is and the visit it was
/// sent in.
package struct HeldBill: Sendable {
    /// Whoever the bill is of now.
    package let person: PersonKey
    /// The record under which it stands, and its later versions do.
    let record: PersonKey
    package let visit: RecordID
    /// The resident as the institution knew them at that visit.
    package let patient: String
    package let lines: BillLines

    var newest: BillVersion { lines.first }

    var name: BillName {
        BillName(party: newest.institution, identifier: newest.content.identifier)
    }
}

extension Records {
    /// A bill of the caller's own. Throws `.recordUnknown` for another's in the same words as for
    /// none.
    package mutating func ownBill(_ id: RecordID) throws -> HeldBill {
        let rows = try transaction.query(
            HeldBill.selectByID, [.text(caller.party.key), .id(id)])
        guard let held = try HeldBill.all(rows).first else { throw Refusal.recordUnknown }
        subject.person = held.person
        subject.visit = held.visit
        return held
    }
}

extension HeldBill {
    /// All lines of the newest version of the bill that one line is of.
    static let selectByID = Statement(
        """
        select \(columns)
        from (
            select party, identifier_system, identifier, version from exchange.bill
            where party = $1 and bill = $2 order by version desc limit 1) q
        join exchange.bill m on m.party = q.party and m.identifier_system = q.identifier_system
            and m.identifier = q.identifier and m.version = q.version
        \(visitOfBill)
        order by m.place
        """)

    /// Of rows `m`, with `visitOfBill`.
    static let columns = """
        \(Survivors.sql(of: "m.person")), m.person, coalesce(former.visit, m.visit),
            coalesce(former.patient, v.patient), \(BillVersion.columns)
        """

    static let visitOfBill = """
        join exchange.visit v on v.visit = m.visit
        \(Survivors.formerVisit(of: "m", in: "bill", by: "bill", visit: "v"))
        """

    /// Of rows in which the lines of each bill follow one another in their order.
    static func all(_ rows: Rows) throws -> [HeldBill] {
        var bills: [HeldBill] = []
        for index in 0..<rows.count {
            let row = rows[index]
            let line = try BillVersion(row, from: 4)
            if line.content.place.number > 1, let bill = bills.popLast() {
                bills.append(bill.with(bill.lines.adding(line)))
            } else {
                bills.append(
                    HeldBill(
                        person: try row.uuid(0).person, record: try row.uuid(1).person,
                        visit: try row.uuid(2).record, patient: try row.text(3),
                        lines: BillLines(line)))
            }
        }
        return bills
    }

    private func with(_ lines: BillLines) -> HeldBill {
        HeldBill(person: person, record: record, visit: visit, patient: patient, lines: lines)
    }
}

extension BillVersion {
    static let columns = """
        m.bill, m.version, m.status, m.party, m.identifier_system, m.identifier, \(CapMonth.columns), m.day,
            m.cost, m.percent, m.due, m.share, m.collected, m.is_as_collected, m.cap, m.month_collected,
            m.month_held, m.month_cost, m.lapses_at, m.notes, m.warnings, m.rules, m.recorded_at,
            m.place, m.is_last, m.paid, m.paid_over, m.is_inpatient, m.days, m.limit_class, m.meals_count,
            m.meals_class, m.meals, m.paid_over_counts, m.is_multiple, m.long_term,
            m.prescriber
        """

    init(_ row: Row, from column: Int) throws {
        guard let status = Status(rawValue: try row.text(column + 2)) else {
            throw Refusal.malformed("status")
        }
        let collected = try row.int(column + 15)
        let paid = try row.optionalInt(column + 28) ?? collected
        let mealsCode = try row.optionalText(column + 34)
        self.init(
            id: try row.uuid(column).record, version: try row.int(column + 1), status: status,
            institution: try Party(key: try row.text(column + 3)),
            content: BillContent(
                identifier: RecordIdentifier(
                    system: try row.text(column + 4), value: try row.text(column + 5)),
                certificate: try CapMonth(row, from: column + 6).certificate,
                place: BillPlace(
                    number: try row.int(column + 26), isLast: try row.bool(column + 27)),
                day: CalendarDay(daysSince1970: try row.day(column + 10)),
                cost: try row.int(column + 11), percent: try row.int(column + 12),
                collected: try row.bool(column + 16) ? paid : nil,
                care: BillCare(
                    isInpatient: try row.bool(column + 30), days: try row.int(column + 31),
                    meals: try row.optionalInt(column + 33).flatMap { count in
                        mealsCode.map { MealsTaken(count: count, code: $0) }
                    }, limitClass: try row.optionalText(column + 32),
                    isMultiple: try row.bool(column + 37),
                    longTerm: try row.optionalInt(column + 38),
                    prescriber: try row.optionalText(column + 39))),
            amounts: BillAmounts(
                due: try row.int(column + 13), share: try row.int(column + 14),
                collected: collected, over: try row.int(column + 29),
                overCounts: try row.int(column + 36), meals: try row.int(column + 35),
                notes: try [BillNote](face: try row.text(column + 22)),
                warnings: try row.texts(column + 23).compactMap { CaseWarning(rawValue: $0) }),
            month: Month(
                cap: try row.optionalInt(column + 17), collected: try row.int(column + 18),
                held: try row.int(column + 19), cost: try row.int(column + 20)),
            lapses: try row.optionalInstant(column + 21).map(Instant.init(microseconds:)),
            rulesVersion: try row.text(column + 24),
            recordedAt: Instant(microseconds: try row.instant(column + 25)))
    }
}

extension HeldBill {
    static func insertion(_ lines: [CapLine]) -> (Statement, [Value]) {
        let versions = lines.map(\.version)
        let contents = versions.map(\.content)
        return (
            insert,
            CapMonthKey.values(lines.map(\.key)) + [
                .uuids(versions.map { UUIDBytes($0.id) }), .ints(versions.map(\.version)),
                .texts(versions.map(\.status.rawValue)),
                .texts(versions.map(\.institution.key)),
                .texts(contents.map(\.identifier.system)),
                .texts(contents.map(\.identifier.value)), .ints(lines.map(\.position)),
                .days(contents.map(\.day.daysSince1970)), .ints(contents.map(\.cost)),
                .ints(contents.map(\.percent)), .ints(versions.map(\.amounts.due)),
                .ints(versions.map(\.amounts.share)), .ints(versions.map(\.amounts.collected)),
                .bools(contents.map { $0.collected != nil }), .ints(versions.map(\.month.cap)),
                .ints(versions.map(\.month.collected)), .ints(versions.map(\.month.held)),
                .ints(versions.map(\.month.cost)),
                .instants(versions.map { $0.lapses?.microseconds }),
                .texts(versions.map(\.amounts.notes.face)),
                .texts(versions.map { warnings($0) }), .texts(versions.map(\.rulesVersion)),
                .uuids(lines.map { UUIDBytes($0.visit) }),
                .instants(versions.map(\.recordedAt.microseconds)),
                .ints(contents.map(\.place.number)), .bools(contents.map(\.place.isLast)),
                .ints(contents.map { $0.place == .only ? nil : $0.collected }),
                .ints(versions.map(\.amounts.over)), .bools(contents.map(\.care.isInpatient)),
                .ints(contents.map(\.care.days)), .texts(contents.map(\.care.limitClass)),
                .ints(contents.map(\.care.meals?.count)),
                .texts(contents.map(\.care.meals?.code)), .ints(versions.map(\.amounts.meals)),
                .ints(versions.map(\.amounts.overCounts)),
                .bools(contents.map(\.care.isMultiple)), .ints(contents.map(\.care.longTerm)),
                .uuids(lines.map { $0.survivor.map { UUIDBytes($0) } }),
                .texts(contents.map(\.care.prescriber)),
            ]
        )
    }

    /// A code has no space: the list travels as one text, because arrays of arrays must be
    /// rectangles.
    private static func warnings(_ version: BillVersion) -> String {
        version.amounts.warnings.map(\.rawValue).joined(separator: " ")
    }

    private static let insert = Statement(
        """
        insert into exchange.bill
            (person, body, certificate_type, sub_key, month, bill, version, status, party,
            identifier_system, identifier, position, day, cost, percent, due, share, collected,
            is_as_collected, cap, month_collected, month_held, month_cost, lapses_at, notes,
            warnings, rules, visit, recorded_at, place, is_last, paid, paid_over, is_inpatient, days,
            limit_class, meals_count, meals_class, meals, paid_over_counts, is_multiple, long_term,
            survivor, prescriber)
        select person, body, certificate_type, sub_key, month, bill, version, status, party,
            identifier_system, identifier, position, day, cost, percent, due, share, collected,
            is_as_collected, cap, month_collected, month_held, month_cost, lapses_at, notes,
            string_to_array(warnings, ' '), rules, visit, recorded_at, place, is_last, paid, paid_over,
            is_inpatient, days, limit_class, meals_count, meals_class, meals, paid_over_counts,
            is_multiple, long_term, survivor, prescriber
        from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::date[], $6::uuid[],
            $7::bigint[], $8::text[], $9::text[], $10::text[], $11::text[], $12::bigint[],
            $13::date[], $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[],
            $19::boolean[], $20::bigint[], $21::bigint[], $22::bigint[], $23::bigint[],
            $24::timestamptz[], $25::text[], $26::text[], $27::text[], $28::uuid[],
            $29::timestamptz[], $30::bigint[], $31::boolean[], $32::bigint[], $33::bigint[],
            $34::boolean[], $35::bigint[], $36::text[], $37::bigint[], $38::text[], $39::bigint[],
            $40::bigint[], $41::boolean[], $42::bigint[], $43::uuid[],
            $44::text[])
            as b(person, body, certificate_type, sub_key, month, bill, version, status, party,
                identifier_system, identifier, position, day, cost, percent, due, share, collected,
                is_as_collected, cap, month_collected, month_held, month_cost, lapses_at, notes,
                warnings, rules, visit, recorded_at, place, is_last, paid, paid_over, is_inpatient,
                days, limit_class, meals_count, meals_class, meals, paid_over_counts, is_multiple,
                long_term, survivor, prescriber)
        """)
}

extension CapDesk {
    /// 統合・その取消を待った会計: a visit is read before its turn, and a bill after it. Where a merge or an undoing came
    /// between, the two are of one person under two names: everything of the batch is read once more. Asked
    /// only where they differ, so that another's bill is still refused as such.
    func requireNewestPersons(
        _ transaction: inout Transaction, _ asked: [AskedBill]
    ) throws {
        let unlike = asked.filter { bill in
            bill.name.flatMap { bills[$0] }.map { $0.person != bill.visit.person } ?? false
        }
        guard !unlike.isEmpty else { return }
        let moved = try transaction.query(
            Self.selectMoved,
            [
                .uuids(unlike.map { UUIDBytes($0.visit.id) }),
                .uuids(unlike.map { UUIDBytes($0.visit.person) }),
            ])
        guard moved.isEmpty else {
            throw DatabaseError.server(sqlState: "40001", constraint: nil)
        }
    }

    private static let selectMoved = Statement(
        """
        select v.visit from unnest($1::uuid[], $2::uuid[]) as q(visit, person)
        join exchange.visit v on v.visit = q.visit
        where \(Survivors.sql(of: "v.person")) <> q.person
        """)
}

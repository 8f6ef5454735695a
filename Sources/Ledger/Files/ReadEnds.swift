package import Exchange
import Postgres

/// 終わるものの一覧: whom a whole list would end, or was to end, as the rows stood when that was found, by the keys
/// of the municipality's own certificates: what a second person looks at before confirming.
package struct FileEnds: Sendable {
    package struct Ended: Sendable {
        package let certificateType: String
        package let subKey: String
        package let historyKey: String
        package let payerNumber: String?
        package let recipientNumber: String?
        package let validFrom: CalendarDay
        package let validTo: CalendarDay
    }

    package let file: FileRow
    package let rows: [Ended]
    /// From which place to go on; `nil` when these were the last.
    package let next: Int?
}

extension Records {
    private static let endsShownMax = 1_000

    /// Those from place `first` on, with an entry for each resident. Throws `.taskUnknown`.
    package mutating func fileEnds(
        _ file: RecordID, of kind: FileKind, from first: Int, rules: (String) throws -> RuleBook
    ) throws -> FileEnds {
        let found = try self.file(file, of: kind, rules: rules)
        let read = try transaction.query(
            Self.selectShownEnds,
            [.id(file), .text(caller.party.code), .int(first), .int(Self.endsShownMax + 1)])
        let basis = FileRow.basis(file, "ends", first)
        var persons: Set<PersonKey> = []
        var rows: [FileEnds.Ended] = []
        for index in 0..<min(read.count, Self.endsShownMax) {
            persons.insert(try read[index].uuid(1).person)
            rows.append(try FileEnds.Ended(read[index], from: 2))
        }
        for person in persons.sorted(by: { $0.bytes.lexicographicallyPrecedes($1.bytes) }) {
            enter(person, basis: basis)
        }
        if persons.isEmpty { enter(nil, basis: basis) }
        let next = read.count > Self.endsShownMax ? try read[Self.endsShownMax].int(0) : nil
        return FileEnds(file: found, rows: rows, next: next)
    }

    private static let selectShownEnds = Statement(
        """
        select n.place, e.person, e.certificate_type, e.sub_key, e.history_key, e.payer_number,
            e.recipient_number, e.valid_from, e.valid_to
        from office.file_end n join exchange.entitlement e on e.body = $2 and e.version = n.version
        where n.file = $1 and n.place >= $3 order by n.place limit $4
        """)
}

extension FileEnds.Ended {
    fileprivate init(_ row: Row, from column: Int) throws {
        certificateType = try row.text(column)
        subKey = try row.text(column + 1)
        historyKey = try row.text(column + 2)
        payerNumber = try row.optionalText(column + 3)
        recipientNumber = try row.optionalText(column + 4)
        validFrom = CalendarDay(daysSince1970: try row.day(column + 5))
        validTo = CalendarDay(daysSince1970: try row.day(column + 6))
    }
}

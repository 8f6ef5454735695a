package import Exchange
import Postgres

/// 処理結果: the second acknowledgement of a file: what became of it and of each row that has something to
/// say, in parts, so that the longest file is read in bounded memory.
package struct FileReport: Sendable {
    package let file: FileRow
    package let tellings: [RowTellings.Telling]
    /// From which part to go on; `nil` when these were the last.
    package let next: Int?
}

/// エラーファイルの一部: rows to be mended, in the form and encoding of their file.
package struct MendingPart: Sendable {
    package let file: FileRow
    package let bytes: [UInt8]
    package let next: Int?
}

extension Records {
    /// Eight parts are at most 8,000 rows, some 4 MB if each has something to say.
    private static let partsMax = 8

    /// What is told from part `first` on.
    package mutating func fileReport(
        _ file: RecordID, of kind: FileKind, from first: Int, rules: (String) throws -> RuleBook
    ) throws -> FileReport {
        let found = try self.file(file, of: kind, rules: rules)
        let rows = try transaction.query(
            Self.selectTold, [.id(file), .int(first), .int(Self.partsMax + 1)])
        var tellings: [RowTellings.Telling] = []
        for index in 0..<min(rows.count, Self.partsMax) {
            tellings += try RowTellings(reading: rows[index].text(1), of: found.layout).all
        }
        let next = rows.count > Self.partsMax ? try rows[Self.partsMax].int(0) : nil
        // Lines and codes: of nobody's row is anything said that the sender has not sent.
        enter(nil, basis: FileRow.basis(file, "from", first))
        return FileReport(file: found, tellings: tellings, next: next)
    }

    /// The refused rows of the first part from `first` on that has any, with an entry for everybody they
    /// name whom we know. The header stands in front of the first of all.
    package mutating func mendingPart(
        _ file: RecordID, of kind: FileKind, from first: Int, _ hashing: FileHashing,
        rules: (String) throws -> RuleBook
    ) throws -> MendingPart {
        let found = try self.file(file, of: kind, rules: rules)
        let rows = try transaction.query(Self.selectRefused, [.id(file), .int(first)])
        let basis = FileRow.basis(file, "from", first)
        guard let row = rows.first else {
            enter(nil, basis: basis)
            return MendingPart(file: found, bytes: [], next: nil)
        }
        let told = try RowTellings(reading: row.text(3), of: found.layout).findings
        var errors = ErrorFile(of: file.text, withHeader: first == 0)
        let mended = try found.rows(kept: row.bytes(2), on: row.ints(1), told)
        for row in mended { errors.add(row) }
        let numbers = try row.nullableBytesArray(4).map { bytes in
            bytes.map { hashing.extended(HashChain.versions(joined: $0)) }
        }
        let persons = try named(in: zip(mended, numbers).filter { $0.0.isRefused })
        for person in persons.sorted(by: { $0.bytes.lexicographicallyPrecedes($1.bytes) }) {
            enter(person, basis: basis)
        }
        if persons.isEmpty { enter(nil, basis: basis) }
        let next = rows.count > 1 ? try rows[1].int(0) : nil
        return MendingPart(file: found, bytes: errors.takeBytes(), next: next)
    }

    /// 載っている人: those of the rows' numbers, or of the keys by which a municipality names people.
    private mutating func named(in rows: [(row: CheckedRow, number: HashChain?)]) throws
        -> Set<PersonKey>
    {
        let keys = rows.flatMap { row, _ in
            ["childIdentityKey", "guardianIdentityKey"].compactMap { row.text($0) }
        }
        let byKey = try keyedPersons(keys, of: caller.party.code)
        let notified = rows.compactMap { row, _ in row.text("notificationKey") }
        let mothersAndChildren =
            try notified.isEmpty ? [] : self.notified(notified).values.map(\.person)
        return Set(try knownPersons(of: rows.compactMap(\.number))).union(byKey.values)
            .union(mothersAndChildren)
    }

    private static let selectTold = Statement(
        """
        select chunk, told from office.file_chunk
        where file = $1 and chunk >= $2 and told is not null and told <> '[]'
        order by chunk limit $3
        """)

    private static let selectRefused = Statement(
        """
        select chunk, lines, rows, told, numbers from office.file_chunk
        where file = $1 and chunk >= $2 and has_refused order by chunk limit 2
        """)
}

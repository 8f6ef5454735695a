/// 読み取った行: the complete rows of one stretch of a file, as bytes in the file's own encoding. Fields
/// are without their quotes; no text is made until somebody asks for it.
package struct CSVRows: Sendable {
    struct Mark: Sendable {
        /// Place of the row's first field among all fields.
        let firstField: Int
        let line: Int
        let isMisquoted: Bool
    }

    // One store for all rows: two allocations for a block of a thousand rows, not for each.
    var bytes: [UInt8] = []
    /// Where each field ends in `bytes`; it begins where the one before it ends.
    var ends: [Int] = []
    var marks: [Mark] = []

    package var count: Int { marks.count }
    package var isEmpty: Bool { marks.isEmpty }

    package subscript(index: Int) -> CSVRow { CSVRow(rows: self, index: index) }
}

/// One row of a file.
package struct CSVRow: Sendable {
    private let rows: CSVRows
    private let firstField: Int
    package let count: Int
    /// Physical line of the file the row begins on, from 1: newlines inside quotes count.
    package let line: Int
    /// A quote stands where RFC 4180 allows none, so nobody can say where its fields end.
    package let isMisquoted: Bool

    init(rows: CSVRows, index: Int) {
        self.rows = rows
        let mark = rows.marks[index]
        firstField = mark.firstField
        let next = index + 1 < rows.marks.count ? rows.marks[index + 1].firstField : rows.ends.count
        count = next - firstField
        line = mark.line
        isMisquoted = mark.isMisquoted
    }

    /// Nothing but empty fields.
    var isEmpty: Bool { (0..<count).allSatisfy { self[$0].isEmpty } }

    /// The bytes of one field, unquoted.
    package subscript(field: Int) -> ArraySlice<UInt8> {
        let place = firstField + field
        let start = place == 0 ? 0 : rows.ends[place - 1]
        return rows.bytes[start..<rows.ends[place]]
    }
}

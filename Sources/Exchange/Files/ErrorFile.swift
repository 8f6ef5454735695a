/// エラーファイル: the refused rows of a file, in its encoding and with its columns, and beside them what was
/// found. Mended and sent again it is read by the same layout, so that mended rows alone come back.
/// No individual number is ever in it: its cells are left empty, and the origin of the row stands
/// in for it.
package struct ErrorFile: Sendable {
    /// The columns behind those of the layout. Their names cannot be those of a municipal system.
    package static let columns = [
        "つなぎ:元の行", "つなぎ:コード", "つなぎ:値の種類", "つなぎ:対処", "つなぎ:what to do",
    ]
    /// As it is written, and as it was before it told the class of the values: such files, and parts kept so,
    /// come back for as long as anybody has them.
    static let forms = [columns, columns.filter { $0 != "つなぎ:値の種類" }]

    /// As the gateway names the file: 1 to 64 of `[0-9a-z-]`.
    private let file: String
    private var writer = CSVWriter()
    private var isBegun: Bool

    /// Of a file that is written in parts, the first has the header.
    package init(of file: String, withHeader: Bool = true) {
        self.file = file
        isBegun = !withHeader
    }

    /// Adds a row when it is refused; one that was taken with a warning has nothing to mend.
    package mutating func add(_ row: CheckedRow) {
        guard row.isRefused else { return }
        write(
            row, of: row.origin ?? RowOrigin(file: file, line: row.line), telling: row.findings)
    }

    /// 控え: adds the row with nothing to mend, as one of this file whatever it was before. Read again
    /// it is the row that came, but for its number.
    package mutating func keep(_ row: CheckedRow) {
        write(row, of: RowOrigin(file: file, line: row.line), telling: [])
    }

    private mutating func write(
        _ row: CheckedRow, of origin: RowOrigin, telling findings: [RowFinding]
    ) {
        let binding = row.binding
        if !isBegun { begin(binding) }
        let count =
            binding.header.isEmpty ? binding.layout.columns.count : binding.header.count
        for field in 0..<count {
            let bytes = original(field, of: row)
            writer.field(
                Spreadsheet.isChanging(bytes, binding.characters)
                    ? [Spreadsheet.protection] + bytes : Array(bytes))
        }
        writer.field(origin.text.utf8)
        // A row is a line: a spreadsheet counts the rows of this file as a report on it counts lines.
        let codes = findings.map { "\($0.item): \($0.code.rawValue)" }.joined(separator: "; ")
        let classes = findings.compactMap { finding in
            finding.cell.map { "\(finding.item): \($0.kind.rawValue)" }
        }.joined(separator: "; ")
        let ja = findings.map(\.ja).joined()
        let en = findings.map(\.en).joined(separator: " ")
        for text in [codes, classes, ja, en] {
            writer.field(binding.characters.bytes(of: text).bytes)
        }
        writer.endRow()
    }

    /// What was written since the last call; the whole file is never held.
    package mutating func takeBytes() -> [UInt8] { writer.takeBytes() }

    private mutating func begin(_ binding: LayoutBinding) {
        isBegun = true
        guard !binding.header.isEmpty else { return }
        for name in binding.header { writer.field(name) }
        for name in Self.columns { writer.field(binding.characters.bytes(of: name).bytes) }
        writer.endRow()
    }

    /// The bytes as they came; empty where an individual number stands or may stand.
    private func original(_ field: Int, of row: CheckedRow) -> ArraySlice<UInt8> {
        guard field < row.row.count else { return [] }
        let binding = row.binding
        let bytes = binding.unprotected(row.row[field])
        let column = binding.fields.firstIndex(of: field)
        if let column, !row.isMisplaced {
            let rule = binding.layout.columns[column]
            let isNumber = rule.type == .individualNumber
            let isSuspect = row.findings.contains {
                $0.code == .individualNumberElsewhere && $0.item == rule.item
            }
            return isNumber || isSuspect ? [] : bytes
        }
        // Nobody knows which field is which: whatever has twelve digits may be the number.
        let cell = Cell(bytes, binding.characters)
        return cell.summary.digits >= 12 ? [] : bytes
    }
}

extension CheckedRow {
    /// Its fields cannot be told apart.
    fileprivate var isMisplaced: Bool {
        findings.contains { $0.code == .fieldCount || $0.code == .quoting }
    }
}

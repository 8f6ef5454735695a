/// 検査済みの行: one row of a file with everything that was found in it. Values are read when they are
/// asked for. It shows nothing to a mirror, because an individual number may stand in it.
package struct CheckedRow: Sendable, CustomReflectable {
    /// Physical line of the file, from 1.
    package let line: Int
    /// For a row that was mended in an error file of ours.
    package let origin: RowOrigin?
    package let findings: [RowFinding]
    /// By column; none where nobody can say which field is which.
    let values: [CellValue]
    let row: CSVRow
    let binding: LayoutBinding

    /// A row that was kept: as its file had it, on that line and with what was found there.
    package func asCame(on line: Int, _ findings: [RowFinding]) -> CheckedRow {
        CheckedRow(
            line: line, origin: origin, findings: findings, values: values, row: row,
            binding: binding)
    }

    package var isRefused: Bool { findings.contains { $0.severity == .error } }
    package var layout: Layout { binding.layout }
    package var customMirror: Mirror { Mirror(self, children: ["line": line]) }

    /// The text as written, without the spaces around a code; `nil` where there is none.
    package func text(_ item: String) -> String? {
        guard let (column, value) = value(item), !value.isAbsent else { return nil }
        return written(column)
    }

    /// Whether the row says in so many words that there is nothing (`99999999` for a last day), where an
    /// empty cell says nothing at all.
    package func saysNone(_ item: String) -> Bool {
        guard let (column, value) = value(item), case .absent = value else { return false }
        return !cell(column).bytes.isEmpty
    }

    package func day(_ item: String) -> CalendarDay? {
        guard case .day(let day)? = value(item)?.1 else { return nil }
        return day
    }

    package func birthDate(_ item: String) -> BirthDate? {
        guard case .birthDate(let written)? = value(item)?.1 else { return nil }
        return try? BirthDate(written.birthText)
    }

    package func flag(_ item: String) -> Bool? {
        guard case .flag(let claim)? = value(item)?.1 else { return nil }
        return claim
    }

    package func integer(_ item: String) -> Int? {
        guard case .integer(let number)? = value(item)?.1 else { return nil }
        return number
    }

    /// Absent too in a mended row: its `origin` says where the number was given.
    package var individualNumber: IndividualNumber? {
        let columns = layout.columns
        guard let place = columns.firstIndex(where: { $0.type == .individualNumber }),
            case .individualNumber(let number) = read(place)
        else { return nil }
        return number
    }

    /// The row as the registration API writes it: nested by the dots of its items, absent values
    /// left out. So a file and the API are read by the same rules.
    package var object: JSONObject {
        let columns = layout.columns
        var members: [JSONObject.Member] = []
        members.reserveCapacity(columns.count)
        var nested: [(place: Int, members: [JSONObject.Member])] = []
        for (place, column) in columns.enumerated() {
            guard let value = json(place, column) else { continue }
            let member = JSONObject.Member(name: column.innerName, value: value)
            guard let outer = column.outerName else {
                members.append(member)
                continue
            }
            if let known = nested.firstIndex(where: { members[$0.place].name == outer }) {
                nested[known].members.append(member)
            } else {
                nested.append((members.count, [member]))
                members.append(.init(name: outer, value: .null))
            }
        }
        for (place, inner) in nested {
            members[place] = .init(name: members[place].name, value: .object(JSONObject(inner)))
        }
        return JSONObject(members)
    }

    private func json(_ place: Int, _ column: LayoutColumn) -> JSON? {
        switch read(place) {
        case .absent: return column.type == .pairs ? .array([]) : nil
        case .refused: return nil
        case .day(let day): return .string(day.text)
        case .birthDate(let written): return .string(written.birthText)
        case .partialDay(let written): return .string(written.partialText)
        case .flag(let claim): return .bool(claim)
        case .integer(let number): return .number(String(number))
        case .individualNumber(let number):
            return .string(number.withDigits { String(decoding: $0, as: UTF8.self) })
        case .text, .code:
            let text = written(place)
            return column.type == .pairs ? Self.pairs(text) : .string(text)
        }
    }

    private static func pairs(_ text: String) -> JSON {
        let pairs = text.split(separator: ";").map { pair -> JSON in
            let halves = pair.split(separator: "=", maxSplits: 1).map { JSON.string(String($0)) }
            return .object(
                JSONObject([
                    .init(name: "item", value: halves[0]), .init(name: "value", value: halves[1]),
                ]))
        }
        return .array(pairs)
    }

    private func value(_ item: String) -> (Int, CellValue)? {
        layout.column(item).map { ($0, read($0)) }
    }

    private func read(_ place: Int) -> CellValue {
        place < values.count ? values[place] : .refused
    }

    func cell(_ place: Int) -> Cell {
        Cell(binding.bytes(of: place, in: row), binding.characters)
    }

    private func written(_ place: Int) -> String {
        let bytes = binding.bytes(of: place, in: row)
        if bytes.allSatisfy({ $0 < 0x80 }) { return String(decoding: bytes, as: UTF8.self) }
        let cell = Cell(bytes, binding.characters)
        if !layout.columns[place].type.isText, let folded = cell.folded {
            return String(decoding: Cell.trimmed(folded[...]), as: UTF8.self)
        }
        return cell.text ?? ""
    }
}

extension CellValue {
    fileprivate var isAbsent: Bool {
        switch self {
        case .absent, .refused: true
        default: false
        }
    }
}

extension LayoutBinding {
    /// The bytes of one column as it reads them.
    func bytes(of column: Int, in row: CSVRow) -> ArraySlice<UInt8> {
        let field = fields[column]
        guard field >= 0 else { return [] }
        let bytes = unprotected(row[field])
        return layout.columns[column].type.isText ? bytes : Cell.trimmed(bytes)
    }

    /// An error file protects values from spreadsheets; the protection is no part of the value.
    func unprotected(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        isMending && bytes.first == Spreadsheet.protection ? bytes.dropFirst() : bytes
    }
}

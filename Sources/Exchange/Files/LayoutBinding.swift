/// 見出しの照合: which field of a file holds which column of its layout. A header in another order is
/// taken where the layout allows it; every fault of a header is told at once.
final class LayoutBinding: Sendable {
    let layout: Layout
    let characters: Characters
    /// By column: its field; -1 for one that the header may leave out and does.
    let fields: [Int]
    /// The header as the file wrote it, without the columns of an error file; empty without one.
    let header: [[UInt8]]
    /// Of an error file of ours that comes back: how many columns of its own stand behind the layout's.
    private let errorColumns: Int

    /// How many of the fields are columns of the layout.
    let columnCount: Int
    var fieldCount: Int { columnCount + errorColumns }
    /// 訂正ファイル: an error file of ours comes back.
    var isMending: Bool { errorColumns > 0 }

    /// Of the columns of ours a mended row needs the first: where it stood. Those of the layout are all
    /// there, though a spreadsheet writes nothing for empty cells at a row's end: a comma that was lost in
    /// the middle would be told from them by nothing, and put each value under another name.
    var fewestFields: Int {
        isMending && !header.isEmpty ? columnCount + 1 : fieldCount
    }

    private init(
        layout: Layout, characters: Characters, fields: [Int], header: [[UInt8]], errorColumns: Int
    ) {
        self.layout = layout
        self.characters = characters
        self.fields = fields
        self.header = header
        self.errorColumns = errorColumns
        columnCount = fields.count { $0 >= 0 }
    }

    /// The same file, once its encoding is known.
    func reading(_ characters: Characters) -> LayoutBinding {
        LayoutBinding(
            layout: layout, characters: characters, fields: fields, header: header,
            errorColumns: errorColumns)
    }

    /// A layout without header: the first row shows only whether it is an error file.
    static func positions(_ layout: Layout, _ characters: Characters, first row: CSVRow)
        -> LayoutBinding
    {
        let count = layout.columns.count
        let own = ErrorFile.forms.first {
            row.count == count + $0.count && RowOrigin(row[count]) != nil
        }
        return LayoutBinding(
            layout: layout, characters: characters, fields: Array(0..<count), header: [],
            errorColumns: own?.count ?? 0)
    }

    static func header(
        _ row: CSVRow, of layout: Layout, isAnyOrder: Bool, _ characters: Characters
    ) throws(FileRefusal) -> LayoutBinding {
        var cells = (0..<row.count).map { Cell.trimmed(row[$0]) }
        // Some systems end every line with a comma.
        while cells.last?.isEmpty == true { cells.removeLast() }
        let names = cells.map { name(of: $0, characters) }
        let form = ErrorFile.forms.first { names.suffix($0.count).elementsEqual($0) }
        let own = names.dropLast(form?.count ?? 0)
        // Without them nobody finds the numbers of the rows: they are not to be removed.
        guard !own.contains(where: { ErrorFile.columns.contains($0) }) else {
            throw FileRefusal([FileFault(.errorColumns, line: row.line)])
        }
        var reading = HeaderReading(layout: layout, line: row.line)
        reading.take(own)
        let faults = reading.faults(isAnyOrder: isAnyOrder)
        guard faults.isEmpty else { throw FileRefusal(faults) }
        return LayoutBinding(
            layout: layout, characters: characters, fields: reading.fields,
            header: cells.prefix(own.count).map { Array($0) }, errorColumns: form?.count ?? 0)
    }
}

extension LayoutBinding {
    /// A full-width space beside a name, or the mark of a file that was joined to another, is seen by nobody.
    private static func name(of cell: ArraySlice<UInt8>, _ characters: Characters) -> String {
        func isUnseen(_ character: Character) -> Bool {
            character.isWhitespace || character == "\u{FEFF}"
        }
        var name = (characters.text(of: cell) ?? "").drop(while: isUnseen)
        while name.last.map(isUnseen) == true { name.removeLast() }
        return String(name)
    }
}

private struct HeaderReading {
    let layout: Layout
    let line: Int
    private(set) var fields: [Int]
    private var unknown: [String] = []
    private var twice: [String] = []

    init(layout: Layout, line: Int) {
        self.layout = layout
        self.line = line
        fields = Array(repeating: -1, count: layout.columns.count)
    }

    mutating func take(_ names: ArraySlice<String>) {
        for (field, name) in names.enumerated() {
            guard let column = layout.columns.firstIndex(where: { $0.isCalled(name) }) else {
                unknown.append(name)
                continue
            }
            if fields[column] >= 0 {
                twice.append(layout.columns[column].name)
            } else {
                fields[column] = field
            }
        }
    }

    func faults(isAnyOrder: Bool) -> [FileFault] {
        let found = fields.count { $0 >= 0 }
        let expected = layout.columns.count { !$0.mayBeLeftOut }
        // A row of data stands first.
        guard found > 0 else { return [FileFault(.headerMissing, line: line)] }
        // Or on the header's own line, or another layout is meant: its words are nobody's to repeat.
        let isOwn = unknown.isEmpty || (found * 2 >= expected && unknown.count < expected)
        guard isOwn else {
            let reason = FileFault.Reason.headerDiffers(
                found: found, of: layout.columns.count, others: unknown.count)
            return [FileFault(reason, line: line)]
        }
        var reasons: [FileFault.Reason] = []
        reasons += unknown.map { .unknownColumn(Self.shown($0)) }
        reasons += twice.map { .duplicateColumn($0) }
        for (place, column) in layout.columns.enumerated()
        where fields[place] < 0 && !column.mayBeLeftOut {
            reasons.append(.missingColumn(column.name))
        }
        if reasons.isEmpty, !isAnyOrder,
            let place = fields.indices.first(where: { fields[$0] != $0 })
        {
            reasons.append(.columnOrder(layout.columns[place].name))
        }
        return reasons.map { FileFault($0, line: line) }
    }

    /// What is long or full of digits may be no name at all.
    private static func shown(_ name: String) -> String {
        let digits = name.unicodeScalars.count { DigitRuns.digit($0) != nil }
        return (1...40).contains(name.unicodeScalars.count) && digits < 7 ? name : "*"
    }
}

/// 元の行: the file and line a row of an error file came from, written `#12@<file>`. By it a mended row
/// finds the individual number that no file of ours repeats.
package struct RowOrigin: Hashable, Sendable {
    /// As the gateway named the file: 1 to 64 of `[0-9a-z-]`.
    package let file: String
    package let line: Int

    package init(file: String, line: Int) {
        self.file = file
        self.line = line
    }

    init?(_ bytes: ArraySlice<UInt8>) {
        let parts = bytes.dropFirst().split(
            separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard bytes.first == UInt8(ascii: "#"), parts.count == 2,
            (1...64).contains(parts[1].count), parts[1].allSatisfy(Self.isPlain),
            let line = Int(String(decoding: parts[0], as: UTF8.self)), line > 0
        else { return nil }
        file = String(decoding: parts[1], as: UTF8.self)
        self.line = line
    }

    var text: String { "#\(line)@\(file)" }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x61...0x7A, 0x2D: true
        default: false
        }
    }
}

/// ファイルの検査: a municipal file from its first byte to its last, in blocks of any size. Every row comes
/// out once, in order, with its findings; the file is refused as a whole when its bytes or its
/// header leave in doubt what its rows are. Memory does not grow with the file.
package struct FileCheck: Sendable {
    package let layout: Layout
    package private(set) var counts = FileCounts()
    private let table: CharacterTable
    private let announced: AnnouncedFile
    private var intake = TextIntake()
    private var reader = CSVReader()
    private var binding: LayoutBinding?
    private var rowCheck = RowCheck()
    private var isKept = false

    package init(layout: Layout, table: CharacterTable, announced: AnnouncedFile = .init()) {
        self.layout = layout
        self.table = table
        self.announced = announced
    }

    /// Rows as `ErrorFile` kept them: what they are written in is known.
    package init(kept encoding: TextEncoding, of layout: Layout, table: CharacterTable) {
        self.init(layout: layout, table: table, announced: .init(encoding: encoding))
        intake = TextIntake(known: encoding)
        isKept = true
    }

    /// What the file is written in, as far as it is known yet: ASCII is the same in all.
    package var encoding: TextEncoding {
        intake.encoding ?? announced.encoding ?? layout.encodings[0]
    }

    /// Whether it is an error file of ours that comes back with mended rows.
    package var isMending: Bool { binding?.isMending ?? false }

    package var characters: Characters { Characters(encoding, table: table) }
    /// The header as the file wrote it; empty without one.
    var header: [[UInt8]] { binding?.header ?? [] }

    /// The rows that became complete with this block.
    package mutating func read(_ block: ArraySlice<UInt8>) throws(FileRefusal) -> [CheckedRow] {
        let rows = try Self.refusing { () throws(FileFault) in
            try reader.read(intake.take(block))
        }
        return try check(rows)
    }

    /// The rows that are left. Afterwards `counts` are those of the file.
    package mutating func finish() throws(FileRefusal) -> [CheckedRow] {
        let rows = try Self.refusing { () throws(FileFault) in
            try reader.read(intake.take([], isLast: true))
        }
        let last = try Self.refusing { () throws(FileFault) in try reader.finish() }
        let checked = try check(rows) + check(last)
        guard binding != nil else { throw FileRefusal([FileFault(.empty)]) }
        if let declared = announced.rows, declared != counts.rows {
            throw FileRefusal([FileFault(.rowsDiffer(declared: declared, found: counts.rows))])
        }
        return checked
    }

    private static func refusing<Value>(
        _ body: () throws(FileFault) -> Value
    ) throws(FileRefusal) -> Value {
        do throws(FileFault) { return try body() } catch { throw FileRefusal([error]) }
    }

    private mutating func check(_ rows: CSVRows) throws(FileRefusal) -> [CheckedRow] {
        guard !rows.isEmpty else { return [] }
        try checkEncoding()
        var checked: [CheckedRow] = []
        checked.reserveCapacity(rows.count)
        for index in 0..<rows.count {
            let row = rows[index]
            // A spreadsheet leaves empty rows behind.
            guard !row.isEmpty else { continue }
            if binding == nil, try begin(with: row) { continue }
            guard let binding else { continue }
            checked.append(self.checked(row, binding))
        }
        return checked
    }

    /// Returns whether the row was the header.
    private mutating func begin(with row: CSVRow) throws(FileRefusal) -> Bool {
        switch layout.header {
        case .none:
            binding = .positions(layout, characters, first: row)
            return false
        case .names(let isAnyOrder):
            binding = try .header(row, of: layout, isAnyOrder: isAnyOrder, characters)
            return true
        }
    }

    private mutating func checked(_ row: CSVRow, _ binding: LayoutBinding) -> CheckedRow {
        guard !isKept else { return rowCheck.reread(row, binding) }
        let checked = rowCheck.check(row, binding)
        counts.take(checked)
        return checked
    }

    private mutating func checkEncoding() throws(FileRefusal) {
        let taken = announced.encoding.map { [$0] } ?? layout.encodings
        // A mark at the beginning is no contradiction: it says the same.
        guard taken.contains(where: { $0.isUTF8 == encoding.isUTF8 }) else {
            throw FileRefusal([FileFault(.wrongEncoding(found: encoding, expected: taken))])
        }
        if let known = binding, known.characters.encoding != encoding {
            binding = known.reading(characters)
        }
    }
}

/// What the sender said of a file when it was sent; `nil` where nothing was said.
package struct AnnouncedFile: Hashable, Sendable {
    package let encoding: TextEncoding?
    package let rows: Int?

    package init(encoding: TextEncoding? = nil, rows: Int? = nil) {
        self.encoding = encoding
        self.rows = rows
    }
}

/// 件数: how a file came out. A row is counted once among accepted and refused, and once under each of
/// its codes.
package struct FileCounts: Hashable, Sendable {
    package private(set) var rows = 0
    package private(set) var refused = 0
    /// Accepted with a word.
    package private(set) var warned = 0
    package private(set) var byCode: [RowCode: Int] = [:]

    package init() {}

    package var accepted: Int { rows - refused }

    package mutating func take(_ row: CheckedRow) {
        rows += 1
        guard !row.findings.isEmpty else { return }
        if row.isRefused { refused += 1 } else { warned += 1 }
        for code in Set(row.findings.map(\.code)) { byCode[code, default: 0] += 1 }
    }
}

/// 行の検査: holds one row after another against its layout. What is wrong with a row is all told at
/// once, so that it is mended once.
struct RowCheck: Sendable {
    /// Keys of a million rows are remembered (some 40 MB); twice the same key further apart is
    /// found by the ledger, whose key is unique.
    private static let keysMax = 1_000_000

    private var keys: Set<Int> = []
    /// Of the row at hand; they go with it.
    private var values: [CellValue] = []
    // Kept between rows, so that a row that is in order needs no memory of its own.
    private var codes: [RowCode] = []
    private var findings: [RowFinding] = []

    /// A row that was kept: what was found in it was kept beside it, so only its values are read.
    mutating func reread(_ row: CSVRow, _ binding: LayoutBinding) -> CheckedRow {
        findings = []
        values = []
        let isWhole = isWhole(row, binding)
        if isWhole {
            values.reserveCapacity(binding.layout.columns.count)
            for (place, column) in binding.layout.columns.enumerated() {
                let cell = Cell(binding.bytes(of: place, in: row), binding.characters)
                values.append(column.value(of: cell, codes: &codes))
            }
            codes.removeAll(keepingCapacity: true)
        }
        let origin = isWhole ? RowOrigin(row[binding.columnCount]) : nil
        return CheckedRow(
            line: row.line, origin: origin, findings: [], values: values, row: row,
            binding: binding)
    }

    mutating func check(_ row: CSVRow, _ binding: LayoutBinding) -> CheckedRow {
        findings = []
        values = []
        let isWhole = isWhole(row, binding)
        let origin =
            isWhole && binding.isMending ? RowOrigin(row[binding.columnCount]) : nil
        if isWhole {
            let longNumbers = checkCells(row, binding)
            checkRequired(row, binding, isMended: origin != nil)
            checkPeriods(row, binding)
            if !longNumbers.isEmpty { checkNumbersElsewhere(longNumbers, row, binding) }
            checkKey(row, binding)
        }
        return CheckedRow(
            line: row.line, origin: origin, findings: findings, values: values, row: row,
            binding: binding)
    }

    private mutating func isWhole(_ row: CSVRow, _ binding: LayoutBinding) -> Bool {
        func add(_ code: RowCode) {
            findings.append(
                RowFinding(line: row.line, item: "row", code: code, cell: nil, about: nil))
        }
        if row.isMisquoted {
            add(.quoting)
            return false
        }
        // Some systems end every line with a comma: empty fields too many mean nothing.
        let surplus = binding.fieldCount..<max(row.count, binding.fieldCount)
        if row.count < binding.fewestFields || surplus.contains(where: { !row[$0].isEmpty }) {
            add(.fieldCount)
            return false
        }
        return true
    }

    /// Returns the columns that have digits enough to hold an individual number, or letters enough to hide
    /// one.
    private mutating func checkCells(_ row: CSVRow, _ binding: LayoutBinding) -> [Int] {
        values.reserveCapacity(binding.layout.columns.count)
        var longNumbers: [Int] = []
        for (place, column) in binding.layout.columns.enumerated() {
            let cell = Cell(binding.bytes(of: place, in: row), binding.characters)
            values.append(column.value(of: cell, codes: &codes))
            if column.type != .individualNumber,
                cell.summary.digits >= 12
                    || HiddenText.hasRoom(in: binding.bytes(of: place, in: row))
            {
                longNumbers.append(place)
            }
            guard !codes.isEmpty else { continue }
            for code in codes { add(code, place, row, binding) }
            codes.removeAll(keepingCapacity: true)
        }
        return longNumbers
    }

    private mutating func checkRequired(
        _ row: CSVRow, _ binding: LayoutBinding, isMended: Bool
    ) {
        let columns = binding.layout.columns
        for (place, column) in columns.enumerated() {
            guard case .absent = values[place] else { continue }
            // The number of a mended row is known from the file it came in first.
            if isMended, column.type == .individualNumber { continue }
            switch column.requirement {
            case .never: continue
            case .wished: add(.kanaMissing, place, row, binding)
            case .always: add(.required, place, row, binding)
            case .when(let other, let wanted):
                if isOne(of: wanted, other, row, binding) { add(.required, place, row, binding) }
            }
        }
    }

    private func isOne(
        of wanted: [String], _ place: Int, _ row: CSVRow, _ binding: LayoutBinding
    ) -> Bool {
        switch values[place] {
        case .absent: wanted.contains("")
        case .flag(let claim): wanted.contains(claim ? "1" : "0")
        case .code(let index):
            if case .code(let codes) = binding.layout.columns[place].type {
                wanted.contains(codes[index].code)
            } else {
                false
            }
        default: wanted.contains { $0.utf8.elementsEqual(binding.bytes(of: place, in: row)) }
        }
    }

    private mutating func checkPeriods(_ row: CSVRow, _ binding: LayoutBinding) {
        for period in binding.layout.periods {
            guard case .day(let from) = values[period.from], case .day(let to) = values[period.to],
                to < from
            else { continue }
            add(.dateOrder, period.to, row, binding)
        }
    }

    private mutating func checkNumbersElsewhere(
        _ places: [Int], _ row: CSVRow, _ binding: LayoutBinding
    ) {
        var own: IndividualNumber?
        for case .individualNumber(let number) in values { own = number }
        for place in places {
            let bytes = binding.bytes(of: place, in: row)
            guard let text = binding.characters.text(of: bytes) else { continue }
            let isWrong =
                binding.layout.columns[place].mayHoldLongNumbers
                ? own?.isWritten(in: text) ?? false
                : IndividualNumber.looksLikeOne(in: text)
            if isWrong { add(.individualNumberElsewhere, place, row, binding) }
        }
    }

    /// Only rows that are in order count: of two with the same key, the one that was refused is no
    /// contradiction.
    private mutating func checkKey(_ row: CSVRow, _ binding: LayoutBinding) {
        guard binding.layout.isKeyUnique, keys.count < Self.keysMax,
            !findings.contains(where: { $0.severity == .error })
        else { return }
        var hasher = Hasher()
        for place in binding.layout.key {
            // As they are read: two ways to write one day are one key.
            switch values[place] {
            // A row whose number is known from elsewhere is compared elsewhere.
            case .absent where binding.layout.columns[place].type == .individualNumber: return
            case .absent: hasher.combine(Int?.none)
            case .day(let day): hasher.combine(day)
            case .birthDate(let day), .partialDay(let day): hasher.combine(day)
            case .flag(let claim): hasher.combine(claim)
            case .integer(let number): hasher.combine(number)
            case .code(let code): hasher.combine(code)
            case .individualNumber(let number): hasher.combine(number)
            case .text, .refused: hasher.combine(binding.bytes(of: place, in: row))
            }
        }
        guard let last = binding.layout.key.last else { return }
        if !keys.insert(hasher.finalize()).inserted { add(.duplicateKey, last, row, binding) }
    }

    private mutating func add(
        _ code: RowCode, _ place: Int, _ row: CSVRow, _ binding: LayoutBinding
    ) {
        let column = binding.layout.columns[place]
        let cell = Cell(binding.bytes(of: place, in: row), binding.characters)
        let account: CellAccount? =
            binding.layout.isConfidential
            ? nil : CellAccount(cell, withPlaces: code == .gaiji || code == .unreadable)
        findings.append(
            RowFinding(
                line: row.line, item: column.item, code: code, cell: account, about: column.about))
    }
}

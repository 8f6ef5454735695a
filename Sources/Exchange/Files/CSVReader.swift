/// CSVの読み取り: RFC 4180 with what municipal systems really send (CR, LF and CRLF in one file, empty
/// lines, no newline at the end, a final 0x1A). Takes a file in blocks of any size and gives the
/// same rows for every size; memory does not grow with the file.
///
/// It reads CP932 and UTF-8 alike: no byte of a longer character is a comma, a quote or a newline
/// in either.
package struct CSVReader: Sendable {
    private enum Place {
        case fieldStart, plain, quoted, quoteInQuotes
        /// Behind the 0x1A that ends a file: only newlines and more of them may follow.
        case ended
    }

    private let limits: CSVLimits
    private var rows = CSVRows()
    private var place = Place.fieldStart
    private var line = 1
    private var rowLine = 1
    private var quoteLine = 1
    private var rowFirstByte = 0
    private var rowFirstField = 0
    private var isMisquoted = false
    private var wasQuoted = false
    /// The last byte was a CR: a LF right behind it belongs to the same line end.
    private var isAfterCR = false

    package init(limits: CSVLimits = .standard) {
        self.limits = limits
    }

    /// The rows that became complete with this block. A fault refuses the file as a whole.
    package mutating func read(_ block: ArraySlice<UInt8>) throws(FileFault) -> CSVRows {
        try block.withUnsafeBufferPointer { bytes throws(FileFault) in try scan(bytes) }
        return takeCompleteRows()
    }

    /// The row that no newline ended, if there is one.
    package mutating func finish() throws(FileFault) -> CSVRows {
        if place == .quoted { throw FileFault(.quoteNotClosed, line: quoteLine) }
        if place != .ended { try endRow() }
        return takeCompleteRows()
    }

    private mutating func scan(_ block: UnsafeBufferPointer<UInt8>) throws(FileFault) {
        var index = 0
        while index < block.count {
            let start = index
            if place == .quoted {
                while index < block.count, !Self.isSpecialInQuotes(block[index]) { index += 1 }
            } else {
                while index < block.count, !Self.isSpecial(block[index]) { index += 1 }
            }
            if index > start {
                try take(UnsafeBufferPointer(rebasing: block[start..<index]))
                continue
            }
            try take(special: block[index])
            index += 1
        }
    }

    private static func isSpecial(_ byte: UInt8) -> Bool {
        guard byte <= 0x2C else { return false }
        switch byte {
        case 0x2C, 0x22, 0x0D, 0x0A, 0x00, 0x1A: return true
        default: return false
        }
    }

    private static func isSpecialInQuotes(_ byte: UInt8) -> Bool {
        byte <= 0x22 && byte != 0x2C && isSpecial(byte)
    }

    /// A stretch without any byte that means something to CSV.
    private mutating func take(_ stretch: UnsafeBufferPointer<UInt8>) throws(FileFault) {
        isAfterCR = false
        switch place {
        case .ended: throw FileFault(.endMarkInside, line: line)
        case .fieldStart: place = .plain
        case .quoteInQuotes:
            isMisquoted = true
            place = .plain
        case .plain, .quoted: break
        }
        rows.bytes.append(contentsOf: stretch)
        try checkLength()
    }

    private mutating func take(special byte: UInt8) throws(FileFault) {
        switch byte {
        case 0x0A where isAfterCR:
            isAfterCR = false
            // In quotes the LF is text; outside, the CR has ended the row already.
            if place == .quoted { try append(byte) }
            return
        case 0x0D, 0x0A: try takeLineEnd(byte)
        case 0x2C:
            if place == .ended { throw FileFault(.endMarkInside, line: line) }
            try endField()
        case 0x22: try takeQuote()
        case 0x1A: try takeEndMark()
        default: throw FileFault(.nul, line: line)
        }
        isAfterCR = byte == 0x0D
    }

    private mutating func takeQuote() throws(FileFault) {
        switch place {
        case .ended: throw FileFault(.endMarkInside, line: line)
        case .fieldStart:
            place = .quoted
            quoteLine = line
            wasQuoted = true
        case .quoted: place = .quoteInQuotes
        case .quoteInQuotes:
            place = .quoted
            try append(0x22)
        case .plain:
            isMisquoted = true
            try append(0x22)
        }
    }

    private mutating func takeLineEnd(_ byte: UInt8) throws(FileFault) {
        switch place {
        case .quoted: try append(byte)
        case .ended: break
        case .fieldStart, .plain, .quoteInQuotes: try endRow()
        }
        line += 1
        if place != .quoted { rowLine = line }
    }

    private mutating func takeEndMark() throws(FileFault) {
        guard place != .quoted else { throw FileFault(.endMarkInside, line: line) }
        if place != .ended { try endRow() }
        place = .ended
    }

    private mutating func append(_ byte: UInt8) throws(FileFault) {
        rows.bytes.append(byte)
        try checkLength()
    }

    private mutating func endField() throws(FileFault) {
        rows.ends.append(rows.bytes.count)
        place = .fieldStart
        guard rows.ends.count - rowFirstField <= limits.fieldsMax else {
            throw FileFault(.tooManyFields(limits.fieldsMax), line: rowLine)
        }
    }

    private mutating func endRow() throws(FileFault) {
        let isEmptyLine =
            rows.bytes.count == rowFirstByte && rows.ends.count == rowFirstField && !wasQuoted
        if !isEmptyLine {
            try endField()
            rows.marks.append(
                .init(firstField: rowFirstField, line: rowLine, isMisquoted: isMisquoted))
        }
        rowFirstByte = rows.bytes.count
        rowFirstField = rows.ends.count
        isMisquoted = false
        wasQuoted = false
        place = .fieldStart
    }

    private func checkLength() throws(FileFault) {
        guard rows.bytes.count - rowFirstByte <= limits.rowBytesMax else {
            // A quote that is never closed swallows what follows: that is what the sender mends.
            throw place == .quoted
                ? FileFault(.quoteNotClosed, line: quoteLine)
                : FileFault(.rowTooLong(limits.rowBytesMax), line: rowLine)
        }
    }

    /// Hands out the complete rows and keeps the begun one.
    private mutating func takeCompleteRows() -> CSVRows {
        guard !rows.isEmpty else { return CSVRows() }
        var begun = CSVRows()
        if rows.bytes.count > rowFirstByte || rows.ends.count > rowFirstField {
            begun.bytes = Array(rows.bytes[rowFirstByte...])
            begun.ends = rows.ends[rowFirstField...].map { $0 - rowFirstByte }
            rows.bytes.removeSubrange(rowFirstByte...)
            rows.ends.removeSubrange(rowFirstField...)
        }
        let complete = rows
        begun.bytes.reserveCapacity(complete.bytes.count)
        begun.ends.reserveCapacity(complete.ends.count)
        begun.marks.reserveCapacity(complete.marks.count)
        rows = begun
        rowFirstByte = 0
        rowFirstField = 0
        return complete
    }
}

/// How long one row may be.
package struct CSVLimits: Hashable, Sendable {
    package let rowBytesMax: Int
    package let fieldsMax: Int

    package init(rowBytesMax: Int, fieldsMax: Int) {
        self.rowBytesMax = rowBytesMax
        self.fieldsMax = fieldsMax
    }

    /// The longest row we know (94 columns with two texts of 4,000 characters in UTF-8) is 30 kB:
    /// 64 KiB leaves room for twice that.
    package static let standard = CSVLimits(rowBytesMax: 64 * 1024, fieldsMax: 512)
}

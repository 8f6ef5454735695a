/// ファイルの拒否理由: why a file is refused as a whole, and where. Closed; like a finding of a row it
/// never holds a value of the file.
package struct FileFault: Error, Hashable, Sendable {
    package enum Reason: Hashable, Sendable {
        // The bytes.
        case empty
        /// A zip, an Excel workbook, a PDF or UTF-16: no text in an encoding that is taken.
        case notText(_ kind: String)
        case wrongEncoding(found: TextEncoding, expected: [TextEncoding])
        case nul
        case endMarkInside
        case quoteNotClosed
        case rowTooLong(_ bytesMax: Int)
        case tooManyFields(_ fieldsMax: Int)

        // The header. A column's name is given only once the line is known to be a header.
        case headerMissing
        /// Names of this layout, and more of others than a header of it can have.
        case headerDiffers(found: Int, of: Int, others: Int)
        case unknownColumn(_ name: String)
        case missingColumn(_ name: String)
        case duplicateColumn(_ name: String)
        case columnOrder(_ name: String)
        /// Those of an error file of ours, not all of them or not at the end.
        case errorColumns

        // What was said of the file when it was sent.
        case rowsDiffer(declared: Int, found: Int)
    }

    package let reason: Reason
    /// Physical line, from 1; `nil` when the whole file is meant.
    package let line: Int?

    package init(_ reason: Reason, line: Int? = nil) {
        self.reason = reason
        self.line = line
    }

    package func write(into writer: inout JSONWriter) {
        WrittenFinding(
            line: line, code: code, severity: .error, text: BilingualText(ja: ja, en: en)
        ).write(into: &writer)
    }
}

/// Everything for which a file was refused: the faults of a header come together, so that it is
/// mended once.
package struct FileRefusal: Error, Hashable, Sendable {
    package let faults: [FileFault]

    package init(_ faults: [FileFault]) {
        self.faults = faults
    }
}

/// CSVの表: a header and rows of text in the encoding of their reader, safe for a spreadsheet.
package struct TextTable: Sendable {
    /// What could not be written stands as 〓 in its column and is told here: `column:place:code`.
    static let unwritten = "つなぎ:書けない文字"

    private let columns: [String]
    private let characters: Characters
    private var writer = CSVWriter()

    /// One column more is written, for what cannot be. `head`: a row of its own before the names, which says
    /// whose layout this is.
    package init(_ columns: [String], _ characters: Characters, head: String? = nil) {
        self.columns = columns
        self.characters = characters
        if let head {
            // As many cells as every other row has.
            for text in [head] + columns.map({ _ in "" }) {
                writer.field(characters.bytes(of: text).bytes)
            }
            writer.endRow()
        }
        for name in columns + [Self.unwritten] { writer.field(characters.bytes(of: name).bytes) }
        writer.endRow()
    }

    /// `row` has a cell for each column.
    package mutating func add(_ row: [String]) {
        var lost: [String] = []
        for (name, text) in zip(columns, row) {
            let (bytes, unwritten) = characters.bytes(of: text, for: .stranger)
            for place in unwritten { lost.append("\(name):\(place.position):\(place.code ?? "")") }
            writer.field(
                Spreadsheet.isFormula(bytes[...], characters)
                    ? [Spreadsheet.protection] + bytes : bytes)
        }
        writer.field(characters.bytes(of: lost.joined(separator: " ")).bytes)
        writer.endRow()
    }

    package var bytes: [UInt8] {
        (characters.encoding == .utf8WithMark ? TextEncoding.mark : []) + writer.bytes
    }
}

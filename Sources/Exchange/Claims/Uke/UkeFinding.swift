/// What is wrong, or worth a look, in a receipt file: the line, the record and its item, a closed code,
/// and in both languages what to do. It never holds a value of the file.
package struct UkeFinding: Hashable, Sendable {
    /// In the file, from 1.
    package let line: Int
    /// The receipt's number in the file; 0 outside any.
    package let receipt: Int
    /// Record and item, `RE.birth`; the record alone when the whole of it is meant.
    package let item: String
    package let code: UkeCode

    package var severity: FindingSeverity { code.severity }
    package var ja: String { "\(line)行目 \(item): \(code.text.ja)" }
    package var en: String { "Line \(line), \(item): \(code.text.en)" }

    package func write(into writer: inout JSONWriter) {
        WrittenFinding(
            line: line, receipt: receipt == 0 ? nil : receipt, item: item, code: code.rawValue,
            severity: severity, text: BilingualText(ja: ja, en: en)
        ).write(into: &writer)
    }
}

/// ファイルの指摘コード: the closed set of what can be said of a receipt file. The raw value is stored and
/// stays.
package enum UkeCode: String, CaseIterable, Hashable, Sendable {
    case empty
    case headerMissing = "header-missing"
    case headerTwice = "header-twice"
    case unknownTable = "unknown-score-table"
    case unknownRecord = "unknown-record"
    case outsideReceipt = "outside-receipt"
    case order
    case repeated
    case fieldCount = "field-count"
    case format
    case required
    case encoding
    case lineTooLong = "line-too-long"
    case insurerMissing = "insurer-missing"
    case payerMissing = "payer-missing"
    case tooManyPublics = "too-many-publics"
    case totalMissing = "total-missing"
    case totalTwice = "total-twice"
    case totalCount = "total-count"
    case totalPoints = "total-points"
    case afterTotal = "after-total"
    case truncated
    case afterEnd = "after-end-mark"
    case bornAfterService = "born-after-service"

    case publicPoints = "public-points"
    case countByPayer = "total-count-by-payer"
    case receiptNumber = "receipt-number"
    case unknownCode = "unknown-code"
    case eraEnded = "era-ended"
    case lineEnd = "line-end"
    case endMark = "end-mark"

    package var severity: FindingSeverity {
        switch self {
        case .publicPoints, .countByPayer, .receiptNumber, .unknownCode, .eraEnded, .lineEnd,
            .endMark:
            .warning
        default: .error
        }
    }
}

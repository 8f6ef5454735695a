/// 指摘の書き方: how whoever mends a file or a row reads what was found in it: where, a closed code, how
/// grave, what kind of value, and in both languages what to do. Findings of every kind are written in
/// this one form, and none holds a value.
struct WrittenFinding {
    /// From 1; `nil` when the whole file is meant.
    let line: Int?
    /// The receipt's number in its file.
    var receipt: Int?
    var item: String?
    let code: String
    let severity: FindingSeverity
    var cell: CellAccount?
    let text: BilingualText

    func write(into writer: inout JSONWriter) {
        writer.object {
            $0.member("line", line)
            $0.member("receipt", receipt)
            $0.member("item", item)
            $0.member("code", code)
            $0.member("severity", severity.rawValue)
            cell?.write(into: &$0)
            $0.member("ja", text.ja)
            $0.member("en", text.en)
        }
    }
}

/// 重さ: an error refuses its row or marks its receipt; a warning stands beside what was taken.
package enum FindingSeverity: String, Sendable { case error, warning }

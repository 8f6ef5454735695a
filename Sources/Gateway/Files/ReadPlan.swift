import Exchange
import HTTPTypes
import Hummingbird
package import Ledger

/// 予定される変更の一覧: `GET /files/{layout}/{file}/plan`, which rows of a file that only looked, or waits for a
/// second person, would change what: lines and names of items, as JSON, or as CSV in the encoding of the
/// file.
extension GatewayParts {
    func readFilePlan(_ kind: FileKind) -> @Sendable (Asking) async throws -> Response {
        { [self] asking in
            let file = try asking.context.recordID("file")
            let first = try asking.request.firstPart()
            let isTable = asking.request.wantsTable
            let (plan, bytes) = try await asking.answer(
                as: { (plan: FilePlan) in isTable ? plan.table : plan.written }
            ) { [ledger] in
                try $0.filePlan(file, of: kind, from: first, rules: ledger.rules.kept)
            }
            guard isTable else { return .json(.ok, bytes) }
            let path = asking.request.uri.path
            return .table(
                bytes, plan.file.characters.encoding,
                next: plan.next.map { "\(path)?from=\($0)" })
        }
    }
}

extension FileRow {
    /// 見出し: as the layout calls these items; an item that is no column of it stands as it is.
    func columnNames(of items: [String]) -> [String] {
        items.map { item in layout.column(item).map { layout.columns[$0].name } ?? item }
    }

    /// In which a table about it is written.
    var characters: Characters { Characters(encoding ?? .utf8, table: .cp932) }
}

extension FilePlan {
    /// Said with the last page.
    private var notice: FileNotice? {
        isCut && next == nil ? .planCut(Self.plannedMax) : nil
    }

    package var written: [UInt8] {
        var writer = JSONWriter(reservingBytes: 1024 + rows.count * 128)
        writer.beginObject()
        writer.member("file", file.file.text)
        writer.member("status", file.state.rawValue)
        writer.name("plan")
        writer.beginArray()
        for row in rows { row.write(into: &writer) }
        writer.endArray()
        writer.member("next", next)
        if let notice {
            writer.name("notices")
            writer.beginArray()
            notice.write(into: &writer)
            writer.endArray()
        }
        writer.endObject()
        return writer.bytes
    }

    /// The columns that change by the names that the layout gives them.
    fileprivate var table: [UInt8] {
        var table = TextTable(["行", "変更", "変わる項目", "お知らせ"], file.characters)
        for row in rows {
            let names = file.columnNames(of: row.items)
            table.add([String(row.line), row.change.ja, names.joined(separator: ";"), ""])
        }
        if let notice { table.add(["", "", "", notice.ja]) }
        return table.bytes
    }
}

extension FilePlan.Planned {
    fileprivate func write(into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("line", line)
        writer.member("change", change.rawValue)
        writer.name("items")
        writer.beginArray()
        for item in items { writer.string(item) }
        writer.endArray()
        writer.endObject()
    }
}

extension FilePlan.Planned.Change {
    fileprivate var ja: String {
        switch self {
        case .addition: "追加"
        case .change: "変更"
        case .end: "終了"
        case .nothing: "なし"
        }
    }
}

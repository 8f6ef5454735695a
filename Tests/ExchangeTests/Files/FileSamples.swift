import Exchange
import Testing

/// Invented files of the layouts in `profiles/`.
enum FileSample {
    /// UTF-8 needs no table; CP932 is tried where iconv is (LedgerTests).
    static let table = CharacterTable(decode: { _ in nil }, encode: { _ in nil })

    static func layout(_ code: String) throws -> Layout {
        let day = try CalendarDay("2026-11-21")
        return try #require(Profiles.book.layouts.layout(code, on: day))
    }

    /// A correct row of `entitlements` by its Japanese column names.
    static let entitlement: [(String, String)] = [
        ("機関別受給者証種別ID", "kodomo01"), ("個人番号", "123456789018"), ("氏名", "試験 花子"),
        ("氏名カナ", "シケン ハナコ"), ("住所", "架空県見本市1-2-3"), ("生年月日", "2020-04-01"), ("性別", "2"),
        ("不開示フラグ", "0"), ("公費負担者番号", "88113014"), ("受給者証名", "こども医療費受給者証"),
        ("公費受給者番号", "1234566"), ("受給者証サブキー", "1"), ("区分", ""), ("所得区分", "01"),
        ("追加条件", "10-1;20-2"), ("指定医療機関情報", ""), ("常に償還払い", "0"), ("自己負担上限額(月額)", "200"),
        ("資格有効期間開始", "2026-04-01"), ("資格有効期間終了", "2027-03-31"), ("履歴キー", "h1"),
        ("削除フラグ", "0"), ("受給者証券面項目", "備考=見本"),
    ]

    static var header: String { entitlement.map(\.0).joined(separator: ",") }

    static func row(_ changes: [String: String] = [:]) -> String {
        entitlement.map { changes[$0.0] ?? $0.1 }.joined(separator: ",")
    }

    static func file(_ rows: String...) -> String {
        ([header] + rows).joined(separator: "\r\n") + "\r\n"
    }

    struct Outcome {
        var rows: [CheckedRow] = []
        var counts = FileCounts()
        var encoding = TextEncoding.cp932
        var isMending = false
        var codes: [RowCode] { rows.flatMap(\.findings).map(\.code) }
        /// Everything that can be seen of the rows.
        var shown: [String] {
            rows.map { row in
                "\(row.line) \(row.object.shown) \(row.findings.map { "\($0.item) \($0.code)" })"
            }
        }
    }

    static func check(
        _ bytes: some Collection<UInt8>, _ layout: Layout, blocks: Int = .max,
        table: CharacterTable = table, announced: AnnouncedFile = .init()
    ) throws(FileRefusal) -> Outcome {
        var check = FileCheck(layout: layout, table: table, announced: announced)
        var outcome = Outcome()
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            outcome.rows += try check.read(rest.prefix(blocks))
            rest = rest.dropFirst(blocks)
        }
        outcome.rows += try check.finish()
        outcome.counts = check.counts
        outcome.encoding = check.encoding
        outcome.isMending = check.isMending
        return outcome
    }

    static func check(_ text: String, _ code: String = "entitlements") throws -> Outcome {
        try check(text.utf8, layout(code))
    }

    static func faults(_ bytes: some Collection<UInt8>, _ code: String = "entitlements") throws
        -> [FileFault]
    {
        do throws(FileRefusal) {
            _ = try check(bytes, try layoutOrStop(code))
            return []
        } catch {
            return error.faults
        }
    }

    private static func layoutOrStop(_ code: String) throws(FileRefusal) -> Layout {
        do { return try layout(code) } catch { throw FileRefusal([]) }
    }
}

extension JSONObject {
    fileprivate var shown: String { JSON.object(self).text }
}

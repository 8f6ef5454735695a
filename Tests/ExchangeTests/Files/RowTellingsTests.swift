import Exchange
import TestSupport
import Testing

/// What is kept of a file says the same when it is read again.
@Suite struct RowTellingsTests {
    private func kept(_ text: String) throws -> (rows: [CheckedRow], again: [CheckedRow]) {
        let rows = try FileSample.check(text).rows
        var keeper = ErrorFile(of: "0190-ab")
        for row in rows { keeper.keep(row) }
        let layout = try FileSample.layout("entitlements")
        var check = FileCheck(kept: .utf8, of: layout, table: FileSample.table)
        let bytes = keeper.takeBytes()
        #expect(!String(decoding: bytes, as: UTF8.self).contains("123456789018"))
        let again = try check.read(bytes[...]) + check.finish()
        return (rows, zip(again, rows).map { $0.asCame(on: $1.line, $1.findings) })
    }

    @Test(arguments: FileCheckTests.spoilt.map { $0.0 })
    func `a kept row is the row that came, but for its number`(change: [String: String]) throws {
        let (rows, again) = try kept(FileSample.file(FileSample.row(), FileSample.row(change)))
        #expect(again.count == rows.count)
        for (row, kept) in zip(rows, again) {
            #expect(kept.line == row.line && kept.findings == row.findings)
            #expect(kept.individualNumber == nil)
            guard !row.isRefused else { continue }
            #expect(kept.object == row.object.without("myNumber"))
        }
    }

    @Test(arguments: FileCheckTests.spoilt.map { $0.0 })
    func `what is told comes back in the same words`(change: [String: String]) throws {
        let rows = try FileSample.check(FileSample.file(FileSample.row(change))).rows
        let layout = try FileSample.layout("entitlements")
        let tellings = RowTellings(
            rows.map { .init(line: $0.line, outcome: "refused", findings: $0.findings) })
        let again = try RowTellings(reading: tellings.text, of: layout)
        func written(_ tellings: RowTellings) -> String {
            var writer = JSONWriter()
            writer.beginArray()
            for telling in tellings.all { telling.write(into: &writer) }
            writer.endArray()
            return writer.text
        }
        #expect(again.all.map(\.line) == rows.map(\.line))
        // A misplaced row's finding is about no column.
        #expect(written(again) == written(tellings))
    }

    @Test func `rows are judged alike with the number in them and beside them`() throws {
        let row = try #require(try FileSample.check(FileSample.file(FileSample.row())).rows.first)
        let here = try row.subsidyRow(form: .difference).get()
        let (_, again) = try kept(FileSample.file(FileSample.row()))
        let beside = try again[0].subsidyRow(form: .difference, number: .besideTheRow).get()
        #expect(here.face == beside.face && here.basicFiveInfo == beside.basicFiveInfo)
        #expect(here.warnings == beside.warnings)
        #expect(here.number.number != nil && beside.number.number == nil)
        guard case .failure(let refusal) = again[0].subsidyRow(form: .difference) else {
            Issue.record("taken without a number")
            return
        }
        #expect(refusal.findings.map(\.item) == ["myNumber"])
    }
}

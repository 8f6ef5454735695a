import Exchange
import TestSupport
import Testing

@Suite struct ErrorFileTests {
    static func errors(of outcome: FileSample.Outcome) -> String {
        var file = ErrorFile(of: "f1")
        for row in outcome.rows { file.add(row) }
        return String(decoding: file.takeBytes(), as: UTF8.self)
    }

    @Test func `mended rows alone come back and are taken by the same layout`() throws {
        let text = FileSample.file(
            FileSample.row(), FileSample.row(["履歴キー": "h2", "性別": "7", "氏名": "=1+1"]),
            FileSample.row(["履歴キー": "h3", "氏名カナ": ""]))
        let errors = Self.errors(of: try FileSample.check(text))
        #expect(!errors.contains("123456789018") && errors.contains(",'=1+1,"))
        #expect(errors.contains("#3@f1") && !errors.contains("h3"))
        let mended = try FileSample.check(errors.replacing(",7,", with: ",2,"))
        #expect(mended.isMending && mended.codes.isEmpty && mended.counts.rows == 1)
        let row = mended.rows[0]
        #expect(row.origin == RowOrigin(file: "f1", line: 3) && row.individualNumber == nil)
        #expect(row.text("basicFiveInfo.name") == "=1+1" && row.text("historyKey") == "h2")
        #expect(!(try FileSample.layout("entitlements-full")).endsWhatIsMissing(isMending: true))
        let again = Self.errors(of: try FileSample.check(errors))
        #expect(again.contains("#3@f1") && again.contains(",'=1+1,"))
    }

    @Test func `a row with several findings is one line`() throws {
        let rows = ["h1", "h2"].map { FileSample.row(["性別": "7", "生年月日": "x", "履歴キー": $0]) }
        let errors = Self.errors(of: try FileSample.check(FileSample.file(rows[0], rows[1])))
        #expect(errors.utf8.split(separator: 0x0A).count == 3)
        #expect(errors.contains("basicFiveInfo.dateOfBirth: format; basicFiveInfo.sex: format"))
        let again = try FileSample.check(errors)
        #expect(again.rows.map(\.line) == [2, 3])
    }

    @Test func `what kind of value was found stands beside its code, and never the value`() throws {
        let outcome = try FileSample.check(
            FileSample.file(FileSample.row(["性別": "7", "生年月日": "令和9年13月1日"])))
        let lines = Self.errors(of: outcome).split(separator: "\r\n")
        #expect(lines[0].contains(",つなぎ:コード,つなぎ:値の種類,つなぎ:対処,"))
        let told = "basicFiveInfo.dateOfBirth: mixed; basicFiveInfo.sex: digits"
        #expect(lines[1].contains(",\(told),"))
    }

    /// Somebody has one in the tray; parts of files were kept so, too.
    @Test func `an error file of before the class of values is mended as ever`() throws {
        let refused = FileSample.row(["履歴キー": "h2", "性別": "7"])
        let errors = Self.errors(of: try FileSample.check(FileSample.file(refused)))
        let old = errors.replacing(",つなぎ:値の種類", with: "")
            .replacing(",basicFiveInfo.sex: digits", with: "").replacing(",7,", with: ",2,")
        #expect(!old.contains(": digits"))
        let mended = try FileSample.check(old)
        #expect(mended.isMending && mended.codes.isEmpty)
        #expect(mended.rows.map(\.origin) == [RowOrigin(file: "f1", line: 2)])
        let layout = try FileSample.layout("entitlements")
        var kept = FileCheck(kept: .utf8, of: layout, table: FileSample.table)
        let rows = try kept.read(Array(old.utf8)[...]) + kept.finish()
        #expect(rows.map { $0.text("historyKey") } == ["h2"])
    }

    /// The texts of ours may go with the empty cells at the end; where the row stood first may not.
    @Test func `of the columns of ours a mended row needs the first`() throws {
        let file = FileSample.file(FileSample.row(["性別": "7"]))
        let errors = Self.errors(of: try FileSample.check(file)).replacing(",7,", with: ",2,")
        let lines = errors.split(separator: "\r\n")
        let origin = try #require(lines[1].firstRange(of: "#2@f1"))
        func check(_ row: Substring) throws -> FileSample.Outcome {
            try FileSample.check("\(lines[0])\r\n\(row)\r\n")
        }
        let short = try check(lines[1][..<origin.upperBound])
        #expect(short.codes.isEmpty && short.rows[0].origin?.line == 2)
        #expect(try check(lines[1][..<origin.lowerBound].dropLast()).codes == [.fieldCount])
    }

    /// A comma that is missing in the middle puts the number under another name.
    @Test func `of a refused row that is too short nothing with twelve digits leaves`() throws {
        let row = FileSample.row().replacing("kodomo01,", with: "")
        let outcome = try FileSample.check(FileSample.file(row))
        #expect(outcome.rows[0].isRefused)
        #expect(!Self.errors(of: outcome).contains("123456789018"))
    }

    /// Whoever removed them would take the rows' numbers away.
    @Test func `columns of an error file that were moved are to be put back`() throws {
        let file = FileSample.file(FileSample.row(["性別": "7"]))
        let errors = Self.errors(of: try FileSample.check(file))
        let fault = FileFault(.errorColumns, line: 1)
        let noted = zip(errors.split(separator: "\r\n"), ["メモ", "電話で確認"])
            .map { "\($0),\($1)\r\n" }.joined()
        #expect(try FileSample.faults(noted.utf8) == [fault])
        let moved = errors.replacing("つなぎ:元の行,つなぎ:コード", with: "つなぎ:コード,つなぎ:元の行")
        #expect(try FileSample.faults(moved.utf8) == [fault])
        #expect(fault.code == "file-error-columns" && fault.ja.hasSuffix("ください。"))
    }

    @Test(arguments: [
        "=1+1", "+81-3", "-5", "@x", "\t=1", "'quoted", "''", "＝1", "＋1", "－1", "＠x", "0012345",
        "2026-04-01",
        "123456789012345", "12", "山田", "a=b", "\"=1\"\"\"",
    ])
    func `a spreadsheet runs and changes nothing, and the value comes back`(value: String) throws {
        let quoted = value.contains("\"") ? value : "\"\(value)\""
        let text = FileSample.file(FileSample.row(["区分": quoted, "性別": "7"]))
        let first = try FileSample.check(text)
        let again = try FileSample.check(Self.errors(of: first))
        #expect(again.rows[0].text("segment") == first.rows[0].text("segment"))
        for field in Self.errors(of: first).split(separator: "\r\n")[1].split(separator: ",") {
            let start = field.drop { $0 == "\"" }.first
            #expect(start.map { "=+-@＝＋－＠\t".contains($0) } != true, "\(field)")
        }
    }

    @Test(arguments: Seeded.seeds(40))
    func `no individual number leaves in an error file or an acknowledgement`(seed: UInt64) throws {
        var random = Seeded(seed)
        let number = random.individualNumber()
        let place = random.pick(FileSample.entitlement).0
        let spoilt = random.pick(FileCheckTests.spoilt).0
        let change = spoilt.merging(["個人番号": number]) { $1 }
            .merging([place: number]) { $1 }
        let outcome = try FileSample.check(FileSample.file(FileSample.row(change)))
        var acknowledgement = FileAcknowledgement()
        acknowledgement.add(outcome.rows.flatMap(\.findings))
        let layout = try FileSample.layout("entitlements")
        acknowledgement.end(
            ReceivedFile(
                file: "f1", byteCount: 1, digest: "ab", layout: layout, encoding: outcome.encoding,
                isMending: false),
            outcome.counts)
        let json = acknowledgement.takeBytes()
        let object = try #require(try JSON(reading: json).object)
        let processed = try #require(object["processed"]?.object)
        #expect(try processed.requiredInt("accepted") + processed.requiredInt("refused") == 1)
        // A key by a rule of the municipality may be any digits, but not this person's number.
        #expect(!Self.errors(of: outcome).contains(number), "\(change)")
        #expect(!String(decoding: json, as: UTF8.self).contains(number))
        #expect(!"\(outcome.rows.map { String(reflecting: $0.origin) })".contains(number))
    }
}

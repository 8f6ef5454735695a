import Exchange
import TestSupport
import Testing

@Suite struct FileCheckTests {
    @Test func `a correct file is taken whole`() throws {
        let outcome = try FileSample.check(
            FileSample.file(FileSample.row(), FileSample.row(["履歴キー": "h2"])))
        #expect(outcome.counts.rows == 2 && outcome.counts.accepted == 2)
        #expect(outcome.codes.isEmpty)
        #expect(outcome.rows.map(\.line) == [2, 3])
        #expect(outcome.encoding == .utf8 && !outcome.isMending)
    }

    static let spoilt: [([String: String], String, RowCode)] = [
        (["個人番号": "123456789010"], "myNumber", .number),
        (["個人番号": "１２３４５６７８９０１８"], "myNumber", .charset),
        (["個人番号": ""], "myNumber", .required), (["氏名": ""], "basicFiveInfo.name", .required),
        (["氏名": "\"試験\n花子\""], "basicFiveInfo.name", .charset),
        (["氏名": String(repeating: "あ", count: 201)], "basicFiveInfo.name", .length),
        (["住所": ""], "basicFiveInfo.address", .required),
        (["住所": "備考 123456789018"], "basicFiveInfo.address", .individualNumberElsewhere),
        (["公費受給者番号": "123456789018"], "medicalSubsidyRecipientNumber", .individualNumberElsewhere),
        (["生年月日": "2026-02-29"], "basicFiveInfo.dateOfBirth", .format),
        (["生年月日": "4310501"], "basicFiveInfo.dateOfBirth", .eraEnded),
        (["生年月日": "3640108"], "basicFiveInfo.dateOfBirth", .format),
        (["生年月日": "S90.1.1"], "basicFiveInfo.dateOfBirth", .format),
        (["生年月日": "3900102"], "basicFiveInfo.dateOfBirth", .format),
        (["生年月日": "3900000"], "basicFiveInfo.dateOfBirth", .format),
        (["生年月日": "5050229"], "basicFiveInfo.dateOfBirth", .format),
        (["生年月日": "6010101"], "basicFiveInfo.dateOfBirth", .format),
        (["生年月日": "平成31年5月1日"], "basicFiveInfo.dateOfBirth", .eraEnded),
        (["生年月日": "昭和64年1月8日"], "basicFiveInfo.dateOfBirth", .format),
        (["生年月日": "令和5年2月29日"], "basicFiveInfo.dateOfBirth", .format),
        (["生年月日": "不明"], "basicFiveInfo.dateOfBirth", .unknownDay),
        (["生年月日": "1950-00-00"], "basicFiveInfo.dateOfBirth", .unknownDay),
        (["生年月日": "3250000"], "basicFiveInfo.dateOfBirth", .unknownDay),
        (["生年月日": "1950-00-12"], "basicFiveInfo.dateOfBirth", .format),
        (["性別": "男"], "basicFiveInfo.sex", .charset), (["性別": "7"], "basicFiveInfo.sex", .format),
        (["不開示フラグ": "?"], "isNotDisclosed", .format),
        (["公費負担者番号": "8811301"], "medicalSubsidyInsurerNumber", .format),
        (["公費負担者番号": "88113015"], "medicalSubsidyInsurerNumber", .checkDigit),
        (["公費受給者番号": "1234560"], "medicalSubsidyRecipientNumber", .checkDigit),
        (["追加条件": "10"], "additionalConditions", .format),
        (["受給者証券面項目": "備考"], "certificationDetail", .format),
        (["自己負担上限額(月額)": "-1"], "maxCopaymentAmount.perMonth", .format),
        (["資格有効期間終了": "2026-03-31"], "validTo", .dateOrder),
        (["資格有効期間終了": "4310501"], "validTo", .eraEnded),
        (["氏名カナ": ""], "basicFiveInfo.nameKana", .kanaMissing),
        (["氏名": "外\u{E000}字"], "basicFiveInfo.name", .gaiji),
        (["受給者証名": "\"証\"\"x\"y"], "row", .quoting), (["区分": "a,b"], "row", .fieldCount),
    ]

    @Test(arguments: [
        ("令和８年４月１日", "2026-04-01"), ("Ｒ８．４．１", "2026-04-01"), ("R元.5.1", "2019-05-01"),
        ("Ｒ元．５．１", "2019-05-01"), ("令和元年5月1日", "2019-05-01"), ("２０２６／４／１", "2026-04-01"),
        ("２０２６－０４－０１", "2026-04-01"), ("２０２６０４０１", "2026-04-01"), ("５０８０４０１", "2026-04-01"),
    ])
    func `a day is read in either width, by every form of the layout`(
        _ written: String, _ day: String
    ) throws {
        let change = ["生年月日": written, "資格有効期間開始": written, "資格有効期間終了": written]
        let row = try FileSample.check(FileSample.file(FileSample.row(change))).rows[0]
        #expect(row.findings.isEmpty)
        #expect(try row.day("validFrom") == CalendarDay(day))
        #expect(row.birthDate("basicFiveInfo.dateOfBirth")?.earliest?.text == day)
    }

    @Test(arguments: spoilt)
    func `a row is told what is wrong with it`(
        change: [String: String], item: String, code: RowCode
    ) throws {
        let outcome = try FileSample.check(FileSample.file(FileSample.row(change)))
        let found = outcome.rows.flatMap(\.findings)
        let finding = try #require(found.first { $0.code == code && $0.item == item }, "\(found)")
        #expect(finding.line == 2 && finding.ja.hasSuffix("。") && finding.en.hasSuffix("."))
        #expect(outcome.rows[0].isRefused == found.contains { $0.severity == .error })
        var writer = JSONWriter()
        finding.write(into: &writer)
        #expect(!writer.text.contains("123456789018") && !writer.text.contains("１２３４"))
    }

    /// ２００ is a whole number from 0 to 9999999, and nobody was told what was wrong with it.
    @Test(arguments: [("自己負担上限額(月額)", "２００"), ("不開示フラグ", "１"), ("性別", "１")])
    func `a value in full width is told to be half-width`(column: String, value: String) throws {
        let outcome = try FileSample.check(FileSample.file(FileSample.row([column: value])))
        let finding = try #require(outcome.rows[0].findings.first { $0.code == .charset })
        #expect(finding.ja.contains("半角") && finding.en.contains("half-width"))
    }

    @Test func `an unreadable byte refuses its row alone`() throws {
        var bytes = Array(FileSample.file(FileSample.row(), FileSample.row(["履歴キー": "h2"])).utf8)
        let name = try #require(bytes.firstRange(of: Array("試験 花子".utf8)))
        bytes[name.lowerBound] = 0xFF
        let outcome = try FileSample.check(bytes, FileSample.layout("entitlements"))
        #expect(outcome.rows[0].findings.map(\.code) == [.unreadable])
        #expect(outcome.rows[0].findings[0].cell?.kind == .unreadable)
        #expect(outcome.rows[1].findings.isEmpty)
    }

    /// A comma that is missing in the middle looks the same, and would make a deletion a row that stands.
    @Test func `a row without the empty cells at its end is refused`() throws {
        let whole = FileSample.row(["受給者証券面項目": ""])
        let next = FileSample.row(["履歴キー": "h2"])
        let short = try FileSample.check(FileSample.file(String(whole.dropLast()), next))
        #expect(short.codes == [.fieldCount] && short.counts.accepted == 1)
    }

    /// Without a header nothing else says which field is which.
    @Test func `a row of a file without header has all its fields`() throws {
        let layout = try FileSample.layout("national-local-schemes")
        let row = (1..<layout.columns.count).map { _ in "" }
        let text = "1" + row.dropLast().map { _ in "," }.joined() + "\n"
        let outcome = try FileSample.check(text.utf8, layout)
        #expect(outcome.codes == [.fieldCount])
    }

    @Test func `the same key twice in one file is refused`() throws {
        let outcome = try FileSample.check(FileSample.file(FileSample.row(), FileSample.row()))
        #expect(outcome.codes == [.duplicateKey] && outcome.rows[1].isRefused)
    }

    @Test func `a key is what a row says, however it is written`() throws {
        let header = "更新区分,宛名番号,個人番号,接種種別コード,対象期間開始,対象期間終了\r\n"
        func codes(_ days: String...) throws -> [RowCode] {
            let rows = days.map { "1,A-1,123456789018,mr,\($0),2027-03-31\r\n" }
            return try FileSample.check(header + rows.joined(), "vaccination-targets").codes
        }
        #expect(try codes("2026-04-01", "R8.4.1", "令和８年４月１日") == [.duplicateKey, .duplicateKey])
        #expect(try codes("2026-04-01", "R8.4.2").isEmpty)
    }

    @Test(arguments: [
        "2026-04-01", "2026/4/1", "20260401", "5080401", "R8.4.1", "r08.04.01", "R080401",
        "令和8年4月1日", "2026年4月1日", "２０２６年４月１日",
        "令和８年４月１日",
    ])
    func `one day in every form is one day`(text: String) throws {
        let outcome = try FileSample.check(FileSample.file(FileSample.row(["資格有効期間開始": text])))
        #expect(outcome.codes.isEmpty)
        #expect(try outcome.rows[0].day("validFrom") == CalendarDay("2026-04-01"))
    }

    static var reversed: String {
        let columns = FileSample.entitlement.reversed()
        return columns.map(\.0).joined(separator: ",") + "\n"
            + columns.map(\.1).joined(separator: ",") + "\n"
    }

    @Test func `the header may stand in another order`() throws {
        let right = try FileSample.check(FileSample.file(FileSample.row()))
        #expect(try FileSample.check(Self.reversed).shown == right.shown)
    }

    @Test(arguments: 1...7)
    func `blocks of every size give the same rows`(size: Int) throws {
        let text =
            "\u{FEFF}"
            + FileSample.file(FileSample.row(["氏名": "\"a,\"\"b\"\"\""]), FileSample.row(["性別": ""]))
        let layout = try FileSample.layout("entitlements")
        let whole = try FileSample.check(text.utf8, layout)
        let cut = try FileSample.check(text.utf8, layout, blocks: size)
        #expect(cut.shown == whole.shown && cut.counts == whole.counts)
        #expect(cut.encoding == .utf8WithMark)
    }

    static let faults: [(String, [FileFault])] = [
        ("", [FileFault(.empty)]),
        (FileSample.row(), [FileFault(.headerMissing, line: 1)]),
        // A title above the header, or the header in letters of another encoding, names no column.
        ("令和8年度 受給者一覧\n" + FileSample.header, [FileFault(.headerMissing, line: 1)]),
        (FileSample.header + ",予備\n", [FileFault(.unknownColumn("予備"), line: 1)]),
        (FileSample.header + ",1234567\n", [FileFault(.unknownColumn("*"), line: 1)]),
        (FileSample.header + ",氏名\n", [FileFault(.duplicateColumn("氏名"), line: 1)]),
        (
            "\n" + FileSample.header.replacing(",性別", with: "") + ",x\n",
            [FileFault(.unknownColumn("x"), line: 2), FileFault(.missingColumn("性別"), line: 2)]
        ),
        (FileSample.file(FileSample.row()) + "\"", [FileFault(.quoteNotClosed, line: 3)]),
        ("PK\u{3}\u{4}xxxxxx", [FileFault(.notText("ZIP/Excel (xlsx)"))]),
    ]

    @Test(arguments: faults)
    func `a file in doubt is refused with its line`(text: String, faults: [FileFault]) throws {
        let found = try FileSample.faults(text.utf8)
        #expect(found == faults)
        for fault in found { #expect(fault.ja.hasSuffix("ください。") && fault.en.hasSuffix(".")) }
    }

    /// No word of such a header is repeated: it may be a row.
    @Test func `a header of another layout, or one that runs into its row, is told so`() throws {
        let run = FileFault.Reason.headerDiffers(found: 22, of: 23, others: 23)
        let merged = FileSample.header + FileSample.row() + "\n"
        #expect(try FileSample.faults(merged.utf8) == [FileFault(run, line: 1)])
        let other = FileFault.Reason.headerDiffers(found: 1, of: 10, others: 22)
        let text = FileSample.file(FileSample.row())
        let found = try FileSample.faults(text.utf8, "checkup-tickets")
        #expect(found == [FileFault(other, line: 1)])
        #expect(found.first?.code == "file-header-differs")
        #expect(found.first?.ja.contains("10列のうち1列と、ほかの22列") == true)
        #expect(found.first?.ja.hasSuffix("ください。") == true)
        // Every column and as many of the sender's own.
        let own = (1...23).map { ",独自項目\($0)" }.joined()
        let more = FileFault.Reason.headerDiffers(found: 23, of: 23, others: 23)
        #expect(
            try FileSample.faults((FileSample.header + own + "\n").utf8)
                == [FileFault(more, line: 1)])
        // A full-width space beside a name is seen by nobody.
        let spaced = FileSample.header.replacing("氏名カナ", with: "　氏名カナ　 ")
        #expect(try FileSample.faults((spaced + "\n").utf8).isEmpty)
        let marked = "\u{FEFF}\u{FEFF}" + FileSample.file(FileSample.row())
        #expect(try FileSample.faults(marked.utf8).isEmpty)
        // What was cut off is named: the names are the layout's.
        let cut = try FileSample.faults("機関別受給者証種別ID,個人番号\n".utf8)
        #expect(cut.count == 21 && cut.first?.reason == .missingColumn("氏名"))
    }

    @Test func `what was announced is held against what came`() throws {
        let layout = try FileSample.layout("entitlements")
        let text = FileSample.file(FileSample.row())
        #expect(throws: FileRefusal([FileFault(.rowsDiffer(declared: 2, found: 1))])) {
            try FileSample.check(text.utf8, layout, announced: .init(rows: 2))
        }
        let wrong = FileFault(.wrongEncoding(found: .utf8, expected: [.cp932]))
        #expect(throws: FileRefusal([wrong])) {
            try FileSample.check(text.utf8, layout, announced: .init(encoding: .cp932))
        }
        let utf16: [UInt8] =
            [0xFF, 0xFE] + text.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
        #expect(try FileSample.faults(utf16) == [FileFault(.notText("UTF-16"))])
    }

    @Test(arguments: Seeded.seeds(60))
    func `a row the layout takes becomes a registration row`(seed: UInt64) throws {
        var random = Seeded(seed)
        var change: [String: String] = [:]
        for _ in 0..<random.int(0...3) { change.merge(random.pick(Self.spoilt).0) { $1 } }
        let row = try FileSample.check(FileSample.file(FileSample.row(change))).rows[0]
        guard !row.isRefused else { return }
        let made = try row.subsidyRow(form: .difference).get()
        #expect(made.certificate.validFrom == row.day("validFrom"))
        #expect(made.person.dateOfBirth == row.birthDate("basicFiveInfo.dateOfBirth"))
        let told = Set(row.findings.map(\.code)).subtracting([.eraEnded])
        #expect(Set(made.warnings.map(\.code)) == told)
    }
}

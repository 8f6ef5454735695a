import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 壊れたファイル: what arrives broken is refused as a whole with every fault named, or row by row; what real
/// systems send untidily is taken.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct FileFaultTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    struct WholeCase: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: String
        var query = ""
        let spoil: @Sendable ([UInt8]) -> [UInt8]

        init(
            _ name: String, _ code: String, _ query: String = "",
            _ spoil: @escaping @Sendable ([UInt8]) -> [UInt8]
        ) {
            testDescription = name
            self.code = code
            self.query = query
            self.spoil = spoil
        }
    }

    static let whole: [WholeCase] = [
        WholeCase("a NUL", "file-nul") { $0 + [0] + $0 },
        WholeCase("two files joined", "file-end-mark-inside") { $0 + [0x1A] + $0 },
        WholeCase("a row of a megabyte", "file-row-too-long") {
            $0 + [UInt8](repeating: 0x41, count: 1 << 20)
        },
        WholeCase("a quote that is never closed", "file-quote-not-closed") {
            $0 + Array("\"kodomo,".utf8) + [UInt8](repeating: 0x20, count: 70_000)
        },
        WholeCase("a zip", "file-not-text") { _ in
            [0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 4_096)
        },
        WholeCase("a zip of zeros that says it is text", "file-nul") { _ in
            [UInt8](repeating: 0, count: 1 << 20)
        },
        WholeCase("gzip", "file-not-text") { _ in
            [0x1F, 0x8B, 8, 0] + [UInt8](repeating: 0, count: 4_096)
        },
        WholeCase("commas without end", "file-too-many-fields") {
            $0 + [UInt8](repeating: 0x2C, count: 4_096)
        },
        WholeCase("a column twice", "file-duplicate-column") { bytes in
            NightFile.bytes(
                of: NightFile.text(of: bytes, .cp932).replacing("氏名カナ", with: "氏名"), .cp932)
        },
        WholeCase("UTF-16", "file-not-text") { _ in
            [0xFF, 0xFE] + [UInt8](repeating: 0x20, count: 64)
        },
        WholeCase("CP932 called UTF-8", "file-wrong-encoding", "&encoding=utf-8") { $0 },
        WholeCase("cut off", "file-rows-differ", "&rows=3") { $0 },
        WholeCase("nothing but empty lines", "file-empty") { _ in Array("\r\n\r\n".utf8) },
        WholeCase("no header", "file-header-missing") { Array($0.drop { $0 != 0x0A }.dropFirst()) },
        WholeCase("a column nobody knows", "file-unknown-column") { bytes in
            NightFile.bytes(
                of: NightFile.text(of: bytes, .cp932).replacing("氏名カナ", with: "ふりがな"), .cp932)
        },
    ]

    private func row(_ changes: [String: String] = [:]) -> [String: String] {
        let today = gateway.clock.today
        return gateway.people.next().cells(
            today.adding(days: -10), today.adding(days: 300), changes)
    }

    @Test(arguments: whole)
    func `a file in doubt is refused as a whole, and its place stays free`(fault: WholeCase)
        async throws
    {
        let good = NightFile([row()]).bytes()
        let sequence = try await gateway.nextSequence()
        let answer = try await gateway.upload(
            fault.spoil(good), "sequence=\(sequence)\(fault.query)")
        #expect(answer.status == 422 && answer.code == "file-refused", "\(answer.text)")
        let faults = (answer.json["faults"]?.array ?? []).compactMap(\.object)
        #expect(faults.contains { $0["code"]?.string == fault.code }, "\(answer.text)")
        #expect(faults.allSatisfy { $0["ja"]?.string != nil && $0["en"]?.string != nil })
        let file = try #require(answer.json["file"]?.string)
        let report = try await gateway.settled(file)
        #expect(
            report.text("status") == "refused" && report.json["faults"]?.array?.isEmpty == false)
        let kept = try await gateway.count(
            "select count(*) from office.file_chunk where file = $1::text::uuid", [.text(file)])
        #expect(kept == 0)
        let mended = try await gateway.upload(good, "sequence=\(sequence)")
        #expect(mended.status == 202, "\(mended.text)")
        #expect(try await gateway.settled(mended.text("file")).number("additions") == 1)
    }

    struct RowCase: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: RowCode
        let changes: [String: String]
    }

    static let spoilt: [RowCase] = [
        RowCase(
            testDescription: "a day of no era", code: .format, changes: ["資格有効期間開始": "明治百年1月1日"]),
        RowCase(testDescription: "the day after 昭和", code: .format, changes: ["生年月日": "昭和64年1月8日"]),
        RowCase(
            testDescription: "a newline in a name", code: .charset, changes: ["氏名": "\"見本\r\n花子\""]),
        RowCase(testDescription: "a quote in the middle", code: .quoting, changes: ["氏名": "見\"本"]),
        RowCase(
            testDescription: "a comma too many", code: .fieldCount,
            changes: ["受給者証券面項目": "備考=x,y,z"]),
        RowCase(
            testDescription: "an end before the beginning", code: .dateOrder,
            changes: ["資格有効期間終了": "2001-01-01"]),
        RowCase(
            testDescription: "a number of eleven digits", code: .number,
            changes: ["個人番号": "12345678901"]),
        RowCase(testDescription: "no number", code: .required, changes: ["個人番号": ""]),
    ]

    @Test(arguments: spoilt)
    func `a spoilt row is told, and those beside it are taken`(spoilt: RowCase) async throws {
        let done = try await gateway.take(
            NightFile([row(), row(spoilt.changes), row()]).bytes())
        #expect(done.number("additions") == 2 && done.number("refused") == 1, "\(done.text)")
        let codes = done.results.flatMap(\.findings).map { $0["code"]?.string }
        #expect(codes.contains(spoilt.code.rawValue), "\(done.text)")
    }

    @Test func `untidy files of real systems are taken`() async throws {
        var columns = NightFile(
            (0..<3).map { _ in row(["受給者証名": "\"見本,こども\"\"医療費\"\"\""]) })
        columns.columns = NightFile.columns.reversed()
        var text = columns.text
        // Line ends of three kinds, an empty line, none at the end, and the mark behind it.
        let lines = text.split(separator: "\r\n").map(String.init)
        text = lines[0] + "\n" + lines[1] + "\r" + lines[2] + "\r\n\r\n" + lines[3]
        let done = try await gateway.take(NightFile.bytes(of: text, .cp932) + [0x1A])
        #expect(done.number("additions") == 3 && done.results.isEmpty, "\(done.text)")
        let held = try await gateway.count(
            "select count(*) from exchange.entitlement where certification_name = '見本,こども\"医療費\"'")
        #expect(held == 3)
    }

    /// 表計算ソフトの式: what a municipality's clerk opens must not run, and comes back as it was.
    @Test func `a formula leaves as text, and comes back mended without its apostrophe`()
        async throws
    {
        let formula = "=HYPERLINK(\"http://example.com\")"
        let bad = row([
            "氏名": "\"=HYPERLINK(\"\"http://example.com\"\")\"", "氏名カナ": "＋カナ", "性別": "8",
        ])
        let done = try await gateway.take(NightFile([bad]).bytes())
        try #require(done.number("refused") == 1, "\(done.text)")
        let errors = try await gateway.send(
            Cast.town, "GET", "/files/entitlements/\(done.text("file"))/errors")
        let text = NightFile.text(of: errors.body, .cp932)
        #expect(text.contains("\"'=HYPERLINK(\"\"http") && text.contains("'＋カナ"), "\(text)")
        let mended = text.replacing(",8,0,", with: ",2,0,")
        try #require(mended != text)
        let taken = try await gateway.take(NightFile.bytes(of: mended, .cp932))
        #expect(taken.number("additions") == 1, "\(taken.text)")
        let kept = try await gateway.count(
            "select count(*) from exchange.identity where name = $1 and name_kana = '＋カナ'",
            [.text(formula)])
        #expect(kept == 1)
    }

    /// 通称・ローマ字名・不詳日: people too.
    @Test func `unusual people are taken, each with a word where one is due`() async throws {
        let done = try await gateway.take(
            NightFile([
                row(["氏名": "ＮＧＵＹＥＮ　ＶＡＮ　ＡＮ", "氏名カナ": ""]), row(["生年月日": "1950-00-00"]),
                row(["生年月日": "不明"]), row(["氏名": "山田　太郎（ＬＥＥ　ＴＡＲＯ）"]),
            ]).bytes())
        #expect(done.number("additions") == 4, "\(done.text)")
        let codes = Set(done.results.flatMap(\.findings).compactMap { $0["code"]?.string })
        #expect(codes == ["kana-missing", "unknown-day"], "\(done.text)")
    }

    @Test func `the same file by two connections at once is applied once`() async throws {
        let bytes = NightFile((0..<20).map { _ in row() }).bytes()
        let sequence = try await gateway.nextSequence()
        async let one = gateway.upload(bytes, "sequence=\(sequence)")
        async let two = gateway.upload(bytes, "sequence=\(sequence)")
        let answers = try await [one, two]
        #expect(answers.allSatisfy { $0.status == 202 }, "\(answers.map(\.text))")
        let duplicates = answers.compactMap { $0.json["received"]?.object?["duplicate"]?.bool }
        #expect(duplicates.sorted { !$0 && $1 } == [false, true], "\(answers.map(\.text))")
        #expect(Set(answers.map { $0.text("file") }).count == 1)
        let done = try await gateway.settled(answers[0].text("file"))
        #expect(done.number("additions") == 20, "\(done.text)")
    }

    @Test func `rows leave when their time is over, and what is told of the file stays`()
        async throws
    {
        let done = try await gateway.take(NightFile([row(), row(["性別": "8"])]).bytes())
        let file: [Value] = [.text(done.text("file"))]
        let parts = "select count(*) from office.file_chunk where file = $1::text::uuid"
        await gateway.ledger.deleteOldRows()
        #expect(try await gateway.count(parts, file) == 1)
        try await gateway.sql {
            try $0.run(
                Statement(
                    """
                    update office.file set finished_at = clock_timestamp() - interval '91 days'
                    where file = $1::text::uuid
                    """), file)
        }
        await gateway.ledger.deleteOldRows()
        #expect(try await gateway.count(parts, file) == 0)
        let told = try await gateway.settled(done.text("file"))
        #expect(told.number("additions") == 1 && told.number("refused") == 1, "\(told.text)")
        #expect(told.json["rowsDeletedAt"]?.string != nil && told.results.isEmpty)
    }

    @Test func `a header alone says that nothing changed`() async throws {
        let done = try await gateway.take(NightFile([]).bytes())
        #expect(done.text("status") == "done" && done.json["received"]?.object?["rows"]?.int == 0)
    }

    @Test func `the same row twice in a file is taken once`() async throws {
        let twice = row()
        let done = try await gateway.take(NightFile([twice, row(), twice]).bytes())
        #expect(done.number("additions") == 2 && done.number("refused") == 1)
        #expect(done.results.first?["line"]?.int == 4)
        #expect(done.results.first?.findings.first?["code"]?.string == "duplicate-key")
    }

    struct QueryCase: Sendable, CustomTestStringConvertible {
        let query: String
        let refusal: Refusal
        var testDescription: String { query }
    }

    static let queries: [QueryCase] = [
        QueryCase(query: "", refusal: .missing("sequence")),
        QueryCase(query: "sequence=-1", refusal: .malformed("sequence")),
        QueryCase(query: "sequence=0", refusal: .delivery(.beforeFirst)),
        QueryCase(query: "sequence=1&follows=none", refusal: .duplicateItem("sequence")),
        QueryCase(query: "follows=12", refusal: .malformed("follows")),
        QueryCase(query: "sequence=1&rows=many", refusal: .malformed("rows")),
        QueryCase(query: "sequence=1&encoding=latin1", refusal: .malformed("encoding")),
        QueryCase(query: "sequence=1&dryRun=perhaps", refusal: .malformed("dryRun")),
        QueryCase(query: "sequence=1&name=x", refusal: .unknownItem("query.name")),
        // What may be a value is not repeated.
        QueryCase(query: "sequence=1&%E6%B0%8F=x", refusal: .unknownItem("query.*")),
        QueryCase(query: "sequence=1&sequence=2", refusal: .duplicateItem("sequence")),
    ]

    @Test(arguments: queries)
    func `what is said of a file must be in form`(bad: QueryCase) async throws {
        let answer = try await gateway.upload(NightFile([row()]).bytes(), bad.query)
        #expect(answer.code == bad.refusal.code, "\(answer.text)")
        #expect(answer.text("detail") == bad.refusal.ja)
    }

    @Test func `only CSV is taken, and not compressed`() async throws {
        let client = try await gateway.connect(Cast.town)
        for headers in [
            [("Content-Type", "application/json")],
            [("Content-Type", "text/csv"), ("Content-Encoding", "gzip")],
        ] {
            let answer = try await gateway.send(
                client, "POST", "/files/entitlements?sequence=1", headers: headers, bytes: [0x31])
            #expect(answer.code == Refusal.unsupportedMediaType.code)
        }
        await client.close()
    }
}

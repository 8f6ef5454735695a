import Exchange
import TestSupport
import Testing

/// 支払明細: rows of a payment body in, claims out; what cannot be read is told by line and column.
@Suite struct PaymentListTests {
    static let header =
        "医療機関コード,診療年月,レセプト番号,公費負担者番号,公費受給者番号,保険者番号,合計点数,患者負担額,公費支払額,支払日,"
        + "返戻,レセプト種別,生年月日,性別"
    static let rows = [
        "1319999995,202605,1,54136015,1234566,01130012,1000,1000,1000,2026-07-21,0,1122,,",
        // The same receipt: its second public payer.
        "1319999995,202605,1,88131016,R-2,01130012,1000,0,1000,2026-07-21,0,1122,,",
        "1319999995,2026-05,2,88131016,R-3,,500,0,,令和8年7月21日,1,,昭和60年1月2日,2",
    ]

    private static func read(
        _ rows: [String], blocks: Int = .max
    ) throws -> (batch: ClaimBatch, list: PaymentListReader) {
        var list = PaymentListReader(
            try FileSample.layout(PaymentListReader.layout), table: FileSample.table)
        var batch = ClaimBatch()
        var recipients = RecipientTexts()
        var rest = Array((([header] + rows).joined(separator: "\r\n") + "\r\n").utf8)[...]
        while !rest.isEmpty {
            try list.read(rest.prefix(blocks), into: &batch, &recipients)
            rest = rest.dropFirst(blocks)
        }
        try list.finish(into: &batch, &recipients)
        return (batch, list)
    }

    /// 検証番号 are told of as well, and keep no row away.
    private static func errors(_ list: PaymentListReader) -> [RowFinding] {
        list.findings.filter { $0.severity == .error }
    }

    @Test(arguments: [1, 7, Int.max])
    func `rows of one receipt are one claim, in blocks of any size`(blocks: Int) throws {
        let (batch, list) = try Self.read(Self.rows, blocks: blocks)
        #expect(Self.errors(list).isEmpty && batch.claims.count == 2)
        #expect(batch.claims.map(\.number) == [1, 2])
        #expect(batch.claims.map(\.month.text) == ["2026-05", "2026-05"])
        #expect(batch.claims.map(\.points) == [1_000, 500])
        #expect(batch.parts(of: 0).map(\.certificate.law) == [54, 88])
        #expect(batch.parts(of: 0).map(\.copayment) == [1_000, 0])
        #expect(batch.parts(of: 0).map(\.amount) == [1_000, 1_000])
        #expect(batch.parts(of: 1).map(\.amount) == [-1])
        #expect(batch.claims.map { $0.marks.contains(.withdrawn) } == [false, true])
        let paid = Int32(SubsidyCase.day("2026-07-21").daysSince1970)
        #expect(batch.claims.map(\.paidOn) == [paid, paid])
    }

    /// 診療年月 of the second row of a receipt whose first row says 202605.
    @Test(arguments: [
        "202605", "2026-05", "2026/05", "2026/5", "2026年5月", "２０２６０５", "２０２６年０５月", "50805",
        "R8.5", "ｒ８／５", "令和8年5月", "令和８年０５月",
    ])
    func `a month that is written in two ways is of one receipt`(written: String) throws {
        var rows = Self.rows
        rows[1] = rows[1].replacing(",202605,", with: ",\(written),")
        #expect(rows[1].contains(written))
        let (batch, list) = try Self.read(rows)
        #expect(Self.errors(list).isEmpty && batch.claims.count == 2)
        #expect(batch.claims.map(\.month.text) == ["2026-05", "2026-05"])
        #expect(batch.parts(of: 0).map(\.certificate.law) == [54, 88])
        // Another month, in any writing, is another receipt.
        let (other, _) = try Self.read([rows[0], rows[1].replacing(written, with: "令和8年6月")])
        #expect(other.claims.map(\.month.text) == ["2026-05", "2026-06"])
    }

    @Test func `a number with zeros before it is the same number`() throws {
        var rows = Self.rows
        rows[1] = rows[1].replacing(",202605,1,", with: ",202605,001,")
        let (batch, list) = try Self.read(rows)
        #expect(Self.errors(list).isEmpty && batch.claims.count == 2)
        #expect(batch.claims.map(\.number) == [1, 2])
    }

    static let wrong: [(from: String, to: String, item: String)] = [
        ("1319999995,2026-05", "131999999,2026-05", "institution"),
        ("2026-05,2", "2026-13,2", "month"),
        ("2026-05,2", "平成32年5月,2", "month"),
        (",88131016,R-3", ",8813101,R-3", "payer"),
        ("R-3,,500", "R-3,,-5", "points"),
        ("令和8年7月21日", "2026-02-30", "paidOn"),
        // Paid before anybody was treated.
        ("令和8年7月21日", "2026-04-30", "paidOn"),
        ("R-3", "123456789018", "recipient"),
    ]

    @Test(arguments: wrong)
    func `a row that cannot be read is told, and the others are taken`(
        _ row: (from: String, to: String, item: String)
    ) throws {
        var rows = Self.rows
        #expect(rows[2].contains(row.from))
        rows[2] = rows[2].replacing(row.from, with: row.to)
        let (batch, list) = try Self.read(rows)
        #expect(batch.claims.count == 1)
        let errors = Self.errors(list)
        #expect(errors.map(\.line) == [4] && errors.map(\.item) == [row.item])
        #expect(list.findings.allSatisfy { !$0.ja.contains(row.to) && !$0.en.contains(row.to) })
    }

    private static func told(_ list: PaymentListReader) -> [String] {
        errors(list).map { "\($0.line) \($0.item) \($0.code.rawValue)" }
    }

    /// Public payers of one receipt.
    private static func publics(_ count: Int) -> [String] {
        (0..<count).map {
            "1319999995,202605,1,88131016,R-\($0),01130012,1000,0,1000,2026-07-21,0,1122,,"
        }
    }

    @Test func `a receipt has room for four public payers, and every row beyond them is told`()
        throws
    {
        for count in 3...4 {
            let (batch, list) = try Self.read(Self.publics(count) + [Self.rows[2]])
            #expect(Self.errors(list).isEmpty && batch.claims.count == 2)
            #expect(batch.parts(of: 0).count == count)
        }
        let (batch, list) = try Self.read(Self.publics(6) + [Self.rows[2]])
        #expect(Self.told(list) == ["6 payer too-many-publics", "7 payer too-many-publics"])
        #expect(batch.claims.count == 2 && batch.parts(of: 0).count == 4)
        // No matter how many: the receipt stays four, and the findings have their limit.
        let many = try Self.read(Self.publics(12_000))
        #expect(many.batch.parts(of: 0).count == 4)
        #expect(many.list.findings.count == UkeReader.findingsMax)
        #expect(many.list.findings.count + many.list.findingsLeftOut >= 11_996)
    }

    static let contradictions: [(from: String, to: String, item: String)] = [
        ("2026-07-21,0,1122", "2026-07-21,1,1122", "isReturned"),
        (",1000,0,1000,", ",900,0,1000,", "points"),
        ("01130012", "01130013", "insurer"), ("2026-07-21", "2026-07-22", "paidOn"),
        (",1122,", ",1112,", "type"),
    ]

    @Test(arguments: contradictions)
    func `a row that says otherwise of its receipt is told and not taken`(
        _ row: (from: String, to: String, item: String)
    ) throws {
        var rows = Self.rows
        #expect(rows[1].contains(row.from))
        rows[1] = rows[1].replacing(row.from, with: row.to)
        let (batch, list) = try Self.read(rows)
        #expect(Self.told(list) == ["3 \(row.item) receipt-differs"])
        #expect(batch.claims.count == 2 && batch.parts(of: 0).map(\.certificate.law) == [54])
        #expect(batch.claims[0].points == 1_000 && !batch.claims[0].marks.contains(.withdrawn))
        #expect(list.findings.allSatisfy { !$0.ja.contains(row.to) && !$0.en.contains(row.to) })
    }

    @Test func `what a row leaves out of its receipt contradicts nothing`() throws {
        var rows = Self.rows
        rows[1] = "1319999995,202605,1,88131016,R-2,,,0,1000,,,,,"
        let (batch, list) = try Self.read(rows)
        #expect(Self.errors(list).isEmpty && batch.parts(of: 0).count == 2)
        rows[0] = rows[0].replacing("2026-07-21,0,", with: "2026-07-21,,")
        rows[1] = Self.rows[1]
        #expect(Self.errors(try Self.read(rows).list).isEmpty)
        // But whoever says that it was returned says otherwise than who says nothing of it.
        rows[1] = rows[1].replacing("2026-07-21,0,", with: "2026-07-21,1,")
        #expect(Self.told(try Self.read(rows).list) == ["3 isReturned receipt-differs"])
    }

    /// Paid twice: neither row is lost, and the second is found to be the first one again.
    @Test(arguments: [rows[0], rows[1], "1319999995,202605,1,88131016,R-2,,,0,1000,,,,,"])
    func `a certificate that stands twice on a receipt is the receipt twice`(
        again: String
    ) throws {
        let (batch, list) = try Self.read([Self.rows[0], Self.rows[1], again, Self.rows[2]])
        #expect(Self.errors(list).isEmpty)
        try #require(batch.claims.indices.map { batch.parts(of: $0).count } == [2, 1, 1])
        #expect(batch.claims.map(\.number) == [1, 1, 2])
        #expect(batch.claims[1].type == 1_122 && batch.claims[1].points == 1_000)
        var run = MonthRun(
            rules: ClaimSamples.rules, month: try ServiceMonth("2026-05"),
            files: [.init(name: "list", claims: 3)], batch: batch, recipients: RecipientTexts())
        let report = run.report()
        #expect(report.reasons(1) == ["DUPLICATE_RECEIPT"])
    }

    /// Which of its rows says what is the receipt's is the writer's own matter.
    @Test func `what the first row leaves out of its receipt a later one adds`() throws {
        let whole = "1319999995,202605,1,88131016,R-3,01130012,1000,0,500,2026-07-21,0,1122,"
        let rows = [
            "1319999995,202605,1,54136015,1234566,,1000,1000,1000,,,,,",
            "1319999995,202605,1,88131016,R-2,,,0,1000,,,,,", whole + "昭和60年1月2日,2",
        ]
        let (batch, list) = try Self.read(rows)
        #expect(Self.errors(list).isEmpty && batch.claims.count == 1)
        #expect(batch.parts(of: 0).map(\.amount) == [1_000, 1_000, 500])
        let claim = try #require(batch.claims.first)
        #expect(claim.insurer == 1_130_012 && claim.type == 1_122 && claim.sex == 2)
        #expect(claim.birth == Int32(SubsidyCase.day("1985-01-02").daysSince1970))
        #expect(claim.paidOn == Int32(SubsidyCase.day("2026-07-21").daysSince1970))
        // From then on it is said, and a row after it may say otherwise.
        let other = Self.told(try Self.read(rows + [whole + "昭和60年1月3日,2"]).list)
        #expect(other == ["5 birthDate receipt-differs"])
    }

    @Test func `a file that is no such table is refused by the reason`() throws {
        var list = PaymentListReader(
            try FileSample.layout(PaymentListReader.layout), table: FileSample.table)
        var batch = ClaimBatch()
        var recipients = RecipientTexts()
        let text = Self.header.replacing("診療年月", with: "診療月") + "\r\n"
        #expect(throws: Refusal.malformed("file-unknown-column")) {
            try list.read(Array(text.utf8)[...], into: &batch, &recipients)
            try list.finish(into: &batch, &recipients)
        }
    }
}

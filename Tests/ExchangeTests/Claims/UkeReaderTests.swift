import Exchange
import Foundation
import TestSupport
import Testing

@Suite struct UkeReaderTests {
    @Test func `a sample of the published form is read to the last field, without a finding`()
        throws
    {
        let lines = ClaimSamples.file([.init()])
        let reading = ClaimSamples.read(ClaimSamples.bytes(lines))
        #expect(reading.reader.findings == [])
        #expect(reading.reader.header?.institution == 1_319_999_996)
        #expect(reading.reader.header?.name == "テスト内科クリニック")
        #expect(reading.reader.header?.claimMonth?.text == "2026-05")
        let receipt = try #require(reading.receipts.first)
        #expect(reading.receipts.count == 1)
        #expect(receipt.month?.text == "2026-04")
        #expect(receipt.type == 1122)
        #expect(receipt.birth?.text == "1990-01-02")
        #expect(receipt.sex == 2)
        #expect(receipt.insurance?.number?.digits == "01130012")
        #expect(receipt.insurance?.points == 3000)
        #expect(receipt.publics.count == 1)
        #expect(receipt.publics.first?.payer?.digits == "54136015")
        #expect(receipt.publics.first?.recipient?.text == "1234566")
        #expect(receipt.publics.first?.copayment == 6000)
        // Everything else is kept as it arrived.
        let kept = receipt.records.map { String(decoding: receipt.bytes(of: $0), as: UTF8.self) }
        #expect(kept == Array(lines.dropFirst().dropLast()))
        #expect(receipt.records.map(\.line) == Array(2...(lines.count - 1)))
    }

    @Test func `every published code is in the code lists, by its name`() throws {
        let codes = ClaimSamples.rules.codes
        for row in try Vectors.rows("uke-codes") {
            let (code, list) = (try row.requiredString("code"), try row.requiredString("list"))
            #expect(codes.name(of: code, in: list) == row["name"]?.string, "\(list) \(code)")
        }
        for row in try Vectors.rows("uke-codes", "types") {
            let number = try row.requiredString("type")
            let published = try row.requiredString("name")
            let name = codes.name(of: String(number.dropFirst()), in: "receipt-type")
            #expect(name.map { "医科・\($0)" } == "\(published)・入院外")
            let type = try #require(ReceiptType(number: Int(number) ?? 0))
            #expect(
                type.hasInsurance == ["保", "後期", "退職"].contains(where: published.contains))
        }
    }

    struct Wrong: Sendable, CustomTestStringConvertible {
        let name: String
        let codes: [UkeCode]
        let items: [String]
        let lines: [Int]
        let change: @Sendable ([String]) -> [String]
        var testDescription: String { name }
    }

    /// Two receipts, 18 lines: IR, RE HO KO SN JD MF SI, the same again, GO (16 lines in all).
    static let two = ClaimSamples.file([.init(), .init(number: 2, birth: "19850607")])

    static let wrong: [Wrong] = [
        Wrong(name: "no header", codes: [.headerMissing], items: ["file"], lines: [1]) {
            Array($0.dropFirst())
        },
        Wrong(name: "two headers", codes: [.headerTwice], items: ["IR"], lines: [2]) {
            [$0[0]] + $0
        },
        Wrong(
            name: "an unknown score table", codes: [.unknownTable], items: ["IR.scoreTable"],
            lines: [1]
        ) { $0.replacing(0, ",13,1,", ",13,7,") },
        Wrong(
            name: "an institution code of six digits", codes: [.format], items: ["IR.institution"],
            lines: [1]
        ) { $0.replacing(0, "9999996", "999999") },
        Wrong(name: "no total", codes: [.totalMissing], items: ["GO"], lines: [15]) {
            Array($0.dropLast())
        },
        Wrong(name: "two totals", codes: [.totalTwice], items: ["GO"], lines: [17]) {
            $0 + [$0[15]]
        },
        Wrong(name: "a wrong count", codes: [.totalCount], items: ["GO.count"], lines: [16]) {
            $0.replacing(15, "GO,2,", "GO,3,")
        },
        Wrong(
            name: "a count by payers", codes: [.countByPayer], items: ["GO.count"], lines: [16]
        ) { $0.replacing(15, "GO,2,", "GO,4,") },
        Wrong(name: "wrong points", codes: [.totalPoints], items: ["GO.points"], lines: [16]) {
            $0.replacing(15, ",6000,", ",6001,")
        },
        Wrong(name: "a record after the total", codes: [.afterTotal], items: ["SI"], lines: [17]) {
            $0 + ["SI,11,1,111000110,,3000,1"]
        },
        Wrong(name: "KO before HO", codes: [.order], items: ["HO"], lines: [4]) { lines in
            var lines = lines
            lines.swapAt(2, 3)
            return lines
        },
        Wrong(name: "a second HO", codes: [.repeated], items: ["HO"], lines: [4]) { lines in
            Array(lines[...2]) + [lines[2]] + Array(lines[3...])
        },
        Wrong(name: "an unknown record", codes: [.unknownRecord], items: ["ZZ"], lines: [5]) {
            $0.replacing(4, "SN,", "ZZ,")
        },
        Wrong(name: "a cut RE", codes: [.fieldCount], items: ["RE"], lines: [2]) {
            $0.replacing(1, ",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,", ",")
        },
        Wrong(name: "no such month", codes: [.format], items: ["RE.month"], lines: [2]) {
            $0.replacing(1, "202604", "202613")
        },
        Wrong(name: "no such birth date", codes: [.format], items: ["RE.birth"], lines: [2]) {
            $0.replacing(1, "19900102", "19900231")
        },
        Wrong(
            name: "a birth date in an era that was over", codes: [.format], items: ["RE.birth"],
            lines: [2]
        ) { $0.replacing(1, "19900102", "3640108") },
        Wrong(
            name: "a birth date in an era that is written on", codes: [.eraEnded],
            items: ["RE.birth"], lines: [2]
        ) { $0.replacing(1, "19900102", "4310501") },
        Wrong(
            name: "a birth after the month", codes: [.bornAfterService], items: ["RE.birth"],
            lines: [2]
        ) { $0.replacing(1, "19900102", "20260501") },
        Wrong(
            name: "a duty reason that is no number", codes: [.format], items: ["HO.dutyReason"],
            lines: [3]
        ) { $0.replacing(2, ",3000,,,,", ",3000,,,,x") },
        Wrong(
            name: "yen of meals that are no number", codes: [.format], items: ["HO.mealYen"],
            lines: [3]
        ) { $0.replacing(2, ",3000,,,", ",3000,,,x") },
        Wrong(name: "no birth date", codes: [.required], items: ["RE.birth"], lines: [2]) {
            $0.replacing(1, "19900102", "")
        },
        Wrong(name: "an unknown type", codes: [.unknownCode], items: ["RE.type"], lines: [2]) {
            $0.replacing(1, "1122", "3122")
        },
        Wrong(
            name: "an unknown special note", codes: [.unknownCode], items: ["RE.specialNotes"],
            lines: [2]
        ) { $0.replacing(1, "19900102,,,,,,", "19900102,,,,,99,") },
        Wrong(
            name: "receipt numbers swapped", codes: [.receiptNumber], items: ["RE.number"],
            lines: [2]
        ) { $0.replacing(1, "RE,1,", "RE,7,") },
        Wrong(
            name: "a payer number of seven digits", codes: [.format], items: ["KO.payer"],
            lines: [4]
        ) { $0.replacing(3, "54136015", "5413601") },
        Wrong(
            name: "an individual number for a recipient's", codes: [.format],
            items: ["KO.recipient"], lines: [4]
        ) { $0.replacing(3, "1234566", "123456789018") },
        Wrong(name: "points that are no number", codes: [.format], items: ["HO.points"], lines: [3])
        {
            $0.replacing(2, ",3000,", ",三千,")
        },
        Wrong(
            name: "the insurer left out", codes: [.insurerMissing], items: ["RE.type"], lines: [2]
        ) {
            lines in
            Array(lines[...1]) + Array(lines[3...])
        },
        Wrong(
            name: "the public payer left out", codes: [.payerMissing], items: ["RE.type"],
            lines: [2]
        ) {
            lines in
            Array(lines[...2]) + Array(lines[4...])
        },
        Wrong(
            name: "a public payer too many", codes: [.tooManyPublics], items: ["RE.type"],
            lines: [2]
        ) {
            lines in
            Array(lines[...3]) + [lines[3].replacingOccurrences(of: "1234566", with: "7654321")]
                + Array(lines[4...])
        },
        Wrong(
            name: "one certificate twice", codes: [.repeated, .tooManyPublics],
            items: ["KO.recipient", "RE.type"], lines: [5, 2]
        ) {
            lines in
            Array(lines[...3]) + [lines[3]] + Array(lines[4...])
        },
        Wrong(
            name: "more points than the insurance has", codes: [.publicPoints],
            items: ["KO.points"], lines: [4]
        ) { $0.replacing(3, ",3000,", ",3001,") },
        Wrong(name: "a day the month has not", codes: [.format], items: ["JD.day31"], lines: [6]) {
            $0.replacing(
                5, "JD,1,,,,,,,,,1" + String(repeating: ",", count: 22),
                "JD,1" + String(repeating: ",", count: 31) + "1")
        },
    ]

    @Test(arguments: wrong)
    func `what is wrong is found in its line, and nothing else is`(_ wrong: Wrong) {
        let reading = ClaimSamples.read(ClaimSamples.bytes(wrong.change(Self.two)))
        let findings = reading.reader.findings
        #expect(findings.map(\.code) == wrong.codes)
        #expect(findings.map(\.item) == wrong.items)
        #expect(findings.map(\.line) == wrong.lines)
        // A bad receipt does not lose the good one.
        #expect(reading.receipts.count == 2)
        #expect(reading.receipts.last?.birth?.text == "1985-06-07")
    }

    @Test func `an individual number is taken as nobody's recipient number`() throws {
        let lines = Self.two.replacing(3, "1234566", "123456789018")
        let reading = ClaimSamples.read(ClaimSamples.bytes(lines))
        let (first, second) = (try #require(reading.receipts.first), reading.receipts.last)
        #expect(first.hasErrors && first.publics.map { $0.recipient?.text } == [nil])
        #expect(second?.publics.map { $0.recipient?.text } == ["1234566"])
    }

    @Test func `every code of a file is reached, and tells what to do in both languages`() {
        var reached = Set(Self.wrong.flatMap(\.codes))
        reached.formUnion([
            .empty, .encoding, .lineTooLong, .truncated, .lineEnd, .endMark, .outsideReceipt,
            .afterEnd,
        ])
        #expect(reached == Set(UkeCode.allCases))
        for code in UkeCode.allCases {
            #expect(!code.text.ja.isEmpty && !code.text.en.isEmpty)
        }
    }

    @Test func `an empty file is said to be empty`() {
        #expect(ClaimSamples.read([]).codes == [.empty])
        #expect(ClaimSamples.read([0x1A]).codes == [.empty])
    }

    @Test func `a line in another character set is found and the receipt stays`() {
        var bytes = ClaimSamples.bytes(Self.two)
        // The name of the first receipt begins with a byte that begins nothing.
        let name = Array("試験".utf8)
        let place = bytes.indices.first { bytes[$0...].starts(with: name) } ?? 0
        bytes[place] = 0xFF
        let reading = ClaimSamples.read(bytes)
        #expect(
            reading.reader.findings.map { "\($0.line) \($0.item) \($0.code)" } == ["2 RE encoding"])
        #expect(reading.receipts.map(\.hasErrors) == [true, false])
    }

    @Test func `an over-long line is skipped and the next one read`() {
        var lines = Self.two
        lines[7] = "SI," + String(repeating: "1", count: 20_000)
        for pieces in [7, 4096, Int.max] {
            let reading = ClaimSamples.read(ClaimSamples.bytes(lines), pieces: pieces)
            #expect(reading.codes == [.lineTooLong])
            #expect(reading.reader.findings.first?.line == 8)
            #expect(reading.receipts.count == 2)
        }
    }

    @Test func `records before any receipt are told and not taken`() {
        let lines = [ClaimSamples.header, "HO,01130012,,,1,3000,,,,,,,,,"] + Self.two.dropFirst()
        #expect(ClaimSamples.read(ClaimSamples.bytes(lines)).codes == [.outsideReceipt])
    }

    @Test func `line ends of another build are read with one warning`() {
        let text = Self.two.joined(separator: "\n") + "\n"
        #expect(ClaimSamples.read(Array(text.utf8)).codes == [.lineEnd, .endMark])
    }

    @Test(arguments: [1, 2, 3, 17, 64, 1000])
    func `pieces of any size give the same receipts`(_ size: Int) {
        let bytes = ClaimSamples.bytes(Self.two)
        let whole = ClaimSamples.read(bytes)
        let pieces = ClaimSamples.read(bytes, pieces: size)
        #expect(pieces.reader.findings == whole.reader.findings)
        #expect(pieces.receipts.map(\.records) == whole.receipts.map(\.records))
    }

    @Test func `a file cut anywhere is told to be cut, and never crashes`() {
        let bytes = ClaimSamples.bytes(Self.two)
        // Up to the total's last line: after it the file is whole but for its marks.
        let total = ClaimSamples.bytes(Array(Self.two.dropLast()), end: []).count
        for end in 1..<total {
            let reading = ClaimSamples.read(Array(bytes[..<end]))
            #expect(reading.codes.contains(.totalMissing), "\(end)")
            let isBetweenLines = bytes[end - 1] == 0x0A
            #expect(reading.codes.contains(.truncated) == !isBetweenLines, "\(end)")
        }
    }

    @Test(arguments: Seeded.seeds(200))
    func `any bytes are read to their end`(_ seed: UInt64) {
        var random = Seeded(seed)
        var bytes = ClaimSamples.bytes(Self.two)
        for _ in 0..<random.int(1...40) {
            let place = random.int(0...(bytes.count - 1))
            switch random.int(0...2) {
            case 0: bytes[place] = UInt8(random.int(0...255))
            case 1: bytes.remove(at: place)
            default: bytes.insert(contentsOf: Array("\r\nKO,,".utf8), at: place)
            }
        }
        let reading = ClaimSamples.read(bytes, pieces: random.int(1...200))
        #expect(reading.receipts.count <= reading.reader.receiptCount)
        for finding in reading.reader.findings {
            #expect(finding.line >= 1 && finding.ja.contains("\(finding.line)行目"))
        }
    }

    @Test(arguments: [
        ("202604", "2026-04"), ("50804", "2026-04"), ("43104", "2019-04"), ("50105", "2019-05"),
        ("36401", "1989-01"), ("40101", "1989-01"), ("50104", nil), ("43106", nil),
        ("202600", nil), ("50800", nil), ("60104", nil), ("2026", nil),
    ])
    func `a month is read in either form, at the edges of the eras too`(
        _ digits: String, _ month: String?
    ) {
        var lines = Self.two
        lines[1] = lines[1].replacingOccurrences(of: ",202604,", with: ",\(digits),")
        let reading = ClaimSamples.read(ClaimSamples.bytes(lines))
        #expect(reading.receipts.first?.month?.text == month)
    }

    @Test(arguments: [
        ("4020102", "1990-01-02"), ("3640107", "1989-01-07"), ("4010108", "1989-01-08"),
        ("5010501", "2019-05-01"), ("4310501", "2019-05-01"), ("6010101", nil), ("5000101", nil),
        ("3640108", nil), ("3900102", nil),
    ])
    func `a birth date of an era is read`(_ digits: String, _ day: String?) {
        var lines = Self.two
        lines[1] = lines[1].replacingOccurrences(of: "19900102", with: digits)
        let reading = ClaimSamples.read(ClaimSamples.bytes(lines))
        #expect(reading.receipts.first?.birth?.text == day)
    }

    @Test func `dental and pharmacy files are read by their own layouts`() throws {
        let pharmacy = [
            "YK,1,13,4,1234567,テスト薬局,202605,00,03-0000-0000",
            "RE,1,4122,202604,試験　花子,2,19900102,,29,13,1,9999996,テスト内科,,",
            "HO,01130012,,,2,1500,,,,3000,,,,", "KO,54136015,1234566,,2,1500,,3000,,3000",
            "SH,1,1,,,150", "CZ,1,20260402,20260402,1,14", "IY,1,620000001,1", "GO,1,1500,99",
        ]
        let reading = ClaimSamples.read(ClaimSamples.bytes(pharmacy))
        #expect(reading.reader.findings == [])
        let receipt = try #require(reading.receipts.first)
        #expect(receipt.institution == 1_341_234_567)
        #expect(receipt.publics.first?.copayment == 3000)
        #expect(receipt.specialNotes == 1 << 29)
        let dental = [
            "IR,1,13,3,1234567,,テスト歯科,202605,00,", "RE,1,3112,202604,試験　花子,2,19900102,,,,,,,10,,",
            "HO,01130012,,,1,580,,,,,,,,,", "HS,1018,,8843,", "SS,11,1,301000110,,,,,,1,261,1",
            "GO,1,580,99",
        ]
        let second = ClaimSamples.read(ClaimSamples.bytes(dental))
        #expect(second.reader.findings == [])
        #expect(second.receipts.first?.specialNotes == 1 << 10)
        #expect(second.receipts.first?.institution == 1_331_234_567)
    }

    struct Prescriber: Sendable, CustomTestStringConvertible {
        let fields: String
        let code: UInt64
        var testDescription: String { fields }
    }

    /// 調剤: fields 10 to 12 of the receipt record.
    @Test(
        arguments: [
            Prescriber(fields: "13,1,0000001", code: 1_310_000_001),
            Prescriber(fields: "13,3,0000001", code: 1_330_000_001),
            Prescriber(fields: ",,", code: 0), Prescriber(fields: "99,1,0000001", code: 0),
            Prescriber(fields: "13,,0000001", code: 0),
            Prescriber(fields: "13,1,000001", code: 0),
            Prescriber(fields: "13,1,000000A", code: 0),
        ])
    func `a pharmacy's receipt names its prescriber, or nobody`(row: Prescriber) throws {
        let lines = [
            "YK,1,13,4,0000002,テスト薬局,202605,00,03-0000-0000",
            "RE,1,4122,202604,試験　花子,2,19900102,,," + row.fields
                + ",テスト内科,東京都,," + String(repeating: ",", count: 24),
            "HO,01130012,１２３,４５６,1,3000,,,,,,,,",
            "KO,54136015,1234566,,1,3000,,6000,,", "GO,1,3000,99",
        ]
        let reading = ClaimSamples.read(ClaimSamples.bytes(lines))
        #expect(reading.reader.findings == [])
        #expect(reading.receipts.first?.prescriber == row.code)
        #expect(reading.receipts.first?.institution == 1_340_000_002)
    }
}

extension [String] {
    func replacing(_ line: Int, _ old: String, _ new: String) -> [String] {
        var lines = self
        precondition(lines[line].contains(old), "\(lines[line]) has no \(old)")
        lines[line] = lines[line].replacingOccurrences(of: old, with: new)
        return lines
    }
}

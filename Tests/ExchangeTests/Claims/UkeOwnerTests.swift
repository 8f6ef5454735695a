import Exchange
import Foundation
import Testing

/// Whose a line is: nothing of one person, institution or file is ever taken for another's.
@Suite struct UkeOwnerTests {
    /// Of the second receipt's RE, what a broken export makes of it.
    @Test(arguments: [
        ("Re,", [UkeCode.unknownRecord]), ("RF,", [.unknownRecord]),
        ("RE\u{FF0C}", [.unknownRecord]),
        ("RE," + String(repeating: "9", count: 20_000), [.lineTooLong]),
    ])
    func `a receipt whose first line cannot be told lends its lines to no other`(
        _ start: String, _ codes: [UkeCode]
    ) throws {
        let third = ClaimSamples.Receipt(number: 3, birth: "20010203")
        let second = ClaimSamples.Receipt(
            number: 2, birth: "19850607", points: 77,
            publics: ["54136015,9999996,,1,77,777,,,,,"], days: [28])
        var lines = ClaimSamples.file([.init(), second, third])
        lines[8] = start + lines[8].dropFirst(3)
        let reading = ClaimSamples.read(ClaimSamples.bytes(lines))
        // GO tells that one is missing, by its count and its points; the third is counted as the second.
        #expect(reading.codes == codes + [.receiptNumber, .totalCount, .totalPoints])
        #expect(reading.reader.findings.first?.line == 9)
        #expect(reading.receipts.map(\.hasErrors) == [true, false])
        let first = try #require(reading.receipts.first)
        #expect(first.publics.map { $0.recipient?.text } == ["1234566"])
        #expect(first.days == 1 << 9 && first.insurance?.points == 3000)
        #expect(first.records.map(\.line) == Array(2...8))
        #expect(reading.receipts.last?.birth?.text == "2001-02-03")
    }

    struct Doubt: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let hasErrors: [Bool]
        let change: @Sendable ([String]) -> [String]

        init(
            _ name: String, _ hasErrors: [Bool], change: @escaping @Sendable ([String]) -> [String]
        ) {
            testDescription = name
            self.hasErrors = hasErrors
            self.change = change
        }
    }

    static let doubts = [
        Doubt("no header", [true, true]) { Array($0.dropFirst()) },
        Doubt("a table nobody knows", [true, true]) { $0.replacing(0, ",13,1,", ",13,7,") },
        Doubt("an institution of six digits", [true, true]) {
            $0.replacing(0, "9999996", "999999")
        },
        Doubt("another institution's header between", [false, true]) { lines in
            let other = lines[0].replacingOccurrences(of: "9999996", with: "8888886")
            return Array(lines[...7]) + [other] + Array(lines[8...])
        },
        Doubt("a receipt after the total", [false, true]) { lines in
            Array(lines[...7]) + ["GO,1,3000,99"] + Array(lines[8...14])
        },
    ]

    @Test(arguments: doubts)
    func `a receipt of no certain institution or total is marked`(_ doubt: Doubt) {
        let reading = ClaimSamples.read(ClaimSamples.bytes(doubt.change(UkeReaderTests.two)))
        #expect(reading.receipts.map(\.hasErrors) == doubt.hasErrors)
    }

    @Test func `nothing behind the end mark is read`() {
        let whole = ClaimSamples.bytes(UkeReaderTests.two)
        let again = ClaimSamples.bytes(Array(UkeReaderTests.two.dropFirst()))
        for rest in [again, Array("\r\n".utf8) + again, Array("GO,9,9,99".utf8)] {
            let reading = ClaimSamples.read(whole + rest)
            #expect(reading.codes == [.afterEnd])
            #expect(reading.receipts.count == 2)
        }
        // Marks and line ends fill up the last block of some media.
        #expect(ClaimSamples.read(whole + [0x1A, 0x1A, 0x0D, 0x0A, 0x1A]).codes == [])
    }
}

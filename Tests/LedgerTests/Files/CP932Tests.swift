import Exchange
import Foundation
import Ledger
import TestSupport
import Testing

@Suite struct CP932Tests {
    static let characters = Characters(.cp932, table: .cp932)

    static func bytes(_ hexadecimal: String) -> [UInt8] { Hexadecimal.bytes(hexadecimal) ?? [] }

    /// The rows of `Tests/Vectors/cp932.json`; throws where there are none, which would prove nothing.
    static func vector(_ name: String) throws -> [JSONObject] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Vectors/cp932.json")
        let whole = try JSON(reading: [UInt8](Data(contentsOf: file)))
        let rows = whole.object?[name]?.array?.compactMap(\.object) ?? []
        try #require(!rows.isEmpty)
        return rows
    }

    @Test func `published bytes decode as CP932`() throws {
        for row in try Self.vector("decode") {
            let text = Self.characters.text(of: Self.bytes(try row.requiredString("bytes"))[...])
            let code = text?.unicodeScalars.first.map {
                String($0.value, radix: 16, uppercase: true)
            }
            let expected = row["codePoint"]?.string
            #expect(code == expected.map { String($0.drop { $0 == "0" }) }, "\(row)")
        }
    }

    @Test func `published characters encode as CP932, or are told`() throws {
        for row in try Self.vector("encode") {
            let code = try #require(UInt32(try row.requiredString("codePoint"), radix: 16))
            let scalar = try #require(Unicode.Scalar(code))
            let written = Self.characters.bytes(of: String(scalar))
            guard let expected = row["bytes"]?.string else {
                #expect(written.bytes == Self.bytes("81AC"), "\(row)")
                #expect(written.unwritten.map(\.position) == [1])
                continue
            }
            #expect(written.bytes == Self.bytes(expected) && written.unwritten.isEmpty, "\(row)")
        }
    }

    @Test func `every character that is read can be written and read again`() {
        for first in UInt8(0x80)...0xFF {
            for second in UInt8(0x40)...0xFC {
                guard let text = Self.characters.text(of: [first, second]) else { continue }
                let written = Self.characters.bytes(of: text)
                #expect(written.unwritten.isEmpty)
                #expect(Self.characters.text(of: written.bytes[...]) == text)
            }
        }
    }

    /// Foundation agrees with glibc on every pair it decodes (NEC and IBM extensions, 外字).
    @Test func `another converter reads the same`() {
        var compared = 0
        for first in Array(UInt8(0x81)...0x9F) + Array(UInt8(0xE0)...0xFC) {
            for second in UInt8(0x40)...0xFC where second != 0x7F {
                let other = String(data: Data([first, second]), encoding: .shiftJIS)
                guard let other, other.unicodeScalars.count == 1 else { continue }
                #expect(Self.characters.text(of: [first, second]) == other)
                compared += 1
            }
        }
        #expect(compared > 9000)
    }

    @Test func `user-defined characters keep their owner's code`() {
        let bytes: [UInt8] = Array("A".utf8) + [0xF0, 0x40, 0xF9, 0xFC, 0x88, 0x9F]
        let places = Self.characters.places(in: bytes[...])
        #expect(places == [.init(position: 2, code: "F040"), .init(position: 3, code: "F9FC")])
        let text = Self.characters.text(of: bytes[...]) ?? ""
        #expect(text == "A\u{E000}\u{E757}亜")
        #expect(Self.characters.bytes(of: text).bytes == bytes)
        let strange = Self.characters.bytes(of: text, for: .stranger)
        #expect(strange.bytes == Array("A".utf8) + [0x81, 0xAC, 0x81, 0xAC, 0x88, 0x9F])
        #expect(strange.unwritten.map(\.code) == ["U+E000", "U+E757"])
    }

    @Test(arguments: [
        ("é𠮷邊\u{E0101}髙", [("U+00E9", 1), ("U+20BB7", 2), ("U+E0101", 4)]), ("〜−‖—¥", []),
    ])
    func `what cannot be written is told with its place`(
        text: String, lost: [(String, Int)]
    ) {
        let written = Self.characters.bytes(of: text)
        #expect(written.unwritten == lost.map { .init(position: $0.1, code: $0.0) })
    }

    @Test(arguments: [[0x81], [0x81, 0x20], [0xEF, 0xEF], [0x41, 0xFC, 0xFD]])
    func `bytes that are no character are not read`(bytes: [UInt8]) {
        #expect(Self.characters.text(of: bytes[...]) == nil)
        #expect(Self.characters.places(in: bytes[...]).contains { $0.code == nil })
    }

    @Test func `every sentence of a finding can be written`() {
        for code in RowCode.allCases {
            let finding = RowFinding(index: 0, item: "basicFiveInfo.name", code: code)
            #expect(Self.characters.bytes(of: finding.ja + finding.en).unwritten.isEmpty)
        }
    }
}

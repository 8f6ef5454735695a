import Exchange
import Foundation
import Testing

@Suite struct NameNormalisationTests {
    @Test(.enabled(if: Shared.isThere))
    func `every published name becomes its searchable form`() throws {
        let rows = try Shared.vector("name_normalisation").array ?? []
        #expect(rows.count >= 7)
        for row in rows {
            let object = try row.requiredObject(at: "row")
            let name = try object.requiredString("in")
            let expected = try object.requiredString("nfkc")
            #expect(Array(NameNormalisation.nfkc(name).utf8) == Array(expected.utf8), "\(name)")
            if let wide = try object.optionalString("fullKana") {
                #expect(NameNormalisation.fullWidthKana(name) == wide)
            }
        }
    }

    @Test func `the tables agree with the platform over all Japanese text`() {
        let blocks: [ClosedRange<UInt32>] = [
            0x20...0x7E, 0xC0...0x17F, 0x1E00...0x1EFF, 0x2460...0x24FF, 0x2F00...0x2FD5,
            0x3041...0x3096, 0x30A1...0x30FE, 0x3200...0x33FF, 0x4E00...0x9FFF, 0xF900...0xFAD9,
            0xFF01...0xFF9F,
        ]
        for block in blocks {
            for value in block {
                guard let scalar = Unicode.Scalar(value),
                    scalar.properties.generalCategory != .unassigned
                else { continue }
                let text = String(Character(scalar))
                let expected = text.precomposedStringWithCompatibilityMapping
                #expect(
                    Array(NameNormalisation.nfkc(text).unicodeScalars)
                        == Array(expected.unicodeScalars), "U+\(String(value, radix: 16))")
            }
        }
    }

    static let sameName: [(String, String)] = [
        ("髙橋　花子", "高橋花子"), ("ﾔﾏﾀﾞ ﾊﾅｺ", "やまだはなこ"), ("山﨑", "山崎"), ("渡邊", "渡辺"),
        ("葛\u{E0100}城", "葛城"), ("John Smith", "ＪＯＨＮ　ＳＭＩＴＨ"), ("カ\u{3099}", "ガ"), ("𠮷田", "吉田"),
        ("Nguye\u{302}\u{303}n", "NGUYỄN"),
    ]

    @Test(arguments: sameName)
    func `two spellings of one name meet`(left: String, right: String) {
        #expect(NameNormalisation.searchable(left) == NameNormalisation.searchable(right))
    }

    @Test func `different names do not meet`() {
        #expect(NameNormalisation.searchable("山田") != NameNormalisation.searchable("山口"))
        #expect(NameNormalisation.searchable("ハハ") != NameNormalisation.searchable("パパ"))
    }
}

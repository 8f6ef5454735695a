import Exchange
import Foundation
import TestSupport
import Testing

@Suite struct Base64Tests {
    @Test(arguments: Seeded.seeds(50))
    func `bytes come back from their text`(seed: UInt64) {
        var random = Seeded(seed)
        let bytes = (0..<random.int(0...40)).map { _ in UInt8(random.int(0...255)) }
        #expect(Base64.text(bytes) == Data(bytes).base64EncodedString())
        #expect(Base64.bytes(Base64.text(bytes)) == bytes)
        #expect(bytes.isEmpty || Hexadecimal.bytes(Hexadecimal.text(bytes)) == bytes)
    }

    @Test(arguments: [
        "A", "AA", "AAA", "AA=", "AB==", "A===", "AA==AA==", "AA A", "AA-_", "====", "AAB=",
    ])
    func `one byte string has one text`(text: String) {
        #expect(Base64.bytes(text) == nil)
    }

    @Test(arguments: ["", "a", "0g", " 00"])
    func `hexadecimal comes in pairs`(text: String) {
        #expect(Hexadecimal.bytes(text) == nil)
    }
}

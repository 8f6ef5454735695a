import Postgres
import Testing

@Suite struct UUIDBytesTests {
    @Test func `text and bytes agree`() throws {
        let id = try #require(UUIDBytes("00112233-4455-6677-8899-AABBCCDDEEFF"))
        #expect(id.text == "00112233-4455-6677-8899-aabbccddeeff")
        #expect(id.bytes == (0...15).map { UInt8($0 * 0x11) })
        #expect(UUIDBytes(bytes: id.bytes) == id)
        #expect(id.high == 0x0011_2233_4455_6677)
    }

    @Test(arguments: [
        "", "00112233445566778899aabbccddeeff", "{00112233-4455-6677-8899-aabbccddeeff}",
        "00112233-4455-6677-8899-aabbccddeef", "00112233-4455-6677-8899-aabbccddeeff0",
        "00112233-4455-6677-8899-aabbccddeefg", "0011223344-55-6677-8899-aabbccddeeff",
    ])
    func `anything but the canonical form is refused`(text: String) {
        #expect(UUIDBytes(text) == nil)
    }

    @Test func `random ones are of version 4 and come back from their text`() {
        let ids = (0..<1000).map { _ in UUIDBytes.random() }
        #expect(Set(ids).count == 1000)
        for id in ids {
            let text = Array(id.text)
            #expect(text[14] == "4" && "89ab".contains(text[19]))
            #expect(UUIDBytes(id.text) == id)
        }
    }

    @Test func `fifteen bytes are no identifier`() {
        #expect(UUIDBytes(bytes: [UInt8](repeating: 0, count: 15)) == nil)
    }

    @Test func `they sort by their bytes`() {
        let low = UUIDBytes(high: 1, low: .max)
        let high = UUIDBytes(high: 2, low: 0)
        #expect(low < high)
        #expect(UUIDBytes(high: 1, low: 1) < low)
    }
}

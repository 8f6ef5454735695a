import Exchange
import TestSupport
import Testing

/// QRコード: read back as ISO/IEC 18004 has it, from the modules alone, by a reader that shares nothing with the
/// writer but what inverts a module.
@Suite struct QRSymbolTests {
    /// Version, blocks and correcting codewords of each block, at level L.
    static let sizes: [(version: Int, blocks: Int, corrections: Int, codewords: Int)] = [
        (1, 1, 7, 26), (5, 1, 26, 134), (6, 2, 18, 172), (7, 2, 20, 196), (10, 4, 18, 346),
        (13, 4, 26, 532), (19, 7, 28, 991), (22, 9, 28, 1258),
    ]

    private static func text(_ seed: UInt64, letters: Int, digits: Int) -> (String, QRSymbol?) {
        var random = Seeded(seed)
        let head = "shc:/" + String(repeating: "x", count: letters)
        let tail = (0..<digits).map { _ in UInt8(0x30 + random.next() % 10) }
        let symbol = QRSymbol([.bytes(Array(head.utf8)), .digits(tail)])
        return (head + String(decoding: tail, as: UTF8.self), symbol)
    }

    @Test(arguments: sizes.indices)
    func `what was written is read, and every block is whole`(_ index: Int) throws {
        let size = Self.sizes[index]
        // The most digits that this version holds after five letters.
        let bits = (size.codewords - size.blocks * size.corrections) * 8
        let count = size.version < 10 ? (8, 10) : (16, 12)
        let room = bits - 4 - count.0 - 40 - 4 - count.1
        let digits = room / 10 * 3 + [0, 0, 0, 0, 1, 1, 1, 2, 2, 2][room % 10]
        let (text, symbol) = Self.text(UInt64(index), letters: 0, digits: digits)
        let code = try #require(symbol)
        #expect(code.version == size.version)
        #expect(code.side == 17 + 4 * size.version)
        let reader = QRReader(code)
        #expect(reader.formats.0 == reader.formats.1)
        let blocks = reader.blocks(size.blocks, corrections: size.corrections)
        for block in blocks { #expect(QRReader.syndromes(block, size.corrections) == []) }
        let data = blocks.flatMap { $0.dropLast(size.corrections) }
        #expect(QRReader.text(data, version: size.version) == text)
        // One digit more is the next version's, or nobody's.
        let more = Self.text(1, letters: 0, digits: digits + 1).1
        #expect(more?.version != size.version)
        #expect((more == nil) == (size.version == 22))
    }

    @Test(arguments: 0..<12)
    func `of any length it is read as it was written`(_ step: Int) throws {
        let (text, symbol) = Self.text(UInt64(step), letters: step * 3, digits: step * 11)
        let code = try #require(symbol)
        guard let size = Self.sizes.first(where: { $0.version == code.version }) else { return }
        let blocks = QRReader(code).blocks(size.blocks, corrections: size.corrections)
        let data = blocks.flatMap { $0.dropLast(size.corrections) }
        #expect(QRReader.text(data, version: code.version) == text)
    }

    @Test func `the picture has every black module and the light border`() throws {
        let code = try #require(Self.text(7, letters: 0, digits: 40).1)
        let svg = code.svg
        let black = svg.matches(of: /M\d+ \d+h(\d+)v1/).reduce(0) { $0 + (Int($1.1) ?? 0) }
        #expect(black == code.modules.count { $0 })
        #expect(svg.contains("viewBox=\"0 0 \(code.side + 8) \(code.side + 8)\""))
    }
}

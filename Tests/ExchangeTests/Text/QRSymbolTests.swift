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

/// 読取り: the standard's way back.
private struct QRReader {
    private let code: QRSymbol
    private let side: Int

    init(_ code: QRSymbol) {
        self.code = code
        side = code.side
    }

    private func at(_ row: Int, _ column: Int) -> Bool { code[row: row, column: column] }

    /// The format as it stands at the upper left, and beside the two other finders.
    var formats: (Int, Int) {
        let places =
            (0...5).map { ($0, 8) } + [(7, 8), (8, 8), (8, 7)] + (9..<15).map { (8, 14 - $0) }
        let others = (0..<8).map { (8, side - 1 - $0) } + (8..<15).map { (side - 15 + $0, 8) }
        func read(_ places: [(Int, Int)]) -> Int {
            places.enumerated().reduce(0) {
                $0 | (at($1.element.0, $1.element.1) ? 1 : 0) << $1.offset
            }
        }
        return (read(places), read(others))
    }

    private var mask: Int { (formats.0 ^ 0x5412) >> 10 & 7 }

    private func isPattern(_ row: Int, _ column: Int) -> Bool {
        let (top, left) = (row < 9, column < 9)
        if (top && left) || (top && column >= side - 8) || (left && row >= side - 8) { return true }
        if row == 6 || column == 6 { return true }
        if code.version >= 7 {
            if row < 6 && column >= side - 11 || column < 6 && row >= side - 11 { return true }
        }
        let centres = Self.alignments[code.version] ?? []
        return centres.contains { y in
            centres.contains { x in
                let isFinder =
                    (y, x) == (6, 6) || (y, x) == (6, side - 7) || (y, x) == (side - 7, 6)
                return !isFinder && abs(row - y) <= 2 && abs(column - x) <= 2
            }
        }
    }

    /// ISO/IEC 18004, annex E, of the versions that are looked at.
    private static let alignments: [Int: [Int]] = [
        1: [], 2: [6, 18], 3: [6, 22], 4: [6, 26], 5: [6, 30], 6: [6, 34], 7: [6, 22, 38],
        10: [6, 28, 50], 13: [6, 34, 62], 19: [6, 30, 58, 86], 22: [6, 26, 50, 74, 98],
    ]

    private var codewords: [UInt8] {
        var bits: [Bool] = []
        var isUp = true
        for right in stride(from: side - 1, through: 1, by: -2).map({ $0 <= 6 ? $0 - 1 : $0 }) {
            for row in isUp ? Array((0..<side).reversed()) : Array(0..<side) {
                for column in [right, right - 1] where !isPattern(row, column) {
                    bits.append(at(row, column) != QRSymbol.isInverted(row, column, by: mask))
                }
            }
            isUp.toggle()
        }
        return stride(from: 0, to: bits.count / 8 * 8, by: 8).map { start in
            bits[start..<start + 8].reduce(UInt8(0)) { $0 << 1 | ($1 ? 1 : 0) }
        }
    }

    func blocks(_ count: Int, corrections: Int) -> [[UInt8]] {
        let all = codewords
        let data = all.count - count * corrections
        var blocks: [[UInt8]] = Array(repeating: [], count: count)
        var place = 0
        for row in 0...(data / count) {
            for block in blocks.indices {
                let isLong = block >= count - data % count
                guard row < data / count + (isLong ? 1 : 0) else { continue }
                blocks[block].append(all[place])
                place += 1
            }
        }
        for _ in 0..<corrections {
            for block in blocks.indices {
                blocks[block].append(all[place])
                place += 1
            }
        }
        return blocks
    }

    private static func times(_ one: Int, _ other: Int) -> Int {
        var (left, right, product) = (one, other, 0)
        while right > 0 {
            if right & 1 == 1 { product ^= left }
            left <<= 1
            if left > 255 { left ^= 0x11D }
            right >>= 1
        }
        return product
    }

    /// A block that is whole is divided by every root.
    static func syndromes(_ block: [UInt8], _ count: Int) -> [Int] {
        var root = 1
        var found: [Int] = []
        for _ in 0..<count {
            let value = block.reduce(0) { times($0, root) ^ Int($1) }
            if value != 0 { found.append(value) }
            root = times(root, 2)
        }
        return found
    }

    static func text(_ data: [UInt8], version: Int) -> String {
        let bits = data.flatMap { byte in (0..<8).reversed().map { Int(byte >> $0 & 1) } }
        var place = 0
        func take(_ count: Int) -> Int {
            defer { place += count }
            return bits[place..<place + count].reduce(0) { $0 << 1 | $1 }
        }
        var text = ""
        while bits.count - place >= 4 {
            switch take(4) {
            case 4:
                let bytes = (0..<take(version < 10 ? 8 : 16)).map { _ in UInt8(take(8)) }
                text += String(decoding: bytes, as: UTF8.self)
            case 1:
                var left = take(version < 10 ? 10 : 12)
                while left > 0 {
                    let group = min(left, 3)
                    let digits = String(take(group * 3 + 1))
                    text += String(repeating: "0", count: group - digits.count) + digits
                    left -= group
                }
            default: return text
            }
        }
        return text
    }
}

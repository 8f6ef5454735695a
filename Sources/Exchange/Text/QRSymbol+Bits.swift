/// 符号化 (ISO/IEC 18004, 7.4 and 7.5): the bits of the segments, and the blocks that correct what a reader
/// cannot see.
extension QRSymbol.Segment {
    /// ISO/IEC 18004, table 3.
    func countBits(in version: Int) -> Int {
        switch self {
        case .bytes: version < 10 ? 8 : 16
        case .digits: version < 10 ? 10 : 12
        }
    }

    var bitCount: Int {
        switch self {
        case .bytes(let bytes): bytes.count * 8
        case .digits(let digits): digits.count / 3 * 10 + [0, 4, 7][digits.count % 3]
        }
    }
}

/// The bit stream of a symbol.
struct QRBits {
    private var bits: [Bool] = []

    init(_ segments: [QRSymbol.Segment], in version: Int) {
        for segment in segments {
            switch segment {
            case .bytes(let bytes):
                append(4, 4)
                append(bytes.count, segment.countBits(in: version))
                for byte in bytes { append(Int(byte), 8) }
            case .digits(let digits):
                append(1, 4)
                append(digits.count, segment.countBits(in: version))
                for start in stride(from: 0, to: digits.count, by: 3) {
                    let group = digits[start..<min(start + 3, digits.count)]
                    append(group.reduce(0) { $0 * 10 + Int($1 &- 0x30) }, group.count * 3 + 1)
                }
            }
        }
    }

    private mutating func append(_ value: Int, _ count: Int) {
        for place in (0..<count).reversed() { bits.append(value >> place & 1 == 1) }
    }

    func padded(to count: Int) -> [UInt8] {
        var bits = bits
        bits += Array(repeating: false, count: min(4, count * 8 - bits.count))
        bits += Array(repeating: false, count: (8 - bits.count % 8) % 8)
        var bytes = stride(from: 0, to: bits.count, by: 8).map { start in
            bits[start..<start + 8].reduce(UInt8(0)) { $0 << 1 | ($1 ? 1 : 0) }
        }
        var pad: UInt8 = 0xEC
        while bytes.count < count {
            bytes.append(pad)
            pad ^= 0xEC ^ 0x11
        }
        return bytes
    }
}

/// 誤り訂正のブロック at level L (ISO/IEC 18004, table 9), and what corrects each.
struct QRBlocks {
    private static let corrections = [
        7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28, 28, 28,
    ]
    private static let counts = [
        1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8, 8, 9,
    ]

    let codewords: Int
    let correctionCount: Int
    let count: Int
    var dataCount: Int { codewords - count * correctionCount }

    init(_ version: Int) {
        correctionCount = Self.corrections[version - 1]
        count = Self.counts[version - 1]
        // All modules but those of the patterns.
        var modules = (16 * version + 128) * version + 64
        if version >= 2 {
            let alignments = version / 7 + 2
            modules -= (25 * alignments - 10) * alignments - 55
            if version >= 7 { modules -= 36 }
        }
        codewords = modules / 8
    }

    /// The data, block by block: the later blocks are one codeword longer.
    func split(_ data: [UInt8]) -> [[UInt8]] {
        let short = dataCount / count
        let long = dataCount % count
        var start = 0
        return (0..<count).map { place in
            let end = start + short + (place >= count - long ? 1 : 0)
            defer { start = end }
            return Array(data[start..<end])
        }
    }

    func interleaved(_ data: [UInt8]) -> [UInt8] {
        let blocks = split(data)
        let corrections = blocks.map { GaloisField.remainder(of: $0, degree: correctionCount) }
        var all: [UInt8] = []
        for place in 0...(dataCount / count) {
            for block in blocks where place < block.count { all.append(block[place]) }
        }
        for place in 0..<correctionCount {
            for correction in corrections { all.append(correction[place]) }
        }
        return all
    }
}

/// ガロア体 of 256 elements, by x⁸+x⁴+x³+x²+1.
enum GaloisField {
    static func multiply(_ one: UInt8, _ other: UInt8) -> UInt8 {
        var product = 0
        for place in (0..<8).reversed() {
            product = product << 1 ^ (product >> 7) * 0x11D
            if other >> place & 1 == 1 { product ^= Int(one) }
        }
        return UInt8(product & 0xFF)
    }

    /// Reed-Solomon: what is appended so that the whole is divided by (x-1)(x-2)(x-4)… .
    static func remainder(of data: [UInt8], degree: Int) -> [UInt8] {
        let divisor = divisor(degree)
        var rest = [UInt8](repeating: 0, count: degree)
        for byte in data {
            let factor = byte ^ rest[0]
            rest.removeFirst()
            rest.append(0)
            for place in rest.indices { rest[place] ^= multiply(divisor[place], factor) }
        }
        return rest
    }

    private static func divisor(_ degree: Int) -> [UInt8] {
        var divisor = [UInt8](repeating: 0, count: degree)
        divisor[degree - 1] = 1
        var root: UInt8 = 1
        for _ in 0..<degree {
            for place in divisor.indices {
                divisor[place] = multiply(divisor[place], root)
                if place + 1 < degree { divisor[place] ^= divisor[place + 1] }
            }
            root = multiply(root, 2)
        }
        return divisor
    }
}

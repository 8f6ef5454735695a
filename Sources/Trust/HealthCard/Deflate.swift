/// DEFLATE (RFC 1951) for small texts: one block of fixed Huffman codes, with repetitions found by their
/// first three bytes. Any inflater reads it; nothing here inflates.
package enum Deflate {
    package static func compress(_ bytes: [UInt8]) -> [UInt8] {
        var writer = BitWriter(reservingBytes: bytes.count / 2)
        // The last block, of fixed codes (§3.2.3).
        writer.put(0b011, 3)
        var places: [UInt32: [Int]] = [:]
        var place = 0
        while place < bytes.count {
            let match = longest(in: bytes, at: place, places)
            if let match { write(match, to: &writer) } else { writer.literal(Int(bytes[place])) }
            for _ in 0..<(match?.length ?? 1) {
                if let key = key(bytes, place) { places[key, default: []].append(place) }
                place += 1
            }
        }
        writer.literal(endOfBlock)
        return writer.finished()
    }

    private struct Match {
        let length: Int
        let distance: Int
    }

    private static let endOfBlock = 256
    private static let lengthMax = 258
    private static let distanceMax = 32_768
    /// How many earlier places are looked at: a card's text repeats itself some hundred times at most.
    private static let triesMax = 256

    private static func key(_ bytes: [UInt8], _ place: Int) -> UInt32? {
        guard place + 2 < bytes.count else { return nil }
        return UInt32(bytes[place]) << 16 | UInt32(bytes[place + 1]) << 8 | UInt32(bytes[place + 2])
    }

    private static func longest(
        in bytes: [UInt8], at place: Int, _ places: [UInt32: [Int]]
    ) -> Match? {
        guard let key = key(bytes, place), let earlier = places[key] else { return nil }
        var best: Match?
        for start in earlier.reversed().prefix(triesMax) where place - start <= distanceMax {
            var length = 3
            while length < lengthMax, place + length < bytes.count,
                bytes[start + length] == bytes[place + length]
            { length += 1 }
            if length > best?.length ?? 0 { best = Match(length: length, distance: place - start) }
        }
        return best
    }

    private static func write(_ match: Match, to writer: inout BitWriter) {
        let length = code(of: match.length, in: lengths)
        writer.literal(endOfBlock + 1 + length.code)
        writer.put(length.rest, length.extra)
        let distance = code(of: match.distance, in: distances)
        writer.huffman(distance.code, 5)
        writer.put(distance.rest, distance.extra)
    }

    /// Of each code its least value and how many bits follow it (§3.2.5).
    private static let lengths: [(least: Int, extra: Int)] =
        steps(from: 3, extras: [0, 0, 0, 0, 0, 0, 0, 0] + (1...5).flatMap { [$0, $0, $0, $0] })
        + [(lengthMax, 0)]
    private static let distances: [(least: Int, extra: Int)] =
        steps(from: 1, extras: [0, 0, 0, 0] + (1...13).flatMap { [$0, $0] })

    private static func steps(from first: Int, extras: [Int]) -> [(least: Int, extra: Int)] {
        var least = first
        return extras.map { extra in
            defer { least += 1 << extra }
            return (least, extra)
        }
    }

    private static func code(
        of value: Int, in table: [(least: Int, extra: Int)]
    ) -> (code: Int, rest: Int, extra: Int) {
        let code = table.lastIndex { $0.least <= value } ?? 0
        return (code, value - table[code].least, table[code].extra)
    }
}

/// Bits as DEFLATE packs them: the least significant first, Huffman codes the other way round (§3.1.1).
private struct BitWriter {
    private var bytes: [UInt8] = []
    private var held: UInt64 = 0
    private var count = 0

    init(reservingBytes count: Int) {
        bytes.reserveCapacity(count)
    }

    mutating func put(_ value: Int, _ bits: Int) {
        held |= UInt64(value) << UInt64(count)
        count += bits
        while count >= 8 {
            bytes.append(UInt8(truncatingIfNeeded: held))
            held >>= 8
            count -= 8
        }
    }

    mutating func huffman(_ code: Int, _ bits: Int) {
        var reversed = 0
        for place in 0..<bits where code >> place & 1 == 1 { reversed |= 1 << (bits - 1 - place) }
        put(reversed, bits)
    }

    /// A literal, the end of the block, or a length (§3.2.6).
    mutating func literal(_ symbol: Int) {
        switch symbol {
        case ..<144: huffman(0x30 + symbol, 8)
        case ..<256: huffman(0x190 + symbol - 144, 9)
        case ..<280: huffman(symbol - 256, 7)
        default: huffman(0xC0 + symbol - 280, 8)
        }
    }

    mutating func finished() -> [UInt8] {
        if count > 0 { put(0, 8 - count) }
        return bytes
    }
}

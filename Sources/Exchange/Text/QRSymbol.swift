/// QRコード (JIS X 0510, ISO/IEC 18004): text as black and white modules, at level L and of the smallest version
/// that holds it, up to the 22 that every reader of a card must take.
package struct QRSymbol: Hashable, Sendable {
    /// Part of a text, in the mode that it takes the least room in.
    package enum Segment: Hashable, Sendable {
        case bytes([UInt8])
        /// Decimal digits alone.
        case digits([UInt8])
    }

    package static let versionMax = 22

    package let version: Int
    /// Modules of one side.
    package let side: Int
    /// Row by row; true is black.
    package private(set) var modules: [Bool]
    /// What the standard puts there whatever the text is.
    private var isReserved: [Bool]

    /// `nil` for what does not fit.
    package init?(_ segments: [Segment]) {
        guard
            let version = (1...Self.versionMax).first(where: { version in
                Self.bits(of: segments, in: version) <= QRBlocks(version).dataCount * 8
            })
        else { return nil }
        self.version = version
        side = 17 + 4 * version
        modules = Array(repeating: false, count: side * side)
        isReserved = modules
        drawPatterns()
        let blocks = QRBlocks(version)
        draw(blocks.interleaved(QRBits(segments, in: version).padded(to: blocks.dataCount)))
        let plain = modules
        var best: (penalty: Int, modules: [Bool])?
        for mask in 0..<8 {
            modules = plain
            apply(mask: mask)
            drawFormat(mask: mask)
            let penalty = QRPenalty.of(modules, side: side)
            if penalty < best?.penalty ?? .max { best = (penalty, modules) }
        }
        if let best { modules = best.modules }
    }

    package subscript(row row: Int, column column: Int) -> Bool {
        modules[row * side + column]
    }

    private static func bits(of segments: [Segment], in version: Int) -> Int {
        segments.reduce(0) { $0 + 4 + $1.countBits(in: version) + $1.bitCount }
    }
}

extension QRSymbol {
    private mutating func set(_ row: Int, _ column: Int, _ isBlack: Bool) {
        modules[row * side + column] = isBlack
        isReserved[row * side + column] = true
    }

    private mutating func drawPatterns() {
        for place in 0..<side {
            set(6, place, place % 2 == 0)
            set(place, 6, place % 2 == 0)
        }
        for (row, column) in [(3, 3), (3, side - 4), (side - 4, 3)] { drawFinder(row, column) }
        let centres = alignments
        for (i, row) in centres.enumerated() {
            for (j, column) in centres.enumerated() {
                let last = centres.count - 1
                let isFinder = (i == 0 && j == 0) || (i == 0 && j == last) || (i == last && j == 0)
                if !isFinder { drawAlignment(row, column) }
            }
        }
        drawFormat(mask: 0)
        drawVersion()
    }

    private mutating func drawFinder(_ row: Int, _ column: Int) {
        for y in -4...4 {
            for x in -4...4 where (0..<side).contains(row + y) && (0..<side).contains(column + x) {
                let distance = max(abs(x), abs(y))
                set(row + y, column + x, distance != 2 && distance != 4)
            }
        }
    }

    private mutating func drawAlignment(_ row: Int, _ column: Int) {
        for y in -2...2 {
            for x in -2...2 { set(row + y, column + x, max(abs(x), abs(y)) != 1) }
        }
    }

    /// 位置合せパターンの中心 (ISO/IEC 18004, annex E), evenly apart from the end.
    private var alignments: [Int] {
        guard version > 1 else { return [] }
        let count = version / 7 + 2
        let step = (version * 4 + count * 2 + 1) / (count * 2 - 2) * 2
        return [6] + (0..<count - 1).map { side - 7 - $0 * step }.reversed()
    }

    private mutating func drawFormat(mask: Int) {
        // Level L is 01.
        let data = 1 << 3 | mask
        var rest = data
        for _ in 0..<10 { rest = rest << 1 ^ (rest >> 9) * 0x537 }
        let bits = (data << 10 | rest) ^ 0x5412
        func bit(_ place: Int) -> Bool { bits >> place & 1 == 1 }
        for place in 0...5 { set(place, 8, bit(place)) }
        set(7, 8, bit(6))
        set(8, 8, bit(7))
        set(8, 7, bit(8))
        for place in 9..<15 { set(8, 14 - place, bit(place)) }
        for place in 0..<8 { set(8, side - 1 - place, bit(place)) }
        for place in 8..<15 { set(side - 15 + place, 8, bit(place)) }
        set(side - 8, 8, true)
    }

    private mutating func drawVersion() {
        guard version >= 7 else { return }
        var rest = version
        for _ in 0..<12 { rest = rest << 1 ^ (rest >> 11) * 0x1F25 }
        let bits = version << 12 | rest
        for place in 0..<18 {
            let isBlack = bits >> place & 1 == 1
            let (far, near) = (side - 11 + place % 3, place / 3)
            set(near, far, isBlack)
            set(far, near, isBlack)
        }
    }

    /// From the lower right, two columns at a time, up and down.
    private mutating func draw(_ codewords: [UInt8]) {
        var place = 0
        var right = side - 1
        while right >= 1 {
            if right == 6 { right = 5 }
            for step in 0..<side {
                let isUpward = (right + 1) & 2 == 0
                let row = isUpward ? side - 1 - step : step
                for column in [right, right - 1]
                where !isReserved[row * side + column] && place < codewords.count * 8 {
                    modules[row * side + column] = codewords[place >> 3] >> (7 - place & 7) & 1 == 1
                    place += 1
                }
            }
            right -= 2
        }
    }

    private mutating func apply(mask: Int) {
        for row in 0..<side {
            for column in 0..<side where !isReserved[row * side + column] {
                if Self.isInverted(row, column, by: mask) { modules[row * side + column].toggle() }
            }
        }
    }

    /// ISO/IEC 18004, table 10.
    package static func isInverted(_ row: Int, _ column: Int, by mask: Int) -> Bool {
        switch mask {
        case 0: (row + column) % 2 == 0
        case 1: row % 2 == 0
        case 2: column % 3 == 0
        case 3: (row + column) % 3 == 0
        case 4: (row / 2 + column / 3) % 2 == 0
        case 5: row * column % 2 + row * column % 3 == 0
        case 6: (row * column % 2 + row * column % 3) % 2 == 0
        default: ((row + column) % 2 + row * column % 3) % 2 == 0
        }
    }
}

/// 失点 (ISO/IEC 18004, 7.8.3): what a reader has trouble with; the mask with the least is taken.
private enum QRPenalty {
    static func of(_ modules: [Bool], side: Int) -> Int {
        var penalty = 0
        for line in 0..<side {
            penalty += runs((0..<side).map { modules[line * side + $0] })
            penalty += runs((0..<side).map { modules[$0 * side + line] })
        }
        for row in 0..<side - 1 {
            for column in 0..<side - 1 {
                let first = modules[row * side + column]
                let isBlock =
                    modules[row * side + column + 1] == first
                    && modules[(row + 1) * side + column] == first
                    && modules[(row + 1) * side + column + 1] == first
                if isBlock { penalty += 3 }
            }
        }
        let black = modules.count { $0 }
        return penalty + abs(black * 20 - modules.count * 10) / modules.count * 10
    }

    /// Five and more of one colour, and what looks like a finder.
    private static func runs(_ line: [Bool]) -> Int {
        var penalty = 0
        var length = 0
        for place in line.indices {
            length = place > 0 && line[place] == line[place - 1] ? length + 1 : 1
            if length == 5 { penalty += 3 } else if length > 5 { penalty += 1 }
        }
        let finder = [true, false, true, true, true, false, true]
        let light = [false, false, false, false]
        for place in 0...max(line.count - 11, 0) where line.count >= 11 {
            let eleven = Array(line[place..<place + 11])
            if eleven == finder + light || eleven == light + finder { penalty += 40 }
        }
        return penalty
    }
}

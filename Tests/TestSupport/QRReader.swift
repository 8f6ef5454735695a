package import Exchange

/// 読取り: the standard's way back.
package struct QRReader {
    private let modules: Set<Int>
    private let side: Int
    private let version: Int

    package init(_ code: QRSymbol) {
        self.init(side: code.side, modules: Set(code.modules.indices.filter { code.modules[$0] }))
    }

    /// Of the first picture that stands on a page; `nil` where none does.
    package init?(page: String) {
        guard let end = page.firstRange(of: "</svg>") else { return nil }
        let picture = page[..<end.lowerBound]
        guard let size = picture.firstMatch(of: #/viewBox="0 0 (\d+) /#).flatMap({ Int($0.1) })
        else { return nil }
        let side = size - 8
        var modules: Set<Int> = []
        for run in picture.matches(of: /M(\d+) (\d+)h(\d+)v1/) {
            guard let left = Int(run.1), let row = Int(run.2), let count = Int(run.3) else {
                return nil
            }
            for column in left - 4..<left - 4 + count { modules.insert((row - 4) * side + column) }
        }
        self.init(side: side, modules: modules)
    }

    private init(side: Int, modules: Set<Int>) {
        self.side = side
        self.modules = modules
        version = (side - 17) / 4
    }

    private func at(_ row: Int, _ column: Int) -> Bool { modules.contains(row * side + column) }

    /// The format as it stands at the upper left, and beside the two other finders.
    package var formats: (Int, Int) {
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
        if version >= 7 {
            if row < 6 && column >= side - 11 || column < 6 && row >= side - 11 { return true }
        }
        let centres = Self.alignments[version] ?? []
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

    package func blocks(_ count: Int, corrections: Int) -> [[UInt8]] {
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
    package static func syndromes(_ block: [UInt8], _ count: Int) -> [Int] {
        var root = 1
        var found: [Int] = []
        for _ in 0..<count {
            let value = block.reduce(0) { times($0, root) ^ Int($1) }
            if value != 0 { found.append(value) }
            root = times(root, 2)
        }
        return found
    }

    package static func text(_ data: [UInt8], version: Int) -> String {
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

/// The same numbers for the same seed, for ever (SplitMix64): a failing property prints its seed as the
/// argument of the test, and that seed alone fails again.
package struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    package init(_ seed: UInt64) {
        state = seed
    }

    package static func seeds(_ count: Int) -> [UInt64] {
        (0..<UInt64(count)).map { 0x7473_756E_6167_6900 + $0 }
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    package mutating func int(_ range: ClosedRange<Int>) -> Int {
        Int.random(in: range, using: &self)
    }

    package mutating func oneIn(_ count: Int) -> Bool { int(1...count) == 1 }

    package mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[int(0...(elements.count - 1))]
    }

    package mutating func digits(_ count: Int) -> String {
        String((0..<count).map { _ in Character("\(int(0...9))") })
    }

    /// Twelve digits with a valid check digit, by the rule written out once more.
    package mutating func individualNumber() -> String {
        let body = digits(11)
        let weights = [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]
        let sum = zip(body, weights).reduce(0) { $0 + ($1.0.wholeNumberValue ?? 0) * $1.1 }
        let rest = sum % 11
        return body + "\(rest <= 1 ? 0 : 11 - rest)"
    }

    /// Text of any scalar but U+0000: kana, kanji, IVS, private use, emoji, controls, quotes.
    package mutating func text(scalarsMax: Int) -> String {
        let ranges: [ClosedRange<Int>] = [
            0x20...0x7E, 0x01...0x1F, 0x22...0x22, 0x5C...0x5C, 0xA0...0x24F, 0x3041...0x30FF,
            0x4E00...0x9FFF, 0xFF01...0xFF9F, 0xE000...0xF8FF, 0xE0100...0xE01EF,
            0x20000...0x2A6DF, 0x1F300...0x1F6FF, 0x2028...0x2029, 0x3099...0x309A,
            0x10FFFD...0x10FFFD,
        ]
        var scalars = String.UnicodeScalarView()
        for _ in 0..<int(0...scalarsMax) {
            if let scalar = Unicode.Scalar(UInt32(int(pick(ranges)))) { scalars.append(scalar) }
        }
        return String(scalars)
    }
}

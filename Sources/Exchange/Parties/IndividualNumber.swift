/// 個人番号: exists only between the wire of an entitled office and the keyed hash it becomes at the
/// door. It has no description, is not Codable, and shows nothing to a mirror.
package struct IndividualNumber: Hashable, Sendable, CustomReflectable {
    private let number: UInt64

    /// Twelve ASCII digits with the check digit of 平成26年総務省令第85号5条; else `.malformed(item)`.
    package init(_ text: some Collection<UInt8>, item: String = "myNumber") throws(Refusal) {
        guard text.count == 12, let digits = Digits.values(text), let number = Self(digits)
        else {
            throw .malformed(item)
        }
        self = number
    }

    package init(_ text: String, item: String = "myNumber") throws(Refusal) {
        try self.init(text.utf8, item: item)
    }

    init?(_ digits: [Int]) {
        guard digits.count == 12, digits[11] == Self.checkDigit(digits[..<11]) else { return nil }
        number = digits.reduce(0) { $0 * 10 + UInt64($1) }
    }

    package var customMirror: Mirror { Mirror(self, children: [:]) }

    /// The only way out: twelve ASCII digits for the keyed hash, wiped when `body` returns.
    package func withDigits<Answer, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Answer
    ) throws(Failure) -> Answer {
        var digits = asciiDigits
        defer { for place in digits.indices { digits[place] = 0 } }
        return try digits.withUnsafeBufferPointer { buffer throws(Failure) in
            try body(UnsafeRawBufferPointer(buffer))
        }
    }

    /// Whether these very digits stand in `text`, whatever is written between them.
    func isWritten(in text: String) -> Bool {
        guard text.utf8.count >= 12 else { return false }
        return isRead(in: text) || HiddenText(in: text).texts.contains(where: isRead)
    }

    private func isRead(in text: String) -> Bool {
        guard DigitRuns.hasRoom(in: text) else { return false }
        let digits = text.unicodeScalars.compactMap(DigitRuns.digit)
        let own = asciiDigits.map { Int($0) - 0x30 }
        guard digits.count >= 12 else { return false }
        return (0...(digits.count - 12)).contains { digits[$0..<($0 + 12)].elementsEqual(own) }
    }

    private var asciiDigits: [UInt8] {
        var digits = [UInt8](repeating: 0x30, count: 12)
        var rest = number
        for place in digits.indices.reversed() {
            digits[place] += UInt8(rest % 10)
            rest /= 10
        }
        return digits
    }

    /// Weights 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2; modulus 11; remainders 0 and 1 become 0.
    private static func checkDigit(_ digits: ArraySlice<Int>) -> Int {
        let sum = zip(digits, [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]).reduce(0) { $0 + $1.0 * $1.1 }
        return sum % 11 <= 1 ? 0 : 11 - sum % 11
    }
}

extension IndividualNumber {
    /// Whether free text carries what may be an individual number: twelve digits with a valid check
    /// digit, ASCII or full-width, in one run or in equal groups (`1234 5678 9018`,
    /// `123456-789018`), as they stand or in hexadecimal or base64.
    ///
    /// A longer run of digits does not count, and unequal groups (telephone numbers, dates) do not
    /// either.
    package static func looksLikeOne(in text: String) -> Bool {
        guard text.utf8.count >= 12 else { return false }
        return isRead(in: text) || isHidden(in: text)
    }

    /// The same of a text whose own digits are too few.
    static func isHidden(in text: String) -> Bool {
        HiddenText(in: text).texts.contains(where: isRead)
    }

    private static func isRead(in text: String) -> Bool {
        DigitRuns.hasRoom(in: text)
            && DigitRuns(text).candidates.contains { IndividualNumber($0) != nil }
    }
}

/// The digit groups of a text and what stands between them.
struct DigitRuns {
    /// Each chain is groups with nothing but spaces or hyphens between one and the next.
    private var chains: [[[Int]]] = []

    init(_ text: String) {
        var chain: [[Int]] = []
        var group: [Int] = []
        var gap = 0
        for scalar in text.unicodeScalars {
            if let digit = Self.digit(scalar) {
                // Three characters between groups cover " - "; more is another number.
                if gap > 3 { Self.close(&chain, into: &chains) }
                gap = 0
                group.append(digit)
            } else if Self.isInvisible(scalar) {
                continue
            } else {
                if !group.isEmpty { chain.append(group) }
                group = []
                gap += 1
                if !Self.isSeparator(scalar) { Self.close(&chain, into: &chains) }
            }
        }
        if !group.isEmpty { chain.append(group) }
        Self.close(&chain, into: &chains)
    }

    /// Whether the text may hold twelve digits, told by its bytes alone: most texts do not, and are not
    /// taken apart. Of UTF-8, E3 to E9 begin U+3000 to U+9FFF, among which there is no digit.
    static func hasRoom(in text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            var count = 0
            for byte in bytes {
                switch byte {
                case 0x30...0x39, 0xC2...0xE2, 0xEA...0xF4: count += 1
                default: break
                }
            }
            return count >= 12
        }
    }

    private static func close(_ chain: inout [[Int]], into chains: inout [[[Int]]]) {
        if !chain.isEmpty { chains.append(chain) }
        chain = []
    }

    /// Every twelve digits that stand alone as one group, or as a whole stretch of equal groups.
    var candidates: [[Int]] {
        var found: [[Int]] = []
        for chain in chains {
            var stretch: [[Int]] = []
            for group in chain {
                if group.count == 12 { found.append(group) }
                if let last = stretch.last, last.count != group.count {
                    found.append(stretch.flatMap(\.self))
                    stretch = []
                }
                stretch.append(group)
            }
            found.append(stretch.flatMap(\.self))
        }
        return found.filter { $0.count == 12 }
    }

    static func digit(_ scalar: Unicode.Scalar) -> Int? {
        switch scalar.value {
        case 0x30...0x39: return Int(scalar.value - 0x30)
        case 0xFF10...0xFF19: return Int(scalar.value - 0xFF10)
        // Nearly every character of a Japanese text: no look-up needed.
        case 0...0xFF, 0x3000...0x9FFF, 0xF900...0xFFEF: return nil
        default:
            guard scalar.properties.numericType == .decimal else { return nil }
            return scalar.properties.numericValue.map { Int($0) }
        }
    }

    private static func isSeparator(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20, 0x09, 0xA0, 0x2000...0x200A, 0x202F, 0x205F, 0x3000: true
        case 0x2D, 0x2E, 0x5F, 0xAD, 0xB7, 0x2010...0x2015, 0x2043, 0x2212, 0x2500, 0x30FB, 0x30FC:
            true
        case 0xFE58, 0xFE63, 0xFF0D, 0xFF0E, 0xFF3F, 0xFF65, 0xFF70: true
        default: false
        }
    }

    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x2064, 0xFE00...0xFE0F, 0xFEFF: true
        default: false
        }
    }
}

/// 隠れた文字: what a text says once more where part of it is hexadecimal or base64 of other text, as
/// attachments, copied bytes and careless programs have it. One layer deep.
struct HiddenText {
    /// Twelve digits are sixteen letters of base64 and twenty-four of hexadecimal.
    private static let lettersMin = 16
    private static let digitsMin = 12

    /// What was found, as text: nothing that could hold twelve digits is left out.
    private(set) var texts: [String] = []

    /// Whether there is a stretch of letters long enough, which most texts have not.
    static func hasRoom(in bytes: some Sequence<UInt8>) -> Bool {
        var letters = 0
        for byte in bytes {
            letters = value(byte) == nil ? 0 : letters + 1
            if letters == lettersMin { return true }
        }
        return false
    }

    init(in text: String) {
        var text = text
        text.withUTF8 { bytes in
            var start = 0
            for place in 0...bytes.count {
                if place < bytes.count, Self.value(bytes[place]) != nil { continue }
                if place - start >= Self.lettersMin { read(bytes[start..<place]) }
                start = place + 1
            }
        }
    }

    private mutating func read(_ letters: Slice<UnsafeBufferPointer<UInt8>>) {
        // Most words are no base64 of anything: counted first, so that they cost no memory.
        var digits = 0
        Self.base64(letters) { digits += Self.mayBeDigit($0) ? 1 : 0 }
        if digits >= Self.digitsMin {
            var bytes: [UInt8] = []
            Self.base64(letters) { bytes.append($0) }
            keep(bytes)
        }
        guard letters.count >= 2 * Self.digitsMin else { return }
        // Hexadecimal may stand at the end of a longer word.
        for stretch in letters.split(whereSeparator: { Self.nibble($0) == nil })
        where stretch.count >= 2 * Self.digitsMin {
            keep(Self.hexadecimal(stretch))
            keep(Self.hexadecimal(stretch.dropFirst()))
        }
    }

    private mutating func keep(_ bytes: [UInt8]) {
        let digits = bytes.count(where: Self.mayBeDigit)
        if digits >= Self.digitsMin { texts.append(String(decoding: bytes, as: UTF8.self)) }
    }

    /// Whole bytes alone: what stands over at the end, and padding, is nothing.
    private static func base64(
        _ letters: Slice<UnsafeBufferPointer<UInt8>>, _ take: (UInt8) -> Void
    ) {
        var bits: UInt32 = 0
        var count: UInt32 = 0
        for letter in letters {
            bits = bits << 6 | UInt32(value(letter) ?? 0)
            count += 6
            if count >= 8 {
                count -= 8
                take(UInt8(truncatingIfNeeded: bits >> count))
            }
        }
    }

    /// A full-width digit is three bytes, all of them over 0x7F.
    private static func mayBeDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || byte >= 0x80
    }

    private static func hexadecimal(_ letters: Slice<UnsafeBufferPointer<UInt8>>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(letters.count / 2)
        var high: UInt8?
        for letter in letters {
            guard let nibble = nibble(letter) else { break }
            if let first = high {
                bytes.append(first << 4 | nibble)
                high = nil
            } else {
                high = nibble
            }
        }
        return bytes
    }

    /// Both alphabets of RFC 4648 §4 and §5.
    private static func value(_ letter: UInt8) -> UInt8? {
        switch letter {
        case 0x41...0x5A: letter - 0x41
        case 0x61...0x7A: letter - 0x61 + 26
        case 0x30...0x39: letter - 0x30 + 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }

    private static func nibble(_ letter: UInt8) -> UInt8? {
        switch letter {
        case 0x30...0x39: letter - 0x30
        case 0x41...0x46: letter - 0x41 + 10
        case 0x61...0x66: letter - 0x61 + 10
        default: nil
        }
    }
}

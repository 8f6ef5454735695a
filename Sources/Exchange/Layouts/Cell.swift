/// 項目の値: the bytes of one field, looked through once; text is made only for those who ask.
struct Cell {
    /// What one pass over the bytes shows.
    struct Summary {
        var characters = 0
        /// Half-width and full-width digits.
        var digits = 0
        var isASCII = true
        var hasControl = false
        var hasLineEnd = false
        var hasHalfWidth = false
        var hasFullWidth = false
        var hasPrivateUse = false
        var isReadable = true

        fileprivate mutating func take(_ scalar: Unicode.Scalar?) {
            characters += 1
            guard let scalar else {
                isReadable = false
                return
            }
            if scalar.value < 0x80 {
                takeASCII(UInt8(scalar.value))
                return
            }
            if DigitRuns.digit(scalar) != nil { digits += 1 }
            if scalar.isControl { hasControl = true }
            if scalar.isPrivateUse { hasPrivateUse = true }
            if (0xFF61...0xFF9F).contains(scalar.value) {
                hasHalfWidth = true
            } else {
                hasFullWidth = true
            }
        }

        fileprivate mutating func takeASCII(_ byte: UInt8) {
            hasHalfWidth = true
            switch byte {
            case 0x30...0x39: digits += 1
            case 0x0A, 0x0D: hasLineEnd = true
            case 0..<0x20, 0x7F: hasControl = true
            default: break
            }
        }
    }

    let bytes: ArraySlice<UInt8>
    let characters: Characters
    let summary: Summary

    init(_ bytes: ArraySlice<UInt8>, _ characters: Characters) {
        self.bytes = bytes
        self.characters = characters
        var summary = Summary()
        if bytes.allSatisfy({ $0 < 0x80 }) {
            for byte in bytes { summary.takeASCII(byte) }
            summary.characters = bytes.count
        } else {
            summary.isASCII = false
            characters.forEach(in: bytes) { summary.take($0) }
        }
        self.summary = summary
    }

    var text: String? {
        summary.isASCII ? String(decoding: bytes, as: UTF8.self) : characters.text(of: bytes)
    }

    /// Full-width letters, digits and signs as half-width ones; `nil` when something else is in it.
    var folded: [UInt8]? {
        var ascii: [UInt8]? = []
        characters.forEach(in: bytes) { scalar in
            switch scalar?.value {
            case .some(let value) where value < 0x80: ascii?.append(UInt8(value))
            case .some(let value) where (0xFF01...0xFF5E).contains(value):
                ascii?.append(UInt8(value - 0xFEE0))
            case 0x3000: ascii?.append(0x20)
            default: ascii = nil
            }
        }
        return ascii
    }

    /// Without the spaces that systems of fixed columns leave around a value.
    static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var bytes = bytes
        while bytes.first == 0x20 { bytes.removeFirst() }
        while bytes.last == 0x20 { bytes.removeLast() }
        return bytes
    }
}

/// A value as its column reads it.
enum CellValue {
    case absent
    /// Not what the column asks for; a finding says so.
    case refused
    case text
    case day(CalendarDay)
    case birthDate(WrittenDay)
    case partialDay(WrittenDay)
    case flag(Bool)
    case integer(Int)
    /// Place among the column's codes.
    case code(Int)
    case individualNumber(IndividualNumber)
}

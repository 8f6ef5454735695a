/// 文字表: one double-byte encoding as a table both ways. The table of CP932 is glibc's own, which the
/// ledger asks for once (`CharacterTable.cp932`): here nothing may be imported. A class, because
/// every field of a file carries it.
package final class CharacterTable: Sendable {
    /// By the byte, or by both bytes of a pair, first byte high; 0 where there is no character.
    private let scalars: [UInt32]
    /// By scalar of the basic plane: the byte, or both; 0 where it cannot be written.
    private let codes: [UInt16]

    /// `decode` gives the character of one byte, or of two; `encode` the bytes of a scalar: 1 or 2.
    package init(
        decode: (_ bytes: [UInt8]) -> Unicode.Scalar?, encode: (Unicode.Scalar) -> [UInt8]?
    ) {
        var scalars = [UInt32](repeating: 0, count: 0x10000)
        for first in UInt8.min...UInt8.max {
            if let scalar = decode([first]) {
                scalars[Int(first)] = scalar.value
                continue
            }
            for second in UInt8(0x40)...0xFC {
                if let scalar = decode([first, second]) {
                    scalars[Int(first) << 8 | Int(second)] = scalar.value
                }
            }
        }
        var codes = [UInt16](repeating: 0, count: 0x10000)
        for value in UInt32(0)...0xFFFF {
            guard let scalar = Unicode.Scalar(value), let bytes = encode(scalar) else { continue }
            codes[Int(value)] = bytes.reduce(0) { $0 << 8 | UInt16($1) }
        }
        self.scalars = scalars
        self.codes = codes
    }

    /// The character at the front of `bytes` and its length; a byte that begins none is unreadable
    /// by itself, so that one damaged byte spoils one character.
    func character(at index: Int, in bytes: UnsafeBufferPointer<UInt8>)
        -> (scalar: Unicode.Scalar?, length: Int)
    {
        let first = Int(bytes[index])
        if first < 0x80 { return (Unicode.Scalar(UInt8(first)), 1) }
        let single = scalars[first]
        if single != 0 { return (Unicode.Scalar(single), 1) }
        guard index + 1 < bytes.count else { return (nil, 1) }
        let pair = scalars[first << 8 | Int(bytes[index + 1])]
        return pair == 0 ? (nil, 1) : (Unicode.Scalar(pair), 2)
    }

    /// The bytes of a character, or `nil` when this encoding has none for it.
    func code(of scalar: Unicode.Scalar) -> UInt16? {
        guard scalar.value < 0x10000 else { return nil }
        let code = codes[Int(scalar.value)]
        return code == 0 && scalar.value != 0 ? nil : code
    }
}

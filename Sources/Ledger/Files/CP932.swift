package import Exchange
import Glibc

/// CP932 exactly as glibc's iconv has it: the one converter at hand that knows the NEC and IBM
/// extensions and 外字, and writes 〜 and − too. `SHIFT_JIS` and `SHIFT_JISX0213` are other encodings.
extension CharacterTable {
    /// Made once; takes some tens of milliseconds.
    package static let cp932: CharacterTable = {
        let reading = Converter(from: "CP932", to: "UTF-32LE")
        let writing = Converter(from: "UTF-32LE", to: "CP932")
        return CharacterTable(
            decode: { bytes in
                guard let units = reading.convert(bytes), units.count == 4 else { return nil }
                return Unicode.Scalar(units.reversed().reduce(0) { $0 << 8 | UInt32($1) })
            },
            encode: { scalar in
                writing.convert((0..<4).map { UInt8(truncatingIfNeeded: scalar.value >> ($0 * 8)) })
            })
    }()
}

/// One direction of iconv, for a few bytes at a time.
private final class Converter {
    private let descriptor: iconv_t?

    /// A glibc without this converter (a stripped container) converts nothing, and then no text of
    /// CP932 can be read: every character is reported, none is guessed.
    init(from source: String, to target: String) {
        let opened = iconv_open(target, source)
        descriptor = Int(bitPattern: opened) == -1 ? nil : opened
    }

    deinit {
        if let descriptor { iconv_close(descriptor) }
    }

    /// `nil` when the bytes are not exactly whole characters of the source that the target has.
    func convert(_ bytes: [UInt8]) -> [UInt8]? {
        guard let descriptor else { return nil }
        _ = iconv(descriptor, nil, nil, nil, nil)
        var input = bytes.map { CChar(bitPattern: $0) }
        var output = [CChar](repeating: 0, count: 8)
        var left = input.count
        var room = output.count
        let result = input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                var from = source.baseAddress
                var to = target.baseAddress
                // Not 0: an error, or a character that was only approximated.
                return iconv(descriptor, &from, &left, &to, &room)
            }
        }
        guard result == 0, left == 0 else { return nil }
        return output.prefix(output.count - room).map { UInt8(bitPattern: $0) }
    }
}

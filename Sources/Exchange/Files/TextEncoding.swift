/// 文字コード: the encodings municipal files come in.
package enum TextEncoding: String, CaseIterable, Hashable, Sendable {
    /// Shift_JIS as Windows writes it, with the NEC and IBM extensions and 外字.
    case cp932
    case utf8 = "utf-8"
    case utf8WithMark = "utf-8-bom"

    package static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

    package var isUTF8: Bool { self != .cp932 }

    /// The IANA name; CP932 is `Windows-31J` there.
    package var charset: String { self == .cp932 ? "Windows-31J" : "UTF-8" }

    /// What a stretch with bytes of 0x80 and above is written in. Japanese text is three bytes a
    /// character in UTF-8 and hardly ever looks so in CP932; damage makes a few of any text
    /// ill-formed: what is more by far decides.
    static func judged(from sample: ArraySlice<UInt8>) -> TextEncoding {
        var wellFormed = 0
        var illFormed = 0
        var decoder = UTF8()
        var bytes = sample.makeIterator()
        scan: while true {
            switch decoder.decode(&bytes) {
            case .scalarValue(let scalar): wellFormed += scalar.value < 0x800 ? 0 : 1
            case .error: illFormed += 1
            case .emptyInput: break scan
            }
        }
        guard wellFormed == 0 else { return wellFormed > illFormed * 8 ? .utf8 : .cp932 }
        // Nothing but accented letters, or half-width kana that happen to pair up like them.
        let isKana = sample.allSatisfy { $0 < 0x80 || (0xA1...0xDF).contains($0) }
        return illFormed == 0 && !isKana ? .utf8 : .cp932
    }
}

/// The first bytes of a file: takes off the byte-order mark, tells what is no text, and finds the
/// encoding once there is something to tell it by. What it finds does not depend on the blocks.
struct TextIntake: Sendable {
    /// 64 KiB from the first byte beyond ASCII: some 300 rows, and no more is ever held back.
    private static let sampleBytes = 64 * 1024

    private var held: [UInt8] = []
    private var isBegun = false
    /// Until it is known everything was ASCII, which is the same in all.
    private(set) var encoding: TextEncoding?

    init() {}

    /// Text whose encoding is known, without a mark.
    init(known encoding: TextEncoding) { self.encoding = encoding }

    /// What of the file can be read now.
    mutating func take(_ block: ArraySlice<UInt8>, isLast: Bool = false) throws(FileFault)
        -> ArraySlice<UInt8>
    {
        if encoding != nil, held.isEmpty { return block }
        held += block
        // Eight bytes tell every kind of file apart.
        guard isLast || held.count >= 8 else { return [] }
        if !isBegun {
            isBegun = true
            try begin()
        }
        if encoding == nil {
            guard let first = held.firstIndex(where: { $0 >= 0x80 }) else { return release() }
            guard isLast || held.count - first >= Self.sampleBytes else {
                // Rows before the first such byte wait with it: they are few, or gone already.
                return []
            }
            encoding = .judged(from: held[first...].prefix(Self.sampleBytes))
        }
        return release()
    }

    private mutating func release() -> ArraySlice<UInt8> {
        defer { held = [] }
        return held[...]
    }

    private mutating func begin() throws(FileFault) {
        for (kind, magic) in Self.otherKinds where held.starts(with: magic) {
            throw FileFault(.notText(kind))
        }
        if held.starts(with: TextEncoding.mark) {
            encoding = .utf8WithMark
            held.removeFirst(TextEncoding.mark.count)
        }
    }

    private static let otherKinds: [(String, [UInt8])] = [
        ("ZIP/Excel (xlsx)", [0x50, 0x4B, 0x03, 0x04]), ("ZIP", [0x50, 0x4B, 0x05, 0x06]),
        ("gzip", [0x1F, 0x8B]), ("Excel (xls)", [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]),
        ("PDF", [0x25, 0x50, 0x44, 0x46, 0x2D]), ("UTF-16", [0xFF, 0xFE]),
        ("UTF-16", [0xFE, 0xFF]),
    ]
}

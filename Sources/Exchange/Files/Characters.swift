/// 文字の読み書き: text of a file in its encoding, in and out. Nothing is dropped: what cannot be read or
/// written is told with its place.
package struct Characters: Sendable {
    package let encoding: TextEncoding
    private let table: CharacterTable

    package init(_ encoding: TextEncoding, table: CharacterTable) {
        self.encoding = encoding
        self.table = table
    }

    /// Every character in order; `nil` for a byte that is none.
    func forEach(in bytes: ArraySlice<UInt8>, _ body: (Unicode.Scalar?) -> Void) {
        guard encoding.isUTF8 else {
            bytes.withUnsafeBufferPointer { buffer in
                var index = 0
                while index < buffer.count {
                    let (scalar, length) = table.character(at: index, in: buffer)
                    body(scalar)
                    index += length
                }
            }
            return
        }
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar): body(scalar)
            case .error: body(nil)
            case .emptyInput: return
            }
        }
    }

    /// The text, or `nil` when some of it cannot be read.
    package func text(of bytes: ArraySlice<UInt8>) -> String? {
        if encoding.isUTF8 {
            return bytes.withUnsafeBufferPointer { String(validUTF8: $0) }
        }
        var isReadable = true
        // Two bytes become three at most, and a half-width kana, which is one, becomes three too.
        let text = String(unsafeUninitializedCapacity: bytes.count * 3) { room in
            var count = 0
            forEach(in: bytes) { scalar in
                guard let scalar else {
                    isReadable = false
                    return
                }
                UTF8.encode(scalar) {
                    room[count] = $0
                    count += 1
                }
            }
            return count
        }
        return isReadable ? text : nil
    }

    /// 外字 and unreadable bytes of a field, with their places.
    package func places(in bytes: ArraySlice<UInt8>) -> [CharacterPlace] {
        var places: [CharacterPlace] = []
        var position = 0
        forEach(in: bytes) { scalar in
            position += 1
            guard let scalar else {
                places.append(CharacterPlace(position: position, code: nil))
                return
            }
            guard scalar.isPrivateUse else { return }
            let code = encoding.isUTF8 ? nil : table.code(of: scalar)
            places.append(
                CharacterPlace(
                    position: position,
                    code: code.map { Hexadecimal.upper(UInt32($0)) }
                        ?? CharacterPlace.unicode(scalar)))
        }
        return places
    }
}

/// 文字の位置: a character that needs a word, by its place in its field.
package struct CharacterPlace: Hashable, Sendable {
    /// From 1, as the reader counts characters.
    package let position: Int
    /// The owner's own code (`F040`), or `U+20BB7`; `nil` for a byte that is no character.
    package let code: String?

    package init(position: Int, code: String?) {
        self.position = position
        self.code = code
    }

    static func unicode(_ scalar: Unicode.Scalar) -> String {
        "U+" + Hexadecimal.upper(scalar.value)
    }
}

extension Characters {
    /// 外字の持ち主: a private-use character is a picture only its owner's systems know.
    package enum Reader: Sendable {
        /// The body the characters came from.
        case owner
        case stranger
    }

    /// The bytes of `text` for a reader. What cannot be written stands as 〓 and is told with its
    /// place; a variation selector has no room of its own, so its base character stands alone.
    package func bytes(of text: String, for reader: Reader = .owner)
        -> (bytes: [UInt8], unwritten: [CharacterPlace])
    {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var unwritten: [CharacterPlace] = []
        for (index, scalar) in text.unicodeScalars.enumerated() {
            let isHidden = reader == .stranger && scalar.isPrivateUse
            if !isHidden, write(scalar, into: &bytes) { continue }
            unwritten.append(
                CharacterPlace(position: index + 1, code: CharacterPlace.unicode(scalar)))
            if !scalar.properties.isVariationSelector { _ = write(Self.stand, into: &bytes) }
        }
        return (bytes, unwritten)
    }

    /// 下駄: what Japanese print has always put where a character is missing.
    private static let stand: Unicode.Scalar = "〓"

    private func write(_ scalar: Unicode.Scalar, into bytes: inout [UInt8]) -> Bool {
        guard !encoding.isUTF8 else {
            UTF8.encode(scalar) { bytes.append($0) }
            return true
        }
        guard let code = table.code(of: scalar) else { return false }
        if code > 0xFF { bytes.append(UInt8(code >> 8)) }
        bytes.append(UInt8(code & 0xFF))
        return true
    }
}

/// 値の種類: what can be told of a value without telling it.
package struct CellAccount: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Hashable, Sendable {
        case empty
        case digits
        case letters
        case digitsAndLetters = "digits-and-letters"
        /// ASCII with signs: `2026/4/1`, `R8.4.1`.
        case ascii
        case halfWidthKana = "half-width-kana"
        case fullWidthDigits = "full-width-digits"
        case kana
        case kanji
        case mixed
        case unreadable
    }

    package let kind: Kind
    package let characters: Int
    /// Characters that need a word, by their places: at most the first ten.
    package let places: [CharacterPlace]

    init(kind: Kind, characters: Int, places: [CharacterPlace]) {
        self.kind = kind
        self.characters = characters
        self.places = places
    }

    init(_ cell: Cell, withPlaces: Bool) {
        var kinds: Set<Kind> = []
        cell.characters.forEach(in: cell.bytes) { scalar in
            kinds.insert(scalar.map(Self.kind) ?? .unreadable)
        }
        characters = cell.summary.characters
        kind =
            if kinds.contains(.unreadable) {
                .unreadable
            } else if kinds.count <= 1 {
                kinds.first ?? .empty
            } else if kinds == [.digits, .letters] {
                .digitsAndLetters
            } else if kinds.isSubset(of: [.digits, .letters, .ascii]) {
                .ascii
            } else {
                .mixed
            }
        places = withPlaces ? Array(cell.characters.places(in: cell.bytes).prefix(10)) : []
    }

    private static func kind(of scalar: Unicode.Scalar) -> Kind {
        switch scalar.value {
        case 0x30...0x39: .digits
        case 0x41...0x5A, 0x61...0x7A: .letters
        case 0..<0x80: .ascii
        case 0xFF61...0xFF9F: .halfWidthKana
        case 0xFF10...0xFF19: .fullWidthDigits
        case 0x3041...0x30FF: .kana
        case 0x3005...0x3007, 0x3400...0x9FFF, 0xF900...0xFAFF, 0x20000...0x3FFFF: .kanji
        default: .mixed
        }
    }

    func write(into writer: inout JSONWriter) {
        writer.name("value")
        writer.beginObject()
        writer.member("class", kind.rawValue)
        writer.member("characters", characters)
        if !places.isEmpty {
            writer.name("places")
            writer.beginArray()
            for place in places {
                writer.beginObject()
                writer.member("position", place.position)
                writer.member("code", place.code)
                writer.endObject()
            }
            writer.endArray()
        }
        writer.endObject()
    }
}

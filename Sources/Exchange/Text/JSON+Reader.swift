/// One pass over the bytes by RFC 8259, strictly: valid UTF-8, no byte-order mark, no trailing
/// bytes, no lone surrogate, no name twice. U+0000 is refused too, because PostgreSQL text cannot
/// hold it.
///
/// The path of a problem is collected while the calls unwind, so good input pays nothing for it.
struct JSONReader {
    private enum Stop: Error { case malformed, duplicate, tooLarge }
    private enum Step { case element(Int), member(String) }

    private let bytes: UnsafeRawBufferPointer
    private let limits: JSONLimits
    private var index = 0
    private var valuesLeft: Int
    private var trail: [Step] = []

    init(_ bytes: UnsafeRawBufferPointer, limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
        valuesLeft = limits.valuesMax
    }

    mutating func document() throws(Refusal) -> JSON {
        guard bytes.count <= limits.bytesMax else { throw .bodyTooLarge }
        do throws(Stop) {
            skipSpace()
            let value = try value(depth: 0)
            skipSpace()
            guard index == bytes.count else { throw .malformed }
            return value
        } catch {
            switch error {
            case .malformed: throw .malformed(path)
            case .duplicate: throw .duplicateItem(path)
            case .tooLarge: throw .bodyTooLarge
            }
        }
    }

    private var path: String {
        var path = ""
        for step in trail.reversed() {
            switch step {
            case .element(let index): path = JSONPath.element(index, of: path)
            case .member(let name): path = JSONPath.member(name, of: path)
            }
        }
        return path.isEmpty ? "body" : path
    }

    private mutating func value(depth: Int) throws(Stop) -> JSON {
        guard index < bytes.count else { throw .malformed }
        guard valuesLeft > 0 else { throw .tooLarge }
        valuesLeft -= 1
        switch bytes[index] {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "{"): return .object(try object(depth: depth))
        case UInt8(ascii: "["): return .array(try array(depth: depth))
        case UInt8(ascii: "-"), 0x30...0x39: return .number(try number())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: throw .malformed
        }
    }

    private mutating func object(depth: Int) throws(Stop) -> JSONObject {
        guard depth < limits.depthMax else { throw .malformed }
        index += 1
        var members: [JSONObject.Member] = []
        var names = NamesSeen()
        skipSpace()
        if take(UInt8(ascii: "}")) { return JSONObject() }
        members.reserveCapacity(4)
        while true {
            guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { throw .malformed }
            let name = try string()
            do throws(Stop) {
                guard names.isNew(name, among: members) else { throw .duplicate }
                skipSpace()
                guard take(UInt8(ascii: ":")) else { throw .malformed }
                skipSpace()
                members.append(.init(name: name, value: try value(depth: depth + 1)))
            } catch {
                trail.append(.member(name))
                throw error
            }
            skipSpace()
            if take(UInt8(ascii: "}")) { return JSONObject(members) }
            guard take(UInt8(ascii: ",")) else { throw .malformed }
            skipSpace()
        }
    }

    private mutating func array(depth: Int) throws(Stop) -> [JSON] {
        guard depth < limits.depthMax else { throw .malformed }
        index += 1
        var elements: [JSON] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return elements }
        while true {
            do throws(Stop) {
                elements.append(try value(depth: depth + 1))
            } catch {
                trail.append(.element(elements.count))
                throw error
            }
            skipSpace()
            if take(UInt8(ascii: "]")) { return elements }
            guard take(UInt8(ascii: ",")) else { throw .malformed }
            skipSpace()
        }
    }

    private mutating func literal(_ word: StaticString, _ value: JSON) throws(Stop) -> JSON {
        let count = word.utf8CodeUnitCount
        guard bytes.count - index >= count else { throw .malformed }
        for offset in 0..<count where bytes[index + offset] != word.utf8Start[offset] {
            throw .malformed
        }
        index += count
        return value
    }

    /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`, kept as written.
    private mutating func number() throws(Stop) -> String {
        let start = index
        _ = take(UInt8(ascii: "-"))
        let whole = index
        try digits()
        if bytes[whole] == 0x30, index - whole > 1 { throw .malformed }
        if take(UInt8(ascii: ".")) { try digits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        // No amount, code or FHIR decimal (18 digits) comes near; longer ones are an attack on
        // arithmetic.
        guard index - start <= 64 else { throw .malformed }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    private mutating func digits() throws(Stop) {
        let start = index
        while index < bytes.count, (0x30...0x39).contains(bytes[index]) { index += 1 }
        guard index > start else { throw .malformed }
    }

    private mutating func string() throws(Stop) -> String {
        index += 1
        let start = index
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                let text = try validated(bytes[start..<index])
                index += 1
                return text
            }
            if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
            guard byte >= 0x20 else { throw .malformed }
            index += 1
        }
        throw .malformed
    }

    private mutating func escapedString(from start: Int) throws(Stop) -> String {
        var text = Array(bytes[start..<index])
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            switch byte {
            case UInt8(ascii: "\""):
                return try text.withUnsafeBufferPointer { text throws(Stop) in
                    try validated(UnsafeRawBufferPointer(text)[...])
                }
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20: throw .malformed
            default: text.append(byte)
            }
        }
        throw .malformed
    }

    private func validated(_ text: Slice<UnsafeRawBufferPointer>) throws(Stop) -> String {
        let bytes = UnsafeRawBufferPointer(rebasing: text).assumingMemoryBound(to: UInt8.self)
        guard let text = String(validUTF8: bytes) else { throw .malformed }
        return text
    }

    private mutating func escape(into text: inout [UInt8]) throws(Stop) {
        guard index < bytes.count else { throw .malformed }
        let letter = bytes[index]
        index += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: String(try escapedScalar()).utf8)
        default: throw .malformed
        }
    }

    private mutating func escapedScalar() throws(Stop) -> Character {
        var code = try fourHexDigits()
        if (0xD800..<0xDC00).contains(code) {
            guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw .malformed }
            let low = try fourHexDigits()
            guard (0xDC00..<0xE000).contains(low) else { throw .malformed }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard code != 0, let scalar = Unicode.Scalar(code) else { throw .malformed }
        return Character(scalar)
    }

    private mutating func fourHexDigits() throws(Stop) -> UInt32 {
        guard bytes.count - index >= 4 else { throw .malformed }
        var code: UInt32 = 0
        for _ in 0..<4 {
            let byte = bytes[index]
            index += 1
            switch byte {
            case 0x30...0x39: code = code << 4 | UInt32(byte - 0x30)
            case 0x41...0x46: code = code << 4 | UInt32(byte - 0x41 + 10)
            case 0x61...0x66: code = code << 4 | UInt32(byte - 0x61 + 10)
            default: throw .malformed
            }
        }
        return code
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard index < bytes.count, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    private mutating func skipSpace() {
        while index < bytes.count {
            switch bytes[index] {
            case 0x20, 0x0A, 0x0D, 0x09: index += 1
            default: return
            }
        }
    }
}

/// Names of one object so far: by looking through them while they are few, by a set once a hostile
/// body could make that quadratic.
private struct NamesSeen {
    private var set: Set<String> = []

    mutating func isNew(_ name: String, among members: [JSONObject.Member]) -> Bool {
        guard members.count >= 24 else {
            for member in members where member.name == name { return false }
            return true
        }
        if set.isEmpty { set = Set(members.map(\.name)) }
        return set.insert(name).inserted
    }
}

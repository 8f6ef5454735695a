/// 行: on which line of a rule file something stands, from 1, so that whoever wrote it finds what is wrong.
/// Read again only when a file is refused.
struct RuleLines {
    private let bytes: [UInt8]
    private let target: String
    private var place = 0
    private var line = 1
    private var found = (length: -1, line: 1)

    /// Of the value at a path such as `versions[0].courses[1].doses`; of what is missing, that of what it is
    /// missing in; of a file that is no JSON, where it stops being some.
    static func line(of path: String, in bytes: [UInt8]) -> Int {
        var lines = RuleLines(bytes, path)
        let isWhole = lines.value(at: "", depth: 0)
        return isWhole ? lines.found.line : lines.line
    }

    private init(_ bytes: [UInt8], _ target: String) {
        self.bytes = bytes
        self.target = target
    }

    /// The JSON reader's own bound; a deeper file is refused for that.
    private static let depthMax = 64

    private mutating func value(at path: String, depth: Int) -> Bool {
        skipSpace()
        note(path)
        guard depth < Self.depthMax, place < bytes.count else { return false }
        switch bytes[place] {
        case UInt8(ascii: "{"): return members(of: path, depth)
        case UInt8(ascii: "["): return elements(of: path, depth)
        case UInt8(ascii: "\""): return text() != nil
        default: return word()
        }
    }

    private mutating func note(_ path: String) {
        let isWay =
            path.isEmpty || target == path || target.hasPrefix(path + ".")
            || target.hasPrefix(path + "[")
        if isWay, path.utf8.count > found.length { found = (path.utf8.count, line) }
    }

    private mutating func members(of path: String, _ depth: Int) -> Bool {
        place += 1
        if take("}") { return true }
        repeat {
            skipSpace()
            guard let name = text(), take(":"),
                value(at: JSONPath.member(name, of: path), depth: depth + 1)
            else { return false }
        } while take(",")
        return take("}")
    }

    private mutating func elements(of path: String, _ depth: Int) -> Bool {
        place += 1
        if take("]") { return true }
        var index = 0
        repeat {
            guard value(at: JSONPath.element(index, of: path), depth: depth + 1) else {
                return false
            }
            index += 1
        } while take(",")
        return take("]")
    }

    /// Names are plain: what is escaped in one is not told apart.
    private mutating func text() -> String? {
        guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else { return nil }
        place += 1
        let first = place
        while place < bytes.count, bytes[place] != UInt8(ascii: "\"") {
            guard bytes[place] != UInt8(ascii: "\n") else { return nil }
            place += bytes[place] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard place < bytes.count else { return nil }
        place += 1
        return String(decoding: bytes[first..<place - 1], as: UTF8.self)
    }

    /// A number, or true, false, null.
    private mutating func word() -> Bool {
        let first = place
        while place < bytes.count, !Self.ends.contains(bytes[place]) { place += 1 }
        return place > first
    }

    private static let ends = Set(Array(" \t\r\n,]}:\"{[".utf8))

    private mutating func take(_ letter: Character) -> Bool {
        skipSpace()
        guard place < bytes.count, bytes[place] == letter.asciiValue else { return false }
        place += 1
        return true
    }

    private mutating func skipSpace() {
        while place < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[place]) {
            if bytes[place] == 0x0A { line += 1 }
            place += 1
        }
    }
}

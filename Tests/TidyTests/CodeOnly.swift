/// Blanks comments and the contents of string literals, keeping every line break, so that braces can be
/// counted and words found in code alone. Knows `"`, `"""`, `#"`, interpolation and nested comments.
struct CodeOnly {
    private let input: [UInt8]
    private var output: [UInt8] = []
    private var at = 0

    static func of(_ text: String) -> String {
        var scanner = CodeOnly(input: Array(text.utf8))
        scanner.code(untilParenthesis: false)
        return String(decoding: scanner.output, as: UTF8.self)
    }

    private init(input: [UInt8]) {
        self.input = input
    }

    private mutating func code(untilParenthesis: Bool) {
        var depth = 0
        while at < input.count {
            if starts("//") {
                lineComment()
            } else if starts("/*") {
                blockComment()
            } else if let hashes = hashesBeforeQuote() {
                string(hashes: hashes)
            } else {
                if input[at] == UInt8(ascii: "(") { depth += 1 }
                if input[at] == UInt8(ascii: ")") {
                    depth -= 1
                    if untilParenthesis, depth < 0 { return }
                }
                output.append(input[at])
                at += 1
            }
        }
    }

    private mutating func lineComment() {
        while at < input.count, input[at] != UInt8(ascii: "\n") { blank() }
    }

    private mutating func blockComment() {
        var depth = 0
        repeat {
            if starts("/*") {
                depth += 1
                blank(2)
            } else if starts("*/") {
                depth -= 1
                blank(2)
            } else {
                blank()
            }
        } while depth > 0 && at < input.count
    }

    private mutating func string(hashes: Int) {
        let mark = String(repeating: "#", count: hashes)
        at += hashes
        let quote = starts("\"\"\"") ? "\"\"\"" : "\""
        at += quote.utf8.count
        output += Array("\"".utf8)
        while at < input.count, !starts(quote + mark) {
            if quote == "\"", input[at] == UInt8(ascii: "\n") { return }
            if starts("\\" + mark + "(") {
                blank(2 + hashes)
                code(untilParenthesis: true)
                blank()
            } else if starts("\\" + mark) {
                blank(2 + hashes)
            } else {
                blank()
            }
        }
        at += (quote + mark).utf8.count
        output += Array("\"".utf8)
    }

    private func hashesBeforeQuote() -> Int? {
        var end = at
        while end < input.count, input[end] == UInt8(ascii: "#") { end += 1 }
        guard end < input.count, input[end] == UInt8(ascii: "\"") else { return nil }
        return end - at
    }

    private func starts(_ word: String) -> Bool {
        var index = at
        for byte in word.utf8 {
            guard index < input.count, input[index] == byte else { return false }
            index += 1
        }
        return true
    }

    private mutating func blank(_ count: Int = 1) {
        for _ in 0..<count where at < input.count {
            if input[at] == UInt8(ascii: "\n") { output.append(input[at]) }
            at += 1
        }
    }
}

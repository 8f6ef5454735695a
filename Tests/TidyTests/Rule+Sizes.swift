/// How long and how many (style: aim for half of it; these are the ends).
extension Rule {
    static let lineColumnsMax = 110
    static let sourceLinesMax = 400
    static let testLinesMax = 600
    static let functionLinesMax = 60
    static let folderFilesMax = 20

    static let sizes: [Rule] = [lineLength, fileLength, functionLength, folderSize]

    private static let lineLength = Rule(
        "no line is over \(lineColumnsMax) columns",
        breaks: [swift("Sources/Ledger/A.swift", "// " + String(repeating: "x", count: 108))],
        keeps: [
            swift("Sources/Ledger/A.swift", "// " + String(repeating: "x", count: 107)),
            swift("Sources/Ledger/B.swift", "// " + String(repeating: "つ", count: 107)),
        ]
    ) { file, line in
        guard file.isSwift || file.path == "Makefile" else { return nil }
        let columns = file.lines[line].count
        return columns > lineColumnsMax ? "\(columns) columns" : nil
    }

    private static let fileLength = Rule(
        name: "no file is over \(sourceLinesMax) lines, no test over \(testLinesMax)",
        breaks: [
            swift("Sources/Ledger/A.swift", String(repeating: "\n", count: 401)),
            swift("Tests/LedgerTests/A.swift", String(repeating: "\n", count: 601)),
        ],
        keeps: [
            swift("Sources/Ledger/A.swift", String(repeating: "\n", count: 400)),
            swift("Tests/LedgerTests/A.swift", String(repeating: "\n", count: 600)),
        ]
    ) { files in
        files.filter(\.isSwift).compactMap { file in
            let count = file.lines.count - (file.text.hasSuffix("\n") ? 1 : 0)
            let most = file.isTest ? testLinesMax : sourceLinesMax
            return count > most ? "\(file.path): \(count) lines" : nil
        }
    }

    private static let functionLength = Rule(
        name: "no function is over \(functionLinesMax) lines",
        breaks: [
            swift(
                "Sources/Ledger/A.swift", "func long() {" + String(repeating: "\n", count: 60) + "}"
            ),
            swift(
                "Sources/Ledger/B.swift",
                "func f(g: () -> Int = { 1 })\n{" + String(repeating: "\n", count: 60) + "}"),
        ],
        keeps: [
            swift(
                "Sources/Ledger/A.swift", "func f() {" + String(repeating: "\n", count: 59) + "}"),
            swift(
                "Sources/Ledger/B.swift",
                "func f() { say(\"{\") }" + String(repeating: "\n", count: 80)),
        ]
    ) { files in
        files.filter(\.isSwift).flatMap { file in
            functions(of: file).filter { $0.lines > functionLinesMax }
                .map { "\(file.path):\($0.firstLine): a function of \($0.lines) lines" }
        }
    }

    private static let folderSize = Rule(
        name: "no folder holds over \(folderFilesMax) source files",
        breaks: [Sample(path: "Sources/Ledger/A.swift", text: "", copies: 21)],
        keeps: [
            Sample(path: "Sources/Ledger/A.swift", text: "", copies: 20),
            swift("Sources/Ledger/Access/A.swift", ""),
        ]
    ) { files in
        Dictionary(grouping: files.filter(\.isSwift), by: \.folders).filter {
            $0.value.count > folderFilesMax
        }
        .map { "\($0.key.joined(separator: "/")): \($0.value.count) files" }.sorted()
    }

    /// Every `func` or `init` with a body, by counting brackets in code.
    private static func functions(of file: SourceFile) -> [(firstLine: Int, lines: Int)] {
        let declaration = /^\s*(?:[a-z@]+(?:\([a-z]+\))?\s+)*(?:func\s|init[?(<])/
        return file.codeLines.indices.compactMap { start in
            let first = file.codeLines[start]
            guard first.contains("func ") || first.contains("init"), first.contains(declaration)
            else { return nil }
            return bodyEnd(in: file.codeLines[start...]).map { (start + 1, $0 - start + 1) }
        }
    }

    /// The line where the body of the function ends whose declaration begins these lines. Braces between
    /// the parentheses of the signature are of a default argument.
    private static func bodyEnd(in lines: ArraySlice<String>) -> Int? {
        var (parentheses, braces) = (0, 0)
        for line in lines.indices {
            // A requirement of a protocol has no body, and its scope ends before one begins.
            if parentheses == 0, braces == 0, lines[line].allSatisfy(\.isWhitespace) { return nil }
            for character in lines[line] {
                switch character {
                case "(" where braces == 0: parentheses += 1
                case ")" where braces == 0: parentheses -= 1
                case "{" where parentheses == 0: braces += 1
                case "}" where parentheses == 0:
                    braces -= 1
                    if braces <= 0 { return braces == 0 ? line : nil }
                default: break
                }
            }
        }
        return nil
    }
}

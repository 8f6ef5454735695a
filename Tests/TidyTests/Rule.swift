import Testing

/// One thing that holds for every file, with a sample that breaks it, so that the rule itself is tested.
struct Rule: Sendable, CustomTestStringConvertible {
    /// Where and what, as an editor can follow it: `Sources/X.swift:12: …`.
    typealias Complaint = String

    struct Sample: Sendable {
        let path: String
        let text: String
        /// How many files like this one lie side by side.
        var copies = 1

        var files: [SourceFile] {
            (1...copies).map { copy in
                let number = copy == 1 ? "" : "\(copy)"
                let numbered = path.replacing(".swift", with: "\(number).swift")
                return SourceFile(path: numbered, text: text)
            }
        }
    }

    let name: String
    let breaks: [Sample]
    let keeps: [Sample]
    let check: @Sendable ([SourceFile]) -> [Complaint]

    var testDescription: String { name }

    func complaints(about samples: [Sample]) -> [Complaint] {
        check(samples.flatMap(\.files))
    }

    static let all: [Rule] = sizes + words + names + imports
}

extension Rule {
    /// A rule about lines: `message` is nil where the line is fine. Lines without any of `words` are not
    /// asked about, because a search for a word costs a hundredth of a regular expression.
    init(
        _ name: String, breaks: [Sample], keeps: [Sample],
        with words: [String] = [],
        eachLine message: @escaping @Sendable (SourceFile, _ line: Int) -> String?
    ) {
        self.init(name: name, breaks: breaks, keeps: keeps) { files in
            files.flatMap { file -> [Complaint] in
                guard file.has(anyOf: words) else { return [] }
                return file.lines.indices.compactMap { line in
                    guard file.lines[line].has(anyOf: words) else { return nil }
                    return message(file, line).map { "\(file.path):\(line + 1): \($0)" }
                }
            }
        }
    }

    static func swift(_ path: String, _ text: String) -> Sample { Sample(path: path, text: text) }
}

extension SourceFile {
    fileprivate func has(anyOf words: [String]) -> Bool { text.has(anyOf: words) }
}

extension String {
    fileprivate func has(anyOf words: [String]) -> Bool {
        words.isEmpty || words.contains { contains($0) }
    }
}

import Foundation

/// A file of the package as the rules see it: where it lies, what it says, and its code without words.
struct SourceFile: Sendable {
    /// From the package root, `Sources/Ledger/Access/Records.swift`.
    let path: String
    let text: String
    let lines: [String]
    /// The same lines with comments and string contents blanked: a brace or a word in it is code.
    let codeLines: [String]

    init(path: String, text: String) {
        self.path = path
        self.text = text
        lines = text.components(separatedBy: "\n")
        codeLines =
            path.hasSuffix(".swift") ? CodeOnly.of(text).components(separatedBy: "\n") : lines
    }

    var folders: [String] { path.split(separator: "/").dropLast().map(String.init) }
    var isSwift: Bool { path.hasSuffix(".swift") }
    var isSource: Bool { isSwift && path.hasPrefix("Sources/") }
    var isTest: Bool { isSwift && path.hasPrefix("Tests/") }
    /// The SwiftPM target: the folder under `Sources` or `Tests`.
    var target: String { folders.count > 1 ? folders[1] : "" }
}

extension SourceFile {
    /// Every text file that belongs to the package, the rules' own included.
    static func all() throws -> [SourceFile] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder = FileManager.default
        // The build folder alone holds more files than all the rest.
        let tops = try folder.contentsOfDirectory(atPath: root.path).filter { !isBuilt($0) }
        let paths = tops.flatMap { top in
            let below =
                (try? folder.subpathsOfDirectory(atPath: root.appending(path: top).path)) ?? []
            return [top] + below.map { "\(top)/\($0)" }
        }
        return paths.sorted().compactMap { path in
            guard !isBuilt(path), isText(path),
                let bytes = folder.contents(atPath: root.appending(path: path).path)
            else { return nil }
            return String(bytes: bytes, encoding: .utf8).map { SourceFile(path: path, text: $0) }
        }
    }

    private static func isBuilt(_ path: String) -> Bool {
        path == "Package.resolved" || path.hasPrefix(".build") || path == ".git"
            || path == "run" || path.hasPrefix("certs/dev/")
    }

    private static func isText(_ path: String) -> Bool {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let endings = [
            "swift", "md", "json", "sql", "conf", "service", "csv", "txt", "h", "sh", "html",
        ]
        return endings.contains { name.hasSuffix("." + $0) }
            || ["Makefile", "run", "install-debian", ".gitignore"].contains(name)
    }
}

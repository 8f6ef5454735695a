import Foundation

/// The compiler that built this test, asked about code written against the same modules.
struct Compiler {
    struct Verdict: Sendable {
        let accepts: Bool
        let errors: [String]
    }

    /// Compiles `code` as a file of this package would be, as far as ownership is checked, and keeps
    /// nothing.
    ///
    /// Ownership is checked on SIL, so type-checking alone would accept a handle that escapes.
    static func verdict(on code: String) async throws -> Verdict {
        let file = FileManager.default.temporaryDirectory
            .appending(path: "tsunagi-door-\(UUID().uuidString).swift")
        try code.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let modules = try built()
        let ended = try await Program.run(
            ["swiftc"] + options + (try await libpq()) + [
                "-package-name", packageName,
                "-I", modules.appending(path: "Modules").path,
                // Ledger's module names libpq's, so its map must be found, though nothing here uses it.
                "-I", root.appending(path: "Sources/CPostgres").path,
                file.path,
            ], of: ["/usr/bin/env"])
        let lines = ended.errors.split(separator: "\n").map(String.init)
        return Verdict(
            accepts: ended.status == 0,
            errors: lines.compactMap { line in
                line.firstRange(of: "error: ").map { String(line[$0.upperBound...]) }
            })
    }

    /// The settings of Package.swift's `strict`.
    private static let options = [
        "-emit-sil", "-o", "/dev/null", "-parse-as-library", "-module-name", "Handler",
        "-swift-version", "6",
        "-enable-upcoming-feature", "ExistentialAny",
        "-enable-upcoming-feature", "MemberImportVisibility",
        "-enable-upcoming-feature", "InternalImportsByDefault",
    ]

    private static let root = (1...4).reduce(URL(filePath: #filePath)) { path, _ in
        path.deletingLastPathComponent()
    }

    /// What `package` access goes by: SwiftPM takes the folder's name, in lower case, as an identifier.
    private static var packageName: String {
        let name = root.lastPathComponent.lowercased()
        let isDigitFirst = name.unicodeScalars.first.map { ("0"..."9").contains($0) } ?? false
        return (isDigitFirst ? "_" : "")
            + String(name.map { $0.isLetter || $0.isNumber || $0 == "_" ? $0 : "_" })
    }

    /// The folder of this test's own executable, where SwiftPM lays `Modules` beside it.
    private static func built() throws -> URL {
        let path = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return URL(filePath: path).deletingLastPathComponent()
    }

    /// Where libpq's headers are, as SwiftPM asks too: `-I…` for the C compiler inside.
    private static func libpq() async throws -> [String] {
        try await Program.run(["pkg-config", "--cflags-only-I", "libpq"], of: ["/usr/bin/env"])
            .output
            .split(whereSeparator: \.isWhitespace).flatMap { ["-Xcc", String($0)] }
    }
}

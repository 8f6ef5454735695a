import Exchange
import Foundation
import Testing

/// One file of `profiles/**/examples/{valid,invalid}` with what its side file expects.
struct Example: Sendable, CustomTestStringConvertible {
    /// `subsidy/examples/invalid/request-draft.json`
    let path: String
    let bytes: [UInt8]
    let expectation: JSONObject?

    var testDescription: String { path }
    var isValid: Bool { path.contains("/valid/") }

    /// …/Tests/ConformanceTests/Examples.swift → the package root.
    static let folder = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "profiles")

    static let files: [String: [UInt8]] = {
        var files: [String: [UInt8]] = [:]
        let root = folder.path + "/"
        guard let walk = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        else { return [:] }
        for case let url as URL in walk where url.pathExtension == "json" {
            let path = String(url.resolvingSymlinksInPath().path.dropFirst(root.count))
            files[path] = (try? Data(contentsOf: url)).map(Array.init)
        }
        return files
    }()

    static let all: [Example] = files.keys.sorted().compactMap { path in
        guard path.contains("/examples/"), !path.hasSuffix(".expect.json"), let bytes = files[path]
        else { return nil }
        let side = files[path.dropLast(5) + ".expect.json"]
        return Example(
            path: path, bytes: bytes,
            expectation: side.flatMap { try? JSON(reading: $0).object })
    }

    static func of(_ field: String, _ name: String = "") -> [Example] {
        all.filter { $0.path.hasPrefix(field + "/") && $0.path.contains("/" + name) }
    }

    static let book: RuleBook = {
        do {
            return try RuleBook(reading: files, version: "example-rules")
        } catch {
            fatalError("profiles: \(error)")
        }
    }()
}

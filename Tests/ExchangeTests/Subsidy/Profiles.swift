import Exchange
import Foundation

/// The files of `profiles/` as they are in the repository.
enum Profiles {
    /// …/Tests/ExchangeTests/Subsidy/Profiles.swift → the package root.
    static let folder = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "profiles")

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

    static let book: RuleBook = {
        do {
            return try RuleBook(reading: files, version: "test-rules")
        } catch {
            fatalError("profiles: \(error)")
        }
    }()

    /// The files with one replaced.
    static func with(_ path: String, _ text: String) -> [String: [UInt8]] {
        files.merging([path: Array(text.utf8)]) { $1 }
    }

    /// The files with one text in one file replaced.
    static func replacing(_ path: String, _ old: String, _ new: String) -> [String: [UInt8]] {
        let text = String(decoding: files[path] ?? [], as: UTF8.self)
        precondition(text.contains(old), "\(path) has no \(old)")
        return with(path, text.replacingOccurrences(of: old, with: new))
    }
}

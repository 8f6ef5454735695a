import Exchange
import Foundation
import Postgres
import Testing

/// Published vectors and real registries, which live beside the package and are never committed.
enum Shared {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "shared")

    static var isThere: Bool {
        FileManager.default.fileExists(atPath: folder.appending(path: "vectors").path)
    }

    /// The `data` of one file of vectors.
    static func vector(_ name: String) throws -> JSON {
        let file = folder.appending(path: "vectors/\(name).json")
        let whole = try JSON(reading: [UInt8](Data(contentsOf: file)))
        return try #require(whole.object?["data"])
    }

    static func texts(_ name: String, _ key: String) throws -> [String] {
        let list = try vector(name).object?[key]?.array ?? []
        return list.compactMap(\.string)
    }

    /// The lines of a file of `data/` after the first, unpacked if need be.
    static func lines(_ name: String) throws -> [Substring] {
        let file = folder.appending(path: "data/\(name)")
        let bytes: Data
        if name.hasSuffix(".gz") {
            let unpacking = try ChildProcess("zcat", [file.path], output: .pipe)
            bytes = Data(try ChildOutput.all(of: unpacking.output))
            _ = unpacking.wait()
        } else {
            bytes = try Data(contentsOf: file)
        }
        return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).dropFirst()
            .map(\.self)
    }
}

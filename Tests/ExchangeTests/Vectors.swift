import Exchange
import Foundation
import Testing

/// Published facts the rules are held against, in a form of our own under `Tests/Vectors/`, each file with
/// its source. They are committed, so that a clone proves as much as the place where it was made.
enum Vectors {
    /// …/Tests/ExchangeTests/Vectors.swift → …/Tests/Vectors
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Vectors")

    /// Throws for a list without rows: a test over none proves nothing.
    static func rows(_ file: String, _ list: String = "rows") throws -> [JSONObject] {
        let whole = try #require(JSON(reading: bytes(file)).object)
        #expect(whole["source"]?.string?.isEmpty == false, "\(file) names its source")
        let rows = try whole.requiredArray(list).compactMap(\.object)
        try #require(!rows.isEmpty, "\(file) has no \(list)")
        return rows
    }

    static func bytes(_ file: String) throws -> [UInt8] {
        Array(try Data(contentsOf: folder.appending(path: "\(file).json")))
    }
}

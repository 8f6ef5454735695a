import Exchange
import Foundation
import Ledger
import TestSupport
import Testing

/// Both verifiers of lists, ours and the stranger's, each in a process of its own, on files.
enum ListVerdicts {
    static func of(
        _ bodies: [[UInt8]], under key: CheckpointKey, _ more: [String] = []
    ) async throws -> (own: Program.Ended, stranger: Program.Ended) {
        let files = try bodies.map { body in
            let file = FileManager.default.temporaryDirectory.appending(
                path: "tsunagi-list-\(RecordID.random().text).json")
            try Data(body).write(to: file)
            return file.path
        }
        defer { for file in files { try? FileManager.default.removeItem(atPath: file) } }
        return (
            try await Program.run(["seal", "proof"] + files + ["--key", key.text] + more),
            try await Program.run(
                [stranger, key.text] + files, of: ["/usr/bin/env", "python3"])
        )
    }

    /// …/Tests/GatewayTests/Residents/ListVerdicts.swift → …/Tests/Strangers.
    private static let stranger = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Strangers/verify_list.py").path
}

extension JSONObject {
    var text: String { JSON.object(self).text }

    mutating func changeEntries(_ change: (inout [JSON]) -> Void) {
        var entries = self["entry"]?.array ?? []
        change(&entries)
        self = with("entry", .array(entries))
    }

    /// In the first place where it stands.
    mutating func replace(_ old: some RegexComponent, with new: String) {
        let text = text.replacing(old, with: new, maxReplacements: 1)
        self = (try? JSON(reading: text).object) ?? self
    }

    func replacing(_ old: String, with new: String) throws -> JSONObject {
        try #require(try JSON(reading: text.replacing(old, with: new)).object)
    }

    /// Changes a part of the list's proof, the first of this name.
    mutating func setProof(_ name: String, _ kind: String, _ value: String) throws {
        var meta = try #require(self["meta"]?.object)
        var outer = try #require(meta["extension"]?.array?.first?.object)
        var parts = try #require(outer["extension"]?.array)
        let place = try #require(parts.firstIndex { $0.object?["url"]?.string == name })
        parts[place] = .object(try #require(parts[place].object).with(kind, .string(value)))
        outer = outer.with("extension", .array(parts))
        meta = meta.with("extension", .array([.object(outer)]))
        self = with("meta", .object(meta))
    }
}

import Exchange
import Foundation
import Ledger
import Testing

/// What vendors ask without a database: the real program, a file of cases, and how it ends.
@Suite(.timeLimit(.minutes(10)))
struct VendorCommandTests {
    /// …/Tests/GatewayTests/Operate/VendorCommandTests.swift → the package root.
    private static let profiles = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "profiles").path

    struct Row: Sendable, CustomTestStringConvertible {
        let command: [String]
        let good: String
        let bad: String
        var testDescription: String { command.joined(separator: " ") }
    }

    static let rows = [
        Row(
            command: ["reconcile", "--cases"], good: #"{"id": 1, "given": {"payer": "54136015"}}"#,
            bad: #"{"id": 2, "given": {"payer": "5"}}"#),
        Row(
            command: ["copay"], good: #"{"id": 1, "input": {"rate": 30, "only": 10000}}"#,
            bad: #"{"id": 2, "input": 5}"#),
        Row(
            command: ["immunization", "check"],
            good: """
                {"id": 1, "birth": "2025-05-10", "sex": "female",
                 "given": [{"v": "MR", "date": "2026-06-01"}]}
                """,
            bad: #"{"id": 2, "birth": "2025-05-10", "given": [{"date": "2026-02-28"}]}"#),
    ]

    /// 3,000 points under a scheme of a fifth: 6,000 yen, whatever the class of its holder.
    @Test(arguments: [(9_000, true), (6_000, false), (2_500, false)])
    func `a month of files is computed again`(_ copayment: Int, _ isMore: Bool) async throws {
        let file = FileManager.default.temporaryDirectory.appending(
            path: "claims-\(UUID().uuidString).json")
        try Data(
            """
            {"claims": [{"institution": "1319999996", "month": "2026-04", "type": "1122", "days": [9],
             "birthDate": "1990-01-02", "sex": "2", "insurer": "01130012", "points": 3000,
             "publics": [{"payer": "54136015", "recipient": "1234566", "copayment": \(copayment)}]}]}
            """.utf8
        ).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let ended = try await Program.run([
            "reconcile", "--month", "2026-04", "--claims", file.path, "--profiles", Self.profiles,
        ])
        #expect(ended.status == 0, "\(ended.errors)")
        #expect(ended.output.contains("AMOUNT_MISMATCH") == isMore)
        #expect(ended.output.contains(#""expected":6000"#) == isMore)
    }

    @Test func `a key that is none, and a file that is none, are told in sentences`() async throws {
        let note = FileManager.default.temporaryDirectory.appending(
            path: "note-\(UUID().uuidString)")
        try Data("note".utf8).write(to: note)
        defer { try? FileManager.default.removeItem(at: note) }
        let ended = try await Program.run([
            "seal", "verify", "--database", "host=/nowhere", "--checkpoint", note.path,
            "--key", "no key",
        ])
        #expect(ended.status == 1)
        #expect(ended.errors.contains("\(CheckpointFault.malformed("key"))"))
        #expect(ended.errors.contains("or a key given with it, is not as C2SP"))

        let signer = try CheckpointSigner(
            origin: "tsunagi.example/log", privateKey: [UInt8](repeating: 7, count: 32))
        let proof = try await Program.run(["seal", "proof", note.path, "--key", signer.key.text])
        let refusal = Refusal.malformed("body")
        #expect(proof.status == 1)
        #expect(proof.errors.contains("\(refusal.code): \(refusal.ja) / \(refusal.en)"))
    }

    /// One sentence in each language, whatever is wrong with the file.
    @Test(
        arguments: [
            ("none.UKE", nil), ("none.json", nil), ("folder.UKE", nil), ("bad.json", "{"),
            ("item.json", #"{"claims": [{"month": "2026-13"}]}"#),
        ] as [(String, String?)])
    func `a file that cannot be read is told in both languages`(
        _ name: String, _ text: String?
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "files-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder.appending(path: "folder.UKE"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: name)
        if let text { try Data(text.utf8).write(to: file) }
        let ended = try await Program.run([
            "reconcile", "--month", "2026-04", "--claims", file.path, "--profiles", Self.profiles,
        ])
        #expect(ended.status != 0)
        #expect(ended.errors.contains("読めません") && ended.errors.contains("run the command again"))
        #expect(!ended.errors.contains("NSCocoa") && !ended.errors.contains("body"))
    }

    @Test func `a mark before the JSON of a month says nothing`() async throws {
        let file = FileManager.default.temporaryDirectory.appending(
            path: "cases-\(UUID().uuidString).json")
        let text = "\u{FEFF}" + #"{"data": [{"id": 1, "given": {"payer": "54136016"}}]}"#
        try Data(text.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let ended = try await Program.run([
            "reconcile", "--cases", file.path, "--profiles", Self.profiles,
        ])
        #expect(ended.status == 0 && ended.output.contains("BAD_PAYER_CHECK_DIGIT"))
    }

    @Test(arguments: rows)
    func `a case that cannot be read makes the command exit 1, and the others are answered`(
        _ row: Row
    ) async throws {
        for (cases, status) in [([row.good], Int32(0)), ([row.bad, row.good], 1)] {
            let file = FileManager.default.temporaryDirectory.appending(
                path: "cases-\(UUID().uuidString).json")
            try Data(#"{"data": [\#(cases.joined(separator: ","))]}"#.utf8).write(to: file)
            defer { try? FileManager.default.removeItem(at: file) }
            let ended = try await Program.run(
                row.command + [file.path, "--profiles", Self.profiles])
            #expect(ended.status == status, "\(ended.errors)")
            #expect(ended.output.contains(#""id":1"#))
            #expect(ended.errors.isEmpty == (status == 0))
        }
    }
}

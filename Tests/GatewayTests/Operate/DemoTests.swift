import Exchange
import Foundation
import Ledger
import Testing

/// `tsunagi demo` tells its whole story to its end: what a newcomer sees first is held like anything else. It
/// has its own folder, its own PostgreSQL on a socket there, and ports that are free.
@Suite(.timeLimit(.minutes(15)))
struct DemoTests {
    /// …/Tests/GatewayTests/Operate/DemoTests.swift → the package root, where the rules are.
    private static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// How each chapter's title begins, in their order. Among so few residents as are invented here there is
    /// somebody for each of them.
    private static let chapters = [
        "1. The card authority says", "2. Municipalities and prefectures register",
        "3. In the evening a municipality", "4. ", "5. The clinic's system asks",
        "6. Somebody who agrees to nothing", "7. A month later",
        "8. A hospital, a pharmacy and a clinic", "9. The mother looks at her phone",
        "10. The town invites the baby", "The clinic checks before the needle",
        "The town receives record and claim", "The family moves to",
        "The family gets a card", "11. A baby's checkup", "12. The town reconciles",
        "13. A mother from her notification", "14. The auditor trusts nothing",
    ]

    @Test func `the demo tells its story to the end and says no individual number`() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "tsunagi-demo-\(RecordID.random().text.prefix(8))"
        ).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        // Whoever runs the tests with DEMO_KEEP=1 would wait here for Enter.
        let ended = try await Program.run(
            ["demo", "--folder", folder, "--residents", "300", "--ports", "0"],
            variables: ["DEMO_KEEP": "0"], in: Self.root.path)
        try #require(ended.status == 0, "\(ended.errors) \(ended.output.suffix(2_000))")
        let lines = ended.output.split(separator: "\n").map(String.init)
        expectChapters(lines)
        #expect(
            lines.contains {
                $0.hasSuffix("Every entry of the checkpoint is unchanged and in its place.")
            })
        #expect(lines.contains { $0.contains("Every resident's sequence counts all of them") })
        #expect(lines.last?.hasSuffix("everything is stopped.") == true)
        let numbers = try Self.sentNumbers(in: folder + "/sent")
        #expect(numbers.count >= 300)
        for said in [ended.output, ended.errors] {
            #expect(numbers.filter { said.contains($0) }.isEmpty)
        }
        #expect(!FileManager.default.fileExists(atPath: folder + "/postgres/data/postmaster.pid"))
    }

    private func expectChapters(_ lines: [String]) {
        let titles = lines.filter { $0.hasPrefix("\u{1B}[1m") }.map { String($0.dropFirst(4)) }
        #expect(titles.count == Self.chapters.count, "\(titles)")
        for (title, beginning) in zip(titles, Self.chapters) {
            #expect(title.hasPrefix(beginning), "\(title)")
        }
    }

    /// 個人番号 of everybody whom an office registered, out of the bodies that were sent.
    private static func sentNumbers(in folder: String) throws -> Set<String> {
        var numbers: Set<String> = []
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            let bytes = try Data(contentsOf: URL(filePath: "\(folder)/\(name)"))
            let text = String(decoding: bytes, as: UTF8.self)
            for match in text.matches(of: /"myNumber":"([0-9]{12})"/) {
                numbers.insert(String(match.1))
            }
        }
        return numbers
    }
}

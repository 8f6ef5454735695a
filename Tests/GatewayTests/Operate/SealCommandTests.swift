import Exchange
import Foundation
import Ledger
import Postgres
import TestSupport
import Testing

/// 封印の検証の終わり方: who watches `tsunagi seal verify` by cron sees its exit status alone. Tampering is one,
/// and a database that is away is another.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct SealCommandTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private func verify(
        _ note: String, in database: String? = nil, under key: CheckpointKey? = nil,
        _ more: [String] = []
    ) async throws -> Program.Ended {
        let file = gateway.folder + "/kept-\(RecordID.random().text)"
        try Data(note.utf8).write(to: URL(filePath: file))
        return try await Program.run(
            [
                "seal", "verify", "--checkpoint", file, "--key", (key ?? gateway.sealKey).text,
                "--database",
                database ?? gateway.database.with(user: "tsunagi_reader").description,
            ] + more)
    }

    /// The log's checkpoint of now, with some entries.
    private func checkpoint() async throws -> String {
        _ = try await gateway.settle()
        try await gateway.seal()
        return try #require(try await gateway.ledger.checkpoint())
    }

    @Test func `a log that is as it was signed ends with 0, and one that is not with 2`()
        async throws
    {
        let note = try await checkpoint()
        let good = try await verify(note)
        #expect(good.status == 0, "\(good.output)\(good.errors)")
        #expect(!good.output.contains("FOUND"))
        let size = try gateway.sealKey.open(Array(note.utf8)).size
        // Of a log that was longer than this database is, as after a restore that lost the end; and of
        // another tree of this size.
        for (longer, said) in [(3, "positions \(size) to \(size + 2) are missing"), (0, "tree")] {
            let other = try gateway.signer.sign(size: size + longer, root: .emptyRoot).text
            let found = try await verify(other)
            #expect(found.status == 2, "\(found.output)\(found.errors)")
            #expect(found.output.contains("FOUND: ") && found.output.contains(said))
        }
    }

    /// A log that lost its end and went on under another name: its stored checkpoints are of both.
    @Test func `checkpoints of the name before a loss need that name's key beside the new one`()
        async throws
    {
        let kept = try gateway.sealKey.open(Array(try await checkpoint().utf8))
        let (renamed, stranger) = try (signer(named: "after-a-loss"), signer(named: "a-stranger"))
        let note = try renamed.sign(size: kept.size, root: kept.root).text
        let former = gateway.sealKey.text
        for others in [[], ["--other-key", stranger.key.text]] {
            let found = try await verify(note, under: renamed.key, others)
            #expect(found.status == 2, "\(found.output)\(found.errors)")
            #expect(found.output.contains("was not signed by a key of the log"))
        }
        for others in [[former], [stranger.key.text, former]] {
            let good = try await verify(note, under: renamed.key, ["--other-key"] + others)
            #expect(good.status == 0, "\(good.output)\(good.errors)")
            #expect(!good.output.contains("FOUND"))
        }
        // The checkpoint itself is held against --key alone; and a key that is none is no finding.
        let other = try await verify(
            note, under: gateway.sealKey, ["--other-key", renamed.key.text])
        let none = try await verify(note, under: renamed.key, ["--other-key", "rubbish"])
        for ended in [other, none] {
            #expect(ended.status == 1 && !ended.output.contains("FOUND"), "\(ended.output)")
            #expect(ended.errors.contains("Error: "))
        }
    }

    private func signer(named name: String) throws -> CheckpointSigner {
        try CheckpointSigner(
            origin: "tsunagi.example/\(name)",
            privateKey: [UInt8](repeating: UInt8(name.count), count: 32))
    }

    /// A superuser took a column: that is no database that is away.
    @Test func `a log that lost a column ends with 2, and names it`() async throws {
        let note = try await checkpoint()
        try await gateway.owner.transaction {
            try $0.script("alter table log.position rename link to gone")
        }
        let found = try await verify(note)
        try await gateway.owner.transaction {
            try $0.script("alter table log.position rename gone to link")
        }
        #expect(found.status == 2, "\(found.output)\(found.errors)")
        #expect(found.output.contains("FOUND: the column log.position.link is not there"))
        #expect(found.output.contains("Repair nothing.") && !found.output.contains("are missing"))
        #expect(try await verify(note).status == 0)
    }

    @Test func `where nothing could be verified it ends with 1, and says FOUND of nothing`()
        async throws
    {
        let note = try await checkpoint()
        let stranger = try CheckpointSigner(
            origin: gateway.sealKey.name, privateKey: [UInt8](repeating: 7, count: 32))
        let ends = [
            ("away", try await verify(note, in: "host=/nowhere dbname=tsunagi")),
            (
                "no log in it",
                try await verify(
                    note,
                    in: gateway.database.with(
                        database: "postgres"
                    ).description)
            ),
            ("another key", try await verify(note, under: stranger.key)),
            ("no checkpoint", try await verify("rubbish")),
            ("no archive", try await verify(note, ["--archive", gateway.folder + "/none.jsonl"])),
        ]
        for (name, ended) in ends {
            #expect(ended.status == 1, "\(name): \(ended.output)\(ended.errors)")
            #expect(!ended.output.contains("FOUND"), "\(name)")
            #expect(ended.errors.contains("Error: "), "\(name)")
        }
    }

    /// What an operator reads of the statuses is what the program says of them.
    @Test func `the pages name the statuses that the program has`() async throws {
        let help = try await Program.run(["seal", "verify", "--help"])
        let told = help.output.replacing(/\s+/, with: " ")
        #expect(told.contains("Exits 0 when") && told.contains("2 with each finding otherwise"))
        #expect(told.contains("Exit 1 is neither"))
        // …/Tests/GatewayTests/Operate/SealCommandTests.swift → the package root.
        let root = URL(filePath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let runbook = try String(
            contentsOf: root.appending(path: "deploy/runbook.md"), encoding: .utf8)
        #expect(runbook.contains("2) echo FOUND"))
        let audit = try String(
            contentsOf: root.appending(path: "deploy/audit.md"), encoding: .utf8)
        #expect(audit.contains("Exit 0, or 2 with a line for each finding"))
    }
}

import Foundation
import Ledger
import Postgres
import Synchronization
import TestSupport
import Testing

/// 控えの置き場: several sealers write their checkpoints to one folder, and none waits for another. Each note in
/// it is whole and of the one log, and `latest` never stays behind.
@Suite struct SharedFolderTests {
    private static func notes(_ folder: String, _ key: CheckpointKey) throws -> [Checkpoint] {
        let text = try String(contentsOfFile: folder + "/2026-06-15.checkpoints", encoding: .utf8)
        let parts = text.split(separator: "\n\n").map(String.init)
        #expect(parts.count.isMultiple(of: 2) && text.hasSuffix("\n\n"))
        return try stride(from: 0, to: parts.count, by: 2).map {
            try key.open(Array("\(parts[$0])\n\n\(parts[$0 + 1])\n".utf8))
        }
    }

    @Test func `sealers at once leave whole notes of one log, and the latest is the last`()
        async throws
    {
        try await LedgerWorld.with { world in
            let sealers = try (0..<4).map { _ in try world.sealer() }
            let rounds = 8
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for round in 0..<rounds {
                        try await SealerTests.enter(["\(round)"], world, settling: false)
                        while try await world.count("log.position") <= round {
                            try await Task.sleep(for: .milliseconds(5))
                        }
                    }
                }
                for sealer in sealers {
                    group.addTask {
                        while try await world.count("log.position") < rounds {
                            try await LedgerWorld.amongOthers { _ = try await sealer.seal() }
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await world.sealAll()
            let latest = try world.signer.key.open(
                Array(try Data(contentsOf: URL(filePath: world.checkpoints + "/latest"))))
            let notes = try Self.notes(world.checkpoints, world.signer.key)
            #expect(latest.size == rounds)
            #expect(latest == notes.max { $0.size < $1.size })
            #expect(notes.count > 2)
            for note in notes {
                let same = notes.filter { $0.size == note.size }
                #expect(same.allSatisfy { $0.root == note.root })
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: world.checkpoints)
            #expect(Set(names) == ["latest", "2026-06-15.checkpoints"])
        }
    }

    /// The process that looked at `latest` is stopped before it puts its own note there, and wakes up after
    /// another one published a later one.
    @Test func `a sealer that stood still does not put an older note over a later one`()
        async throws
    {
        try await LedgerWorld.with { world in
            let later = try world.signer.sign(
                size: 8, root: LogHash.leaf(Array("of another sealer".utf8))
            ).text
            let folder = world.checkpoints
            let hasStood = Mutex(false)
            let keys = SealKeys([try world.signer])
            let sealer = Sealer(
                world.owner.with(user: "tsunagi_sealer"), keys: { keys },
                outlet: try CheckpointOutlet(folder: folder) {
                    // Between the look and the note.
                    let stands = hasStood.withLock { hasStood in
                        defer { hasStood = true }
                        return !hasStood
                    }
                    if stands {
                        try? Data((later + "\n").utf8).write(
                            to: URL(filePath: folder + "/2026-06-15.checkpoints"))
                        try? Data(later.utf8).write(to: URL(filePath: folder + "/latest"))
                    }
                    return "2026-06-15"
                }, logger: TestPostgres.logger)
            try await SealerTests.enter(["one"], world)
            try await LedgerWorld.amongOthers { _ = try await sealer.seal() }
            #expect(hasStood.withLock { $0 })
            let latest = try String(contentsOfFile: folder + "/latest", encoding: .utf8)
            #expect(latest == later)
            #expect(try Self.notes(folder, world.signer.key).map(\.size) == [8, 1])
        }
    }
}

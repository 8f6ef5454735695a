import Foundation
import Ledger
import Postgres
import TestSupport
import Testing

/// 一つの歴史: nothing is sealed, and least of all signed, that does not go on from what was published.
@Suite struct SealHistoryTests {
    /// Three entries sealed and published, and then the database as it was after two.
    private static func setBack(_ world: LedgerWorld) async throws {
        try await SealerTests.enter(["one", "two"], world)
        try await world.sealAll()
        let root = try await world.texts("select encode(root, 'hex') from log.head")[0]
        try await SealerTests.enter(["three"], world)
        try await world.sealAll()
        try await world.manipulate(
            """
            delete from log.checkpoint where size > 2;
            delete from log.position where position >= 2;
            delete from log.access_entry where operator = 'three';
            update log.head set size = 2, root = '\\x\(root)',
                next_xid = pg_snapshot_xmin(pg_current_snapshot())
            """)
    }

    @Test func `a database that was set back seals nothing, however much comes`() async throws {
        try await LedgerWorld.with { world in
            let running = try world.sealer()
            try await Self.setBack(world)
            let published = try Self.latest(world)
            for name in ["four", "five", "six"] {
                try await SealerTests.enter([name], world)
                for sealer in [running, try world.sealer()] {
                    for signing in [false, true] {
                        await #expect(throws: SealFault.self) {
                            try await sealer.seal(signing: signing)
                        }
                    }
                }
            }
            #expect(try await world.count("log.position") == 2)
            #expect(try Self.latest(world) == published)
        }
    }

    /// The other history is longer by then: its size alone gives nothing away.
    @Test func `a longer history of other entries is not signed`() async throws {
        try await LedgerWorld.with { world in
            try await Self.setBack(world)
            let published = try Self.latest(world)
            let elsewhere = try world.sealer(checkpoints: world.checkpoints + "-other")
            try await SealerTests.enter(["four", "five", "six"], world)
            #expect(try await elsewhere.seal() == 3)
            await #expect(throws: SealFault.self) { try await world.sealer().seal() }
            #expect(try Self.latest(world) == published)
        }
    }

    @Test(arguments: ["a folder", "a link to itself"])
    func `a published checkpoint that cannot be read stops the sealing`(form: String) async throws {
        try await LedgerWorld.with { world in
            try await SealerTests.enter(["one"], world)
            try await world.sealAll()
            let path = world.checkpoints + "/latest"
            try FileManager.default.removeItem(atPath: path)
            if form == "a folder" {
                try FileManager.default.createDirectory(
                    atPath: path, withIntermediateDirectories: false)
            } else {
                try FileManager.default.createSymbolicLink(
                    atPath: path, withDestinationPath: path)
            }
            try await SealerTests.enter(["two"], world)
            await #expect(throws: CheckpointOutlet.Failure.self) {
                try await world.sealer().seal()
            }
            #expect(try await world.count("log.position") == 1)
        }
    }

    /// What was written over is no fault that passes: the sealer names the file.
    @Test(arguments: ["rubbish", "size", "signature"])
    func `a published checkpoint that was changed stops the sealing and is named`(
        change: String
    ) async throws {
        try await LedgerWorld.with { world in
            try await SealerTests.enter(["one"], world)
            try await world.sealAll()
            var lines = try Self.latest(world).split(
                separator: "\n", omittingEmptySubsequences: false
            ).map(String.init)
            switch change {
            case "size": lines[1] = "0"
            case "signature": lines.removeLast(2)
            default: lines = ["rubbish"]
            }
            try Data(lines.joined(separator: "\n").utf8)
                .write(to: URL(filePath: world.checkpoints + "/latest"))
            try await SealerTests.enter(["two"], world)
            let fault = await #expect(throws: SealFault.self) {
                try await world.sealer().seal()
            }
            #expect(fault?.description.hasPrefix("published: `latest`") == true, "\(change)")
            #expect(try await world.count("log.position") == 1)
        }
    }

    /// A round comes five times a second: the log told each by the name of a file that never came to be. Here
    /// the folder's path leaves room for `latest` and the day's file, and none for that one.
    @Test func `a place that takes no checkpoint is told in the same words each time`()
        async throws
    {
        try await LedgerWorld.with { world in
            let top = world.checkpoints + "-deep"
            var folder = top
            while folder.utf8.count < 3_850 { folder += "/" + String(repeating: "d", count: 200) }
            folder += "/" + String(repeating: "d", count: 4_060 - folder.utf8.count - 1)
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: top) }
            try await SealerTests.enter(["one"], world)
            let sealer = try world.sealer(checkpoints: folder)
            var told: Set<String> = []
            for _ in 0..<3 {
                let failure = await #expect(throws: CheckpointOutlet.Failure.self) {
                    try await sealer.seal()
                }
                told.insert(failure?.description ?? "")
            }
            #expect(told.count == 1 && told.first?.contains("/latest: ") == true, "\(told)")
        }
    }

    /// The process once ended here, and again at each start, with every listener.
    @Test(arguments: [
        "delete from log.head", "delete from exchange.key_version where key = 'seal'",
        """
        alter table exchange.key_version drop constraint key_version_check;
        update exchange.key_version set oldest = 3 where key = 'seal'
        """,
    ])
    func `a head that was taken away stops the sealing, and is told`(sql: String) async throws {
        try await LedgerWorld.with { world in
            try await SealerTests.enter(["one"], world)
            try await world.sealAll()
            try await world.manipulate(sql)
            try await SealerTests.enter(["two"], world)
            let sealer = try world.sealer()
            let fault = await #expect(throws: SealFault.self) { try await sealer.seal() }
            #expect(fault?.description.hasPrefix("headLacking: ") == true)
            #expect(fault?.description.hasSuffix("is gone or was written over") == true)
            await #expect(throws: SealFault.self) { _ = try await sealer.advanceEpoch(every: 1) }
            #expect(try await world.count("log.position") == 1)
            guard sql.contains("log.head") else { return }
            await #expect(throws: SealFault.self) {
                _ = try await world.ledger.consistency(from: 0, to: 1)
            }
            // Readiness goes by it: without a head, whatever there is waits for its seal.
            try await world.manipulate(
                "update log.access_entry set at = at - interval '2 minutes' where operator = 'one'")
            #expect(try await world.ledger.unsealedSeconds() >= 120)
        }
    }

    @Test func `a map's edge that was taken away stops the maps, and is told`() async throws {
        try await LedgerWorld.with { world in
            try await SealerTests.enter(["one"], world)
            try await world.sealAll()
            try await world.manipulate("delete from log.map_edge")
            await #expect(throws: SealFault.self) {
                _ = try await world.sealer().advanceEpoch(every: 1)
            }
            try await SealerTests.enter(["two"], world)
            #expect(try await world.sealer().seal() == 1)
        }
    }

    private static func latest(_ world: LedgerWorld) throws -> String {
        try String(contentsOfFile: world.checkpoints + "/latest", encoding: .utf8)
    }
}

/// 封印鍵の更新: the next key is named by a leaf that the former key still signs.
@Suite struct SealKeyTests {
    static let next = [UInt8](repeating: 8, count: 32)

    @Test func `a change of the key is in the log, and both sign until the former is retired`()
        async throws
    {
        try await LedgerWorld.with { world in
            let former = try world.signer
            let next = try CheckpointSigner(origin: former.key.name, privateKey: Self.next)
            let sealer = try world.sealer(keys: [former, next])
            try await SealerTests.enter(["one"], world)
            try await sealer.seal()
            await #expect(throws: CheckpointFault.notSigned) {
                try await next.key.open(world.note())
            }

            let rotation = KeyRotation(world.owner, logger: TestPostgres.logger)
            #expect(try await rotation.take("seal", version: 2, checks: keyChecks))
            #expect(try await !rotation.retireSeal(), "no checkpoint names the next key yet")
            #expect(try await sealer.seal() == 1)
            #expect(try await former.key.open(world.note()) == next.key.open(world.note()))
            for key in [former.key, next.key] {
                let report = try await world.audit(world.note(), key)
                #expect(report.findings.isEmpty && report.keys.map(\.key) == [next.key])
            }
            #expect(
                try await !rotation.take("seal", version: 3, checks: keyChecks),
                "the former key signs still")

            #expect(try await rotation.retireSeal())
            #expect(try await !rotation.retireSeal())
            await rotation.close()
            try await SealerTests.enter(["two"], world)
            #expect(try await sealer.seal() == 1)
            await #expect(throws: CheckpointFault.notSigned) {
                try await former.key.open(world.note())
            }
            let report = try await world.audit(world.note(), next.key)
            #expect(report.findings.isEmpty && report.checkpoint.size == 3)
            #expect(try await world.sealer(keys: [former, next]).seal() == 0)
            // Whoever has the former key alone lacks the next, and takes no checkpoint for a changed one.
            let fault = await #expect(throws: SealFault.self) { try await world.sealer().seal() }
            #expect(fault?.description.hasPrefix("keyLacking: ") == true)
        }
    }

    @Test func `a gateway that lacks the key in use seals nothing`() async throws {
        try await LedgerWorld.with { world in
            let rotation = KeyRotation(world.owner, logger: TestPostgres.logger)
            #expect(try await rotation.take("seal", version: 2, checks: keyChecks))
            await rotation.close()
            try await SealerTests.enter(["one"], world)
            await #expect(throws: SealFault.self) { try await world.sealer().seal() }
            #expect(try await world.count("log.position") == 0)
        }
    }

    @Test(arguments: [
        "update log.seal_key set key = replace(key, '+', '-')",
        "update log.seal_key set at = at + interval '1 second'", "delete from log.seal_key",
    ])
    func `a changed change of the key is found`(sql: String) async throws {
        try await LedgerWorld.with { world in
            let next = try CheckpointSigner(
                origin: world.signer.key.name, privateKey: Self.next)
            let rotation = KeyRotation(world.owner, logger: TestPostgres.logger)
            #expect(try await rotation.take("seal", version: 2, checks: keyChecks))
            await rotation.close()
            try await world.sealer(keys: [world.signer, next]).seal()
            #expect(try await world.audit(world.note()).findings.isEmpty)
            try await world.manipulate(sql)
            #expect(try await !world.audit(world.note()).findings.isEmpty)
        }
    }
}

import Exchange
import Foundation
import Ledger
import Postgres
import Synchronization
import TestSupport
import Testing

/// 封印: every committed entry gets one position, in an order that no late commit can upset; a crash
/// anywhere is mended by the next round.
@Suite struct SealerTests {
    @Test func `what keeps it from sealing is told once, and that it is over`() async throws {
        try await LedgerWorld.with { world in
            let log = LineLog()
            let rounds = Rounds()
            let keys = SealKeys([try world.signer])
            let sealer = Sealer(
                world.owner.with(user: "tsunagi_sealer"),
                keys: {
                    rounds.add()
                    return keys
                }, outlet: try CheckpointOutlet(folder: world.checkpoints) { "2026-06-15" },
                logger: log.logger)
            // No checkpoint can be read, or written, where a folder lies.
            let latest = world.checkpoints + "/latest"
            try FileManager.default.createDirectory(
                atPath: latest, withIntermediateDirectories: false)
            let running = Task { await sealer.run(epochSeconds: 86_400) }
            for _ in 0..<6_000 where rounds.count < 6 {
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(rounds.count >= 6)
            #expect(log.all.count { $0.hasPrefix("seal postponed error=cannot write") } == 1)
            try FileManager.default.removeItem(atPath: latest)
            for _ in 0..<6_000 where !log.all.contains(where: { $0.hasPrefix("sealed again") }) {
                try await Task.sleep(for: .milliseconds(10))
            }
            running.cancel()
            await running.value
            #expect(log.all.count { $0.hasPrefix("sealed again") } == 1)
            #expect(log.all.count { $0.hasPrefix("seal postponed") } == 1)
        }
    }

    private final class Rounds: Sendable {
        private let asked = Mutex(0)
        var count: Int { asked.withLock { $0 } }
        func add() { asked.withLock { $0 += 1 } }
    }

    /// Positions with the operator of their entries: what the tests name them by.
    static func order(_ world: LedgerWorld) async throws -> [String] {
        try await world.texts(
            """
            select e.operator from log.position p join log.access_entry e using (entry) order by p.position
            """)
    }

    static func enter(
        _ names: [String], _ world: LedgerWorld, settling: Bool = true
    ) async throws {
        for name in names {
            try await world.pool.transaction { try $0.script(insert(name)) }
        }
        if settling { try await world.settle() }
    }

    static func insert(_ name: String, rows: Int = 1) -> String {
        """
        insert into log.access_entry (entry, format, party, operator, purpose, outcome, salt)
        select gen_random_uuid(), 1, 'institution:1319999995', '\(name)', 'open-visit', 'ok', 'salt'
        from generate_series(1, \(rows))
        """
    }

    @Test func `an entry whose transaction commits late is neither lost nor behind a later one`()
        async throws
    {
        try await LedgerWorld.with { world in
            let sealer = try world.sealer()
            try await Self.enter(["before"], world)
            let entered = Gate()
            let mayCommit = Gate()
            async let slow: Void = world.pool.transaction { transaction in
                try transaction.script(Self.insert("slow"))
                entered.open()
                mayCommit.waitBlocking()
            }
            try await entered.wait()
            try await Self.enter(["after 1", "after 2"], world, settling: false)
            #expect(try await sealer.seal() == 1)
            // Committed and waiting: nothing may be sealed past a transaction that is still open.
            #expect(try await sealer.seal() == 0)
            #expect(try await Self.order(world) == ["before"])
            mayCommit.open()
            try await slow
            try await world.settle()
            #expect(try await sealer.seal() == 3)
            #expect(try await Self.order(world) == ["before", "slow", "after 1", "after 2"])
            #expect(try await world.audit(world.note()).findings.isEmpty)
        }
    }

    /// As a `pg_dump` does: what the runbook tells whoever looks for what holds the seal.
    @Test func `a transaction that only reads holds up no seal`() async throws {
        try await LedgerWorld.with { world in
            let reading = Gate()
            let mayEnd = Gate()
            async let reader: Void = world.pool.transaction(.readOnly) { transaction in
                _ = try transaction.query(Statement("select count(*) from log.access_entry"))
                reading.open()
                mayEnd.waitBlocking()
            }
            try await reading.wait()
            try await Self.enter(["one"], world)
            let sealed = try await world.sealer().seal()
            mayEnd.open()
            try await reader
            #expect(sealed == 1)
        }
    }

    @Test func `an entry that is rolled back leaves no gap`() async throws {
        try await LedgerWorld.with { world in
            try await Self.enter(["one"], world)
            await #expect(throws: Refusal.recordUnknown) {
                try await world.pool.transaction { transaction in
                    try transaction.script(Self.insert("never"))
                    throw Refusal.recordUnknown
                }
            }
            try await Self.enter(["two"], world)
            #expect(try await world.sealAll() == 2)
            #expect(try await Self.order(world) == ["one", "two"])
            #expect(try await world.audit(world.note()).findings.isEmpty)
        }
    }

    @Test func `several sealers at once, entries and slow transactions all the time: one log`()
        async throws
    {
        try await LedgerWorld.with { world in
            let sealers = try (0..<3).map { _ in try world.sealer() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<3 {
                    group.addTask {
                        for round in 0..<12 {
                            try await world.pool.transaction { transaction in
                                try transaction.script(Self.insert("w\(writer)-\(round)"))
                                if (writer + round) % 4 == 0 { usleep(30_000) }
                            }
                        }
                    }
                }
                for sealer in sealers {
                    group.addTask {
                        for _ in 0..<40 {
                            try await LedgerWorld.amongOthers { _ = try await sealer.seal() }
                            try await Task.sleep(for: .milliseconds(5))
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await world.sealAll()
            #expect(Set(try await Self.order(world)).count == 36)
            #expect(try await world.count("log.position") == 36)
            let report = try await world.audit(world.note())
            #expect(report.findings.isEmpty && report.checkpoint.size == 36)
        }
    }

    @Test func `of two sealers past the lock the second commits nothing`() async throws {
        try await LedgerWorld.with { world in
            try await Self.enter(["one"], world)
            let moved = Gate()
            let mayCommit = Gate()
            async let faster: Void = world.pool.transaction { transaction in
                try transaction.script("update log.head set size = size + 1")
                moved.open()
                mayCommit.waitBlocking()
            }
            try await moved.wait()
            async let slower = Self.fault(world)
            try await eventually {
                try await world.isWaitingForALock
            }
            mayCommit.open()
            try await faster
            #expect(try await slower.hasPrefix("headMoved:"))
            #expect(try await world.count("log.position") == 0)
        }
    }

    private static func fault(_ world: LedgerWorld) async throws -> String {
        let sealer = try world.sealer()
        let error = await #expect(throws: (any Error).self) { try await sealer.seal() }
        return "\(try #require(error))"
    }

    @Test func `a batch never cuts a transaction in two, however large it is`() async throws {
        try await LedgerWorld.with { world in
            let sealer = try world.sealer()
            try await Self.enter(["a", "b"], world)
            try await world.execute(Self.insert("large", rows: 8_500))
            try await Self.enter(["c", "d"], world)
            #expect(try await sealer.seal() == 2)
            #expect(try await sealer.seal() == 8_500)
            #expect(try await sealer.seal() == 2)
            #expect(try await sealer.seal() == 0)
            let order = try await Self.order(world)
            #expect(order.prefix(2) == ["a", "b"] && order.suffix(2) == ["c", "d"])
            #expect(order.count == 8_504)
            #expect(try await world.audit(world.note()).findings.isEmpty)
        }
    }

    /// Positions are durable, the signature is not: what a crash between the two leaves.
    @Test func `a head left unsigned is signed by the next round`() async throws {
        try await LedgerWorld.with { world in
            let sealer = try world.sealer()
            try await Self.enter(["one", "two"], world)
            try await world.execute("revoke insert on log.checkpoint from tsunagi_sealer")
            await #expect(throws: DatabaseError.server(sqlState: "42501", constraint: nil)) {
                try await sealer.seal()
            }
            #expect(try await world.count("log.position") == 2)
            #expect(try await world.count("log.checkpoint") == 0)
            try await world.execute("grant insert on log.checkpoint to tsunagi_sealer")
            #expect(try await sealer.seal() == 0)
            let report = try await world.audit(world.note())
            #expect(report.findings.isEmpty && report.checkpoint.size == 2)
        }
    }

    @Test func `a checkpoint that could not be written outside is written by the next round`()
        async throws
    {
        try await LedgerWorld.with { world in
            let sealer = try world.sealer()
            try await Self.enter(["one"], world)
            try FileManager.default.removeItem(atPath: world.checkpoints)
            await #expect(throws: CheckpointOutlet.Failure.self) { try await sealer.seal() }
            // It has its place: what readiness goes by is that nothing outside says so.
            try await Task.sleep(for: .milliseconds(1_100))
            #expect(try await world.ledger.unsealedSeconds() == 0)
            #expect(try await world.ledger.unsignedSeconds() >= 1)
            try FileManager.default.createDirectory(
                atPath: world.checkpoints, withIntermediateDirectories: true)
            #expect(try await sealer.seal() == 0)
            #expect(try await world.ledger.unsignedSeconds() == 0)
            #expect(
                try Self.file("latest", world)
                    == String(decoding: try await world.note(), as: UTF8.self))
        }
    }

    @Test func `each seal writes the latest checkpoint and adds it to the day's file`() async throws
    {
        try await LedgerWorld.with { world in
            let sealer = try world.sealer()
            var notes: [String] = []
            for name in ["one", "two", "three"] {
                try await Self.enter([name], world)
                #expect(try await sealer.seal() == 1)
                notes.append(String(decoding: try await world.note(), as: UTF8.self))
                #expect(try Self.file("latest", world) == notes.last)
            }
            #expect(
                try Self.file("2026-06-15.checkpoints", world) == notes.map { $0 + "\n" }.joined())
            for (place, note) in notes.enumerated() {
                #expect(try world.signer.key.open(Array(note.utf8)).size == place + 1)
            }
        }
    }

    private static func file(_ name: String, _ world: LedgerWorld) throws -> String {
        try String(contentsOfFile: world.checkpoints + "/" + name, encoding: .utf8)
    }

    struct Damage: Sendable, CustomTestStringConvertible {
        let sql: String
        let fault: String
        var testDescription: String { sql }
    }

    static let damages = [
        Damage(sql: "update log.head set root = sha256('x')", fault: "head"),
        Damage(sql: "update log.head set size = size - 1", fault: "head"),
        Damage(sql: "update log.head set size = size + 1", fault: "tile"),
        Damage(
            sql: "update log.position set leaf = sha256('x') where position = 256", fault: "head"),
        Damage(sql: "delete from log.position where position = 257", fault: "tile"),
        Damage(sql: "update log.tile set root = sha256('x')", fault: "head"),
        Damage(sql: "delete from log.tile", fault: "tile"),
        Damage(sql: "update log.head set next_xid = '18446744073709551615'", fault: "horizon"),
    ]

    @Test(arguments: damages)
    func `a tree changed by hand is not sealed over`(damage: Damage) async throws {
        try await LedgerWorld.with { world in
            try await world.execute(Self.insert("old", rows: 259))
            try await world.sealAll()
            try await world.manipulate(damage.sql)
            let positions = try await world.count("log.position")
            try await Self.enter(["new"], world)
            #expect(try await Self.fault(world).hasPrefix(damage.fault))
            #expect(try await world.count("log.position") == positions)
        }
    }
}

import Exchange
import Foundation
import Glibc
import Ledger
import Postgres
import TestSupport
import Testing

/// 封印の故障: two gateways seal one log, and one of them is killed, or stands still wherever it just was,
/// between commit and signature too, and wakes up later. There is one history, each checkpoint of either is
/// of it, and nothing waits for a hand.
@Suite(.serialized, .timeLimit(.minutes(120)))
struct SealerFaultTests {
    enum Fault: String, CaseIterable, CustomTestStringConvertible {
        case killed, paused
        var testDescription: String { rawValue }
    }

    @Test(arguments: Fault.allCases)
    func `of two sealers one fails, and there is one history`(_ fault: Fault) async throws {
        try await CrashWorld.with { world in
            let journal = Journal()
            let doorplate = Doorplate()
            var other = try world.serve()
            _ = try await other.ports(CrashWorld.listeners.count)
            try world.configure { settings in
                var log = settings["log"] as? [String: Any] ?? [:]
                log["checkpoints"] = Self.second(world)
                settings["log"] = log
            }
            let gateway = try world.serve()
            doorplate.put(try await gateway.ports(CrashWorld.listeners.count))
            let clients = try await CrashTests.clients(2, world, doorplate, journal)
            let rounds = Torture.times("SEALER", 5)
            var unsigned = 0
            try await withThrowingTaskGroup(of: Void.self) { group in
                for var client in clients { group.addTask { try await client.run() } }
                do {
                    for _ in 0..<rounds {
                        unsigned += try await Self.fail(fault, &other, world) ? 1 : 0
                        try await CrashTests.verify(journal.now, world, isOver: false)
                    }
                } catch {
                    journal.stop()
                    throw error
                }
                journal.stop()
                try await group.waitForAll()
            }
            try await CrashTests.end(other, world)
            try await CrashTests.end(gateway, world)
            try await CrashTests.verify(journal.now, world, isOver: true)
            try await Self.verifyEveryNote(world)
            #expect(journal.now.answers.count > rounds)
            // Had it never stood between commit and signature, little would have been shown.
            if fault == .paused { #expect(unsigned > 0) }
            Torture.report(
                "two sealers, one \(fault.rawValue)", rounds,
                "one history; \(unsigned) times a head was left unsigned")
        }
    }

    private static func second(_ world: CrashWorld) -> String { world.folder + "/checkpoints-2" }

    /// One failure, and the other goes on meanwhile. True when the head stood unsigned.
    private static func fail(
        _ fault: Fault, _ other: inout ServeProcess, _ world: CrashWorld
    ) async throws -> Bool {
        var chance = Seeded(UInt64(try await signed(world)) + 1)
        try await Task.sleep(for: .milliseconds(chance.int(0...80)))
        switch fault {
        case .killed:
            other.signal(SIGKILL)
            _ = try await other.exit()
            let isUnsigned = try await isUnsigned(world)
            try await goesOn(world)
            try world.configure()
            other = try world.serve()
            _ = try await other.ports(CrashWorld.listeners.count)
            return isUnsigned
        case .paused:
            let isUnsigned = try await pause(other, world)
            try await goesOn(world)
            other.signal(SIGCONT)
            return isUnsigned
        }
    }

    /// Stopped again and again until it is where the head has been moved and not signed, if it comes there.
    private static func pause(_ other: ServeProcess, _ world: CrashWorld) async throws -> Bool {
        var chance = Seeded(UInt64(try await signed(world)))
        for _ in 0..<60 {
            other.signal(SIGSTOP)
            if try await isUnsigned(world) { return true }
            other.signal(SIGCONT)
            try await Task.sleep(for: .milliseconds(chance.int(1...30)))
        }
        other.signal(SIGSTOP)
        return false
    }

    /// What comes now is sealed and signed by whoever is left: a minute is twelve times as long as the
    /// database lets a transaction stand still.
    private static func goesOn(_ world: CrashWorld) async throws {
        let before = try await signed(world)
        for _ in 0..<6_000 {
            if try await signed(world) > before + 2 { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw TLSClient.Gone(
            description: "the other sealer did not go on: \(try await world.transactions())")
    }

    private static func signed(_ world: CrashWorld) async throws -> Int {
        try await world.count(
            "generate_series(1, (select coalesce(max(size), 0) from log.checkpoint))")
    }

    private static func isUnsigned(_ world: CrashWorld) async throws -> Bool {
        try await world.count(
            "log.head where size > (select coalesce(max(size), 0) from log.checkpoint)") > 0
    }

    /// The final tree, and every checkpoint that either ever wrote outside.
    private static func verifyEveryNote(_ world: CrashWorld) async throws {
        let audit = LogAudit(
            world.cluster.address(user: "tsunagi_reader"), logger: TestPostgres.logger)
        var notes: [String] = []
        for folder in [world.folder + "/checkpoints", second(world)] {
            for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
                let text = try String(contentsOfFile: folder + "/" + name, encoding: .utf8)
                let start = CrashWorld.origin + "\n"
                notes += text.components(separatedBy: start).dropFirst().map {
                    start + String($0.trimmingPrefix("\n")).trimmingCharacters(in: .newlines) + "\n"
                }
            }
        }
        #expect(notes.count > 4)
        // Each costs a reading of the whole log: the first, the last and some between.
        var chance = Seeded(UInt64(notes.count))
        let some = [notes[0]] + (0..<12).map { _ in chance.pick(notes) } + notes.suffix(1)
        for note in some {
            let report = try await audit.verify(note: Array(note.utf8), key: try world.sealKey)
            #expect(report.findings.isEmpty, "\(report.findings) \(note)")
        }
        await audit.close()
    }
}

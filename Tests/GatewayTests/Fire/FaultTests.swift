import Exchange
import Foundation
import Glibc
import Ledger
import Postgres
import TestSupport
import Testing

/// 故障: the disk is full, nobody is free in the pool, the clock is wrong. Nothing is answered that could not
/// be kept, nothing that was answered is lost, and when it is over the gateway goes on by itself.
@Suite(.serialized, .timeLimit(.minutes(60)))
struct FaultTests {
    @Test(.enabled(if: TinyDisk.isPossible, "needs to be root and allowed to mount"))
    func `a full disk refuses what it cannot keep, and passes by itself`() async throws {
        let disk = try TinyDisk()
        defer { disk.remove() }
        try await CrashWorld.with { world in
            try await Self.putLog(of: world, on: disk)
            let journal = Journal()
            let doorplate = Doorplate()
            let gateway = try world.serve()
            doorplate.put(try await gateway.ports(CrashWorld.listeners.count))
            let clients = try await CrashTests.clients(3, world, doorplate, journal)
            let rounds = Torture.times("DISK", 2)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for var client in clients { group.addTask { try await client.run() } }
                do {
                    for _ in 0..<rounds {
                        try await Self.until { journal.answersCount > 20 }
                        try disk.fill()
                        let failed = journal.now.failed + journal.now.repeated
                        try await Self.until {
                            journal.now.failed + journal.now.repeated > failed + 20
                        }
                        try await CrashTests.verify(journal.now, world, isOver: false)
                        try disk.clear()
                        let told = journal.answersCount
                        try await Self.until { journal.answersCount > told + 20 }
                    }
                } catch {
                    journal.stop()
                    throw error
                }
                journal.stop()
                try await group.waitForAll()
            }
            while try await world.count("log.epoch") < 2 {
                try await Task.sleep(for: .milliseconds(50))
            }
            try await CrashTests.end(gateway, world)
            try await CrashTests.verify(journal.now, world, isOver: true)
            try await CrashTests.verifySeal(world)
            Torture.report(
                "disk of the log full under load", rounds,
                "\(journal.now.failed + journal.now.repeated) refused with 503, nothing lost")
        }
    }

    @Test func `a pool with nobody free answers 503 and when to come back`() async throws {
        try await RunningGateway.run { gateway in
            let visit = try await gateway.openVisit(gateway.settle().card)
            let body = Array(JSON.object(gateway.checkBody(visit)).text.utf8)
            let held = AsyncStream<Void>.makeStream()
            async let lock: Void = gateway.sql { transaction in
                try transaction.script("lock table log.access_entry in share mode")
                held.continuation.yield()
                usleep(7_000_000)
            }
            for await _ in held.stream { break }
            let statuses = try await Self.ask(120, body, gateway)
            try await lock
            #expect(Set(statuses).isSubset(of: [200, 429, 503]))
            #expect(statuses.contains(503))
            try await gateway.check(visit).expect(200)
            Torture.report(
                "requests while no entry could be written", statuses.count,
                "\(statuses.count { $0 == 503 }) told 503 with Retry-After, none without its entry")
        }
    }

    /// Many at once, each over its own connection.
    private static func ask(
        _ count: Int, _ body: [UInt8], _ gateway: RunningGateway
    ) async throws -> [Int] {
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<count {
                group.addTask {
                    let client = try await gateway.connect(Cast.clinic)
                    let answer = try await gateway.send(
                        client, "POST", RunningGateway.checkPath, bytes: body)
                    if answer.status != 200 { #expect(answer["Retry-After"] != nil) }
                    await client.close()
                    return answer.status
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    @Test func `a clock that was put forward or back shows against the database's`() async throws {
        try await RunningGateway.run { gateway in
            for seconds: Int64 in [-3_600, -2, 2, 3_600] {
                let drift = try await gateway.ledger.clockDrift {
                    WallClock.now().adding(seconds: seconds)
                }
                #expect(drift > 1_000_000, "\(seconds)")
            }
            #expect(try await gateway.ledger.clockDrift(from: WallClock.now) < 1_000_000)
        }
    }

    private static func putLog(of world: CrashWorld, on disk: TinyDisk) async throws {
        try await world.alterSystem("create tablespace tight location '\(disk.folder)'")
        let months = try await world.owner.transaction { transaction in
            try transaction.query(
                Statement(
                    """
                    select inhrelid::regclass::text from pg_inherits
                    where inhparent = 'log.access_entry'::regclass
                    """)
            ).map { try $0.text(0) }
        }
        for month in months {
            try await world.execute("alter table \(month) set tablespace tight")
        }
    }

    private static func until(_ condition: () -> Bool) async throws {
        for _ in 0..<6_000 {
            if condition() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw TLSClient.Gone(description: "it did not come to be so within a minute")
    }
}

/// 小さなディスク: a few megabytes of their own, which a test fills.
private struct TinyDisk {
    let folder: String
    private let mount: String

    static let isPossible: Bool = {
        guard geteuid() == 0, let disk = try? TinyDisk() else { return false }
        disk.remove()
        return true
    }()

    init() throws {
        mount = FileManager.default.temporaryDirectory.path + "/tsunagi-disk-\(UUID().uuidString)"
        folder = mount + "/space"
        try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: true)
        try Self.run(["/bin/mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", mount])
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Self.run(["/bin/chown", "-R", "postgres", mount])
    }

    /// Takes what room there is, to the last byte.
    func fill() throws {
        let file = open(mount + "/ballast", O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
        defer { close(file) }
        let block = [UInt8](repeating: 0, count: 4_096)
        while write(file, block, block.count) > 0 {}
        guard errno == ENOSPC else { throw TLSClient.Gone(description: "cannot fill: \(errno)") }
    }

    func clear() throws { try FileManager.default.removeItem(atPath: mount + "/ballast") }

    func remove() {
        try? Self.run(["/bin/umount", "-l", mount])
        try? FileManager.default.removeItem(atPath: mount)
    }

    private static func run(_ line: [String]) throws {
        let process = try Process.run(
            URL(filePath: line[0]), arguments: Array(line.dropFirst()))
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw TLSClient.Gone(description: line.joined(separator: " "))
        }
    }
}

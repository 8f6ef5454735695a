import Crypto
import Exchange
import Foundation
import Ledger
import Logging
import Postgres
import Synchronization
import TestSupport
import Testing

/// A migrated database of the test's own with the real rules, a few parties, and a ledger on it.
struct LedgerWorld: Sendable {
    let owner: Address
    /// The owner's own connection, which sees and may try everything.
    let pool: Pool
    let ledger: Ledger
    let checkpoints: String

    static let seed = [UInt8](repeating: 7, count: 32)
    static let origin = "tsunagi.example/test"
    static let clinic = caller(.institution, "1319999995")
    static let pharmacy = caller(.institution, "1349999992")
    static let hospital = caller(.institution, "1319999987")
    static let authority = caller(.cardauthority, "test-authority")
    static let koganei = caller(.municipality, "132101")
    static let tokyo = caller(.prefecture, "130001")
    static let portal = caller(.portal, "test-portal")
    static let callers = [clinic, pharmacy, hospital, authority, koganei, tokyo, portal]

    static func caller(_ role: Role, _ code: String, operator name: String? = nil) -> Caller {
        guard let party = try? Party(role: role, code: code) else { fatalError("party \(code)") }
        return Caller(party: party, operatorID: name)
    }

    static func template() async throws -> String {
        try await TestPostgres.template("ledger_template") { owner in
            _ = try await Migrations.apply(as: owner, logger: TestPostgres.logger)
            try await furnish(owner)
        }
    }

    /// The rules and the parties.
    static func furnish(_ owner: Address) async throws {
        let pool = Pool(
            owner, limits: .init(connectionsMax: 1), label: "template",
            logger: TestPostgres.logger)
        _ = try await RuleShelf.load(ProfileFiles.all, into: pool)
        await pool.shutdown()
        let registry = PartyRegistry(owner, logger: TestPostgres.logger)
        _ = try await registry.load(
            callers.map { .init(party: $0.party, name: $0.party.code) }, isOptedIn: true)
        let since = try CalendarDay("2020-04-01")
        for body in [koganei, tokyo] {
            _ = try await registry.connect(body.party, since: since)
        }
        await registry.close()
    }

    /// Eight at a time, because each holds a handful of the server's connections.
    static func with<R: Sendable>(
        template: @Sendable () async throws -> String = Self.template,
        _ body: @Sendable (LedgerWorld) async throws -> R
    ) async throws -> R {
        await turnstile.enter()
        do {
            let result = try await inside(template, body)
            turnstile.leave()
            return result
        } catch {
            turnstile.leave()
            throw error
        }
    }

    private static let turnstile = Turnstile(8)

    private static func inside<R: Sendable>(
        _ template: @Sendable () async throws -> String,
        _ body: @Sendable (LedgerWorld) async throws -> R
    ) async throws -> R {
        let owner = try await TestPostgres.freshDatabase(template: template())
        let world = LedgerWorld(
            owner: owner,
            pool: Pool(
                owner, limits: .init(connectionsMax: 4), label: "owner",
                logger: TestPostgres.logger),
            ledger: Ledger(
                .init(
                    gateway: owner.with(user: "tsunagi_gateway"),
                    office: owner.with(user: "tsunagi_office")), logger: TestPostgres.logger),
            checkpoints: temporaryFolder())
        do {
            try await world.ledger.prepare()
            let result = try await body(world)
            await world.end()
            return result
        } catch {
            await world.end()
            throw error
        }
    }

    static func temporaryFolder() -> String {
        FileManager.default.temporaryDirectory.appending(
            path: "tsunagi-ledger-\(UUID().uuidString)"
        ).path
    }

    func close() async {
        await ledger.shutdown()
        await pool.shutdown()
        try? FileManager.default.removeItem(atPath: checkpoints)
    }

    private func end() async {
        await close()
        try? await TestPostgres.drop(owner)
    }
}

extension LedgerWorld {
    func execute(_ sql: String, as role: String? = nil) async throws {
        guard let role else {
            try await pool.transaction { try $0.script(sql) }
            return
        }
        let pool = Pool(
            owner.with(user: role), limits: .init(connectionsMax: 1), label: role,
            logger: TestPostgres.logger)
        do {
            try await pool.transaction { try $0.script(sql) }
        } catch {
            await pool.shutdown()
            throw error
        }
        await pool.shutdown()
    }

    /// Somebody in this very database waits for somebody else.
    var isWaitingForALock: Bool {
        get async throws {
            try await count(
                "pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()")
                > 0
        }
    }

    func count(_ from: String) async throws -> Int {
        try await pool.transaction {
            try $0.query(Statement("select count(*) from \(from)"))[0].int(0)
        }
    }

    func texts(_ sql: String) async throws -> [String] {
        try await pool.transaction { transaction in
            try transaction.query(Statement(sql)).map { try $0.text(0) }
        }
    }

    /// As the superuser with every trigger silenced: what nobody but whoever owns the machine can do.
    func manipulate(_ sql: String) async throws {
        try await execute("set local session_replication_role = replica; \(sql)")
    }

    var signer: CheckpointSigner {
        get throws { try CheckpointSigner(origin: Self.origin, privateKey: Self.seed) }
    }

    func sealer(keys: [CheckpointSigner]? = nil, checkpoints: String? = nil) throws -> Sealer {
        let keys = SealKeys(try keys ?? [signer])
        return Sealer(
            owner.with(user: "tsunagi_sealer"), keys: { keys },
            outlet: try CheckpointOutlet(folder: checkpoints ?? self.checkpoints) { "2026-06-15" },
            logger: TestPostgres.logger)
    }

    /// Transactions are counted by the whole server: one that another test keeps open keeps the
    /// sealer from going on.
    func settle() async throws {
        try await eventually {
            try await count(
                "log.access_entry where xid >= pg_snapshot_xmin(pg_current_snapshot())") == 0
        }
    }

    /// Rounds until one finds nothing; returns how many entries got a position.
    @discardableResult
    func sealAll() async throws -> Int {
        try await settle()
        let sealer = try sealer()
        var sealed = 0
        while true {
            let round = try await sealer.seal()
            if round == 0 { return sealed }
            sealed += round
        }
    }

    /// A round among several sealers: where another was faster, there is nothing to do.
    static func amongOthers(_ round: () async throws -> Void) async throws {
        do { try await round() } catch SealFault.headMoved {}
    }

    func note() async throws -> [UInt8] {
        let note = try await texts("select note from log.checkpoint order by size desc limit 1")
        return Array(try #require(note.first).utf8)
    }

    func audit(
        _ note: [UInt8], _ key: CheckpointKey? = nil, others: [CheckpointKey] = [],
        archives: [String] = []
    ) async throws -> LogAudit.Report {
        let audit = LogAudit(owner.with(user: "tsunagi_reader"), logger: TestPostgres.logger)
        do {
            let report = try await audit.verify(
                note: note, key: try key ?? signer.key, others: others, archives: archives)
            await audit.close()
            return report
        } catch {
            await audit.close()
            throw error
        }
    }
}

/// How many may be inside at once; the others wait in order.
final class Turnstile: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(_ count: Int) {
        state = Mutex(State(free: count))
    }

    func enter() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.free == 0 else {
                    state.free -= 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.free += 1
            return nil
        }
        next?.resume()
    }
}

/// Something on one thread that others wait for.
final class Gate: Sendable {
    private let isOpen = Atomic<Bool>(false)

    var isOpenNow: Bool { isOpen.load(ordering: .acquiring) }

    func open() { isOpen.store(true, ordering: .releasing) }

    /// On a database thread, never on a task's.
    func waitBlocking() {
        for _ in 0..<20_000 where !isOpen.load(ordering: .acquiring) { usleep(1_000) }
    }

    func wait() async throws {
        for _ in 0..<20_000 where !isOpen.load(ordering: .acquiring) {
            try await Task.sleep(for: .milliseconds(1))
        }
        let isOpenAtLast = isOpen.load(ordering: .acquiring)
        try #require(isOpenAtLast)
    }
}

func eventually(_ condition: () async throws -> Bool) async throws {
    for _ in 0..<12_000 {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(5))
    }
    Issue.record("it did not happen within a minute")
}

func sha256(_ text: String) -> [UInt8] { Array(SHA256.hash(data: Array(text.utf8))) }

/// The files of `profiles/` as they are in the repository.
enum ProfileFiles {
    /// …/Tests/LedgerTests/LedgerWorld.swift → the package root.
    static let all: [String: [UInt8]] = {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "profiles")
            .path
        var files: [String: [UInt8]] = [:]
        for path in FileManager.default.subpaths(atPath: folder) ?? []
        where path.hasSuffix(".json") && !path.hasPrefix("fhir/") && !path.contains("examples/") {
            files[path] = FileManager.default.contents(atPath: folder + "/" + path).map(Array.init)
        }
        return files
    }()
}

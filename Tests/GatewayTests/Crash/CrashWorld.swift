import Crypto
import Exchange
import Foundation
import Ledger
import Postgres
import TestSupport
import Trust

/// Everything that a gateway of its own process needs, in one folder: a server to kill, a PKI,
/// keys, rules, parties, and a configuration as an operator would write it.
struct CrashWorld: Sendable {
    let cluster: PrivateCluster
    let folder: String
    let pki: DevelopmentPKI
    let owner: Pool
    private let started = Started()

    static let origin = "tsunagi.example/crash"
    static let listeners: [Listener] = [.institution, .office, .resident]

    static func with(
        settings: [String: String] = [:], _ body: (CrashWorld) async throws -> Void
    ) async throws {
        try await TestPostgres.withOwnCluster(settings: settings) { cluster in
            let folder = FileManager.default.temporaryDirectory
                .appending(path: "tsunagi-crash-\(RecordID.random().text)").path
            let world = CrashWorld(
                cluster: cluster, folder: folder,
                pki: DevelopmentPKI(folder: folder + "/pki"),
                owner: Pool(
                    cluster.address(),
                    limits: .init(connectionsMax: 2, waitMilliseconds: 10_000),
                    label: "crash-owner",
                    logger: TestPostgres.logger))
            do {
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: true)
                try await world.build()
                try await body(world)
                await world.end()
            } catch {
                await world.end()
                throw error
            }
        }
    }

    private func end() async {
        started.killAll()
        await owner.shutdown()
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func build() async throws {
        _ = try await Migrations.apply(as: cluster.address(), logger: TestPostgres.logger)
        _ = try await RuleShelf.load(Self.profiles, into: owner)
        let now = WallClock.now()
        try DevelopmentPKI.create(in: pki.folder, at: now)
        try pki.issueServer(name: "gateway", at: now)
        try KeyRing.create(folder + "/keys")
        let parties = [
            Cast.clinic, Cast.pharmacy, Cast.town, Cast.prefecture, Cast.authority, Cast.portal,
        ]
        let registry = PartyRegistry(cluster.address(), logger: TestPostgres.logger)
        _ = try await registry.load(
            (parties + Cast.operators).map { .init(party: $0, name: "見本 \($0.code)") },
            isOptedIn: true)
        for body in [Cast.town, Cast.prefecture] {
            _ = try await registry.connect(body, since: now.dayInJapan.adding(days: -3000))
        }
        await registry.close()
        for party in parties { try pki.issue(party, name: party.fileName, at: now) }
        for authority in DevelopmentPKI.Authority.allCases { try pki.writeList(authority, at: now) }
        try configure()
    }

    var configuration: String { folder + "/gateway.json" }
    var keys: String { folder + "/keys" }

    func conninfo(_ role: String) -> String {
        "host='\(cluster.socketFolder)' port=\(PrivateCluster.port) dbname=postgres user=tsunagi_\(role)"
    }

    /// Writes the configuration; `change` spoils it where a test wants it spoilt.
    func configure(_ change: (inout [String: Any]) -> Void = { _ in }) throws {
        let lists = [DevelopmentPKI.Authority.institutions, .offices, .portals, .cards]
            .map { pki.listPath($0) }
        var settings: [String: Any] = [
            "database": [
                "gateway": conninfo("gateway"), "office": conninfo("office"),
                "sealer": conninfo("sealer"),
            ],
            "keys": ["folder": keys],
            "log": [
                "checkpoints": folder + "/checkpoints", "origin": Self.origin, "level": "error",
                // So that crashes also fall into epochs.
                "epoch-seconds": 1,
            ] as [String: Any],
            "trust": [
                "server-certificate": pki.certificatePath(.server, "gateway"),
                "server-key": pki.keyPath(.server, "gateway"),
                "institution-anchors": pki.path(.institutions, "ca.pem"),
                "office-anchors": pki.path(.offices, "ca.pem"),
                "portal-anchors": pki.path(.portals, "ca.pem"),
                "card-anchors": pki.path(.cards, "ca.pem"), "revocation-lists": lists,
            ],
            "listen": [
                "institution": ["port": 0, "requests-per-second-per-party": 100_000],
                "office": ["port": 0],
                "resident": ["port": 0, "requests-per-second-per-party": 100_000],
            ],
        ]
        change(&settings)
        let data = try JSONSerialization.data(withJSONObject: settings)
        try data.write(to: URL(filePath: configuration))
    }

    func serve() throws -> ServeProcess {
        let process = try ServeProcess(
            configuration: configuration, errors: folder + "/errors-\(RecordID.random().text)")
        started.add(process)
        return process
    }

    func count(_ from: String) async throws -> Int {
        try await owner.transaction {
            try $0.query(Statement("select count(*) from \(from)"))[0].int(0)
        }
    }

    /// All at one moment: what was under way when somebody was killed may still be committed.
    func counts(_ from: String...) async throws -> [Int] {
        let counts = from.map { "(select count(*) from \($0))" }.joined(separator: ", ")
        return try await owner.transaction { transaction in
            let row = try transaction.query(Statement("select \(counts)"))[0]
            return try from.indices.map { try row.int($0) }
        }
    }

    /// Who is in a transaction now, for the words of a failure.
    func transactions() async throws -> String {
        let rows = try await owner.transaction {
            try $0.query(
                Statement(
                    """
                    select application_name || ' ' || state || ' ' || coalesce(wait_event, '-') || ' '
                        || coalesce(backend_xid::text, '-') || ' ' || (clock_timestamp() - xact_start)::text
                    from pg_stat_activity where xact_start is not null and pid <> pg_backend_pid()
                    """)
            ).map { try $0.text(0) }
        }
        return rows.joined(separator: "; ")
    }

    func execute(_ sql: String) async throws {
        try await owner.transaction { try $0.script(sql) }
    }

    /// Outside any transaction block, which `alter system` insists on.
    func alterSystem(_ sql: String) async throws {
        for statement in [sql, "select pg_reload_conf()"] {
            try await owner.transaction { transaction in
                _ = try transaction.pipelineAndCommit([(Statement(statement), [])])
            }
        }
    }

    var sealKey: CheckpointKey {
        get throws {
            let ring = try KeyRing.load(keys, names: [.seal])
            let seed = ring.current(.seal).secret.withUnsafeBytes { Array($0) }
            return try CheckpointSigner(origin: Self.origin, privateKey: seed).key
        }
    }

    /// …/Tests/GatewayTests/Crash/CrashWorld.swift → the package root.
    static let profiles: [String: [UInt8]] = {
        var root = URL(filePath: #filePath)
        for _ in 0..<4 { root.deleteLastPathComponent() }
        let folder = root.appending(path: "profiles").path
        var files: [String: [UInt8]] = [:]
        for path in FileManager.default.subpaths(atPath: folder) ?? []
        where path.hasSuffix(".json") && !path.hasPrefix("fhir/") && !path.contains("examples/") {
            files[path] = FileManager.default.contents(atPath: folder + "/" + path).map(Array.init)
        }
        return files
    }()
}

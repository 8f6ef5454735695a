package import Exchange
import Foundation
package import Gateway
package import Ledger
package import Logging
package import Postgres
import ServiceLifecycle
import Synchronization
package import Testing
package import Trust

/// A whole gateway in this process, as real as in production: a database of its own, a development PKI,
/// mutual TLS on
/// three listeners, revocation lists, a sealer. One suite shares one; its tests run one after the other.
package final class RunningGateway: Sendable {
    /// The owner's address: tests look, and move time, where no role of the gateway could.
    package let owner: Pool
    package let database: Address
    package let pki: DevelopmentPKI
    package let keys: KeyShelf
    package let ledger: Ledger
    package let revocation: RevocationStore
    package let registry: PartyRegistry
    package let metrics = PrometheusRegistry()
    package let log = LineLog()
    package let clock = TestClock()
    package let people = TestPeople()
    package let sealer: Sealer
    package let signer: CheckpointSigner
    package var sealKey: CheckpointKey { signer.key }
    package let folder: String
    let clients = Mutex<[Party: TLSClient]>([:])
    let tally = Mutex(EntryTally())
    let listening = Mutex<(@Sendable (Heard) -> Void)?>(nil)
    private let portsByListener = Mutex<[Listener: Int]>([:])

    @TaskLocal package static var current: RunningGateway?

    private init(signer: CheckpointSigner) async throws {
        self.signer = signer
        folder =
            FileManager.default.temporaryDirectory.path
            + "/tsunagi-gateway-\(RecordID.random().text)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let now = TestClock.wall()
        pki = try DevelopmentPKI.create(in: folder + "/pki", at: now)
        try pki.issueServer(name: "gateway", at: now)
        try KeyRing.create(folder + "/keys")
        keys = try KeyShelf(folder + "/keys")
        database = try await TestPostgres.freshDatabase(template: try await Self.template())
        owner = Pool(
            database,
            limits: .init(
                connectionsMax: 2, waitMilliseconds: 120_000, statementTimeoutMilliseconds: 120_000),
            label: "test-owner",
            logger: TestPostgres.logger)
        let lists = DevelopmentPKI.Authority.allCases.map { [pki] in pki.listPath($0) }
        let anchors = try DevelopmentPKI.Authority.allCases.map { [pki] in try pki.anchor($0) }
        revocation = RevocationStore(
            paths: lists, issuers: anchors, now: { [clock] in clock.now() },
            logger: TestPostgres.logger)
        ledger = Ledger(
            .init(
                gateway: database.with(user: "tsunagi_gateway"),
                office: database.with(user: "tsunagi_office")), logger: log.logger)
        registry = PartyRegistry(database, logger: TestPostgres.logger)
        sealer = Sealer(
            database.with(user: "tsunagi_sealer"), keys: { SealKeys([signer]) },
            outlet: try CheckpointOutlet(folder: folder + "/checkpoints") { "today" },
            logger: TestPostgres.logger)
        try await enrolEverybody()
        try await ledger.prepare()
    }

    package func port(_ listener: Listener) throws -> Int {
        guard let port = portsByListener.withLock({ $0[listener] }) else {
            throw TLSClient.Gone(description: "\(listener.rawValue) does not listen")
        }
        return port
    }

    func listener(of client: TLSClient) -> Listener? {
        portsByListener.withLock { $0.first { $0.value == client.port }?.key }
    }

    /// Migrated once in the life of the process, with the rules of profiles/.
    private static func template() async throws -> String {
        try await TestPostgres.template("gateway_template") { address in
            _ = try await Migrations.apply(as: address, logger: TestPostgres.logger)
            let pool = Pool(
                address, limits: .init(connectionsMax: 1), label: "template",
                logger: TestPostgres.logger)
            _ = try await RuleShelf.load(profiles(), into: pool)
            await pool.shutdown()
        }
    }

    /// What `tsunagi profiles load` does with the folder of this package, as a test changes it; the version's
    /// name.
    package func reloadProfiles(
        _ change: (inout [String: [UInt8]]) throws -> Void = { _ in }
    ) async throws -> String {
        var files = try Self.profiles()
        try change(&files)
        let pool = Pool(
            database, limits: .init(connectionsMax: 1), label: "profiles",
            logger: TestPostgres.logger)
        let version = try await RuleShelf.load(files, into: pool)
        await pool.shutdown()
        return version
    }

    private static func profiles(file: String = #filePath) throws -> [String: [UInt8]] {
        let root = file.split(separator: "/").dropLast(3).joined(separator: "/")
        let folder = "/\(root)/profiles"
        var files: [String: [UInt8]] = [:]
        for path in FileManager.default.subpaths(atPath: folder) ?? []
        where path.hasSuffix(".json") && !path.contains("examples/") && !path.hasPrefix("fhir/") {
            files[path] = try contents(folder + "/" + path)
        }
        return files
    }

    static func contents(_ path: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw TLSClient.Gone(description: "no file of that name")
        }
        return Array(data)
    }

    private func enrolEverybody() async throws {
        _ = try await registry.load(
            (Cast.all + Cast.operators).map { .init(party: $0, name: "見本 \($0.code)") },
            isOptedIn: true)
        _ = try await registry.load([.init(party: Cast.notOptedIn, name: "見本 未利用")])
        for party in Cast.all + [Cast.notOptedIn, Cast.unregistered] {
            try pki.issue(party, name: party.fileName, at: clock.now())
        }
        let since = clock.today.adding(days: -3000)
        for body in [Cast.town, Cast.prefecture, Cast.otherTown, Cast.otherPrefecture] {
            _ = try await registry.connect(body, since: since)
        }
        for authority in DevelopmentPKI.Authority.allCases {
            try pki.writeList(authority, at: clock.now())
        }
        revocation.reload()
    }

    // MARK: Running

    /// With the seal key of another gateway, where one is given.
    package static func run(
        signer: CheckpointSigner? = nil, _ body: (RunningGateway) async throws -> Void
    ) async throws {
        let own = try CheckpointSigner(
            origin: "tsunagi.example/test", privateKey: randomBytes(32))
        let gateway = try await RunningGateway(signer: signer ?? own)
        let (listening, heard) = AsyncStream<(Listener, Int)>.makeStream()
        let parts = try gateway.parts()
        let services: [any Service] =
            try [FileWork(parts)] + gateway.listeners(parts, heard)
        let group = ServiceGroup(
            configuration: .init(
                services: services.map { .init(service: $0) }, logger: TestPostgres.logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { heard.finish() }
                try await group.run()
            }
            var ports: [Listener: Int] = [:]
            for await (listener, port) in listening {
                ports[listener] = port
                if ports.count == Self.served.count { break }
            }
            gateway.portsByListener.withLock { [ports] in $0 = ports }
            let result: Result<Void, any Error>
            do {
                try await gateway.connectBodies()
                try await body(gateway)
                try await gateway.checkLedger()
                result = .success(())
            } catch { result = .failure(error) }
            await gateway.hangUp()
            await group.triggerGracefulShutdown()
            try? await tasks.waitForAll()
            await gateway.end()
            try result.get()
        }
    }

    private static let served: [Listener] = [.institution, .office, .resident]

    package func parts() throws -> GatewayParts {
        GatewayParts(
            ledger: ledger, keys: keys,
            cards: CardTrust(anchors: [try pki.anchor(.cards)], revocation: revocation),
            origin: "tsunagi.example/test", now: { [clock] in clock.now() })
    }

    private func listeners(
        _ parts: GatewayParts, _ heard: AsyncStream<(Listener, Int)>.Continuation
    ) throws -> [any Service] {
        let environment = ServingEnvironment(
            errors: .gateway, enter: ledger.turnAway, now: { [clock] in clock.now() },
            metrics: metrics, logger: log.logger)
        return try Self.served.map { listener in
            let authority = Self.authority(of: listener)
            let trust = PartyTrust(
                anchors: [try pki.anchor(authority)], usage: authority.usage,
                revocation: revocation,
                parties: ledger.parties)
            let tls = try ServerTLS(
                ServerTLSMaterial(
                    certificateChainPEM: try Self.contents(pki.certificatePath(.server, "gateway")),
                    privateKeyPEM: try Self.contents(pki.keyPath(.server, "gateway")),
                    clientRootsPEM: try Self.contents(pki.path(authority, "ca.pem"))))
            var limits = Limits.standard(for: listener)
            limits.requestBurstPerParty = 100_000
            // Deadlines are tried on listeners of their own. Here every suite has a gateway on the same two
            // cores, and a test that waits for its turn is no slow client.
            limits.handshakeSeconds = 120
            limits.headSeconds = 120
            limits.bodySeconds = 120
            limits.keepAliveSeconds = 1_200
            let configuration = try ListenerConfiguration(
                listener: listener, host: "127.0.0.1", port: 0,
                security: .mutualTLS(tls, trust.clientTrust), limits: limits)
            return listenerService(
                configuration, routes: parts.routes(of: listener), environment: environment
            ) { heard.yield((listener, $0)) }
        }
    }

    private static func authority(of listener: Listener) -> DevelopmentPKI.Authority {
        switch listener {
        case .institution: .institutions
        case .office: .offices
        case .resident: .portals
        case .operations: .operations
        }
    }

    private func hangUp() async {
        let open = clients.withLock { clients in
            defer { clients = [:] }
            return Array(clients.values)
        }
        for client in open { await client.close() }
    }

    private func end() async {
        await ledger.shutdown()
        await registry.close()
        await owner.shutdown()
        try? await TestPostgres.drop(database)
        try? FileManager.default.removeItem(atPath: folder)
    }
}

/// Gives every test of a suite the same running gateway, and holds its log to account at the end.
package struct GatewayTrait: SuiteTrait, TestScoping {
    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await RunningGateway.run { gateway in
            try await RunningGateway.$current.withValue(gateway) { try await function() }
        }
    }
}

extension Trait where Self == GatewayTrait {
    package static var runningGateway: GatewayTrait { GatewayTrait() }
}

extension Party {
    package var fileName: String { role.rawValue + "-" + code }
}

extension DevelopmentPKI {
    package func credentials(of party: Party) throws -> TLSClient.Credentials {
        try credentials(Authority(of: party.role), party.fileName)
    }

    package func credentials(_ authority: Authority, _ name: String) throws -> TLSClient.Credentials
    {
        TLSClient.Credentials(
            caPEM: try RunningGateway.contents(path(.server, "ca.pem")),
            certificatePEM: try RunningGateway.contents(certificatePath(authority, name)),
            keyPEM: try RunningGateway.contents(keyPath(authority, name)))
    }
}

/// Real time, which a test may move ahead.
package final class TestClock: Sendable {
    private let ahead = Mutex<Int64>(0)

    package init() {}

    package func now() -> Instant { Self.wall().adding(seconds: ahead.withLock { $0 }) }
    package var today: CalendarDay { now().dayInJapan }

    /// Moves time for the length of `body`.
    package func moved<R>(seconds: Int64, _ body: () async throws -> R) async throws -> R {
        ahead.withLock { $0 += seconds }
        defer { ahead.withLock { $0 -= seconds } }
        return try await body()
    }

    static func wall() -> Instant {
        Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
    }
}

/// A log that remembers its lines, to see what is in them and what is not.
package final class LineLog: Sendable {
    private let lines = Mutex<[String]>([])

    package init() {}

    package var all: [String] { lines.withLock { $0 } }

    package var logger: Logger {
        var logger = Logger(label: "test") { _ in Handler(log: self) }
        logger.logLevel = .trace
        return logger
    }

    private struct Handler: LogHandler {
        let log: LineLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let fields = metadata.merging(event.metadata ?? [:]) { $1 }.map {
                "\($0.key)=\($0.value)"
            }
            log.lines.withLock {
                $0.append("\(event.message) \(fields.sorted().joined(separator: " "))")
            }
        }
    }
}

import CoreMetrics
import Exchange
import Gateway
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization
import TestSupport

/// What the tests' trust knows: parties by certificate, and what changes under a running listener.
final class TestTrust: Sendable {
    private struct State {
        var parties: [[UInt8]: Party] = [:]
        var refusals: [[UInt8]: Refusal] = [:]
        var validUntil = Instant(seconds: 4_000_000_000)
        var now = Instant(seconds: 1_800_000_000)
        var chainsSeen: [Int] = []
        var turnedAway: [String] = []
        var forgotten: Set<[UInt8]> = []
        var unnamed: Set<[UInt8]> = []
    }

    private let state = Mutex(State())
    private let epoch = Atomic<UInt64>(0)

    func know(_ client: ServingPKI.Client, as party: Party) {
        state.withLock { $0.parties[client.der] = party }
    }

    /// As a new revocation list or a suspension does: the answer changes and the epoch moves.
    func refuse(_ client: ServingPKI.Client, _ refusal: Refusal?) {
        state.withLock { $0.refusals[client.der] = refusal }
        epoch.wrappingAdd(1, ordering: .sequentiallyConsistent)
    }

    /// The next question about it finds nothing of its chain.
    func forget(_ client: ServingPKI.Client) {
        _ = state.withLock { $0.forgotten.insert(client.der) }
    }

    /// As one of whom no party is known any more: what is against it is told, and of nobody.
    func unname(_ client: ServingPKI.Client) {
        _ = state.withLock { $0.unnamed.insert(client.der) }
    }

    func set(now: Int64) { state.withLock { $0.now = Instant(seconds: now) } }
    func set(validUntil: Int64) { state.withLock { $0.validUntil = Instant(seconds: validUntil) } }

    var now: Instant { state.withLock { $0.now } }
    /// How many certificates came with each question, in order.
    var chainsSeen: [Int] { state.withLock { $0.chainsSeen } }

    /// Party and code of each entry, in order.
    var turnedAway: [String] { state.withLock { $0.turnedAway } }

    func enter(_ party: Party, _ refusal: Refusal) {
        state.withLock { $0.turnedAway.append("\(party.key) \(refusal.code)") }
    }

    var clientTrust: ClientTrust {
        ClientTrust(
            identify: { chain, now in
                self.state.withLock { state in
                    state.chainsSeen.append(chain.count)
                    if let leaf = chain.first, state.forgotten.remove(leaf) != nil {
                        return .failure(.chainForgotten)
                    }
                    guard let leaf = chain.first, let party = state.parties[leaf] else {
                        return .failure(TurnedAway(.certificateNotTrusted))
                    }
                    if let refusal = state.refusals[leaf] {
                        let isNamed = !state.unnamed.contains(leaf)
                        return .failure(TurnedAway(refusal, party: isNamed ? party : nil))
                    }
                    guard now < state.validUntil else {
                        return .failure(TurnedAway(.certificateExpired, party: party))
                    }
                    return .success(
                        ConnectionIdentity(
                            party: party, fingerprint: [], validUntil: state.validUntil))
                }
            },
            epoch: { self.epoch.load(ordering: .sequentiallyConsistent) })
    }
}

/// A log that remembers its lines, to see what is in them and what is not.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    var logger: Logger {
        Logger(label: "test") { _ in Handler(lines: self) }
    }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let merged = metadata.merging(event.metadata ?? [:]) { $1 }
            let fields = merged.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            let line = "\(event.level) \(event.message) \(fields.joined(separator: " "))"
            lines.lines.withLock { $0.append(line) }
        }
    }
}

/// One listener on a free port, as real as in production, stopped by a graceful shutdown.
struct RunningListener {
    let port: Int
    let trust: TestTrust
    let registry: PrometheusRegistry
    let log: LogLines
    let stop: @Sendable () async -> Void

    struct Setup {
        var listener = Listener.institution
        var limits = Limits()
        var routes: [Route] = Self.plainRoutes
        var refusal: @Sendable (any Error) -> Refusal? = { _ in nil }

        static let plainRoutes = [
            Route(.get, "/who") { _, context in
                Response(
                    status: .ok, body: .init(byteBuffer: ByteBuffer(string: try context.party.key)))
            },
            Route(.post, "/echo/:id") { request, context in
                let body = try await request.body(.json, atMost: 1_000)
                return Response(status: .ok, body: .init(byteBuffer: body))
            },
        ]
    }

    /// `believed` in place of what the tests' trust says; its time and its entries stay the tests'.
    @discardableResult
    static func run<T>(
        _ setup: Setup = Setup(), tls: ServerTLS?, trust: TestTrust = TestTrust(),
        believing believed: ClientTrust? = nil,
        _ body: (RunningListener) async throws -> T
    ) async throws -> T {
        let registry = PrometheusRegistry()
        let log = LogLines()
        let configuration = try ListenerConfiguration(
            listener: setup.listener, host: "127.0.0.1", port: 0,
            security: tls.map { .mutualTLS($0, believed ?? trust.clientTrust) } ?? .plainOnLoopback,
            limits: setup.limits)
        let environment = ServingEnvironment(
            errors: ErrorReading(refusal: setup.refusal), enter: trust.enter,
            now: { trust.now }, metrics: registry, logger: log.logger)
        let (ports, listening) = AsyncStream<Int>.makeStream()
        let service = ListenerService(
            configuration, responder: RouterResponder.answering(setup.routes),
            environment: environment, onListening: { listening.yield($0) })
        let group = ServiceGroup(
            configuration: .init(services: [.init(service: service)], logger: log.logger))
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { listening.finish() }
                try await group.run()
            }
            for await port in ports {
                let running = RunningListener(
                    port: port, trust: trust, registry: registry, log: log,
                    stop: { await group.triggerGracefulShutdown() })
                let result: Result<T, any Error>
                do { result = .success(try await body(running)) } catch { result = .failure(error) }
                await group.triggerGracefulShutdown()
                try? await tasks.waitForAll()
                return try result.get()
            }
            try await tasks.waitForAll()
            throw TLSClient.Gone(description: "the listener did not start")
        }
    }
}

/// A gate that requests wait at, so that a test decides when they go on.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func pass() async {
        await withCheckedContinuation { continuation in
            let passes = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if passes { continuation.resume() }
        }
    }

    var isOpen: Bool { state.withLock { $0.isOpen } }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Waits until so many stand at the gate.
    func until(_ count: Int) async throws {
        for _ in 0..<6_000 {
            if state.withLock({ $0.waiting.count }) >= count { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw TLSClient.Gone(description: "nobody came to the gate")
    }
}

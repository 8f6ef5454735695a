package import CoreMetrics
package import Exchange
package import Hummingbird
import HummingbirdCore
package import Logging
package import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle

/// What the listeners of one gateway have in common.
package struct ServingEnvironment: Sendable {
    package let errors: ErrorReading
    /// Puts on the record that a party was turned away at the door; durable when it returns.
    package let enter: @Sendable (Party, Refusal) async throws -> Void
    package let now: @Sendable () -> Instant
    package let metrics: any MetricsFactory
    package let logger: Logger
    package let eventLoops: any EventLoopGroup

    package init(
        errors: ErrorReading, enter: @escaping @Sendable (Party, Refusal) async throws -> Void,
        now: @escaping @Sendable () -> Instant, metrics: any MetricsFactory,
        logger: Logger, eventLoops: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) {
        self.errors = errors
        self.enter = enter
        self.now = now
        self.metrics = metrics
        self.logger = logger
        self.eventLoops = eventLoops
    }
}

/// 接続口: serves one listener until it is asked to stop, then finishes the requests it has
/// accepted, for `Limits.drainSeconds` at most. It throws when it cannot listen.
package struct ListenerService<Responder: HTTPResponder>: Service
where Responder.Context == GatewayContext {
    private let configuration: ListenerConfiguration
    private let environment: ServingEnvironment
    private let responder: Responder
    private let onListening: @Sendable (_ port: Int) async -> Void

    package init(
        _ configuration: ListenerConfiguration, responder: Responder,
        environment: ServingEnvironment,
        onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.environment = environment
        self.responder = responder
        self.onListening = onListening
    }

    package func run() async throws {
        let state = ListenerState(
            listener: configuration.listener, limits: configuration.limits,
            trust: configuration.trust, now: environment.now, metrics: environment.metrics)
        let server = makeServer(state)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do { try await server.run() } catch  where !state.hasListened && !Task.isCancelled {
                    throw configuration.cannotListen(error)
                }
            }
            group.addTask { await cutWhenDrained(state) }
            // The server ends first, unless a request outlived the time to drain.
            try await group.next()
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    private func cutWhenDrained(_ state: ListenerState) async {
        do {
            try await gracefulShutdown()
            try await Task.sleep(for: .seconds(state.limits.drainSeconds))
        } catch {
            return  // The server ended by itself.
        }
        let cut = state.closeAll()
        environment.logger.warning(
            "connections cut",
            metadata: [
                "listener": .string(state.listener.rawValue), "count": .stringConvertible(cut),
            ])
    }

    private func makeServer(_ state: ListenerState) -> Server<SecureHTTP1Channel> {
        let edge = Edge(state: state, responder: responder, environment: environment)
        return Server(
            childChannelSetup: SecureHTTP1Channel(
                state: state, tls: configuration.tls,
                answerToBadRequest: { .init(to: $0) },
                answer: { await edge.answer($0, on: $1) }),
            configuration: ServerConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                backlog: configuration.limits.backlog),
            onServerRunning: {
                state.startsListening()
                await onListening($0.localAddress?.port ?? configuration.port)
            },
            eventLoopGroup: environment.eventLoops,
            logger: environment.logger)
    }
}

extension ConnectionGuard.ProtocolAnswer {
    /// For bytes that are no HTTP request, or one with too much before its body.
    init(to error: HTTPParserError) {
        let refusal: Refusal =
            error == .headerOverflow ? .headerTooLarge : .malformed("request")
        status = .init(statusCode: refusal.status)
        contentType = RefusalForm.problem.contentType
        body = refusal.problem()
    }
}

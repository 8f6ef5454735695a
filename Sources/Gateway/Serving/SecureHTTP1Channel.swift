import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL

/// One connection of a listener: TLS with a client certificate, HTTP/1.1, deadlines, and the
/// identity that each of its requests carries without asking for it again.
///
/// HTTP/2 is not offered: its streams are channels without the TLS handler, and a party's limit on
/// requests under way would no longer be its limit on connections.
struct SecureHTTP1Channel: ServerChildChannel {
    struct Value: ServerChildChannelValue {
        let http: HTTP1Channel.Value
        let connection: Connection
        var channel: any Channel { http.channel }
    }

    let state: ListenerState
    /// `nil` speaks plain HTTP; `ListenerConfiguration` allows that on loopback alone.
    let tls: ServerTLS?
    let answerToBadRequest: @Sendable (HTTPParserError) -> ConnectionGuard.ProtocolAnswer
    let answer: @Sendable (Request, Connection) async -> Response

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        guard let place = state.open(channel) else {
            return channel.close().flatMapThrowing { throw ChannelError.alreadyClosed }
        }
        let connection = Connection(state, place)
        channel.closeFuture.whenComplete { _ in
            connection.closed()
            state.closed(channel)
        }
        return channel.eventLoop.makeCompletedFuture {
            guard let tls else { return }
            try channel.pipeline.syncOperations.addHandlers(
                tls.makeHandler(for: connection), IdentityHandler(connection, tls))
        }.flatMap {
            http { _, _, _ in }.setup(channel: channel, logger: logger)
        }.flatMapThrowing { http in
            try addGuard(to: channel, of: connection)
            return Value(http: http, connection: connection)
        }
    }

    func handle(value: Value, logger: Logger) async {
        let connection = value.connection
        // The connection reaches its requests through this closure: no task-local, no look-up.
        let http = http { request, writer, channel in
            let response = await answer(request.asking(over: channel), connection)
            try await writer.write(response: response.head, body: response.body)
        }
        await withTaskExecutorPreference(LoopExecutor(value.channel.eventLoop)) {
            await http.handle(value: value.http, logger: logger)
        }
    }

    private func http(_ responder: @escaping HTTPChannelHandler.Responder) -> HTTP1Channel {
        HTTP1Channel(
            responder: responder,
            configuration: .init(
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: state.limits.headerFieldBytesMax,
                    maxHeaderListSize: state.limits.headerBytesMax,
                    maxHeaderFieldCount: state.limits.headerFieldsMax)))
    }

    private func addGuard(to channel: any Channel, of connection: Connection) throws {
        let pipeline = channel.pipeline.syncOperations
        let decoder = try pipeline.context(
            handlerType: ByteToMessageHandler<HTTPRequestDecoder>.self
        ).handler
        let connectionGuard = ConnectionGuard(
            limits: state.limits, startsWithHandshake: tls != nil,
            isLetIn: { connection.isLetIn },
            answerToBadRequest: answerToBadRequest)
        try pipeline.addHandler(connectionGuard, position: .after(decoder))
        try pipeline.addHandler(ByteWatch(connectionGuard), position: .before(decoder))
    }
}

import Exchange
import Ledger
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// 呼び鈴の一回: one POST to a body's own server over mutual TLS: its certificate must be for its name and of the
/// CAs that were registered for it, and it knows us by ours. Redirections are not followed.
package final class WebhookCaller: Sendable {
    /// It was not taken, or nobody knows.
    package struct NotTaken: Error, CustomStringConvertible {
        package let description: String
    }

    private let credentials: Mutex<ClientCredentials>
    private let deadline: TimeAmount

    /// `milliseconds`: from the first packet to the end of the answer's head. Throws for a certificate and
    /// key that do not serve.
    package init(_ credentials: ClientCredentials, milliseconds: Int64 = 10_000) throws {
        try Self.require(credentials)
        self.credentials = Mutex(credentials)
        deadline = .milliseconds(milliseconds)
    }

    /// From the next ring on. Throws, and keeps the old credentials, when the new ones do not serve.
    package func reload(_ credentials: ClientCredentials) throws {
        try Self.require(credentials)
        self.credentials.withLock { $0 = credentials }
    }

    /// Readable, and belonging together: whom a target is known by is said only when it is rung.
    private static func require(_ credentials: ClientCredentials) throws {
        _ = try NIOSSLContext(
            configuration: credentials.configuration(trusting: credentials.certificatePEM))
    }

    /// Returns when the target answered 2xx.
    func call(_ target: WebhookTarget, _ body: [UInt8]) async throws {
        let tls = try context(for: target)
        let answer = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: UInt.self)
        let isAddress = (try? SocketAddress(ipAddress: target.host, port: target.port)) != nil
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(deadline)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        try pipeline.addHandler(
                            NIOSSLClientHandler(
                                context: tls, serverHostname: isAddress ? nil : target.host))
                        try pipeline.addHTTPClientHandlers()
                        try pipeline.addHandler(AnswerHandler(answer))
                    }
                }
                .connect(host: target.host, port: target.port).get()
        } catch {
            answer.fail(error)
            throw error
        }
        let late = channel.eventLoop.scheduleTask(in: deadline) {
            answer.fail(NotTaken(description: "the target did not answer in time"))
        }
        defer {
            late.cancel()
            channel.close(mode: .all, promise: nil)
        }
        write(body, to: target, over: channel)
        let status = try await answer.futureResult.get()
        guard (200..<300).contains(status) else {
            throw NotTaken(description: "the target answered \(status)")
        }
    }

    private func context(for target: WebhookTarget) throws -> NIOSSLContext {
        let own = credentials.withLock { $0 }
        return try NIOSSLContext(
            configuration: own.configuration(trusting: Array(target.anchors.utf8)))
    }

    private func write(_ body: [UInt8], to target: WebhookTarget, over channel: any Channel) {
        let head = HTTPRequestHead(
            version: .http1_1, method: .POST, uri: target.path,
            headers: [
                "Host": "\(target.host):\(target.port)",
                "Content-Type": "text/plain; charset=utf-8", "Content-Length": "\(body.count)",
                "Connection": "close",
            ])
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        channel.write(
            HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: body))), promise: nil)
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
    }
}

/// Keeps the promise of the answer's status; of what else is answered nothing is read.
private final class AnswerHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let answer: EventLoopPromise<UInt>

    init(_ answer: EventLoopPromise<UInt>) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head(let head) = unwrapInboundIn(data) { answer.succeed(head.status.code) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        answer.fail(WebhookCaller.NotTaken(description: "the target closed the connection"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        answer.fail(error)
        context.close(promise: nil)
    }
}

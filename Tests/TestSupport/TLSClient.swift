import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// A small real client for tests: one keep-alive connection, mutual TLS or plain, which sends
/// requests one after the other and reads what comes back. It follows nothing and retries nothing.
package final class TLSClient: Sendable {
    /// Who the client is and whom it believes, all in PEM. Without a certificate it offers none.
    package struct Credentials: Sendable {
        package var caPEM: [UInt8]
        package var certificatePEM: [UInt8]?
        package var keyPEM: [UInt8]?

        package init(caPEM: [UInt8], certificatePEM: [UInt8]? = nil, keyPEM: [UInt8]? = nil) {
            self.caPEM = caPEM
            self.certificatePEM = certificatePEM
            self.keyPEM = keyPEM
        }
    }

    package struct Answer: Sendable {
        package let status: Int
        package let headers: [(name: String, value: String)]
        package let body: [UInt8]

        package var text: String { String(decoding: body, as: UTF8.self) }

        /// The first field of this name, in any case.
        package subscript(_ name: String) -> String? {
            headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }
    }

    /// The other side went away, refused the handshake, or did not answer in time.
    package struct Gone: Error, CustomStringConvertible {
        package let description: String

        package init(description: String) {
            self.description = description
        }
    }

    package enum Version: Sendable {
        case tls12, tls13
    }

    package let port: Int
    private let channel: any Channel
    private let handler: NIOLoopBound<AnswerHandler>

    /// `nil` credentials speak plain HTTP. `source` is the address of this machine that it comes from.
    package init(
        host: String = "127.0.0.1", port: Int, credentials: Credentials?,
        version: Version = .tls13, from source: String? = nil
    ) async throws {
        self.port = port
        let tls = try credentials.map { try Self.context($0, version) }
        (channel, handler) = try await ClientBootstrap.from(source)
            .connectTimeout(.seconds(60))
            .connect(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls {
                        try pipeline.addHandler(
                            NIOSSLClientHandler(context: tls, serverHostname: nil))
                    }
                    let handler = AnswerHandler()
                    try pipeline.addHTTPClientHandlers(leftOverBytesStrategy: .dropBytes)
                    try pipeline.addHandler(handler)
                    return (channel, NIOLoopBound(handler, eventLoop: channel.eventLoop))
                }
            }
    }

    package func send(
        _ method: String, _ path: String, headers: [(String, String)] = [], body: [UInt8] = [],
        within seconds: Int64 = 240
    ) async throws -> Answer {
        let channel = channel
        let handler = handler
        let future = channel.eventLoop.flatSubmit { () -> EventLoopFuture<Answer> in
            var head = HTTPRequestHead(
                version: .http1_1, method: HTTPMethod(rawValue: method), uri: path)
            head.headers.add(name: "Host", value: "localhost")
            for (name, value) in headers { head.headers.replaceOrAdd(name: name, value: value) }
            if !body.isEmpty, !head.headers.contains(name: "Transfer-Encoding") {
                head.headers.replaceOrAdd(name: "Content-Length", value: "\(body.count)")
            }
            let answer = handler.value.expect(on: channel, seconds: seconds)
            channel.write(HTTPClientRequestPart.head(head), promise: nil)
            if !body.isEmpty {
                let bytes = channel.allocator.buffer(bytes: body)
                channel.write(HTTPClientRequestPart.body(.byteBuffer(bytes)), promise: nil)
            }
            channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
            return answer
        }
        return try await future.get()
    }

    /// Waits until the server has closed the connection.
    package func closed() async throws {
        try await channel.closeFuture.get()
    }

    package var isOpen: Bool { channel.isActive }

    package func close() async {
        try? await channel.close().get()
    }

    fileprivate static func context(
        _ credentials: Credentials, _ version: Version
    ) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(
            try NIOSSLCertificate.fromPEMBytes(credentials.caPEM))
        // The address of a test server is no name; its chain is checked.
        configuration.certificateVerification = .noHostnameVerification
        configuration.minimumTLSVersion = version == .tls13 ? .tlsv13 : .tlsv12
        configuration.maximumTLSVersion = version == .tls13 ? .tlsv13 : .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        if let chain = credentials.certificatePEM, let key = credentials.keyPEM {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMBytes(chain)
                .map { .certificate($0) }
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: key, format: .pem))
        }
        return try NIOSSLContext(configuration: configuration)
    }
}

/// Collects one answer at a time and completes whoever waits for it.
private final class AnswerHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private var waiting: [EventLoopPromise<TLSClient.Answer>] = []
    private var head: HTTPResponseHead?
    private var body: [UInt8] = []
    private var failure: (any Error)?

    func expect(on channel: any Channel, seconds: Int64) -> EventLoopFuture<TLSClient.Answer> {
        let promise = channel.eventLoop.makePromise(of: TLSClient.Answer.self)
        guard channel.isActive else {
            promise.fail(gone())
            return promise.futureResult
        }
        waiting.append(promise)
        let timer = channel.eventLoop.scheduleTask(in: .seconds(seconds)) {
            promise.fail(TLSClient.Gone(description: "no answer within \(seconds) s"))
        }
        promise.futureResult.whenComplete { _ in timer.cancel() }
        return promise.futureResult
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            if !(100..<200).contains(head.status.code) { self.head = head }
        case .body(let bytes):
            body.append(contentsOf: bytes.readableBytesView)
        case .end:
            guard let head, !waiting.isEmpty else { return }
            let answer = TLSClient.Answer(
                status: Int(head.status.code),
                headers: head.headers.map { ($0.name, $0.value) }, body: body)
            self.head = nil
            body = []
            waiting.removeFirst().succeed(answer)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failure = failure ?? error
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        for promise in waiting { promise.fail(gone()) }
        waiting = []
        context.fireChannelInactive()
    }

    private func gone() -> TLSClient.Gone {
        TLSClient.Gone(description: failure.map { "\($0)" } ?? "closed")
    }
}

/// A connection for hostile tests: whatever bytes, and whatever comes back until the server closes.
package final class RawClient: Sendable {
    private let channel: any Channel
    private let handler: NIOLoopBound<ByteHandler>

    package init(
        host: String = "127.0.0.1", port: Int, credentials: TLSClient.Credentials?,
        from source: String? = nil
    ) async throws {
        let tls = try credentials.map { try TLSClient.context($0, .tls13) }
        (channel, handler) = try await ClientBootstrap.from(source)
            .connect(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls {
                        try pipeline.addHandler(
                            NIOSSLClientHandler(context: tls, serverHostname: nil))
                    }
                    let handler = ByteHandler()
                    try pipeline.addHandler(handler)
                    return (channel, NIOLoopBound(handler, eventLoop: channel.eventLoop))
                }
            }
    }

    package var isOpen: Bool { channel.isActive }

    package func write(_ text: String) async throws {
        let bytes = ByteBuffer(string: text)
        try await channel.writeAndFlush(bytes)
    }

    /// Everything received so far.
    package func received() async throws -> String {
        let handler = handler
        let bytes = try await channel.eventLoop.submit { handler.value.bytes }.get()
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Everything received once the server has closed; throws when it has not done so in time.
    package func receivedUntilClosed(within seconds: Int64 = 60) async throws -> String {
        let late = channel.eventLoop.scheduleTask(in: .seconds(seconds)) { [channel] in
            channel.close(promise: nil)
            throw TLSClient.Gone(description: "still open after \(seconds) s")
        }
        try await channel.closeFuture.get()
        late.cancel()
        // Throws when it was the timer that closed.
        do { try await late.futureResult.get() } catch is EventLoopError {}
        let handler = handler
        let bytes = try await channel.eventLoop.submit { handler.value.bytes }.get()
        return String(decoding: bytes, as: UTF8.self)
    }

    /// How a client says that nothing more comes, while it goes on listening.
    package enum End: CaseIterable, Sendable {
        /// close_notify (RFC 8446 §6.1), then TCP's FIN.
        case proper
        /// FIN alone: to TLS that is a truncation.
        case truncated
    }

    package func closeOutput(_ end: End) async throws {
        try await channel.setOption(.allowRemoteHalfClosure, value: true).get()
        switch end {
        case .proper: try await channel.close(mode: .output).get()
        case .truncated:
            let pipeline = channel.pipeline
            try await channel.eventLoop.flatSubmit {
                do {
                    let tls = try pipeline.syncOperations.context(
                        handlerType: NIOSSLClientHandler.self)
                    return tls.close(mode: .output)
                } catch {
                    return pipeline.eventLoop.makeFailedFuture(error)
                }
            }.get()
        }
    }

    package func close() async {
        try? await channel.close().get()
    }
}

extension ClientBootstrap {
    fileprivate static func from(_ source: String?) throws -> ClientBootstrap {
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        guard let source else { return bootstrap }
        return bootstrap.bind(to: try SocketAddress(ipAddress: source, port: 0))
    }
}

private final class ByteHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    var bytes: [UInt8] = []

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytes.append(contentsOf: unwrapInboundIn(data).readableBytesView)
    }

    /// Both sides have said all they will.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

import Exchange
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import Synchronization

/// 監査記録の受け手: a syslog receiver over mutual TLS (RFC 5425). A connection carries one run of messages:
/// what it takes is taken when the receiver has read to the end of it.
///
/// syslog has no acknowledgement of its own. RFC 5425 §4.4 has one of connections: we say that we are at the
/// end, and the receiver answers or closes after it has read that far. Before we say so, its host must
/// have acknowledged every byte: a receiver that died with bytes unread then resets the connection, and
/// does not close it.
package final class SyslogReceiver: Sendable {
    package struct Credentials: Sendable {
        let anchorsPEM: [UInt8]
        let own: ClientCredentials

        package init(anchorsPEM: [UInt8], own: ClientCredentials) {
            self.anchorsPEM = anchorsPEM
            self.own = own
        }
    }

    /// The run was perhaps not taken whole: it is to be sent again.
    package struct NotTaken: Error, CustomStringConvertible {
        package let description: String
    }

    /// From the first packet to the receiver's close: a run of 256 messages of 2 kB takes a slow line
    /// some seconds.
    private static let deliverySeconds: Int64 = 60
    private static let acknowledgementPause = TimeAmount.milliseconds(10)

    private let host: String
    private let port: Int
    private let tls: Mutex<NIOSSLContext>

    /// Throws for PEM that cannot be read. The receiver must show a certificate for `host`.
    package init(host: String, port: Int, credentials: Credentials) throws {
        self.host = host
        self.port = port
        tls = Mutex(try Self.context(credentials))
    }

    /// From the next run on. Throws, and keeps the old credentials, when the new ones are unusable.
    package func reload(_ credentials: Credentials) throws {
        let context = try Self.context(credentials)
        tls.withLock { $0 = context }
    }

    private static func context(_ credentials: Credentials) throws -> NIOSSLContext {
        var configuration = try credentials.own.configuration(trusting: credentials.anchorsPEM)
        // In 1.3 a receiver turns our certificate away after the handshake: its close could be taken for
        // that of one that read to the end.
        configuration.maximumTLSVersion = .tlsv12
        return try NIOSSLContext(configuration: configuration)
    }

    /// Returns when the receiver has taken all of it; otherwise it may have taken any part of it.
    func deliver(_ frames: [UInt8]) async throws {
        let receipt = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: Void.self)
        let channel: any Channel
        do {
            channel = try await connect(receipt)
        } catch {
            receipt.fail(error)
            throw error
        }
        let deadline = channel.eventLoop.scheduleTask(in: .seconds(Self.deliverySeconds)) {
            receipt.fail(NotTaken(description: "the receiver did not take the run in time"))
            channel.close(mode: .all, promise: nil)
        }
        do {
            try await channel.writeAndFlush(ByteBuffer(bytes: frames))
            try await acknowledged(by: channel)
            channel.pipeline.fireUserInboundEventTriggered(EndOfRun())
            channel.close(mode: .all, promise: nil)
            try await receipt.futureResult.get()
            deadline.cancel()
        } catch {
            deadline.cancel()
            receipt.fail(error)
            channel.close(mode: .all, promise: nil)
            throw error
        }
    }

    private func connect(_ receipt: EventLoopPromise<Void>) async throws -> any Channel {
        // A name is what the certificate must be for; NIOSSL holds an address against the socket's own.
        let isAddress = (try? SocketAddress(ipAddress: host, port: port)) != nil
        let name = isAddress ? nil : host
        let tls = tls.withLock { $0 }
        return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(5))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name))
                    try pipeline.addHandler(ReceiptHandler(receipt))
                }
            }
            .connect(host: host, port: port).get()
    }

    /// Waits until the receiver's host has acknowledged every byte that was written.
    private func acknowledged(by channel: any Channel) async throws {
        guard let provider = channel as? any SocketOptionProvider else {
            throw NotTaken(description: "the connection does not say what was acknowledged")
        }
        while channel.isActive {
            if try await provider.getTCPInfo().get().tcpi_unacked == 0 { return }
            try await channel.eventLoop.scheduleTask(in: Self.acknowledgementPause) {}.futureResult
                .get()
        }
        throw NotTaken(description: "the receiver went away")
    }
}

/// Everything was written and acknowledged: what ends from now on ends as it should.
private struct EndOfRun: Sendable {}

/// Keeps the promise that a run was taken once the receiver is at its end, too.
private final class ReceiptHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let receipt: EventLoopPromise<Void>
    private var isAtEnd = false

    init(_ receipt: EventLoopPromise<Void>) { self.receipt = receipt }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is EndOfRun: isAtEnd = true
        case TLSUserEvent.shutdownCompleted where isAtEnd: receipt.succeed()
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if isAtEnd {
            receipt.succeed()
        } else {
            receipt.fail(
                SyslogReceiver.NotTaken(description: "the receiver closed the connection"))
        }
        context.fireChannelInactive()
    }

    /// A receiver that closes without a word of TLS after the end has read up to it; a reset has not.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? NIOSSLError, error == .uncleanShutdown, isAtEnd { return }
        receipt.fail(error)
        context.close(promise: nil)
    }
}

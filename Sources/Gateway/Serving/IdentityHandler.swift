import Exchange
import NIOCore
import NIOSSL
import NIOTLS

/// Tells the connection whose certificate it was, at the moment a handshake completes.
///
/// The verification callback cannot do this: BoringSSL does not call it for a resumed session, so
/// whoever was once admitted would stay admitted for as long as a session ticket lives.
final class IdentityHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connection: Connection
    private let tls: ServerTLS

    init(_ connection: Connection, _ tls: ServerTLS) {
        self.connection = connection
        self.tls = tls
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted? = event as? TLSUserEvent {
            do {
                let certificate = try context.pipeline.syncOperations.nioSSL_peerCertificate()
                if let certificate {
                    switch connection.establish(certificate: try certificate.toDERBytes()) {
                    case .letIn, .refused: break
                    case .unjudged: tls.forgetSessions()
                    case .unwanted: return context.close(promise: nil)
                    }
                } else {
                    connection.refuse(.certificateNotTrusted)
                }
            } catch {
                connection.refuse(.certificateNotTrusted)
            }
        }
        context.fireUserInboundEventTriggered(event)
    }
}

import NIOCore
import NIOSSL
import Synchronization

/// The server's side of mutual TLS: its chain and key, and the CAs whose names it tells clients so
/// that they pick the right certificate. All in PEM.
package struct ServerTLSMaterial: Sendable {
    package let certificateChainPEM: [UInt8]
    package let privateKeyPEM: [UInt8]
    package let clientRootsPEM: [UInt8]

    package init(certificateChainPEM: [UInt8], privateKeyPEM: [UInt8], clientRootsPEM: [UInt8]) {
        self.certificateChainPEM = certificateChainPEM
        self.privateKeyPEM = privateKeyPEM
        self.clientRootsPEM = clientRootsPEM
    }
}

/// TLS 1.3 or 1.2 with AEAD, HTTP/1.1 alone, a client certificate always. The material can be
/// replaced while the server runs: connections made afterwards use the new one, and the session
/// tickets of the old one no longer open anything.
package final class ServerTLS: Sendable {
    private struct Current {
        var material: ServerTLSMaterial
        var context: NIOSSLContext
        var maySessionsGo = NIODeadline.now()
    }

    private let current: Mutex<Current>

    package init(_ material: ServerTLSMaterial) throws {
        let context = try Self.context(material)
        current = Mutex(Current(material: material, context: context))
    }

    /// Throws, and keeps the old material, when the new one is unusable.
    package func reload(_ material: ServerTLSMaterial) throws {
        let context = try Self.context(material)
        current.withLock { current in
            current.material = material
            current.context = context
        }
    }

    /// No session of before is resumed: whoever comes next shows the whole chain. Not more often than every
    /// ten seconds, because a full handshake costs half a millisecond of a core.
    func forgetSessions() {
        current.withLock { current in
            let now = NIODeadline.now()
            guard now >= current.maySessionsGo,
                let context = try? Self.context(current.material)
            else { return }
            current.context = context
            current.maySessionsGo = now + .seconds(10)
        }
    }

    var context: NIOSSLContext {
        current.withLock { $0.context }
    }

    private static func context(_ material: ServerTLSMaterial) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(material.certificateChainPEM)
                .map { .certificate($0) },
            privateKey: .privateKey(
                try NIOSSLPrivateKey(bytes: material.privateKeyPEM, format: .pem)))
        configuration.minimumTLSVersion = .tlsv12
        // TLS 1.3 has AEAD suites only; these are what is left of 1.2.
        configuration.cipherSuiteValues = [
            .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
            .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        ]
        // On a server this *requires* a client certificate; whether it is good the callback says.
        configuration.certificateVerification = .noHostnameVerification
        configuration.trustRoots = .certificates(
            try NIOSSLCertificate.fromPEMBytes(material.clientRootsPEM))
        configuration.sendCANameList = true
        configuration.applicationProtocols = ["http/1.1"]
        configuration.renegotiationSupport = .none
        configuration.shutdownTimeout = .seconds(2)
        return try NIOSSLContext(configuration: configuration)
    }
}

extension ServerTLS {
    /// The handler of one connection, whose certificate it has judged in a full handshake.
    func makeHandler(for connection: Connection) -> NIOSSLServerHandler {
        NIOSSLServerHandler(
            context: context,
            customVerificationCallback: { certificates, promise in
                let chain = certificates.compactMap { try? $0.toDERBytes() }
                let isAdmitted =
                    chain.count == certificates.count && connection.admits(chain: chain)
                promise.succeed(isAdmitted ? .certificateVerified : .failed)
            })
    }
}

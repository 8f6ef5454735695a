import Exchange
import Gateway
import Logging
import Metrics
import Synchronization
import Trust

/// サーバ証明書: the gateway's own certificate and key, read again without a restart. New handshakes get
/// the new one and live connections stay. A pair that does not serve (unreadable, not belonging
/// together, out of its dates) leaves the old one in place, and the log and a metric say so.
final class ServerCertificate: Sendable {
    private struct Material: Equatable {
        let certificate: [UInt8]
        let key: [UInt8]
    }

    private struct State {
        var material: Material
        var notAfter: Instant
        var served: [(tls: ServerTLS, clientRoots: [UInt8])] = []
        /// What was said last of files that do not serve: said once, not every ten seconds.
        var complaint: String?
    }

    private let paths: Settings.TrustFiles
    private let now: @Sendable () -> Instant
    private let logger: Logger
    private let state: Mutex<State>

    init(_ paths: Settings.TrustFiles, now: @escaping @Sendable () -> Instant, logger: Logger)
        throws
    {
        self.paths = paths
        self.now = now
        self.logger = logger
        let material = try Self.read(paths)
        state = Mutex(State(material: material, notAfter: try Self.leaf(material).notAfter))
    }

    /// One listener's side of TLS, which follows from now on.
    func tls(clientRoots: [UInt8]) throws -> ServerTLS {
        try state.withLock { state in
            let tls = try ServerTLS(Self.pem(state.material, clientRoots))
            state.served.append((tls, clientRoots))
            return tls
        }
    }

    /// Reads both files again, and takes them when they have changed and serve.
    func reload() {
        state.withLock { state in
            do {
                let material = try Self.read(paths)
                if material != state.material {
                    try take(material, &state)
                    logger.notice(
                        "server certificate loaded",
                        metadata: ["until": "\(state.notAfter.text)"])
                }
                state.complaint = nil
            } catch {
                let complaint = "\(error)"
                if state.complaint != complaint {
                    logger.error(
                        "server certificate not taken; the last good one stays",
                        metadata: ["reason": "\(complaint)"])
                }
                state.complaint = complaint
            }
        }
    }

    func measure() {
        let (notAfter, isRefused) = state.withLock { ($0.notAfter, $0.complaint != nil) }
        Gauge(label: "tsunagi_server_certificate_seconds_left").record(
            notAfter.seconds - now().seconds)
        Gauge(label: "tsunagi_server_certificate_refused").record(isRefused ? 1 : 0)
    }

    private func take(_ material: Material, _ state: inout State) throws {
        let leaf = try Self.leaf(material)
        guard leaf.notBefore <= now(), now() < leaf.notAfter else {
            throw FileProblem(paths.serverCertificate, "is out of its dates")
        }
        // Every listener has the same pair: what serves the first serves the others.
        for (tls, clientRoots) in state.served {
            try tls.reload(Self.pem(material, clientRoots))
        }
        state.material = material
        state.notAfter = leaf.notAfter
    }

    private static func read(_ paths: Settings.TrustFiles) throws -> Material {
        Material(
            certificate: try Files.read(paths.serverCertificate),
            key: try SecretFile.read(paths.serverKey))
    }

    private static func leaf(_ material: Material) throws -> ParsedCertificate {
        guard let leaf = try ParsedCertificate.all(in: material.certificate).first else {
            throw Reason.malformed
        }
        return leaf
    }

    private static func pem(_ material: Material, _ clientRoots: [UInt8]) -> ServerTLSMaterial {
        ServerTLSMaterial(
            certificateChainPEM: material.certificate, privateKeyPEM: material.key,
            clientRootsPEM: clientRoots)
    }
}

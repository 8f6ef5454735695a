import Exchange
import Gateway
import Logging
import Metrics
import Synchronization
import Trust

/// 自らの証明書: a certificate and key that the gateway shows, as a server, to the audit feed's receiver or to
/// the bodies it rings, read again without a restart. New handshakes get the new one and live connections
/// stay. A pair that does not serve (unreadable, not belonging together, out of its dates) leaves the old
/// one in place, and the log and a metric say so.
final class OwnCertificate: Sendable {
    struct Pair: Equatable {
        let certificate: [UInt8]
        let key: [UInt8]
    }

    /// Where both are, as two settings say that begin alike: `trust.server-certificate`, `trust.server-key`.
    struct Paths {
        let settings: String
        let certificate: String
        let key: String

        fileprivate func read() throws -> Pair {
            Pair(
                certificate: try SettingProblem.naming("\(settings)certificate") {
                    try Files.read(certificate)
                }, key: try SettingProblem.naming("\(settings)key") { try SecretFile.read(key) })
        }

        fileprivate func leaf(_ pair: Pair) throws -> ParsedCertificate {
            try SettingProblem.naming("\(settings)certificate") { try first(of: pair) }
        }

        private func first(of pair: Pair) throws -> ParsedCertificate {
            do {
                if let leaf = try ParsedCertificate.all(in: pair.certificate).first { return leaf }
            } catch {
                throw FileProblem(
                    certificate, "is no certificate in PEM with its chain: \(error.code)")
            }
            throw FileProblem(certificate, "holds no certificate")
        }
    }

    private struct State {
        var pair: Pair
        var notAfter: Instant
        var followers: [@Sendable (Pair) throws -> Void] = []
        /// What was said last of files that do not serve: said once, not every ten seconds.
        var complaint: String?
    }

    /// What it is shown as: `server`, `audit feed` or `webhook`.
    private let name: String
    private let paths: Paths
    private let now: @Sendable () -> Instant
    private let logger: Logger
    private let state: Mutex<State>

    init(
        _ name: String, _ paths: Paths, now: @escaping @Sendable () -> Instant, logger: Logger
    ) throws {
        self.name = name
        self.paths = paths
        self.now = now
        self.logger = logger
        let pair = try paths.read()
        state = Mutex(State(pair: pair, notAfter: try paths.leaf(pair).notAfter))
    }

    /// What is made of the pair now, and told of each later one by `take`, which throws for one that does
    /// not serve.
    func shown<Side: Sendable>(
        by make: (Pair) throws -> Side, _ take: @escaping @Sendable (Side, Pair) throws -> Void
    ) throws -> Side {
        try state.withLock { state in
            let side: Side
            do { side = try make(state.pair) } catch {
                throw SettingProblem(
                    "The settings \(paths.settings)certificate and \(paths.settings)key do not serve: "
                        + "\(paths.key) must hold one private key in PEM, that of the first certificate in "
                        + "\(paths.certificate) (\(error)).")
            }
            state.followers.append { try take(side, $0) }
            return side
        }
    }

    /// Reads both files again, and takes them when they have changed and serve.
    func reload() {
        state.withLock { state in
            do {
                let pair = try paths.read()
                if pair != state.pair {
                    try take(pair, &state)
                    logger.notice(
                        "\(name) certificate loaded", metadata: ["until": "\(state.notAfter.text)"])
                }
                state.complaint = nil
            } catch {
                let complaint = "\(error)"
                if state.complaint != complaint {
                    logger.error(
                        "\(name) certificate not taken; the last good one stays",
                        metadata: ["reason": "\(complaint)"])
                }
                state.complaint = complaint
            }
        }
    }

    func measure() {
        let (notAfter, isRefused) = state.withLock { ($0.notAfter, $0.complaint != nil) }
        let metric = "tsunagi_\(name.replacing(" ", with: "_"))_certificate"
        Gauge(label: metric + "_seconds_left").record(notAfter.seconds - now().seconds)
        Gauge(label: metric + "_refused").record(isRefused ? 1 : 0)
    }

    private func take(_ pair: Pair, _ state: inout State) throws {
        let leaf = try paths.leaf(pair)
        guard leaf.notBefore <= now(), now() < leaf.notAfter else {
            throw FileProblem(paths.certificate, "is out of its dates")
        }
        // All show the same pair: what serves the first serves the others.
        for follower in state.followers { try follower(pair) }
        state.pair = pair
        state.notAfter = leaf.notAfter
    }
}

extension OwnCertificate {
    /// One listener's side of TLS.
    func tls(clientRoots: [UInt8]) throws -> ServerTLS {
        let material = { @Sendable (pair: Pair) in
            ServerTLSMaterial(
                certificateChainPEM: pair.certificate, privateKeyPEM: pair.key,
                clientRootsPEM: clientRoots)
        }
        return try shown(by: { try ServerTLS(material($0)) }) { try $0.reload(material($1)) }
    }

    /// The audit feed's side.
    func receiver(_ feed: Settings.AuditFeedSettings) throws -> SyslogReceiver {
        let anchors = try SettingProblem.naming("audit-feed.anchors") {
            try Files.read(feed.anchors)
        }
        let credentials = { @Sendable (pair: Pair) in
            SyslogReceiver.Credentials(anchorsPEM: anchors, own: pair.credentials)
        }
        return try shown(
            by: {
                try SyslogReceiver(host: feed.host, port: feed.port, credentials: credentials($0))
            }
        ) { try $0.reload(credentials($1)) }
    }

    /// The side of the webhooks.
    func caller() throws -> WebhookCaller {
        try shown(by: { try WebhookCaller($0.credentials) }) { try $0.reload($1.credentials) }
    }
}

extension OwnCertificate.Pair {
    fileprivate var credentials: ClientCredentials {
        ClientCredentials(certificatePEM: certificate, keyPEM: key)
    }
}

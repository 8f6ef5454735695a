package import Exchange

/// One listener as configured. Plain HTTP exists on loopback for operations alone, and cannot be
/// configured anywhere else.
package struct ListenerConfiguration: Sendable {
    package enum Security: Sendable {
        case mutualTLS(ServerTLS, ClientTrust)
        case plainOnLoopback
    }

    /// Why a configuration is not taken; the text goes to the operator.
    package struct Invalid: Error, CustomStringConvertible {
        package let description: String
    }

    package let listener: Listener
    package let host: String
    /// 0 takes any free port (tests).
    package let port: Int
    package let security: Security
    package let limits: Limits

    package init(
        listener: Listener, host: String, port: Int, security: Security, limits: Limits? = nil
    ) throws {
        if case .plainOnLoopback = security {
            guard listener == .operations, ["127.0.0.1", "::1"].contains(host) else {
                throw Invalid(
                    description: """
                        The \(listener.rawValue) listener on \(host) needs TLS with client \
                        certificates: plain HTTP is for operations on 127.0.0.1 or ::1 only.
                        """)
            }
        }
        guard (0...65_535).contains(port) else {
            throw Invalid(
                description: "\(port) is not a port of the \(listener.rawValue) listener.")
        }
        self.listener = listener
        self.host = host
        self.port = port
        self.security = security
        self.limits = limits ?? Limits.standard(for: listener)
    }

    /// An address that is another program's, or none of this machine's: said by the names of its settings.
    func cannotListen(_ error: any Error) -> Invalid {
        let settings = "listen.\(listener.rawValue)"
        return Invalid(
            description: """
                The \(listener.rawValue) listener cannot listen on \(host), port \(port) \
                (\(settings).host, \(settings).port): \(error).
                """)
    }

    var tls: ServerTLS? {
        guard case .mutualTLS(let tls, _) = security else { return nil }
        return tls
    }

    var trust: ClientTrust? {
        guard case .mutualTLS(_, let trust) = security else { return nil }
        return trust
    }
}

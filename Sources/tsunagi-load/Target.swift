import NIOCore
import NIOSSL

/// Where requests go and with which certificate. The server is always verified, as a client's
/// system would.
struct Target: Sendable {
    let host: String
    let port: Int
    /// Looked up once: no connection waits for a resolver.
    let address: SocketAddress
    private let tls: NIOSSLContext?
    private let serverName: String?

    init(_ command: LoadCommand) throws {
        let parts = command.url.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 3, parts[0] == "https:" || parts[0] == "http:", parts[1].isEmpty,
            parts.count == 3 || (parts.count == 4 && parts[3].isEmpty),
            let colon = parts[2].lastIndex(of: ":"),
            let port = Int(parts[2][parts[2].index(after: colon)...])
        else { throw LoadFault("not a URL with scheme, host and port: \(command.url)") }
        host = parts[2][..<colon].filter { $0 != "[" && $0 != "]" }
        self.port = port
        address = try SocketAddress.makeAddressResolvingHost(host, port: port)
        serverName = command.serverName ?? (Self.isAddress(host) ? nil : host)
        tls = parts[0] == "http:" ? nil : try Self.context(command)
    }

    var authority: String {
        "\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }

    /// Makes what stands between the socket and the requests: nothing for `http`.
    func makeHandler() throws -> NIOSSLClientHandler? {
        guard let tls else { return nil }
        return try NIOSSLClientHandler(context: tls, serverHostname: serverName)
    }

    private static func context(_ command: LoadCommand) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = command.tls == "1.2" ? .tlsv12 : .tlsv13
        configuration.maximumTLSVersion = command.tls == "1.2" ? .tlsv12 : .tlsv13
        configuration.applicationProtocols = ["http/1.1"]
        // What every server that may be compared can do: with a post-quantum exchange on one side
        // alone, two servers would be measured at different work.
        configuration.curves = [.x25519, .secp256r1, .secp384r1]
        if let ca = command.ca { configuration.trustRoots = .file(ca) }
        if let certificate = command.certificate {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(certificate)
                .map { .certificate($0) }
        }
        if let key = command.key {
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
        }
        return try NIOSSLContext(configuration: configuration)
    }

    private static func isAddress(_ host: String) -> Bool {
        (try? SocketAddress(ipAddress: host, port: 0)) != nil
    }
}

/// A mistake in what the generator was told to do: its sentence is the error message.
struct LoadFault: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

import NIOSSL

/// 接続する側の証明書: by which the servers of others know this gateway, as PEM.
package struct ClientCredentials: Sendable {
    let certificatePEM: [UInt8]
    let keyPEM: [UInt8]

    package init(certificatePEM: [UInt8], keyPEM: [UInt8]) {
        self.certificatePEM = certificatePEM
        self.keyPEM = keyPEM
    }

    /// Throws for PEM that cannot be read.
    func configuration(trusting anchorsPEM: [UInt8]) throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.trustRoots = .certificates(
            try NIOSSLCertificate.fromPEMBytes(anchorsPEM))
        configuration.certificateChain = try NIOSSLCertificate.fromPEMBytes(certificatePEM)
            .map { .certificate($0) }
        configuration.privateKey = .privateKey(
            try NIOSSLPrivateKey(bytes: keyPEM, format: .pem))
        return configuration
    }
}

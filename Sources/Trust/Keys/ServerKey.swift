import Crypto
package import Exchange
import FoundationEssentials
import SwiftASN1
import X509

/// サーバー鍵の更新: the next private key of the gateway's own certificate, the request for a certificate of it,
/// and both taken into use. The key in use serves until then; the next one lies beside it as `….next`.
package struct ServerKey: Sendable {
    let key: String
    let certificate: String

    /// The paths of `trust.server-key` and `trust.server-certificate`.
    package init(key: String, certificate: String) {
        self.key = key
        self.certificate = certificate
    }

    private var next: String { key + ".next" }

    /// A PKCS #10 request (RFC 2986, PEM) for the names of the certificate in use, signed by the next key,
    /// which is made where there is none. Said again, it asks for the same key.
    package func request() throws -> String {
        let current = try Self.chain(Self.text(certificate), certificate)[0]
        if !FileManager.default.fileExists(atPath: next) {
            let made = Certificate.PrivateKey(P256.Signing.PrivateKey())
            try SecretFile.create(next, Array((made.serializeAsPEM().pemString + "\n").utf8))
        }
        let names = try current.extensions.subjectAlternativeNames
        let extensions = try Certificate.Extensions {
            if let names { names }
        }
        let request = try CertificateSigningRequest(
            version: .v1, subject: current.subject, privateKey: try Self.privateKey(next),
            attributes: .init([.init(ExtensionRequest(extensions: extensions))]),
            signatureAlgorithm: .ecdsaWithSHA256)
        return try request.serializeAsPEM().pemString + "\n"
    }

    /// Puts the next key and its certificate, with its chain, in the places of those in use, from where the
    /// gateway takes both at its next reading. A gateway that reads between the two keeps what it has. A
    /// crash between them is mended by saying it again.
    ///
    /// Throws `FileProblem` for a certificate that is not of the next key, lacks a name of the one in use,
    /// or is out of its dates: nothing is changed then.
    package func take(_ path: String, at now: Instant) throws {
        let text = try Self.text(path)
        let leaf = try Self.chain(text, path)[0]
        let current = try Self.chain(Self.text(certificate), certificate)[0]
        let isPrepared = FileManager.default.fileExists(atPath: next)
        let isOfKey = try Self.privateKey(isPrepared ? next : key).publicKey == leaf.publicKey
        guard isOfKey else {
            throw FileProblem(path, "is not a certificate of \(isPrepared ? next : key)")
        }
        let names = try Set(leaf.extensions.subjectAlternativeNames.map { Array($0) } ?? [])
        let lacking = try (current.extensions.subjectAlternativeNames.map { Array($0) } ?? [])
            .filter { !names.contains($0) }
        guard lacking.isEmpty else {
            throw FileProblem(path, "lacks the name \(lacking[0]) of the certificate in use")
        }
        let moment = Date(timeIntervalSince1970: Double(now.seconds))
        guard leaf.notValidBefore <= moment, moment < leaf.notValidAfter else {
            throw FileProblem(path, "is out of its dates")
        }
        if isPrepared {
            try SecretFile.replace(key, SecretFile.read(next))
        }
        try SecretFile.replace(certificate, Array(text.utf8), mode: 0o644)
        if isPrepared { try FileManager.default.removeItem(atPath: next) }
    }

    private static func privateKey(_ path: String) throws -> Certificate.PrivateKey {
        let text = String(decoding: try SecretFile.read(path), as: UTF8.self)
        return try Certificate.PrivateKey(pemEncoded: text)
    }

    private static func text(_ path: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw FileProblem(path, "is not there or cannot be read")
        }
        return String(decoding: data, as: UTF8.self)
    }

    /// At least one certificate, the leaf first.
    private static func chain(_ text: String, _ path: String) throws -> [Certificate] {
        let chain = try PEMDocument.parseMultiple(pemString: text).map {
            try Certificate(pemDocument: $0)
        }
        guard !chain.isEmpty else { throw FileProblem(path, "holds no certificate") }
        return chain
    }
}

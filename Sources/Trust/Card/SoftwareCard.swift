package import Crypto
package import CryptoExtras
package import Exchange
import FoundationEssentials
import SwiftASN1
package import X509

/// ソフトウェアのカード: stands in for an individual number card in tests and the demo: a user
/// authentication certificate of the test card CA, in the real profile, and its key.
package struct SoftwareCard: Sendable {
    package let certificateDER: [UInt8]
    package let issuerDER: [UInt8]
    /// The content of the DER INTEGER.
    package let serial: [UInt8]
    package let notBefore: Instant
    package let notAfter: Instant
    private let key: Key

    package enum Algorithm: String, CaseIterable, Sendable {
        /// Today's card.
        case rsa2048 = "rsa-2048"
        /// The card that is planned to follow it.
        case p384 = "p-384"
    }

    /// Making an RSA key takes a tenth of a second; a thousand test cards may share one.
    package enum Key: Sendable {
        case rsa(_RSA.Signing.PrivateKey)
        case p384(P384.Signing.PrivateKey)

        package init(_ algorithm: Algorithm) throws {
            switch algorithm {
            case .rsa2048: self = .rsa(try _RSA.Signing.PrivateKey(keySize: .bits2048))
            case .p384: self = .p384(P384.Signing.PrivateKey())
            }
        }

        package var algorithm: Algorithm {
            switch self {
            case .rsa: .rsa2048
            case .p384: .p384
            }
        }

        package var pem: String {
            switch self {
            case .rsa(let key): key.pkcs8PEMRepresentation
            case .p384(let key): key.pemRepresentation
            }
        }

        var certificateKey: Certificate.PrivateKey {
            switch self {
            case .rsa(let key): Certificate.PrivateKey(key)
            case .p384(let key): Certificate.PrivateKey(key)
            }
        }
    }

    /// `serial` is the number's own bytes, as a card CA may choose it: its first bit may be set. Nothing:
    /// a random one.
    package init(
        issuedBy pki: DevelopmentPKI, key: Key, term: DevelopmentPKI.Term,
        extraExtensions: [Certificate.Extension] = [], serial: [UInt8]? = nil
    ) throws {
        // The real certificate's common name is an opaque id, too.
        let id = Hexadecimal.text(randomBytes(8))
        let subject = try DistinguishedName {
            CountryName("JP")
            CommonName("TEST" + id)
        }
        var extensions = try Certificate.Extensions {
            Critical(KeyUsage(digitalSignature: true))
        }
        try extensions.append(Self.policy())
        for one in extraExtensions { try extensions.append(one) }
        let certificate = try pki.sign(
            key.certificateKey.publicKey, subject: subject, extensions, by: .cards, term,
            serial: serial)
        try self.init(try pki.record(certificate, .cards, "card-" + id), key)
    }

    package init(
        issuedBy pki: DevelopmentPKI, algorithm: Algorithm, term: DevelopmentPKI.Term
    ) throws {
        try self.init(issuedBy: pki, key: Key(algorithm), term: term)
    }

    private init(_ certificate: ParsedCertificate, _ key: Key) throws {
        certificateDER = certificate.der
        issuerDER = certificate.issuer.der
        serial = certificate.serial
        notBefore = certificate.notBefore
        notAfter = certificate.notAfter
        self.key = key
    }

    package var algorithm: Algorithm { key.algorithm }
    package var keyPEM: String { key.pem }

    /// As the card does it: SHA-256 with PKCS#1 v1.5, or SHA-384 with ECDSA in DER.
    package func sign(_ text: [UInt8]) throws -> [UInt8] {
        switch key {
        case .rsa(let key):
            let digest = SHA256.hash(data: text)
            let signature = try key.signature(for: digest, padding: .insecurePKCS1v1_5)
            return Array(signature.rawRepresentation)
        case .p384(let key):
            return Array(try key.signature(for: SHA384.hash(data: text)).derRepresentation)
        }
    }

    // MARK: The card as a file: certificate and key in PEM, mode 0400

    package init(path: String) throws {
        let text = String(decoding: try SecretFile.read(path), as: UTF8.self)
        let documents = try PEMDocument.parseMultiple(pemString: text)
        guard documents.count == 2, documents[0].discriminator == "CERTIFICATE" else {
            throw FileProblem(path, "is no card: a certificate and a key are needed")
        }
        let certificate = try ParsedCertificate(der: documents[0].derBytes)
        let pem = documents[1].pemString
        if case .rsa = certificate.publicKey.material {
            try self.init(certificate, .rsa(_RSA.Signing.PrivateKey(pemRepresentation: pem)))
        } else {
            try self.init(certificate, .p384(P384.Signing.PrivateKey(pemRepresentation: pem)))
        }
    }

    package func save(_ path: String) throws {
        let certificate = PEMDocument(type: "CERTIFICATE", derBytes: certificateDER).pemString
        try SecretFile.create(path, Array((certificate + "\n" + key.pem + "\n").utf8))
    }

    private static func policy() -> Certificate.Extension {
        var value = DER.Serializer()
        value.appendConstructedNode(identifier: .sequence) { list in
            list.appendConstructedNode(identifier: .sequence) { policy in
                policy.appendPrimitiveNode(identifier: .objectIdentifier) {
                    $0 += OID.userAuthenticationPolicy
                }
            }
        }
        return Certificate.Extension(
            oid: [2, 5, 29, 32], critical: true, value: value.serializedBytes[...])
    }
}

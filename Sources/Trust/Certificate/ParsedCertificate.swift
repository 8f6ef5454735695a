import Crypto
package import Exchange
import FoundationEssentials
import SwiftASN1

/// 電子証明書: a certificate that was read strictly, once: whatever can be refused by looking at it
/// alone has been refused. It keeps its bytes and is shared, never changed.
package final class ParsedCertificate: Sendable, Hashable {
    package let der: [UInt8]
    package let serial: [UInt8]
    package let issuer: CertificateName
    package let subject: CertificateName
    package let notBefore: Instant
    package let notAfter: Instant
    let version: Int
    let toBeSigned: ArraySlice<UInt8>
    let signature: ArraySlice<UInt8>
    let scheme: Result<SignatureScheme, Reason>
    let publicKey: PublicKey
    /// The whole SubjectPublicKeyInfo.
    let keyInfo: ArraySlice<UInt8>
    let extensions: CertificateExtensions
    /// Ready to verify, for CAs; a leaf's key is made only where it is used.
    let issuingKey: VerifyingKey?

    package init(der: [UInt8]) throws(Reason) {
        self.der = der
        var outer = try DERReader(parseDER(der[...]))
        let body = try outer.next(.sequence)
        let outerAlgorithm = try outer.next(.sequence)
        signature = try outer.next().wholeBytes()
        try outer.end()
        toBeSigned = body.encodedBytes

        var fields = try DERReader(body)
        version = try Self.version(fields.nextIf(.context(0)))
        serial = Array(try fields.next(.integer).integer())
        let innerAlgorithm = try fields.next(.sequence)
        issuer = try CertificateName(node: fields.next())
        var validity = try DERReader(fields.next(.sequence))
        notBefore = Instant(seconds: try validity.next().time())
        notAfter = Instant(seconds: try validity.next().time())
        try validity.end()
        subject = try CertificateName(node: fields.next())
        let key = try fields.next(.sequence)
        keyInfo = key.encodedBytes
        publicKey = try PublicKey(key)
        let hasIssuerID = try fields.nextIf(.context(1)) != nil
        let hasSubjectID = try fields.nextIf(.context(2)) != nil
        let extensionNode = try fields.nextIf(.context(3))
        try fields.end()

        guard innerAlgorithm.encodedBytes == outerAlgorithm.encodedBytes else {
            throw .signatureAlgorithmMismatch
        }
        do { scheme = .success(try SignatureScheme(innerAlgorithm)) } catch {
            scheme = .failure(error)
        }
        guard version == 3 || extensionNode == nil,
            version >= 2 || (!hasIssuerID && !hasSubjectID)
        else { throw .versionUnsupported }
        extensions = try CertificateExtensions(extensionNode?.unwrapped())
        issuingKey = extensions.isCA ? try? VerifyingKey(publicKey) : nil
        try checkForm()
    }

    /// Certificates of a PEM file, or one DER certificate.
    package static func all(in contents: [UInt8]) throws(Reason) -> [ParsedCertificate] {
        var certificates: [ParsedCertificate] = []
        for der in try PEM.documents(in: contents, "CERTIFICATE") {
            certificates.append(try ParsedCertificate(der: der))
        }
        return certificates
    }

    package var fingerprint: [UInt8] { Array(SHA256.hash(data: der)) }
    package var keyDigest: [UInt8] { Array(SHA256.hash(data: keyInfo)) }
    var isSelfIssued: Bool { issuer == subject }

    func isSigned(by key: VerifyingKey) -> Bool {
        guard case .success(let scheme) = scheme else { return false }
        return key.isValid(signature, over: toBeSigned, by: scheme)
    }

    /// RFC 5280 §4.2.1.1: false when the certificate names the key that signed it, and it is another one than
    /// the issuer's.
    func mayBeSigned(by issuer: ParsedCertificate) -> Bool {
        guard let wanted = extensions.authorityKeyID, let own = issuer.extensions.subjectKeyID
        else { return true }
        return wanted == own
    }

    /// RFC 4158 §2.4.1: the same CA under another certificate makes loops, not paths.
    func isSameEntity(as other: ParsedCertificate) -> Bool {
        keyInfo == other.keyInfo && subject == other.subject
    }

    package static func == (left: ParsedCertificate, right: ParsedCertificate) -> Bool {
        left === right || left.der == right.der
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(signature)
    }

    private static func version(_ node: ASN1Node?) throws(Reason) -> Int {
        guard let node else { return 1 }
        switch try node.unwrapped().smallInteger() {
        case 1: return 2
        case 2: return 3
        default: throw .versionUnsupported
        }
    }

    private func checkForm() throws(Reason) {
        // 20 bytes of value; the zero that keeps a high bit positive is DER's, not the CA's.
        guard serial.drop(while: { $0 == 0 }).count <= 20, serial != [0] else {
            throw .serialInvalid
        }
        let needsSubject = extensions.isCA || !extensions.alternativeNamesAreCritical
        guard !issuer.isEmpty, !(subject.isEmpty && needsSubject) else { throw .nameEmpty }
        guard notBefore <= notAfter else { throw .malformed }
        // RFC 5280 §4.2.1.9 and §4.2.1.10: keyCertSign and name constraints belong to CAs.
        if !extensions.isCA {
            guard extensions.nameConstraints == nil,
                extensions.keyUsage?.contains(.certificateSign) != true
            else { throw .extensionMisused }
        }
    }
}

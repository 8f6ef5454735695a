import Crypto
package import Exchange
import FoundationEssentials
import SwiftASN1
import X509

/// Issuing: every certificate gets a random serial, its key identifiers and a line in the index.
extension DevelopmentPKI {
    /// A certificate and key for a party, in `<ca>/<name>.pem` and `<name>.key`. Issuing a name
    /// again renews it: a new key and serial, the old certificate standing until it expires or is
    /// revoked. Without `sayingURI` it is as a CA makes it that cannot write our URI.
    @discardableResult
    package func issue(
        _ party: Party, name: String, at now: Instant, days: Int64 = DevelopmentPKI.leafDays,
        sayingURI: Bool = true
    ) throws -> ParsedCertificate {
        let subject = try DistinguishedName {
            CountryName("JP")
            OrganizationName("Tsunagi development")
            CommonName(party.key)
        }
        let leaf = Leaf(
            authority: Authority(of: party.role), name: name, subject: subject,
            names: sayingURI ? [.uniformResourceIdentifier(party.uri)] : [], usage: .clientAuth)
        return try issue(leaf, from: now, days: days)
    }

    @discardableResult
    package func issueServer(
        name: String, hosts: [String] = ["localhost"], at now: Instant,
        days: Int64 = DevelopmentPKI.leafDays
    ) throws -> ParsedCertificate {
        let subject = try DistinguishedName { CommonName(hosts.first ?? "localhost") }
        let loopback: [[UInt8]] = [[127, 0, 0, 1], [UInt8](repeating: 0, count: 15) + [1]]
        let names =
            hosts.map(X509.GeneralName.dnsName)
            + loopback.map { .ipAddress(ASN1OctetString(contentBytes: $0[...])) }
        let leaf = Leaf(
            authority: .server, name: name, subject: subject, names: names, usage: .serverAuth)
        return try issue(leaf, from: now, days: days)
    }

    /// The same names with a new key, for another term.
    @discardableResult
    package func renew(
        _ authority: Authority, _ name: String, at now: Instant,
        days: Int64 = DevelopmentPKI.leafDays
    ) throws -> ParsedCertificate {
        let path = certificatePath(authority, name)
        let pem = String(decoding: try contents(path), as: UTF8.self)
        let old = try Certificate(pemEncoded: pem)
        guard authority != .cards else {
            throw FileProblem(path, "is a card: renew it by making a new one")
        }
        let names = try old.extensions.subjectAlternativeNames.map { Array($0) } ?? []
        let leaf = Leaf(
            authority: authority, name: name, subject: old.subject, names: names,
            usage: authority == .server ? .serverAuth : .clientAuth)
        return try issue(leaf, from: now, days: days)
    }

    struct Leaf {
        let authority: Authority
        let name: String
        let subject: DistinguishedName
        let names: [X509.GeneralName]
        let usage: ExtendedKeyUsage.Usage
    }

    private func issue(_ leaf: Leaf, from now: Instant, days: Int64) throws -> ParsedCertificate {
        try Self.checkName(leaf.name)
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let extensions = try Certificate.Extensions {
            Critical(BasicConstraints.notCertificateAuthority)
            Critical(KeyUsage(digitalSignature: true))
            try ExtendedKeyUsage([leaf.usage])
            if !leaf.names.isEmpty { SubjectAlternativeNames(leaf.names) }
        }
        let certificate = try sign(
            key.publicKey, subject: leaf.subject, extensions, by: leaf.authority,
            Term(from: now, to: now.adding(seconds: days * 86_400)))
        let keyText = try key.serializeAsPEM().pemString + "\n"
        try SecretFile.replace(keyPath(leaf.authority, leaf.name), Array(keyText.utf8))
        let text = try certificate.serializeAsPEM().pemString + "\n"
        try SecretFile.replace(
            certificatePath(leaf.authority, leaf.name), Array(text.utf8), mode: 0o644)
        return try record(certificate, leaf.authority, leaf.name)
    }

    package struct Term: Sendable {
        package let from: Instant
        package let to: Instant

        package init(from: Instant, to: Instant) {
            self.from = from
            self.to = to
        }

        var start: Date { Date(timeIntervalSince1970: Double(from.seconds)) }
        var end: Date { Date(timeIntervalSince1970: Double(to.seconds)) }
    }

    /// Adds the key identifiers and signs; the caller writes the certificate to the index.
    func sign(
        _ key: Certificate.PublicKey, subject: DistinguishedName,
        _ extensions: Certificate.Extensions, by authority: Authority, _ term: Term,
        serial: [UInt8]? = nil
    ) throws -> Certificate {
        let pem = try contents(path(authority, "ca.pem"))
        let issuer = try Certificate(pemEncoded: String(decoding: pem, as: UTF8.self))
        var extensions = extensions
        let identifier = SubjectKeyIdentifier(hash: key)
        try extensions.append(Certificate.Extension(identifier, critical: false))
        if let own = try issuer.extensions.subjectKeyIdentifier {
            let above = AuthorityKeyIdentifier(keyIdentifier: own.keyIdentifier)
            try extensions.append(Certificate.Extension(above, critical: false))
        }
        return try Certificate(
            version: .v3,
            serialNumber: serial.map { Certificate.SerialNumber(bytes: $0) } ?? Self.serial(),
            publicKey: key, notValidBefore: term.start, notValidAfter: term.end,
            issuer: issuer.subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: extensions, issuerPrivateKey: self.key(authority))
    }

    func record(
        _ certificate: Certificate, _ authority: Authority, _ name: String
    ) throws -> ParsedCertificate {
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        let parsed = try ParsedCertificate(der: serializer.serializedBytes)
        let issued = Issued(
            serial: Hexadecimal.text(parsed.serial), name: name, notAfter: parsed.notAfter)
        try SecretFile.append(path(authority, "index.txt"), issued.line)
        return parsed
    }

    func makeAuthority(_ authority: Authority, at now: Instant) throws {
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let term = Term(from: now, to: now.adding(seconds: Self.authorityDays * 86_400))
        let name = try Self.name(of: authority)
        let identifier = SubjectKeyIdentifier(hash: key.publicKey)
        let certificate = try Certificate(
            version: .v3, serialNumber: Self.serial(), publicKey: key.publicKey,
            notValidBefore: term.start, notValidAfter: term.end, issuer: name, subject: name,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                identifier
            },
            issuerPrivateKey: key)
        let keyText = try key.serializeAsPEM().pemString + "\n"
        try SecretFile.create(path(authority, "ca.key"), Array(keyText.utf8))
        let text = try certificate.serializeAsPEM().pemString + "\n"
        try SecretFile.replace(path(authority, "ca.pem"), Array(text.utf8), mode: 0o644)
    }

    /// The card CA's name differs from the real one's in O and says so in OU, so that nothing it
    /// issues can be taken for a real card, by a person or by exact comparison.
    private static func name(of authority: Authority) throws -> DistinguishedName {
        if authority == .cards {
            return try DistinguishedName {
                CountryName("JP")
                OrganizationName("JPKI-TEST")
                OrganizationalUnitName("Tsunagi test card, not JPKI")
            }
        }
        return try DistinguishedName {
            CountryName("JP")
            OrganizationName("Tsunagi development")
            CommonName("Tsunagi development CA: \(authority.rawValue)")
        }
    }

    /// 128 random bits; the first is 0 to keep the number positive, the next 1 to keep its length.
    private static func serial() -> Certificate.SerialNumber {
        var bytes = randomBytes(16)
        bytes[0] = bytes[0] & 0x7F | 0x40
        return Certificate.SerialNumber(bytes: bytes)
    }

    static func checkName(_ name: String) throws(FileProblem) {
        let isPlain = name.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                || $0 == 0x2D || $0 == 0x5F || $0 == 0x2E
        }
        guard isPlain, (1...100).contains(name.utf8.count), name.first != ".",
            !["ca", "crl", "index"].contains(name)
        else {
            throw FileProblem("The name \"\(name)\"", "must be letters, digits, dots and hyphens")
        }
    }
}

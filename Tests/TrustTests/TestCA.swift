// swift-format-ignore-file: NeverUseForceTry
// A fixture that cannot be made is a broken test, and may stop it.

import Crypto
import Exchange
import Foundation
import SwiftASN1
import Trust
import X509

/// Certificates made in the process, good or bad in just the way a test names.
struct Minted {
    let certificate: Certificate
    let key: Certificate.PrivateKey

    var der: [UInt8] {
        var serializer = DER.Serializer()
        try! serializer.serialize(certificate)
        return serializer.serializedBytes
    }

    var parsed: ParsedCertificate { try! ParsedCertificate(der: der) }
}

enum TestCA {
    static let now = Instant(seconds: 1_795_000_000)
    static let party = try! Party(role: .institution, code: "1310000001")

    static func term(days: Int64 = 365, from start: Instant = now) -> (Date, Date) {
        let begin = start.adding(seconds: -3600)
        return (
            Date(timeIntervalSince1970: Double(begin.seconds)),
            Date(timeIntervalSince1970: Double(begin.adding(seconds: days * 86_400).seconds))
        )
    }

    static func name(_ common: String) -> DistinguishedName {
        try! DistinguishedName {
            CountryName("JP")
            OrganizationName("Tsunagi test")
            CommonName(common)
        }
    }

    static func p256() -> Certificate.PrivateKey {
        Certificate.PrivateKey(P256.Signing.PrivateKey())
    }

    /// Signed by itself when there is no issuer.
    static func mint(
        _ subject: DistinguishedName, by issuer: Minted? = nil,
        key: Certificate.PrivateKey = p256(),
        term: (Date, Date) = term(), serial: Certificate.SerialNumber = .init(),
        _ extensions: [Certificate.Extension]
    ) -> Minted {
        var all = extensions
        let ski = SubjectKeyIdentifier(hash: key.publicKey)
        if !all.contains(where: { $0.oid == [2, 5, 29, 14] }) {
            all.append(try! Certificate.Extension(ski, critical: false))
        }
        // As every CA does that writes key identifiers: the issuer's, too.
        if let issuer, !all.contains(where: { $0.oid == [2, 5, 29, 35] }),
            let above = try! issuer.certificate.extensions.subjectKeyIdentifier?.keyIdentifier
        {
            let identifier = AuthorityKeyIdentifier(keyIdentifier: above)
            all.append(try! Certificate.Extension(identifier, critical: false))
        }
        let signer = issuer?.key ?? key
        let certificate = try! Certificate(
            version: .v3, serialNumber: serial, publicKey: key.publicKey, notValidBefore: term.0,
            notValidAfter: term.1, issuer: issuer?.certificate.subject ?? subject, subject: subject,
            extensions: Certificate.Extensions(all), issuerPrivateKey: signer)
        return Minted(certificate: certificate, key: key)
    }

    static func authority(
        _ common: String = "Institutions", by issuer: Minted? = nil, pathLength: Int? = nil,
        key: Certificate.PrivateKey = p256(), term: (Date, Date) = term(days: 3650),
        additional: [Certificate.Extension] = []
    ) -> Minted {
        mint(
            name(common), by: issuer, key: key, term: term,
            [basic(.isCertificateAuthority(maxPathLength: pathLength)), signing] + additional)
    }

    static func leaf(
        by issuer: Minted, _ common: String = "leaf", uris: [String] = [party.uri],
        term: (Date, Date) = term(), additional: [Certificate.Extension] = [],
        serial: Certificate.SerialNumber = .init()
    ) -> Minted {
        let names = uris.isEmpty ? [] : [alternative(uris.map { .uniformResourceIdentifier($0) })]
        return mint(
            name(common), by: issuer, term: term, serial: serial,
            [usage(KeyUsage(digitalSignature: true)), purpose([.clientAuth])] + names + additional)
    }

    // MARK: Extensions

    static var signing: Certificate.Extension {
        usage(KeyUsage(keyCertSign: true, cRLSign: true))
    }

    static func basic(_ value: BasicConstraints, critical: Bool = true) -> Certificate.Extension {
        try! Certificate.Extension(value, critical: critical)
    }

    static func usage(_ value: KeyUsage) -> Certificate.Extension {
        try! Certificate.Extension(value, critical: true)
    }

    static func purpose(_ values: [ExtendedKeyUsage.Usage]) -> Certificate.Extension {
        try! Certificate.Extension(ExtendedKeyUsage(values), critical: false)
    }

    static func alternative(_ names: [X509.GeneralName]) -> Certificate.Extension {
        try! Certificate.Extension(SubjectAlternativeNames(names), critical: false)
    }

    static func constraints(
        permitted: [X509.GeneralName] = [], excluded: [X509.GeneralName] = [], critical: Bool = true
    ) -> Certificate.Extension {
        func trees(_ names: [X509.GeneralName], _ tag: UInt, _ body: inout DER.Serializer) {
            guard !names.isEmpty else { return }
            let identifier = ASN1Identifier(tagWithNumber: tag, tagClass: .contextSpecific)
            try! body.appendConstructedNode(identifier: identifier) { list in
                for name in names {
                    try list.appendConstructedNode(identifier: .sequence) { try $0.serialize(name) }
                }
            }
        }
        var value = DER.Serializer()
        value.appendConstructedNode(identifier: .sequence) { body in
            trees(permitted, 0, &body)
            trees(excluded, 1, &body)
        }
        return raw([2, 5, 29, 30], critical: critical, value.serializedBytes)
    }

    static func raw(
        _ oid: ASN1ObjectIdentifier, critical: Bool, _ value: [UInt8]
    ) -> Certificate.Extension {
        Certificate.Extension(oid: oid, critical: critical, value: value[...])
    }

    // MARK: Revocation lists

    static func list(
        of authority: Minted, signedBy key: Certificate.PrivateKey? = nil,
        revoked: [ParsedCertificate] = [], from: Instant = now.adding(seconds: -60),
        days: Int64 = 7, additional: [Certificate.Extension] = []
    ) -> [UInt8] {
        let keyID = try! authority.certificate.extensions.subjectKeyIdentifier?.keyIdentifier
        let heading = RevocationList.Heading(
            issuer: authority.parsed.subject.der, authorityKeyID: Array(keyID ?? []), number: 1,
            thisUpdate: from, nextUpdate: from.adding(seconds: days * 86_400))
        let entries = revoked.map {
            RevocationList.Entry(serial: $0.serial, since: from, reason: .keyCompromise)
        }
        return try! RevocationList.write(
            heading, entries, signedBy: key ?? authority.key, .ecdsaWithSHA256,
            additional: additional)
    }

    static func store(_ lists: [[UInt8]]) -> RevocationStore {
        RevocationStore(lists: lists.map { try! RevocationList(der: $0) })
    }

    /// A folder of the test's own, removed by the caller.
    static func folder() -> String {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("tsunagi-trust-\(UUID().uuidString)").path
        try! FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
        return path
    }
}

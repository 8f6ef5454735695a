import Crypto
package import Exchange
import FoundationEssentials
import SwiftASN1

/// 失効リスト (CRL, RFC 5280 §5): a list read strictly. A delta, an indirect list or one signed in a way
/// that does not count is read too, but only to say why it is of no use: `unusable`.
package struct RevocationList: Sendable {
    package let issuer: CertificateName
    package let thisUpdate: Instant
    package let nextUpdate: Instant?
    package let unusable: Reason?
    /// SHA-256 of the DER list.
    package let digest: [UInt8]
    private let revoked: [ArraySlice<UInt8>: Int64]
    private let scope: Scope
    private let toBeSigned: ArraySlice<UInt8>
    private let signature: ArraySlice<UInt8>
    private let scheme: SignatureScheme?

    private struct Scope: Sendable {
        var onlyUserCertificates = false
        var onlyCACertificates = false
        var reasons = RevocationReasons.all
        var point: DistributionPoint?
    }

    package init(der: [UInt8]) throws(Reason) {
        do { self = try RevocationList(parsing: der) } catch {
            throw error == .malformed ? .crlMalformed : error
        }
    }

    private init(parsing der: [UInt8]) throws(Reason) {
        var outer = try DERReader(parseDER(der[...]))
        let body = try outer.next(.sequence)
        let outerAlgorithm = try outer.next(.sequence)
        signature = try outer.next().wholeBytes()
        try outer.end()
        toBeSigned = body.encodedBytes
        digest = Array(SHA256.hash(data: der))

        var fields = try DERReader(body)
        let version = try fields.nextIf(.integer)?.smallInteger()
        guard version == nil || version == 1 else { throw .malformed }
        let algorithm = try fields.next(.sequence)
        guard algorithm.encodedBytes == outerAlgorithm.encodedBytes else {
            throw .signatureAlgorithmMismatch
        }
        var problem: Reason?
        do { scheme = try SignatureScheme(algorithm) } catch {
            scheme = nil
            problem = .crlAlgorithmUnsupported
        }
        issuer = try CertificateName(node: fields.next())
        guard !issuer.isEmpty else { throw .nameEmpty }
        thisUpdate = Instant(seconds: try fields.next().time())
        nextUpdate = try Self.nextUpdate(&fields)
        let entries = try fields.nextIf(.sequence)
        let extensions = try fields.nextIf(.context(0))
        try fields.end()
        guard version == 1 || extensions == nil else { throw .malformed }

        revoked = try Self.entries(entries, version, &problem)
        scope = try Self.scope(extensions, &problem)
        unusable = problem
    }

    package var count: Int { revoked.count }

    /// When the certificate was revoked, or nil. The serial is the content of its DER INTEGER.
    func revocationTime(of serial: [UInt8]) -> Instant? {
        revoked[serial[...]].map { Instant(seconds: $0) }
    }

    /// Nil when the signer's name and key usage let it sign this list.
    func signerProblem(_ signer: ParsedCertificate) -> Reason? {
        guard signer.subject == issuer else { return .crlMissing }
        guard signer.extensions.keyUsage?.contains(.listSign) ?? true else {
            return .crlSignerKeyUsage
        }
        return nil
    }

    func isSigned(by signer: ParsedCertificate) -> Bool {
        guard let key = signer.issuingKey ?? (try? VerifyingKey(signer.publicKey)) else {
            return false
        }
        guard let scheme else { return false }
        return key.isValid(signature, over: toBeSigned, by: scheme)
    }

    /// For which reasons this list speaks for the certificate (RFC 5280 §6.3.3 b and d); none when it
    /// does not speak for it.
    func reasonsCovered(for certificate: ParsedCertificate) -> RevocationReasons {
        let isCA = certificate.extensions.isCA
        guard !(scope.onlyUserCertificates && isCA), !(scope.onlyCACertificates && !isCA) else {
            return []
        }
        guard let point = scope.point else { return scope.reasons }
        guard let own = try? point.names(below: issuer) else { return [] }
        if own.contains(.directory(certificate.issuer)) { return scope.reasons }
        var asked: RevocationReasons = []
        for wanted in certificate.extensions.distributionPoints where !wanted.hasOtherIssuer {
            let names = (try? wanted.names(below: certificate.issuer)) ?? []
            if own.contains(where: names.contains) { asked.formUnion(wanted.reasons) }
        }
        return scope.reasons.intersection(asked)
    }

    private static func nextUpdate(_ fields: inout DERReader) throws(Reason) -> Instant? {
        if let node = try fields.nextIf(.utcTime) { return Instant(seconds: try node.time()) }
        guard let node = try fields.nextIf(.generalizedTime) else { return nil }
        return Instant(seconds: try node.time())
    }

    private static func entries(
        _ node: ASN1Node?, _ version: Int?, _ problem: inout Reason?
    ) throws(Reason) -> [ArraySlice<UInt8>: Int64] {
        guard let node else { return [:] }
        var revoked: [ArraySlice<UInt8>: Int64] = [:]
        var list = try DERReader(node)
        while !list.isAtEnd {
            var entry = try DERReader(list.next(.sequence))
            let serial = try entry.next(.integer).integer()
            let time = try entry.next().time()
            if let extensions = try entry.nextIf(.sequence) {
                guard version == 1 else { throw .malformed }
                try readEntryExtensions(extensions, &problem)
            }
            try entry.end()
            // One serial, one entry: two would let the reader choose which to believe.
            guard revoked.updateValue(time, forKey: serial) == nil else { throw .malformed }
        }
        return revoked
    }

    private static func readEntryExtensions(
        _ node: ASN1Node, _ problem: inout Reason?
    ) throws(Reason) {
        try eachExtension(of: node) { (name, isCritical, value) throws(Reason) in
            switch name.certificateExtensionArc {
            case 21:
                let reason = try parseDER(value)
                guard reason.identifier == .enumerated else { throw .malformed }
                // removeFromCRL belongs to delta lists only.
                if try Array(reason.primitive()) == [8] { problem = problem ?? .crlDelta }
            case 23, 24: break
            case 29: problem = problem ?? .crlIndirect
            default:
                if isCritical { problem = problem ?? .crlExtensionUnknownCritical }
            }
        }
    }

    private static func scope(
        _ wrapper: ASN1Node?, _ problem: inout Reason?
    ) throws(Reason) -> Scope {
        var scope = Scope()
        guard let node = try wrapper?.unwrapped() else { return scope }
        var hasNumber = false
        try eachExtension(of: node) { (name, isCritical, value) throws(Reason) in
            switch name.certificateExtensionArc {
            case 20, 35:
                // Both MUST NOT be critical (RFC 5280 §5.2.1, §5.2.3).
                guard !isCritical else { throw .malformed }
                hasNumber = hasNumber || name.certificateExtensionArc == 20
            case 18: break
            case 27: problem = .crlDelta
            case 28: scope = try readScope(parseDER(value), &problem)
            default:
                if isCritical { problem = problem ?? .crlExtensionUnknownCritical }
            }
        }
        // RFC 5280 §5.2.3: the number MUST be there. A list without any extension is older than that.
        guard hasNumber else { throw .malformed }
        return scope
    }

    private static func readScope(
        _ node: ASN1Node, _ problem: inout Reason?
    ) throws(Reason) -> Scope {
        var scope = Scope()
        var reader = try DERReader(node)
        // RFC 5280 §5.2.5: an empty one MUST NOT be issued.
        guard !reader.isAtEnd else { throw .malformed }
        if let name = try reader.nextIf(.context(0)) {
            scope.point = try DistributionPoint(name)
        }
        scope.onlyUserCertificates = try flag(&reader, 1)
        scope.onlyCACertificates = try flag(&reader, 2)
        if let reasons = try reader.nextIf(.context(3)) {
            scope.reasons = try RevocationReasons(reasons)
        }
        if try flag(&reader, 4) { problem = problem ?? .crlIndirect }
        if try flag(&reader, 5) { problem = problem ?? .crlOutOfScope }
        try reader.end()
        if scope.onlyUserCertificates && scope.onlyCACertificates { throw .malformed }
        return scope
    }

    private static func flag(_ reader: inout DERReader, _ number: UInt) throws(Reason) -> Bool {
        try reader.nextIf(.context(number))?.boolean() ?? false
    }

    private static func eachExtension(
        of node: ASN1Node,
        _ body: (ArraySlice<UInt8>, Bool, ArraySlice<UInt8>) throws(Reason) -> Void
    ) throws(Reason) {
        var list = try DERReader(node)
        var seen: Set<ArraySlice<UInt8>> = []
        repeat {
            var fields = try DERReader(list.next(.sequence))
            let name = try fields.next().objectID()
            let isCritical = try CertificateExtensions.isCritical(fields.nextIf(.boolean))
            let value = try fields.next().primitive(.octetString)
            try fields.end()
            guard seen.insert(name).inserted else { throw .malformed }
            try body(name, isCritical, value)
        } while !list.isAtEnd
    }
}

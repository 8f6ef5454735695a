package import Exchange
import SwiftASN1
package import X509

/// Writing: a complete version 2 list, which `RevocationList.init(der:)` and other readers accept.
extension RevocationList {
    /// One revoked certificate. The serial is the content of its DER INTEGER.
    package struct Entry: Sendable, Hashable {
        package let serial: [UInt8]
        package let since: Instant
        package let reason: RevocationReason

        package init(serial: [UInt8], since: Instant, reason: RevocationReason) {
            self.serial = serial
            self.since = since
            self.reason = reason
        }
    }

    /// What a list says beside its entries.
    package struct Heading: Sendable {
        /// The issuer's name in DER.
        package var issuer: [UInt8]
        package var authorityKeyID: [UInt8]
        package var number: UInt64
        package var thisUpdate: Instant
        package var nextUpdate: Instant

        package init(
            issuer: [UInt8], authorityKeyID: [UInt8], number: UInt64, thisUpdate: Instant,
            nextUpdate: Instant
        ) {
            self.issuer = issuer
            self.authorityKeyID = authorityKeyID
            self.number = number
            self.thisUpdate = thisUpdate
            self.nextUpdate = nextUpdate
        }
    }

    /// A version 2 list in DER, signed by the CA's key.
    package static func write(
        _ heading: Heading, _ entries: [Entry], signedBy key: Certificate.PrivateKey,
        _ algorithm: Certificate.SignatureAlgorithm, additional: [Certificate.Extension] = []
    ) throws -> [UInt8] {
        let name = try algorithmIdentifier(algorithm)
        var body = DER.Serializer()
        try body.appendConstructedNode(identifier: .sequence) { body in
            body.appendPrimitiveNode(identifier: .integer) { $0.append(1) }
            body.serializeRawBytes(name)
            body.serializeRawBytes(heading.issuer)
            append(heading.thisUpdate, to: &body)
            append(heading.nextUpdate, to: &body)
            if !entries.isEmpty {
                try body.appendConstructedNode(identifier: .sequence) { list in
                    for entry in entries { try append(entry, to: &list) }
                }
            }
            try append(try extensions(of: heading) + additional, to: &body)
        }
        let signature = try key.sign(bytes: body.serializedBytes, signatureAlgorithm: algorithm)
        var list = DER.Serializer()
        try list.appendConstructedNode(identifier: .sequence) { list in
            list.serializeRawBytes(body.serializedBytes)
            list.serializeRawBytes(name)
            try list.serialize(ASN1BitString(bytes: signature.rawRepresentation[...]))
        }
        return list.serializedBytes
    }

    private static func append(_ entry: Entry, to list: inout DER.Serializer) throws {
        try list.appendConstructedNode(identifier: .sequence) { fields in
            fields.appendPrimitiveNode(identifier: .integer) { $0 += entry.serial }
            append(entry.since, to: &fields)
            guard entry.reason != .unspecified else { return }
            try fields.appendConstructedNode(identifier: .sequence) { extensions in
                let value: [UInt8] = [0x0A, 0x01, entry.reason.code]
                try extensions.serialize(
                    Certificate.Extension(oid: [2, 5, 29, 21], critical: false, value: value[...]))
            }
        }
    }

    private static func extensions(of heading: Heading) throws -> [Certificate.Extension] {
        var number = DER.Serializer()
        try number.serialize(heading.number)
        let identifier = AuthorityKeyIdentifier(keyIdentifier: heading.authorityKeyID[...])
        return [
            try Certificate.Extension(identifier, critical: false),
            Certificate.Extension(
                oid: [2, 5, 29, 20], critical: false, value: number.serializedBytes[...]),
        ]
    }

    private static func append(
        _ extensions: [Certificate.Extension], to body: inout DER.Serializer
    ) throws {
        try body.appendConstructedNode(identifier: .context(0)) { wrapper in
            try wrapper.appendConstructedNode(identifier: .sequence) { list in
                for one in extensions { try list.serialize(one) }
            }
        }
    }

    /// RFC 5280 §5.1.2.4: UTCTime through 2049, GeneralizedTime after.
    private static func append(_ time: Instant, to list: inout DER.Serializer) {
        let days = time.seconds >= 0 ? time.seconds / 86_400 : (time.seconds - 86_399) / 86_400
        let inDay = Int(time.seconds - days * 86_400)
        let day = CalendarDay(daysSince1970: Int(days))
        let date = day.text.filter { $0 != "-" }
        let clock = [inDay / 3600, inDay / 60 % 60, inDay % 60]
            .map { ($0 < 10 ? "0" : "") + String($0) }.joined()
        let isShort = (1950..<2050).contains(day.year)
        let text = (isShort ? String(date.dropFirst(2)) : date) + clock + "Z"
        list.appendPrimitiveNode(identifier: isShort ? .utcTime : .generalizedTime) {
            $0 += Array(text.utf8)
        }
    }

    private static func algorithmIdentifier(
        _ algorithm: Certificate.SignatureAlgorithm
    ) throws -> [UInt8] {
        let name: ASN1ObjectIdentifier
        var hasNull = false
        switch algorithm {
        case .ecdsaWithSHA256: name = [1, 2, 840, 10045, 4, 3, 2]
        case .ecdsaWithSHA384: name = [1, 2, 840, 10045, 4, 3, 3]
        case .ed25519: name = [1, 3, 101, 112]
        case .sha256WithRSAEncryption:
            name = [1, 2, 840, 113549, 1, 1, 11]
            hasNull = true
        default: throw Reason.signatureAlgorithmUnsupported
        }
        var serializer = DER.Serializer()
        try serializer.appendConstructedNode(identifier: .sequence) { node in
            try node.serialize(name)
            if hasNull { node.appendPrimitiveNode(identifier: .null) { _ in } }
        }
        return serializer.serializedBytes
    }
}

/// Why a certificate was revoked (RFC 5280 §5.3.1), by the words of `tsunagi pki revoke`.
package enum RevocationReason: String, CaseIterable, Sendable {
    case unspecified
    case keyCompromise
    case caCompromise = "cACompromise"
    case affiliationChanged
    case superseded
    case cessationOfOperation
    case certificateHold
    case privilegeWithdrawn

    var code: UInt8 {
        switch self {
        case .unspecified: 0
        case .keyCompromise: 1
        case .caCompromise: 2
        case .affiliationChanged: 3
        case .superseded: 4
        case .cessationOfOperation: 5
        case .certificateHold: 6
        case .privilegeWithdrawn: 9
        }
    }
}

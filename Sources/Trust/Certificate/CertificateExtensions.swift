import SwiftASN1

/// The extensions of one certificate, read by type. One that is repeated, malformed, critical and
/// unknown, or used against RFC 5280 has been refused; so has policy processing we do not do.
struct CertificateExtensions: Sendable {
    private(set) var isCA = false
    private(set) var constraintsAreCritical = false
    private(set) var pathLength: Int?
    private(set) var keyUsage: Set<KeyUse>?
    private(set) var extendedKeyUsage: [[UInt8]]?
    private(set) var alternativeNames: [GeneralName] = []
    private(set) var alternativeNamesAreCritical = false
    private(set) var nameConstraints: NameConstraints?
    private(set) var policies: [[UInt8]] = []
    private(set) var policiesAreCritical = false
    private(set) var subjectKeyID: [UInt8]?
    private(set) var authorityKeyID: [UInt8]?
    private(set) var distributionPoints: [DistributionPoint] = []

    /// Bits of the key usage extension, by their number in RFC 5280 §4.2.1.3.
    enum KeyUse: Int, Sendable {
        case digitalSignature, contentCommitment, keyEncipherment, dataEncipherment, keyAgreement
        case certificateSign, listSign, encipherOnly, decipherOnly
    }

    init(_ node: ASN1Node?) throws(Reason) {
        guard let node else { return }
        var list = try DERReader(node)
        var seen: Set<ArraySlice<UInt8>> = []
        repeat {
            var fields = try DERReader(list.next(.sequence))
            let name = try fields.next().objectID()
            let isCritical = try Self.isCritical(fields.nextIf(.boolean))
            let value = try fields.next().primitive(.octetString)
            try fields.end()
            guard seen.insert(name).inserted else { throw .extensionRepeated }
            do { try read(name, isCritical, value) } catch {
                throw error == .malformed ? .extensionMalformed : error
            }
        } while !list.isAtEnd
    }

    static func isCritical(_ node: ASN1Node?) throws(Reason) -> Bool {
        guard let node else { return false }
        // DER leaves a default out: FALSE is never written.
        guard try node.boolean() else { throw .malformed }
        return true
    }

    private mutating func read(
        _ name: ArraySlice<UInt8>, _ isCritical: Bool, _ value: ArraySlice<UInt8>
    ) throws(Reason) {
        guard let arc = name.certificateExtensionArc else {
            // Authority information access MUST NOT be critical, so a critical one is refused too.
            guard !isCritical else { throw .extensionUnknownCritical }
            if name.isOID(OID.authorityInfoAccess) { try Self.checkAccess(parseDER(value)) }
            return
        }
        switch arc {
        case 14, 35:
            guard !isCritical else { throw .extensionMisused }
            try readKeyID(arc, parseDER(value))
        case 15: keyUsage = try Self.keyUsage(parseDER(value))
        case 17:
            alternativeNames = try GeneralName.list(parseDER(value))
            guard alternativeNames.allSatisfy(\.isWellFormed) else { throw .malformed }
            alternativeNamesAreCritical = isCritical
        case 19:
            try readConstraints(parseDER(value))
            constraintsAreCritical = isCritical
        case 30:
            // RFC 5280 §4.2.1.10: MUST be critical, or other readers would pass over it.
            guard isCritical else { throw .extensionMisused }
            nameConstraints = try NameConstraints(parseDER(value))
        case 31: distributionPoints = try DistributionPoint.list(parseDER(value))
        case 32: try readPolicies(parseDER(value), isCritical)
        case 33, 36, 54: throw .policyProcessingUnsupported
        case 37: extendedKeyUsage = try Self.objectIDs(parseDER(value))
        default:
            guard !isCritical else { throw .extensionUnknownCritical }
        }
    }

    private mutating func readKeyID(_ arc: UInt8, _ node: ASN1Node) throws(Reason) {
        guard arc == 35 else {
            subjectKeyID = Array(try node.primitive(.octetString))
            return
        }
        var reader = try DERReader(node)
        // RFC 5280 §4.2.1.1: the key identifier MUST be there; issuer and serial stand together.
        authorityKeyID = Array(try reader.next(.context(0)).primitive())
        if let issuer = try reader.nextIf(.context(1)) {
            _ = try GeneralName.list(issuer, .context(1))
            _ = try reader.next(.context(2)).integer()
        }
        try reader.end()
    }

    /// RFC 5280 §4.2.2.1: read for its form only; nothing is ever fetched.
    private static func checkAccess(_ node: ASN1Node) throws(Reason) {
        var list = try DERReader(node)
        repeat {
            var access = try DERReader(list.next(.sequence))
            _ = try access.next().objectID()
            _ = try GeneralName(access.next())
            try access.end()
        } while !list.isAtEnd
    }

    private static func keyUsage(_ node: ASN1Node) throws(Reason) -> Set<KeyUse> {
        guard node.identifier == .bitString else { throw .malformed }
        let bits = try node.namedBits()
        // RFC 5280 §4.2.1.3: at least one bit. All-zero is what test CAs write for "may do
        // nothing".
        return Set(bits.compactMap(KeyUse.init(rawValue:)))
    }

    private mutating func readConstraints(_ node: ASN1Node) throws(Reason) {
        var reader = try DERReader(node)
        if let flag = try reader.nextIf(.boolean) {
            guard try flag.boolean() else { throw .malformed }
            isCA = true
        }
        if let length = try reader.nextIf(.integer) {
            guard isCA else { throw .extensionMisused }
            pathLength = try length.smallInteger()
        }
        try reader.end()
    }

    private mutating func readPolicies(_ node: ASN1Node, _ isCritical: Bool) throws(Reason) {
        policiesAreCritical = isCritical
        var list = try DERReader(node)
        repeat {
            var policy = try DERReader(list.next(.sequence))
            let name = Array(try policy.next().objectID())
            guard !policies.contains(name) else { throw .malformed }
            policies.append(name)
            if let qualifiers = try policy.nextIf(.sequence), isCritical {
                try Self.checkQualifiers(qualifiers)
            }
            try policy.end()
        } while !list.isAtEnd
    }

    private static func checkQualifiers(_ node: ASN1Node) throws(Reason) {
        var list = try DERReader(node)
        repeat {
            var qualifier = try DERReader(list.next(.sequence))
            let name = try qualifier.next().objectID()
            let isKnown =
                name.count == 8 && name.starts(with: OID.policyQualifierPrefix)
                && (name.last == 1 || name.last == 2)
            guard isKnown else { throw .policyProcessingUnsupported }
        } while !list.isAtEnd
    }

    private static func objectIDs(_ node: ASN1Node) throws(Reason) -> [[UInt8]] {
        var names: [[UInt8]] = []
        var list = try DERReader(node)
        repeat { names.append(Array(try list.next().objectID())) } while !list.isAtEnd
        return names
    }
}

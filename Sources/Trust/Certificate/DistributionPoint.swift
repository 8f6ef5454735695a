import SwiftASN1

/// 失効リスト配布点: where a certificate says its revocation list is (RFC 5280 §4.2.1.13): the names a
/// partitioned list must carry, and the reasons that it then answers for.
struct DistributionPoint: Sendable, Hashable {
    let names: [GeneralName]
    /// Written as one relative name below the CRL issuer's name.
    let relative: ASN1Node?
    let reasons: RevocationReasons
    let hasOtherIssuer: Bool

    static func list(_ node: ASN1Node) throws(Reason) -> [DistributionPoint] {
        var points: [DistributionPoint] = []
        var list = try DERReader(node)
        repeat {
            var reader = try DERReader(list.next(.sequence))
            let name = try reader.nextIf(.context(0))
            let reasons = try reader.nextIf(.context(1)).map(RevocationReasons.init)
            let issuer = try reader.nextIf(.context(2))
            try reader.end()
            guard name != nil || issuer != nil else { throw .malformed }
            points.append(
                try DistributionPoint(
                    name, reasons: reasons ?? .all, hasOtherIssuer: issuer != nil))
        } while !list.isAtEnd
        return points
    }

    /// Reads a DistributionPointName.
    init(
        _ node: ASN1Node?, reasons: RevocationReasons = .all, hasOtherIssuer: Bool = false
    ) throws(Reason) {
        self.reasons = reasons
        self.hasOtherIssuer = hasOtherIssuer
        guard let inner = try node?.unwrapped() else {
            names = []
            relative = nil
            return
        }
        switch inner.identifier {
        case .context(0):
            names = try GeneralName.list(inner, .context(0))
            relative = nil
        case .context(1):
            names = []
            relative = inner
        default: throw .malformed
        }
    }

    func names(below issuer: CertificateName) throws(Reason) -> [GeneralName] {
        guard let relative else { return names }
        return [.directory(try CertificateName(issuer, appending: relative))]
    }
}

/// The reasons for revocation that a list, or a distribution point, speaks of (RFC 5280 §4.2.1.13).
struct RevocationReasons: OptionSet, Sendable, Hashable {
    let rawValue: UInt16

    /// keyCompromise (bit 1) to aACompromise (bit 8); bit 0 is unused.
    static let all = RevocationReasons(rawValue: 0x1FE)

    init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// Reads ReasonFlags.
    init(_ node: ASN1Node) throws(Reason) {
        rawValue = try node.namedBits().reduce(0) { $0 | 1 << UInt16($1) } & Self.all.rawValue
    }
}

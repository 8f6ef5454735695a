package import Exchange

/// 信頼済み証明書: a certificate that was trusted at one moment, with what must be asked again later:
/// its dates and, by `RevocationStore.status(of:at:)`, the revocation of its whole path.
package struct TrustedCertificate: Sendable, Hashable {
    /// Nil for servers, cards and `any`, which name no party.
    package let party: Party?
    /// SHA-256 of the DER certificate: `x5t#S256` of RFC 8705.
    package let fingerprint: [UInt8]
    /// The issuer's name in DER.
    package let issuer: [UInt8]
    /// The content of the DER INTEGER, as in a revocation list.
    package let serial: [UInt8]
    package let notBefore: Instant
    package let notAfter: Instant
    /// SHA-256 of the SubjectPublicKeyInfo.
    package let publicKey: [UInt8]
    /// The leaf first; the anchor is the last link's issuer.
    package let path: [Link]

    /// One certificate of the path and the CA certificate that signed it.
    package struct Link: Sendable, Hashable {
        let certificate: ParsedCertificate
        let issuer: ParsedCertificate
        /// Signs the issuer's revocation lists: the issuer, or its other key of the same name.
        let listSigners: [ParsedCertificate]
    }

    init(party: Party?, path: [Link]) {
        self.party = party
        self.path = path
        let leaf = path[0].certificate
        fingerprint = leaf.fingerprint
        issuer = leaf.issuer.der
        serial = leaf.serial
        notBefore = leaf.notBefore
        notAfter = leaf.notAfter
        publicKey = leaf.keyDigest
    }

    /// 中間認証局: what must be offered beside the leaf to find the path again: the CAs below the anchor, and
    /// other keys of theirs that sign lists.
    var intermediates: [ParsedCertificate] {
        let anchor = path[path.count - 1].issuer
        let above = path.dropFirst().map(\.certificate) + path.flatMap(\.listSigners)
        return Set(above).filter { $0 != anchor }.map(\.self)
    }

    /// Certificates between the leaf and the anchor.
    package var depth: Int { path.count - 1 }

    /// When the first certificate of the path, its anchor included, expires.
    package var validUntil: Instant {
        path.reduce(notAfter) { min($0, $1.certificate.notAfter, $1.issuer.notAfter) }
    }

    /// Dates of the whole path, asked again on a live connection.
    package func isInTime(at time: Instant) -> Bool {
        let second = time.seconds
        return path.allSatisfy { link in
            [link.certificate, link.issuer].allSatisfy {
                $0.notBefore.seconds <= second && second <= $0.notAfter.seconds
            }
        }
    }
}

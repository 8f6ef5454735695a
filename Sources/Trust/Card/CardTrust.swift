import Crypto
package import Exchange

/// カードの検証: a card's signature counts only with a certificate of a pinned card CA that is in its
/// term, says it is for user authentication, and is not revoked by a fresh list. Anything that
/// cannot be known is a no. RSA-2048 today and ECDSA P-384 tomorrow, behind one interface.
package struct CardTrust: Sendable {
    private let verifier: Verifier
    private let issuers: Set<[UInt8]>

    package init(anchors: [ParsedCertificate], revocation: RevocationStore) {
        verifier = Verifier(anchors: anchors, usage: .card, revocation: revocation)
        issuers = Set(anchors.map(\.subject.der))
    }

    /// Nothing about the person is kept: not the certificate, not the answer.
    package func verify(
        certificate der: [UInt8], signature: [UInt8], over text: [UInt8], at time: Instant
    ) throws(Refusal) -> CardCertificate {
        guard let certificate = try? ParsedCertificate(der: der),
            // The issuer byte for byte: a name that merely compares equal is another CA's.
            issuers.contains(certificate.issuer.der)
        else { throw .cardNotTrusted }
        let trusted = try trust(certificate, at: time)
        guard let scheme = Self.scheme(of: certificate.publicKey),
            let key = try? VerifyingKey(certificate.publicKey)
        else { throw .cardNotTrusted }
        guard key.isValid(signature[...], over: text[...], by: scheme) else {
            throw .cardSignatureInvalid
        }
        return CardCertificate(trusted)
    }

    private func trust(
        _ certificate: ParsedCertificate, at time: Instant
    ) throws(Refusal) -> TrustedCertificate {
        switch verifier.verify(leaf: certificate, intermediates: [], at: time) {
        case .trusted(let trusted): return trusted
        case .refused(.expired): throw .cardExpired
        case .refused(.revoked): throw .cardRevoked
        case .refused(let reason):
            throw reason.isAboutRevocation ? .cardRevocationUnknown : .cardNotTrusted
        }
    }

    /// The key decides the algorithm; the caller has no say in it.
    private static func scheme(of key: PublicKey) -> SignatureScheme? {
        switch key.material {
        case .rsa: .rsa(.sha256, .pkcs1)
        case .p384: .ecdsa(.sha384)
        default: nil
        }
    }
}

/// 利用者証明用電子証明書: what is left of a card's certificate. It names nobody; (issuer, serial) finds the
/// resident through a binding.
package struct CardCertificate: Sendable, Hashable {
    /// The issuer's name in DER.
    package let issuer: [UInt8]
    /// The number's own bytes, as the card authority's feed says it: not the zero that DER writes before a
    /// high first bit.
    package let serial: [UInt8]
    package let notBefore: Instant
    package let notAfter: Instant
    /// SHA-256 of the DER certificate, for the visit's evidence.
    package let fingerprint: [UInt8]

    init(_ trusted: TrustedCertificate) {
        issuer = trusted.issuer
        serial = Array(trusted.serial.drop { $0 == 0 })
        notBefore = trusted.notBefore
        notAfter = trusted.notAfter
        fingerprint = trusted.fingerprint
    }
}

package import Exchange

/// 拒否理由: every reason for which a certificate or a revocation list is not accepted. Closed; the raw
/// value is the stable code that `tsunagi trust verify`, logs and tests use.
package enum Reason: String, Error, CaseIterable, Hashable, Sendable {
    // The certificate itself.
    case malformed
    case versionUnsupported = "version-unsupported"
    case serialInvalid = "serial-invalid"
    case nameEmpty = "name-empty"
    case extensionRepeated = "extension-repeated"
    case extensionMalformed = "extension-malformed"
    case extensionMisused = "extension-misused"
    case extensionUnknownCritical = "extension-unknown-critical"
    case policyProcessingUnsupported = "policy-processing-unsupported"
    case signatureAlgorithmMismatch = "signature-algorithm-mismatch"
    case signatureAlgorithmWeak = "signature-algorithm-weak"
    case signatureAlgorithmUnsupported = "signature-algorithm-unsupported"
    case keyWeak = "key-weak"
    case keyUnsupported = "key-unsupported"

    // The path.
    case issuerUnknown = "issuer-unknown"
    case signatureInvalid = "signature-invalid"
    case pathTooComplex = "path-too-complex"
    case notYetValid = "not-yet-valid"
    case expired
    case issuerNotYetValid = "issuer-not-yet-valid"
    case issuerExpired = "issuer-expired"
    case issuerNotCA = "issuer-not-ca"
    case issuerKeyUsage = "issuer-key-usage"
    case issuerExtendedKeyUsage = "issuer-extended-key-usage"
    case keyIdentifierMissing = "key-identifier-missing"
    case pathLengthExceeded = "path-length-exceeded"
    case nameNotPermitted = "name-not-permitted"
    case nameExcluded = "name-excluded"
    case nameConstraintsMalformed = "name-constraints-malformed"
    case nameConstraintsUnsupported = "name-constraints-unsupported"

    // What the certificate is used for.
    case leafIsCA = "leaf-is-ca"
    case keyUsage = "key-usage"
    case extendedKeyUsage = "extended-key-usage"
    case partyMissing = "party-missing"
    case partyAmbiguous = "party-ambiguous"
    case partyMalformed = "party-malformed"
    case partyRoleNotAccepted = "party-role-not-accepted"
    case cardPolicyMissing = "card-policy-missing"

    // Revocation.
    case revoked
    case crlMissing = "crl-missing"
    case crlStale = "crl-stale"
    case crlNotYetValid = "crl-not-yet-valid"
    case crlWithoutNextUpdate = "crl-without-next-update"
    case crlMalformed = "crl-malformed"
    case crlSignatureInvalid = "crl-signature-invalid"
    case crlAlgorithmUnsupported = "crl-algorithm-unsupported"
    case crlSignerKeyUsage = "crl-signer-key-usage"
    case crlExtensionUnknownCritical = "crl-extension-unknown-critical"
    case crlDelta = "crl-delta"
    case crlIndirect = "crl-indirect"
    case crlSomeReasons = "crl-some-reasons"
    case crlOutOfScope = "crl-out-of-scope"

    package var code: String { rawValue }

    /// What a caller at the door is told; the finer reason goes to the log.
    package var refusal: Refusal {
        switch self {
        case .expired, .issuerExpired: .certificateExpired
        case .revoked: .certificateRevoked
        default: isAboutRevocation ? .revocationUnknown : .certificateNotTrusted
        }
    }

    /// True when the list, not the certificate, is at fault: the answer is "unknown", and so no.
    package var isAboutRevocation: Bool { rawValue.hasPrefix("crl-") }
}

/// The sentences: one for each reason, none for two.
extension Reason {
    /// One English sentence for an operator.
    package var sentence: String {
        certificateSentence ?? pathSentence ?? usageSentence ?? revocationSentence
    }

    private var certificateSentence: String? {
        switch self {
        case .malformed: "The certificate is not a DER certificate as RFC 5280 describes it."
        case .versionUnsupported:
            "The certificate's version does not allow what it contains; version 3 is needed."
        case .serialInvalid: "The serial number is zero or longer than 20 bytes."
        case .nameEmpty:
            "The issuer, or the subject of a CA or of a certificate without a critical subject "
                + "alternative name, is empty."
        case .extensionRepeated: "The certificate contains an extension more than once."
        case .extensionMalformed: "An extension's content is not what its type says."
        case .extensionMisused:
            "An extension is critical, not critical, or in a kind of certificate, against RFC 5280."
        case .extensionUnknownCritical:
            "The certificate has a critical extension that this verifier does not know."
        case .policyProcessingUnsupported:
            "Policy mappings, policy constraints, inhibitAnyPolicy and unknown critical policy "
                + "qualifiers are not processed here, so the certificate is refused."
        case .signatureAlgorithmMismatch:
            "The signature algorithm inside the certificate differs from the one outside."
        case .signatureAlgorithmWeak: "The signature uses SHA-1, MD5 or another broken hash."
        case .signatureAlgorithmUnsupported:
            "The signature algorithm (such as DSA) is not accepted here."
        case .keyWeak: "The RSA key is shorter than 2048 bits or has a bad exponent."
        case .keyUnsupported: "The public key is of a kind or on a curve that is not accepted here."
        default: nil
        }
    }

    private var pathSentence: String? {
        switch self {
        case .issuerUnknown: "No path leads from the certificate to a trusted anchor."
        case .signatureInvalid:
            "A signature in the path does not verify with its issuer's key, or names another key than that."
        case .pathTooComplex: "The path is too deep, or too many candidates had to be tried."
        case .notYetValid: "The certificate is not valid yet."
        case .expired: "The certificate has expired."
        case .issuerNotYetValid: "A CA in the path is not valid yet."
        case .issuerExpired: "A CA in the path has expired."
        case .issuerNotCA: "An issuer in the path is not marked as a CA by basic constraints."
        case .issuerKeyUsage: "An issuer's key usage does not allow it to sign certificates."
        case .issuerExtendedKeyUsage:
            "An issuer's extended key usage leaves out what the certificate is used for."
        case .keyIdentifierMissing:
            "A key identifier stands in only one of a certificate and its issuer; both need it."
        case .pathLengthExceeded: "The path is longer than a CA's path length constraint allows."
        case .nameNotPermitted: "A name is outside the permitted subtrees of a CA in the path."
        case .nameExcluded: "A name is inside an excluded subtree of a CA in the path."
        case .nameConstraintsMalformed: "A name constraint of a CA in the path is malformed."
        case .nameConstraintsUnsupported:
            "A name constraint has a minimum or maximum, or is of a form that is not processed here "
                + "and that a name in the path has, so the path is refused."
        default: nil
        }
    }

    private var usageSentence: String? {
        switch self {
        case .leafIsCA: "A CA certificate cannot be used by a party, a server or a card."
        case .keyUsage: "The key usage does not allow digital signatures."
        case .extendedKeyUsage: "The extended key usage does not allow this use."
        case .partyMissing: "The certificate names no party: one SAN URI is needed."
        case .partyAmbiguous: "The certificate has more than one SAN URI; exactly one is needed."
        case .partyMalformed: "The SAN URI is not urn:tsunagi:party:<role>:<code>."
        case .partyRoleNotAccepted: "The party's role is not one that this CA is anchored for."
        case .cardPolicyMissing:
            "The critical policy of a user authentication certificate is missing."
        default: nil
        }
    }

    private var revocationSentence: String {
        switch self {
        case .revoked: "The certificate, or a CA in its path, has been revoked."
        case .crlMissing: "There is no revocation list of a certificate's issuer."
        case .crlStale: "The issuer's revocation list is past its next update."
        case .crlNotYetValid: "The issuer's revocation list is from the future."
        case .crlWithoutNextUpdate: "The revocation list does not say when its next update is."
        case .crlMalformed: "The revocation list is not a DER list as RFC 5280 describes it."
        case .crlSignatureInvalid: "The revocation list's signature does not verify."
        case .crlAlgorithmUnsupported:
            "The revocation list is signed with an algorithm (such as DSA or SHA-1) that is not "
                + "accepted here."
        case .crlSignerKeyUsage:
            "The signer's key usage does not allow it to sign revocation lists."
        case .crlExtensionUnknownCritical:
            "The revocation list has a critical extension that this verifier does not know."
        case .crlDelta: "A delta revocation list was given; only complete lists are processed here."
        case .crlIndirect: "The revocation list is indirect, which is not processed here."
        case .crlSomeReasons:
            "The revocation lists given cover only some reasons; a certificate needs all of them."
        default: "The revocation list does not cover this certificate."
        }
    }
}

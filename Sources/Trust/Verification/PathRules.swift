import Exchange

/// RFC 5280 §6.1 for one candidate path whose signatures are good: dates, basic constraints, path
/// length, key usage, name constraints and, for the leaf, the usage. Policy processing is not done,
/// and certificates that ask for it were refused when they were read.
struct PathRules {
    private let anchor: ParsedCertificate
    private let second: Int64
    private let usage: Verifier.Usage
    private var lengthLeft: Int
    private var constraints: [NameConstraints] = []

    init(anchor: ParsedCertificate, time: Instant, usage: Verifier.Usage) {
        self.anchor = anchor
        self.usage = usage
        // Certificates know whole seconds, and both ends of their term belong to it.
        second = time.seconds
        lengthLeft = anchor.extensions.pathLength ?? Int.max
    }

    /// The path is leaf first, without the anchor.
    mutating func check(_ path: [ParsedCertificate], isListSigner: Bool) throws(Reason) {
        try checkAnchor()
        for index in path.indices.reversed() {
            let certificate = path[index]
            try checkKey(certificate)
            try checkKeyIdentifiers(certificate, index + 1 < path.count ? path[index + 1] : anchor)
            try checkDates(certificate, isLeaf: index == 0)
            if index == 0 || !certificate.isSelfIssued { try checkNames(certificate) }
            if index > 0 { try checkIssuer(certificate) }
        }
        if !isListSigner { try checkLeaf(path[0]) }
    }

    /// An anchor is ours to choose, so it is held to the whole profile, its dates included.
    private mutating func checkAnchor() throws(Reason) {
        let extensions = anchor.extensions
        guard extensions.isCA else { throw .issuerNotCA }
        guard extensions.constraintsAreCritical else { throw .extensionMisused }
        guard
            anchor.isSelfIssued || extensions.authorityKeyID != nil
                || extensions.subjectKeyID == nil
        else { throw .keyIdentifierMissing }
        try checkKey(anchor)
        try checkDates(anchor, isLeaf: false)
        try checkSigning(anchor)
    }

    private func checkKey(_ certificate: ParsedCertificate) throws(Reason) {
        if let refusal = certificate.publicKey.refusal { throw refusal }
    }

    /// RFC 5280 §4.2.1.1 and §4.2.1.2 make both identifiers the CA's duty, and §6 does not look at
    /// them. So a chain without any will do; one that has them by halves was not made by the profile.
    private func checkKeyIdentifiers(
        _ certificate: ParsedCertificate, _ issuer: ParsedCertificate
    ) throws(Reason) {
        // A self-signed certificate may leave out the identifier of its own key.
        guard certificate != issuer else { return }
        let own = certificate.extensions
        let isNamed = own.authorityKeyID != nil
        let hasName = issuer.extensions.subjectKeyID != nil
        guard isNamed == hasName || (hasName && own.subjectKeyID == nil) else {
            throw .keyIdentifierMissing
        }
    }

    private func checkDates(_ certificate: ParsedCertificate, isLeaf: Bool) throws(Reason) {
        guard certificate.notBefore.seconds <= second else {
            throw isLeaf ? .notYetValid : .issuerNotYetValid
        }
        guard second <= certificate.notAfter.seconds else {
            throw isLeaf ? .expired : .issuerExpired
        }
    }

    private func checkNames(_ certificate: ParsedCertificate) throws(Reason) {
        for constraint in constraints {
            if let problem = constraint.problem(with: certificate) { throw problem }
        }
    }

    private mutating func checkIssuer(_ certificate: ParsedCertificate) throws(Reason) {
        guard certificate.version == 3, certificate.extensions.isCA else { throw .issuerNotCA }
        if !certificate.isSelfIssued {
            guard lengthLeft > 0 else { throw .pathLengthExceeded }
            lengthLeft -= 1
        }
        if let length = certificate.extensions.pathLength { lengthLeft = min(lengthLeft, length) }
        try checkSigning(certificate)
    }

    private mutating func checkSigning(_ issuer: ParsedCertificate) throws(Reason) {
        let extensions = issuer.extensions
        guard extensions.keyUsage?.contains(.certificateSign) ?? true else { throw .issuerKeyUsage }
        if let wanted = usage.extendedKeyUsage, let allowed = extensions.extendedKeyUsage {
            guard allowed.contains(wanted) || allowed.contains(OID.anyExtendedKeyUsage) else {
                throw .issuerExtendedKeyUsage
            }
        }
        if let constraint = extensions.nameConstraints { constraints.append(constraint) }
    }

    private func checkLeaf(_ leaf: ParsedCertificate) throws(Reason) {
        let extensions = leaf.extensions
        if usage == .any {
            // No use is asked for, and RFC 5280 lets a CA stand at the end of a path. But a key usage
            // that allows nothing, or a CA that may sign nothing, contradicts itself.
            guard let usage = extensions.keyUsage else { return }
            let isAllowed =
                extensions.isCA
                ? usage.contains(.certificateSign) || usage.contains(.listSign) : !usage.isEmpty
            guard isAllowed else { throw .keyUsage }
            return
        }
        guard !extensions.isCA else { throw .leafIsCA }
        guard extensions.keyUsage?.contains(.digitalSignature) == true else { throw .keyUsage }
        if let wanted = usage.extendedKeyUsage {
            guard extensions.extendedKeyUsage?.contains(wanted) == true else {
                throw .extendedKeyUsage
            }
        }
        if usage == .card {
            guard extensions.policiesAreCritical,
                extensions.policies.contains(OID.userAuthenticationPolicy)
            else { throw .cardPolicyMissing }
        }
    }
}

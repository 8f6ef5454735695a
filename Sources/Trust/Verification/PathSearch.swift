import Exchange

/// 証明書パスの構築: finds one path that meets every rule, trying several issuers of one name
/// (cross-certificates, renewed keys), bounded so that a hostile bundle costs little.
struct PathSearch {
    /// Deeper than any real hierarchy (the card's is 1, government PKIs reach 4).
    static let certificatesMax = 12
    /// A handshake may offer this many; the rest are not looked at.
    static let intermediatesMax = 64
    /// Signature checks of one verification: 48 × about 70 µs for P-256 are 3 ms.
    static let signatureChecksMax = 48
    /// What they may cost together, in checks by a P-256 key: whoever has no certificate at all chooses the
    /// keys that are tried, and 48 of P-384 would keep an event loop busy for 34 ms. Twelve of them, a path
    /// of the longest, are 8 ms.
    static let signatureCostMax = 96
    /// A list signer may have its own path, whose lists may have another signer; no further.
    static let listSignerDepthMax = 2

    let verifier: Verifier
    let time: Instant
    var candidates: [ParsedCertificate] = []
    private(set) var reason = Reason.issuerUnknown
    private var rank = 0
    private var checksLeft = PathSearch.signatureChecksMax
    private var costLeft = PathSearch.signatureCostMax
    private var signerDepth = 0
    /// Set while the path of a revocation list's signer is sought.
    private var wantedAnchor: ParsedCertificate?

    init(verifier: Verifier, time: Instant) {
        self.verifier = verifier
        self.time = time
    }

    /// The links from the leaf up, or nil with `reason` set.
    mutating func path(from leaf: ParsedCertificate) -> [TrustedCertificate.Link]? {
        extend([leaf])
    }

    /// Keeps the reason of the attempt that came furthest.
    mutating func note(_ new: Reason, rank newRank: Int = 1) {
        guard newRank > rank else { return }
        rank = newRank
        reason = new
    }

    private mutating func extend(
        _ path: [ParsedCertificate]
    ) -> [TrustedCertificate.Link]? {
        let tip = path[path.count - 1]
        if case .failure(let weak) = tip.scheme {
            note(weak, rank: 4)
            return nil
        }
        for anchor in preferred(verifier.anchors[tip.issuer] ?? [], for: tip) {
            guard wantedAnchor == nil || wantedAnchor == anchor else { continue }
            guard path.count == 1 || !path.contains(where: anchor.isSameEntity) else { continue }
            guard isSigned(tip, by: anchor), let links = accept(path, anchor) else { continue }
            return links
        }
        let issuers = candidates.filter { $0.subject == tip.issuer }
        for issuer in preferred(issuers, for: tip) where !path.contains(where: issuer.isSameEntity)
        {
            guard path.count < Self.certificatesMax else {
                note(.pathTooComplex, rank: 3)
                return nil
            }
            guard isSigned(tip, by: issuer), let links = extend(path + [issuer]) else { continue }
            return links
        }
        return nil
    }

    private mutating func accept(
        _ path: [ParsedCertificate], _ anchor: ParsedCertificate
    ) -> [TrustedCertificate.Link]? {
        var rules = PathRules(anchor: anchor, time: time, usage: verifier.usage)
        do {
            try rules.check(path, isListSigner: signerDepth > 0)
            return try links(path, anchor)
        } catch {
            // A path that reached an anchor tells more than one that did not.
            note(error, rank: error.isAboutRevocation || error == .revoked ? 6 : 5)
            return nil
        }
    }

    private mutating func isSigned(
        _ certificate: ParsedCertificate, by issuer: ParsedCertificate
    ) -> Bool {
        let cost = issuer.publicKey.checkCost
        guard checksLeft > 0, costLeft >= cost else {
            note(.pathTooComplex, rank: 3)
            return false
        }
        checksLeft -= 1
        costLeft -= cost
        guard issuer.extensions.isCA else {
            note(.issuerNotCA, rank: 3)
            return false
        }
        guard let key = issuer.issuingKey else {
            note(issuer.publicKey.refusal ?? .keyUnsupported, rank: 3)
            return false
        }
        guard certificate.isSigned(by: key) else {
            note(.signatureInvalid, rank: 2)
            return false
        }
        return true
    }

    /// Issuers whose key identifier is the one the certificate names come first.
    private func preferred(
        _ issuers: [ParsedCertificate], for tip: ParsedCertificate
    ) -> [ParsedCertificate] {
        guard issuers.count > 1, let wanted = tip.extensions.authorityKeyID else { return issuers }
        let matching = issuers.filter { $0.extensions.subjectKeyID == wanted }
        return matching + issuers.filter { $0.extensions.subjectKeyID != wanted }
    }

    // MARK: Revocation

    /// From the anchor down, so that a revoked CA is found before what it issued is believed.
    private mutating func links(
        _ path: [ParsedCertificate], _ anchor: ParsedCertificate
    ) throws(Reason) -> [TrustedCertificate.Link] {
        var links: [TrustedCertificate.Link] = []
        for index in path.indices.reversed() {
            let issuer = index + 1 < path.count ? path[index + 1] : anchor
            links.append(try link(path[index], issuer, path, anchor))
        }
        return links.reversed()
    }

    private mutating func link(
        _ certificate: ParsedCertificate, _ issuer: ParsedCertificate,
        _ path: [ParsedCertificate], _ anchor: ParsedCertificate
    ) throws(Reason) -> TrustedCertificate.Link {
        let own = TrustedCertificate.Link(
            certificate: certificate, issuer: issuer, listSigners: [issuer])
        guard let store = verifier.revocation else { return own }
        guard let first = store.problem(with: own, at: time) else { return own }
        guard first != .revoked else { throw first }
        // The CA may sign its lists with another key under the same name (RFC 5280 §6.3.3 f).
        let signers = listSigners(of: issuer, path, anchor)
        guard !signers.isEmpty else { throw first }
        let other = TrustedCertificate.Link(
            certificate: certificate, issuer: issuer, listSigners: [issuer] + signers)
        if let problem = store.problem(with: other, at: time) { throw problem }
        return other
    }

    /// Certificates of the issuer's name that stand on the same anchor. Those of this path are
    /// validated already; any other needs a path of its own.
    private mutating func listSigners(
        of issuer: ParsedCertificate, _ path: [ParsedCertificate], _ anchor: ParsedCertificate
    ) -> [ParsedCertificate] {
        let known = (path.dropFirst() + [anchor]).filter {
            $0.subject == issuer.subject && !$0.isSameEntity(as: issuer)
        }
        var signers = Array(known)
        guard signerDepth < Self.listSignerDepthMax else { return signers }
        let others = candidates.filter { candidate in
            candidate.subject == issuer.subject && !candidate.isSameEntity(as: issuer)
                && !known.contains(where: candidate.isSameEntity)
                && candidate.extensions.keyUsage?.contains(.listSign) == true
        }
        for candidate in others {
            var search = self
            search.signerDepth += 1
            search.wantedAnchor = anchor
            if search.path(from: candidate) != nil { signers.append(candidate) }
            checksLeft = search.checksLeft
            costLeft = search.costLeft
        }
        return signers
    }
}

package import Exchange

/// 証明書パスの構築: finds one path that meets every rule, trying several issuers of one name
/// (cross-certificates, renewed keys), bounded so that a hostile bundle costs little. Signatures are checked
/// from the anchors down, each by a key that is believed already: of a chain in which nobody whom we know is
/// named none is looked at, and of one that only says so, the one next to the anchor.
package struct PathSearch {
    /// Deeper than any real hierarchy (the card's is 1, government PKIs reach 4).
    static let certificatesMax = 12
    /// A handshake may offer this many; the rest are not looked at.
    static let intermediatesMax = 64
    /// Signature checks of one verification: 48 × about 70 µs for P-256 are 3 ms.
    static let signatureChecksMax = 48
    /// What they may cost together, in checks by a P-256 key: a path of the longest by P-384, twelve of them,
    /// is 8 ms of an event loop. Only CAs below our anchors come to it.
    static let signatureCostMax = 96
    /// What those may cost that fail, in the same: all that a stranger can make us look at, who writes our
    /// CA's name and key identifier into certificates of their own. Three by P-384 are 2 ms.
    package static let forgedCostMax = 24
    /// Links tried on the way up to an anchor, so that CAs that certify each other are no maze: 256 of less
    /// than 2 µs.
    package static let linksMax = 256
    /// A list signer may have its own path, whose lists may have another signer; no further.
    static let listSignerDepthMax = 2

    /// What a search has cost so far.
    package struct Spent: Sendable {
        /// Signatures that were checked.
        package fileprivate(set) var checks = 0
        /// Links that were tried, by a signature or by what was known of it.
        package fileprivate(set) var links = 0
        fileprivate var cost = 0
        fileprivate var forgedCost = 0
        /// No signature is checked twice.
        fileprivate var known: [SignedLink: Bool] = [:]
    }

    fileprivate struct SignedLink: Hashable, Sendable {
        let certificate: ParsedCertificate
        let key: ArraySlice<UInt8>
    }

    let verifier: Verifier
    let time: Instant
    package var candidates: [ParsedCertificate] = []
    package private(set) var reason = Reason.issuerUnknown
    package private(set) var spent = Spent()
    private var rank = 0
    /// The candidates by their names.
    private var offered: [CertificateName: [ParsedCertificate]] = [:]
    /// Those that a chain of good signatures joins to an anchor.
    private var trusted: Set<ParsedCertificate> = []
    private var signerDepth = 0
    /// Set while the path of a revocation list's signer is sought.
    private var wantedAnchor: ParsedCertificate?

    package init(verifier: Verifier, time: Instant) {
        self.verifier = verifier
        self.time = time
    }

    /// The links from the leaf up, or nil with `reason` set.
    package mutating func path(from leaf: ParsedCertificate) -> [TrustedCertificate.Link]? {
        offered = Dictionary(grouping: candidates, by: \.subject)
        trustIssuers(above: leaf)
        return extend([leaf])
    }

    /// Keeps the reason of the attempt that came furthest.
    mutating func note(_ new: Reason, rank newRank: Int = 1) {
        guard newRank > rank else { return }
        rank = newRank
        reason = new
    }

    /// 上から下へ: which of the CAs that the leaf's issuers lead to, by name, stand below an anchor. Whoever is
    /// found is believed, and asked who is below them.
    private mutating func trustIssuers(above leaf: ParsedCertificate) {
        var names = [leaf.issuer]
        var seen = Set(names)
        var near: [ParsedCertificate] = []
        var next = 0
        while next < names.count {
            let here = (offered[names[next]] ?? []).filter { $0.issuingKey != nil }
            near += here
            for issuer in here where seen.insert(issuer.issuer).inserted {
                names.append(issuer.issuer)
            }
            next += 1
        }
        var believed = names.flatMap { verifier.anchors[$0] ?? [] }
        believed += near.filter(trusted.contains)
        let below = Dictionary(grouping: near, by: \.issuer)
        next = 0
        while next < believed.count {
            let issuer = believed[next]
            for candidate in below[issuer.subject] ?? []
            where !trusted.contains(candidate) && !candidate.isSameEntity(as: issuer) {
                guard isSigned(candidate, by: issuer) else { continue }
                trusted.insert(candidate)
                believed.append(candidate)
            }
            next += 1
        }
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
        let issuers = offered[tip.issuer] ?? []
        for issuer in preferred(issuers, for: tip) where !path.contains(where: issuer.isSameEntity)
        {
            guard path.count < Self.certificatesMax, spent.links < Self.linksMax else {
                note(.pathTooComplex, rank: 3)
                return nil
            }
            // Who could issue and stands below no anchor is a stranger, and so is whoever they signed.
            guard issuer.issuingKey == nil || trusted.contains(issuer) else { continue }
            if tip.mayBeSigned(by: issuer) { spent.links += 1 }
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
        guard issuer.extensions.isCA else {
            note(.issuerNotCA, rank: 3)
            return false
        }
        guard let key = issuer.issuingKey else {
            note(issuer.publicKey.refusal ?? .keyUnsupported, rank: 3)
            return false
        }
        if case .failure(let weak) = certificate.scheme {
            note(weak, rank: 4)
            return false
        }
        guard certificate.mayBeSigned(by: issuer) else {
            note(.signatureInvalid, rank: 2)
            return false
        }
        let link = SignedLink(certificate: certificate, key: issuer.keyInfo)
        if let known = spent.known[link] { return known }
        let cost = issuer.publicKey.checkCost
        guard spent.checks < Self.signatureChecksMax,
            spent.cost + cost <= Self.signatureCostMax,
            spent.forgedCost + cost <= Self.forgedCostMax
        else {
            note(.pathTooComplex, rank: 3)
            return false
        }
        spent.checks += 1
        spent.cost += cost
        let isGood = certificate.isSigned(by: key)
        spent.known[link] = isGood
        if !isGood {
            spent.forgedCost += cost
            note(.signatureInvalid, rank: 2)
        }
        return isGood
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
            spent = search.spent
        }
        return signers
    }
}

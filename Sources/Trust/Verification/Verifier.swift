package import Exchange

/// 証明書の検証: the one verifier, in the TLS handshake and behind `tsunagi trust verify`. It accepts a
/// certificate only when a path to an anchor meets RFC 5280 §6.1 in full, every certificate of it
/// has a fresh good revocation list, and the leaf is what its usage asks for. Synchronous and
/// without I/O, so that it can be called on an event loop.
package struct Verifier: Sendable {
    package let usage: Usage
    let anchors: [CertificateName: [ParsedCertificate]]
    let revocation: RevocationStore?
    /// Certificates that name nobody speak for these; all other checks are the same.
    package var registered: [RegisteredKey: Party]

    package enum Usage: String, CaseIterable, Sendable {
        case institution, office, portal, operations, card, server, any
    }

    package enum Verdict: Sendable, Hashable {
        case trusted(TrustedCertificate)
        case refused(Reason)
    }

    /// 登録済み証明書: for a CA that cannot write our SAN URI, the party is registered by issuer and key.
    package struct RegisteredKey: Sendable, Hashable {
        /// The issuer's name in DER.
        package let issuer: [UInt8]
        /// SHA-256 of the SubjectPublicKeyInfo.
        package let publicKey: [UInt8]

        package init(issuer: [UInt8], publicKey: [UInt8]) {
            self.issuer = issuer
            self.publicKey = publicKey
        }

        /// Nil for a certificate with a URI: what it says of itself counts, and nothing else.
        package init?(of leaf: ParsedCertificate) {
            guard leaf.uris.isEmpty else { return nil }
            self.init(issuer: leaf.issuer.der, publicKey: leaf.keyDigest)
        }

        package init?(of trusted: TrustedCertificate) {
            self.init(of: trusted.path[0].certificate)
        }
    }

    /// Without a revocation store only `any` and `server` trust anything: no list, no trust.
    package init(
        anchors: [ParsedCertificate], usage: Usage, revocation: RevocationStore?,
        registered: [RegisteredKey: Party] = [:]
    ) {
        self.anchors = Dictionary(grouping: anchors, by: \.subject)
        self.usage = usage
        self.registered = registered
        self.revocation = revocation ?? (usage.needsRevocation ? RevocationStore(lists: []) : nil)
    }

    private init(_ verifier: Verifier, revocation: RevocationStore?) {
        anchors = verifier.anchors
        usage = verifier.usage
        registered = verifier.registered
        self.revocation = revocation
    }

    /// The same, but asks no list: for an answer that says so, and never to let anybody in.
    var withoutRevocation: Verifier { Verifier(self, revocation: nil) }

    package func verify(leaf: [UInt8], intermediates: [[UInt8]], at time: Instant) -> Verdict {
        let certificate: ParsedCertificate
        do { certificate = try ParsedCertificate(der: leaf) } catch { return .refused(error) }
        var search = PathSearch(verifier: self, time: time)
        for der in intermediates.prefix(PathSearch.intermediatesMax) {
            do { search.candidates.append(try ParsedCertificate(der: der)) } catch {
                search.note(error)
            }
        }
        return verify(certificate, &search)
    }

    package func verify(
        leaf: ParsedCertificate, intermediates: [ParsedCertificate], at time: Instant
    ) -> Verdict {
        var search = PathSearch(verifier: self, time: time)
        search.candidates = Array(intermediates.prefix(PathSearch.intermediatesMax))
        return verify(leaf, &search)
    }

    private func verify(_ leaf: ParsedCertificate, _ search: inout PathSearch) -> Verdict {
        guard let path = search.path(from: leaf) else { return .refused(search.reason) }
        do { return .trusted(TrustedCertificate(party: try party(of: leaf), path: path)) } catch {
            return .refused(error)
        }
    }

    /// For whom a certificate that was trusted before speaks now: a registration may be gone.
    package func party(of trusted: TrustedCertificate) throws(Reason) -> Party? {
        try party(of: trusted.path[0].certificate)
    }

    /// A certificate that its revocation alone, or an unknown one, refuses, as it would stand without: for
    /// the record of the refusal. Nothing where anything else is against it.
    package func unrevoked(
        refused reason: Reason, leaf: [UInt8], intermediates: [[UInt8]], at time: Instant
    ) -> TrustedCertificate? {
        guard reason == .revoked || reason.isAboutRevocation,
            case .trusted(let certificate) = withoutRevocation.verify(
                leaf: leaf, intermediates: intermediates, at: time)
        else { return nil }
        return certificate
    }

    private func party(of leaf: ParsedCertificate) throws(Reason) -> Party? {
        guard let roles = usage.roles else { return nil }
        let party: Party
        if let key = RegisteredKey(of: leaf) {
            guard let known = registered[key] else { throw .partyMissing }
            party = known
        } else {
            let uris = leaf.uris
            guard uris.count == 1 else { throw .partyAmbiguous }
            guard let named = try? Party(uri: uris[0]) else { throw .partyMalformed }
            party = named
        }
        guard roles.contains(party.role) else { throw .partyRoleNotAccepted }
        return party
    }
}

extension ParsedCertificate {
    fileprivate var uris: [String] {
        extensions.alternativeNames.compactMap { name in
            guard case .uri(let text) = name else { return nil }
            return text
        }
    }
}

extension Verifier.Usage {
    /// The roles that the usage's listener serves; nil where the certificate names no party.
    package var roles: Set<Role>? {
        switch self {
        case .institution: Listener.institution.roles
        case .office: Listener.office.roles
        case .portal: Listener.resident.roles
        case .operations: Listener.operations.roles
        case .card, .server, .any: nil
        }
    }

    /// Whether a missing list refuses: wherever somebody else's certificate lets them in.
    var needsRevocation: Bool { self != .any && self != .server }

    /// The purpose that the leaf, and every CA that restricts itself, must allow.
    var extendedKeyUsage: [UInt8]? {
        switch self {
        case .institution, .office, .portal, .operations: OID.clientAuth
        case .server: OID.serverAuth
        case .card, .any: nil
        }
    }
}

import Synchronization

/// 経路の控え: what is needed to judge a resumed handshake, which shows the leaf alone. Paths are a cache, one for
/// each certificate, and may be forgotten at any time: the CAs between leaves and anchors are kept apart, and
/// with them any path is found again and checked like a new one. Nothing is kept but what stood on a path to
/// an anchor, so that nobody fills it but the CAs that are believed.
package final class PathMemory: Sendable {
    /// Twice as many as may be connected. About 4 kB each with the CA above it: 32 MB.
    package static let pathsMax = 8_192
    /// A national PKI has tens of CAs. About 4 kB each: 4 MB.
    package static let issuersMax = 1_024

    private struct State {
        var paths: [[UInt8]: TrustedCertificate] = [:]
        var issuers: [CertificateName: [ParsedCertificate]] = [:]
        /// The turn in which each was last needed.
        var needed: [ParsedCertificate: UInt64] = [:]
        var turn: UInt64 = 0
    }

    private let pathsMax: Int
    private let issuersMax: Int
    private let state = Mutex(State())

    package init(pathsMax: Int = PathMemory.pathsMax, issuersMax: Int = PathMemory.issuersMax) {
        self.pathsMax = pathsMax
        self.issuersMax = issuersMax
    }

    /// What was kept of the certificate with this SHA-256.
    package func path(of fingerprint: [UInt8]) -> TrustedCertificate? {
        state.withLock { $0.paths[fingerprint] }
    }

    package func keep(_ trusted: TrustedCertificate) {
        state.withLock { state in
            let isNew = state.paths[trusted.fingerprint] == nil
            if isNew, state.paths.count >= pathsMax, let any = state.paths.keys.first {
                state.paths.removeValue(forKey: any)
            }
            state.paths[trusted.fingerprint] = trusted
            remember(trusted.intermediates, in: &state)
        }
    }

    /// Of a certificate that is known and not let in: so that it hears the same when it resumes.
    package func keepIssuers(of known: TrustedCertificate) {
        state.withLock { remember(known.intermediates, in: &$0) }
    }

    /// The CAs that a certificate may stand below, in DER, as a full handshake would have offered them.
    package func issuers(above leaf: [UInt8]) -> [[UInt8]] {
        guard let certificate = try? ParsedCertificate(der: leaf) else { return [] }
        return state.withLock { state -> [[UInt8]] in
            var found: [ParsedCertificate] = []
            var names = [certificate.issuer]
            var seen: Set<CertificateName> = []
            while let name = names.popLast(), found.count < PathSearch.intermediatesMax {
                guard seen.insert(name).inserted else { continue }
                let here = state.issuers[name] ?? []
                found += here
                names += here.map(\.issuer)
            }
            remember(found, in: &state)
            return found.map(\.der)
        }
    }

    private func remember(_ certificates: [ParsedCertificate], in state: inout State) {
        state.turn += 1
        for certificate in certificates
        where state.needed.updateValue(state.turn, forKey: certificate) == nil {
            state.issuers[certificate.subject, default: []].append(certificate)
        }
        while state.needed.count > issuersMax,
            let longest = state.needed.min(by: { $0.value < $1.value })?.key
        {
            state.needed[longest] = nil
            state.issuers[longest.subject]?.removeAll { $0 == longest }
            if state.issuers[longest.subject]?.isEmpty == true {
                state.issuers[longest.subject] = nil
            }
        }
    }
}

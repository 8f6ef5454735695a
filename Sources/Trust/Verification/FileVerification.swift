package import Exchange
import FoundationEssentials

/// `tsunagi trust verify`: the verifier of the handshake, fed from files. It adds nothing and
/// forgives nothing: a file that cannot be read as what it should be refuses the whole.
package struct FileVerification: Sendable {
    package var anchors: [String] = []
    package var intermediates: [String] = []
    package var lists: [String] = []
    package var leaf: String
    package var usage = Verifier.Usage.any
    package var time: Instant

    package struct Outcome: Sendable, Hashable {
        package let reason: Reason?
        package let text: String

        package var isTrusted: Bool { reason == nil }
    }

    package init(leaf: String, at time: Instant) {
        self.leaf = leaf
        self.time = time
    }

    /// Throws `FileProblem` only for a file that is not there.
    package func run() throws -> Outcome {
        let read = try anchors.map { try Self.contents($0) }
        let above = try intermediates.map { try Self.contents($0) }
        let revocations = try lists.map { try Self.contents($0) }
        let subject = try Self.contents(leaf)
        do {
            let trusted = try read.flatMap { contents throws(Reason) in
                try ParsedCertificate.all(in: contents)
            }
            let verifier = Verifier(
                anchors: trusted, usage: usage,
                revocation: RevocationStore(lists: try Self.lists(in: revocations)))
            // A leaf file may bring its chain behind it, as TLS does.
            let chain = try PEM.documents(in: subject, "CERTIFICATE")
            let others = try above.flatMap { contents throws(Reason) in
                try PEM.documents(in: contents, "CERTIFICATE")
            }
            let candidates = Self.nearestFirst(chain.dropFirst() + others, to: chain[0])
            let asked = lists.isEmpty ? verifier.withoutRevocation : verifier
            return outcome(asked.verify(leaf: chain[0], intermediates: candidates, at: time))
        } catch let reason as Reason {
            return refused(reason)
        }
    }

    private static func lists(in files: [[UInt8]]) throws(Reason) -> [RevocationList] {
        var read: [RevocationList] = []
        for file in files {
            let documents: [[UInt8]]
            do { documents = try PEM.documents(in: file, "X509 CRL") } catch {
                throw .crlMalformed
            }
            for der in documents { read.append(try RevocationList(der: der)) }
        }
        return read
    }

    /// The verifier looks at the first `PathSearch.intermediatesMax` only. An operator may name a
    /// whole folder, so those that the leaf's issuers lead to come first.
    private static func nearestFirst(
        _ candidates: some Collection<[UInt8]>, to leaf: [UInt8]
    ) -> [[UInt8]] {
        guard let leaf = try? ParsedCertificate(der: leaf) else { return Array(candidates) }
        var wanted: Set = [leaf.issuer]
        var near: [[UInt8]] = []
        var rest = candidates.map { ($0, try? ParsedCertificate(der: $0)) }
        while let place = rest.firstIndex(where: {
            $0.1.map { wanted.contains($0.subject) } == true
        }) {
            let (der, certificate) = rest.remove(at: place)
            near.append(der)
            if let certificate { wanted.insert(certificate.issuer) }
        }
        return near + rest.map(\.0)
    }

    private func refused(_ reason: Reason) -> Outcome {
        Outcome(reason: reason, text: "refused: \(reason.code): \(reason.sentence)")
    }

    private func outcome(_ verdict: Verifier.Verdict) -> Outcome {
        switch verdict {
        case .refused(let reason):
            return refused(reason)
        case .trusted(let certificate):
            let path = "\(certificate.path.count) certificate(s) up to an anchor"
            var lines = [
                lists.isEmpty
                    ? "trusted, but REVOCATION WAS NOT CHECKED: \(path)" : "trusted: \(path)"
            ]
            if let party = certificate.party { lines.append("party: \(party.key)") }
            lines.append("valid until: \(certificate.validUntil.text)")
            if lists.isEmpty {
                lines.append("revocation: NOT CHECKED, because no revocation list was given")
                if usage.needsRevocation {
                    lines.append("a listener would refuse: it trusts nobody without a fresh list")
                }
            } else {
                lines.append("revocation: a fresh list of every issuer says good")
            }
            return Outcome(reason: nil, text: lines.joined(separator: "\n"))
        }
    }

    /// True for a file that holds revocation lists rather than certificates.
    package static func holdsLists(_ path: String) -> Bool {
        guard let contents = try? contents(path) else { return false }
        if let documents = try? PEM.documents(in: contents, "X509 CRL") {
            return documents.contains { (try? RevocationList(der: $0)) != nil }
        }
        return false
    }

    private static func contents(_ path: String) throws(FileProblem) -> [UInt8] {
        do { return Array(try Data(contentsOf: URL(filePath: path))) } catch {
            throw FileProblem(path, "cannot be read")
        }
    }
}

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
            let verifier = try Verifier(
                anchors: read.flatMap { contents throws(Reason) in
                    try ParsedCertificate.all(in: contents)
                },
                usage: usage, revocation: store(revocations))
            // A leaf file may bring its chain behind it, as TLS does.
            let chain = try PEM.documents(in: subject, "CERTIFICATE")
            let others = try above.flatMap { contents throws(Reason) in
                try PEM.documents(in: contents, "CERTIFICATE")
            }
            let candidates = others + chain.dropFirst()
            return outcome(verifier.verify(leaf: chain[0], intermediates: candidates, at: time))
        } catch let reason as Reason {
            return Outcome(reason: reason, text: "refused: \(reason.code): \(reason.sentence)")
        }
    }

    private func store(_ contents: [[UInt8]]) throws(Reason) -> RevocationStore? {
        guard !lists.isEmpty else { return nil }
        var read: [RevocationList] = []
        for file in contents {
            let documents: [[UInt8]]
            do { documents = try PEM.documents(in: file, "X509 CRL") } catch {
                throw .crlMalformed
            }
            for der in documents { read.append(try RevocationList(der: der)) }
        }
        return RevocationStore(lists: read)
    }

    private func outcome(_ verdict: Verifier.Verdict) -> Outcome {
        switch verdict {
        case .refused(let reason):
            return Outcome(reason: reason, text: "refused: \(reason.code): \(reason.sentence)")
        case .trusted(let certificate):
            var lines = ["trusted: \(certificate.path.count) certificate(s) up to an anchor"]
            if let party = certificate.party { lines.append("party: \(party.key)") }
            lines.append("valid until: \(certificate.validUntil.text)")
            if lists.isEmpty {
                lines.append("revocation: not checked, because no revocation list was given")
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

extension Instant {
    /// `YYYY-MM-DD`, `YYYY-MM-DDTHH:MM:SS` with `Z` or an offset, or seconds since 1970; nil
    /// otherwise.
    package init?(commandLine text: String) {
        if let seconds = Int64(text) {
            self.init(seconds: seconds)
            return
        }
        let bytes = Array(text.utf8)
        guard bytes.count >= 10,
            let day = try? CalendarDay(String(decoding: bytes[..<10], as: UTF8.self))
        else { return nil }
        let midnight = Int64(day.daysSince1970) * 86_400
        guard bytes.count > 10 else {
            self.init(seconds: midnight)
            return
        }
        guard bytes[10] == UInt8(ascii: "T") || bytes[10] == UInt8(ascii: " "),
            let clock = Clock(bytes[11...])
        else { return nil }
        self.init(microseconds: (midnight + clock.seconds) * 1_000_000 + clock.microseconds)
    }

    /// `HH:MM:SS`, an optional fraction, and `Z` or `±HH:MM`.
    private struct Clock {
        var seconds: Int64
        var microseconds: Int64 = 0

        init?(_ bytes: ArraySlice<UInt8>) {
            let text = String(decoding: bytes, as: UTF8.self)
            guard let zone = text.lastIndex(where: { "Z+-".contains($0) }) else { return nil }
            let parts = text[..<zone].split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count <= 2, let local = Self.seconds(parts[0], fields: 3) else {
                return nil
            }
            if parts.count == 2 {
                guard (1...6).contains(parts[1].count),
                    let fraction = Int64(
                        parts[1] + String(repeating: "0", count: 6 - parts[1].count))
                else { return nil }
                microseconds = fraction
            }
            guard text[zone] != "Z" else {
                seconds = local
                return
            }
            guard let offset = Self.seconds(text[text.index(after: zone)...], fields: 2) else {
                return nil
            }
            seconds = local + (text[zone] == "+" ? -offset : offset)
        }

        private static func seconds(_ text: Substring, fields: Int) -> Int64? {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == fields else { return nil }
            var total: Int64 = 0
            for (part, limit) in zip(parts, [Int64(24), 60, 60]) {
                guard part.count == 2, let value = Int64(part), (0..<limit).contains(value) else {
                    return nil
                }
                total = total * 60 + value
            }
            return fields == 2 ? total * 60 : total
        }
    }
}

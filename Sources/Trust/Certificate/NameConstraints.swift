import SwiftASN1

/// 名前制約 (RFC 5280 §4.2.1.10): the names a CA may certify. DNS, e-mail, URI, IP and directory names
/// are processed. A constraint of another form refuses whoever bears a name of that form, since
/// nobody can say on which side of it the name is.
struct NameConstraints: Sendable {
    private let permitted: [NameSubtree]
    private let excluded: [NameSubtree]

    init(_ node: ASN1Node) throws(Reason) {
        var reader = try DERReader(node)
        permitted = try Self.subtrees(reader.nextIf(.context(0)))
        excluded = try Self.subtrees(reader.nextIf(.context(1)))
        try reader.end()
        guard !permitted.isEmpty || !excluded.isEmpty else { throw .nameConstraintsMalformed }
    }

    /// Nil when every name of the certificate is inside what is permitted and outside what is not.
    func problem(with certificate: ParsedCertificate) -> Reason? {
        for name in Self.names(of: certificate) {
            if case .uninterpreted(let tag, _) = name {
                let isMeant = (permitted + excluded).contains { $0.form == .uninterpreted(tag) }
                if isMeant { return .nameConstraintsUnsupported }
            }
            for subtree in excluded where subtree.form == name.subtreeForm {
                guard let overlaps = subtree.excludes(name) else { return .nameNotPermitted }
                if overlaps { return .nameExcluded }
            }
            let relevant = permitted.filter { $0.form == name.subtreeForm }
            if !relevant.isEmpty, !relevant.contains(where: { $0.permits(name) }) {
                return .nameNotPermitted
            }
        }
        return nil
    }

    private static func names(of certificate: ParsedCertificate) -> [GeneralName] {
        var names = certificate.extensions.alternativeNames
        if !certificate.subject.isEmpty { names.append(.directory(certificate.subject)) }
        return names + certificate.subject.emails.map(GeneralName.email)
    }

    private static func subtrees(_ node: ASN1Node?) throws(Reason) -> [NameSubtree] {
        guard let node else { return [] }
        var subtrees: [NameSubtree] = []
        var reader = try DERReader(node, node.identifier)
        repeat {
            var fields = try DERReader(reader.next(.sequence))
            let base = try fields.next()
            // minimum other than its default 0, or any maximum: not in the Internet profile.
            guard fields.isAtEnd else { throw .nameConstraintsUnsupported }
            subtrees.append(try NameSubtree(GeneralName(base)))
        } while !reader.isAtEnd
        return subtrees
    }
}

/// One subtree of a constraint, checked for its own form when it is read.
private enum NameSubtree: Sendable {
    case dns([Substring])
    case mailbox(local: Substring, host: String)
    case mailHost(String)
    case mailDomain(String)
    case uriHost(String)
    case uriDomain(String)
    case ip(address: [UInt8], mask: [UInt8])
    case directory(CertificateName)
    case uninterpreted(tag: UInt)

    enum Form: Hashable { case dns, email, uri, ip, directory, uninterpreted(UInt) }

    init(_ name: GeneralName) throws(Reason) {
        switch name {
        case .dns(let text):
            guard text.isEmpty || HostName.isHost(text) else { throw .nameConstraintsMalformed }
            self = .dns(HostName.labels(text))
        case .email(let text): self = try Self.mail(text)
        case .uri(let text):
            let host = text.hasPrefix(".") ? String(text.dropFirst()) : text
            guard HostName.isHost(host) else { throw .nameConstraintsMalformed }
            self = text.hasPrefix(".") ? .uriDomain(host.lowercased()) : .uriHost(host.lowercased())
        case .ip(let bytes):
            guard bytes.count == 8 || bytes.count == 32 else { throw .nameConstraintsMalformed }
            let half = bytes.count / 2
            let mask = Array(bytes[half...])
            guard Self.isContiguous(mask) else { throw .nameConstraintsMalformed }
            self = .ip(address: Array(bytes[..<half]), mask: mask)
        case .directory(let base): self = .directory(base)
        case .uninterpreted(let tag, _): self = .uninterpreted(tag: tag)
        }
    }

    private static func mail(_ text: String) throws(Reason) -> NameSubtree {
        if text.contains("@") {
            guard let (local, host) = HostName.mailbox(text) else {
                throw .nameConstraintsMalformed
            }
            return .mailbox(local: local, host: host)
        }
        let host = text.hasPrefix(".") ? String(text.dropFirst()) : text
        guard HostName.isHost(host) else { throw .nameConstraintsMalformed }
        return text.hasPrefix(".") ? .mailDomain(host.lowercased()) : .mailHost(host.lowercased())
    }

    private static func isContiguous(_ mask: [UInt8]) -> Bool {
        var hasEnded = false
        for byte in mask {
            guard !hasEnded || byte == 0 else { return false }
            guard (~byte &+ 1) & ~byte == 0 else { return false }
            hasEnded = hasEnded || byte != 0xFF
        }
        return true
    }

    var form: Form {
        switch self {
        case .dns: .dns
        case .mailbox, .mailHost, .mailDomain: .email
        case .uriHost, .uriDomain: .uri
        case .ip: .ip
        case .directory: .directory
        case .uninterpreted(let tag): .uninterpreted(tag)
        }
    }

    func permits(_ name: GeneralName) -> Bool { covers(name) == true }

    /// Nil when the name is malformed for its form: it could be anything, so it is refused.
    func excludes(_ name: GeneralName) -> Bool? {
        guard let isCovered = covers(name) else { return nil }
        // *.example.com can stand for an excluded bar.example.com (CVE-2025-61727).
        if case (.dns(let labels), .dns(let text)) = (self, name), text.hasPrefix("*.") {
            let base = HostName.labels(HostName.withoutWildcard(text))
            return isCovered || (labels.count == base.count + 1 && labels.dropFirst() == base[...])
        }
        return isCovered
    }

    private func covers(_ name: GeneralName) -> Bool? {
        switch (self, name) {
        case (.dns(let labels), .dns(let text)):
            let host = HostName.withoutWildcard(text)
            guard HostName.isHost(host) else { return nil }
            return HostName.labels(text).suffix(labels.count) == labels[...]
        case (.mailbox(let local, let host), .email(let text)):
            return HostName.mailbox(text).map { $0.local == local && $0.host == host }
        case (.mailHost(let host), .email(let text)):
            return HostName.mailbox(text).map { $0.host == host }
        case (.mailDomain(let domain), .email(let text)):
            return HostName.mailbox(text).map { $0.host.hasSuffix("." + domain) }
        case (.uriHost(let host), .uri(let text)):
            return HostName.host(ofURI: text).map { $0 == host }
        case (.uriDomain(let domain), .uri(let text)):
            return HostName.host(ofURI: text).map { $0.hasSuffix("." + domain) }
        case (.ip(let address, let mask), .ip(let bytes)):
            guard bytes.count == 4 || bytes.count == 16 else { return nil }
            guard bytes.count == address.count else { return false }
            return mask.indices.allSatisfy { bytes[$0] & mask[$0] == address[$0] & mask[$0] }
        case (.directory(let base), .directory(let subject)):
            return subject.isWithin(base)
        default: return false
        }
    }
}

extension GeneralName {
    fileprivate var subtreeForm: NameSubtree.Form? {
        switch self {
        case .dns: .dns
        case .email: .email
        case .uri: .uri
        case .ip: .ip
        case .directory: .directory
        case .uninterpreted: nil
        }
    }
}

import SwiftASN1

/// One name of a subject alternative name, a name constraint or a distribution point.
package enum GeneralName: Hashable, Sendable {
    case email(String)
    case dns(String)
    case directory(CertificateName)
    case uri(String)
    case ip([UInt8])
    /// otherName, x400Address, ediPartyName, registeredID: kept, never interpreted.
    case uninterpreted(tag: UInt, [UInt8])

    init(_ node: ASN1Node) throws(Reason) {
        guard node.identifier.tagClass == .contextSpecific else { throw .malformed }
        switch node.identifier.tagNumber {
        case 1: self = .email(try Self.ascii(node))
        case 2: self = .dns(try Self.ascii(node))
        case 4: self = .directory(try CertificateName(node: node.unwrapped()))
        case 6: self = .uri(try Self.ascii(node))
        case 7: self = .ip(Array(try node.primitive()))
        case 0, 3, 5, 8:
            self = .uninterpreted(tag: node.identifier.tagNumber, Array(node.encodedBytes))
        default: throw .malformed
        }
    }

    /// A SEQUENCE (or an implicitly tagged one) of at least one name.
    static func list(
        _ node: ASN1Node, _ identifier: ASN1Identifier = .sequence
    ) throws(Reason) -> [GeneralName] {
        var names: [GeneralName] = []
        var reader = try DERReader(node, identifier)
        repeat { names.append(try GeneralName(reader.next())) } while !reader.isAtEnd
        return names
    }

    /// What RFC 5280 §4.2.1.6 asks of a subject's own name. A name that is not of its form is how one
    /// host is made to look like another to whoever reads it less strictly.
    var isWellFormed: Bool {
        switch self {
        case .email(let text): HostName.mailbox(text) != nil
        case .dns(let text): HostName.isHostOrWildcard(text)
        case .directory(let name): !name.isEmpty
        case .uri(let text): HostName.isAbsoluteURI(text)
        case .ip(let bytes): bytes.count == 4 || bytes.count == 16
        case .uninterpreted: true
        }
    }

    private static func ascii(_ node: ASN1Node) throws(Reason) -> String {
        let bytes = try node.primitive()
        // A NUL or a byte above ASCII is how one name is made to look like another.
        guard bytes.allSatisfy({ (0x20...0x7E).contains($0) }) else { throw .malformed }
        return String(decoding: bytes, as: UTF8.self)
    }
}

// swift-format-ignore-file: NeverUseForceTry
// A fixture that cannot be made is a broken test, and may stop it.

import Crypto
import Exchange
import Trust

/// DER by hand: what no certificate library would write is what a hostile one sends.
enum Raw {
    static func node(_ tag: UInt8, _ parts: [UInt8]...) -> [UInt8] {
        let content = parts.flatMap { $0 }
        switch content.count {
        case ..<0x80: return [tag, UInt8(content.count)] + content
        case ..<0x100: return [tag, 0x81, UInt8(content.count)] + content
        default:
            return [tag, 0x82, UInt8(content.count >> 8), UInt8(content.count & 0xFF)] + content
        }
    }

    static func sequence(_ parts: [UInt8]...) -> [UInt8] { node(0x30, parts.flatMap { $0 }) }

    /// One relative name with one attribute of 2.5.4.n; 12 is UTF8String, 19 PrintableString.
    static func attribute(_ arc: UInt8, _ tag: UInt8, _ value: [UInt8]) -> [UInt8] {
        node(0x31, sequence([0x06, 0x03, 0x55, 0x04, arc], node(tag, value)))
    }

    static func common(_ text: String, tag: UInt8 = 12) -> [UInt8] {
        attribute(3, tag, Array(text.utf8))
    }

    static func name(_ common: String) -> [UInt8] { sequence(Self.common(common)) }

    static func time(_ text: String) -> [UInt8] {
        node(text.utf8.count >= 15 ? 0x18 : 0x17, Array(text.utf8))
    }

    static let ecdsa = sequence([0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02])

    /// The extension 2.5.29.n; a boolean only when it is critical.
    static func standard(_ arc: UInt8, critical: Bool = false, _ value: [UInt8]) -> [UInt8] {
        one([0x55, 0x1D, arc], critical: critical, value)
    }

    static func one(_ oid: [UInt8], critical: Bool = false, _ value: [UInt8]) -> [UInt8] {
        sequence(node(0x06, oid), critical ? [0x01, 0x01, 0xFF] : [], node(0x04, value))
    }

    static let authority = standard(19, critical: true, sequence([0x01, 0x01, 0xFF]))
    static let signing = standard(15, critical: true, [0x03, 0x02, 0x01, 0x06])
    static let digital = standard(15, critical: true, [0x03, 0x02, 0x07, 0x80])
}

/// A certificate whose every field can be wrong, signed all the same.
struct HandMade: Sendable {
    static let keys = (root: P256.Signing.PrivateKey(), leaf: P256.Signing.PrivateKey())

    /// The version's INTEGER; nil leaves the field out.
    var version: [UInt8]? = [0x02, 0x01, 0x02]
    var serial: [UInt8] = [0x02, 0x01, 0x07]
    var algorithm = Raw.ecdsa
    var outerAlgorithm: [UInt8]?
    var issuer = Raw.name("Root")
    var validity = Raw.sequence(Raw.time("260101000000Z"), Raw.time("351231235959Z"))
    var subject = Raw.name("Leaf")
    var key = HandMade.keys.leaf
    var keyInfo: [UInt8]?
    var uniqueIDs: [UInt8] = []
    var extensions: [[UInt8]]? = [Raw.digital]
    var signer = HandMade.keys.root

    static var root: HandMade {
        var root = HandMade()
        root.subject = Raw.name("Root")
        root.key = keys.root
        root.extensions = [Raw.authority, Raw.signing]
        return root
    }

    var body: [UInt8] {
        var parts = version.map { Raw.node(0xA0, $0) } ?? []
        parts += serial + algorithm + issuer + validity + subject
        parts += keyInfo ?? Array(key.publicKey.derRepresentation)
        parts += uniqueIDs
        if let extensions { parts += Raw.node(0xA3, Raw.sequence(extensions.flatMap { $0 })) }
        return Raw.sequence(parts)
    }

    var der: [UInt8] {
        let body = body
        let signature = Array(try! signer.signature(for: body).derRepresentation)
        return Raw.sequence(body, outerAlgorithm ?? algorithm, Raw.node(0x03, [0] + signature))
    }

    /// What the verifier says of DER certificates; nil is trusted.
    static func reason(
        anchor: [UInt8] = HandMade.root.der, intermediates: [[UInt8]] = [], leaf: [UInt8],
        lists: [[UInt8]]? = nil, at time: Instant = TestCA.now
    ) -> Reason? {
        do {
            let store = try lists.map {
                RevocationStore(lists: try $0.map { try RevocationList(der: $0) })
            }
            let verifier = Trust.Verifier(
                anchors: [try ParsedCertificate(der: anchor)], usage: .any, revocation: store)
            switch verifier.verify(leaf: leaf, intermediates: intermediates, at: time) {
            case .trusted: return nil
            case .refused(let reason): return reason
            }
        } catch { return error as? Reason }
    }
}

/// A change to a certificate and what follows from it; nil is trusted.
struct ChangeRow: Sendable, CustomStringConvertible {
    let description: String
    let reason: Reason?
    let change: @Sendable (inout HandMade) -> Void

    init(
        _ description: String, _ reason: Reason?,
        _ change: @escaping @Sendable (inout HandMade) -> Void
    ) {
        self.description = description
        self.reason = reason
        self.change = change
    }

    func apply(to certificate: HandMade) -> [UInt8] {
        var changed = certificate
        change(&changed)
        return changed.der
    }
}

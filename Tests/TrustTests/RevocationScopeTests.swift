// swift-format-ignore-file: NeverUseForceTry
// A fixture that cannot be made is a broken test, and may stop it.

import Crypto
import Exchange
import SwiftASN1
import Testing
import Trust
import X509

/// RFC 5280 §5 and §6.3: of what, for which reasons and by whose key a list speaks.
@Suite struct RevocationScopeTests {
    @Test(arguments: points + reasons + forms + signers)
    func `a list counts for what it covers and no more`(row: PathRow) {
        row.check()
    }

    // MARK: Distribution points

    static func uri(_ text: String) -> [UInt8] { Raw.node(0x86, Array(text.utf8)) }
    static func full(_ names: [UInt8]...) -> [UInt8] {
        Raw.node(0xA0, Raw.node(0xA0, names.flatMap { $0 }))
    }
    static let relative = Raw.node(0xA0, Raw.node(0xA1, Array(Raw.common("Part")[2...])))

    static func asks(_ points: [UInt8]...) -> Certificate.Extension {
        TestCA.raw([2, 5, 29, 31], critical: false, Raw.sequence(points.flatMap { $0 }))
    }

    static func issuing(_ parts: [UInt8]...) -> Certificate.Extension {
        TestCA.raw([2, 5, 29, 28], critical: true, Raw.sequence(parts.flatMap { $0 }))
    }

    /// A leaf that says where its list is, and lists that say what they are.
    static func row(
        _ name: String, _ reason: Reason?, leaf: [Certificate.Extension] = [],
        lists: [[Certificate.Extension]], revokedIn place: Int? = nil
    ) -> PathRow {
        PathRow(name: name, usage: .any, reason: reason) {
            let ca = TestCA.authority()
            let leaf = TestCA.leaf(by: ca, additional: leaf)
            let made = lists.enumerated().map { index, additional in
                TestCA.list(
                    of: ca, revoked: index == place ? [leaf.parsed] : [], additional: additional)
            }
            return OfferedPath(anchor: ca, leaf: leaf, lists: made)
        }
    }

    static let (here, there) = (full(uri("http://a.jp/1")), full(uri("http://a.jp/2")))

    static let points: [PathRow] = [
        row("the point's list", nil, leaf: [asks(Raw.sequence(here))], lists: [[issuing(here)]]),
        row(
            "the point's list, revoked", .revoked, leaf: [asks(Raw.sequence(here))],
            lists: [[issuing(here)]], revokedIn: 0),
        row(
            "another point's list", .crlOutOfScope, leaf: [asks(Raw.sequence(here))],
            lists: [[issuing(there)]]),
        row("a point's list, none asked for", .crlOutOfScope, lists: [[issuing(here)]]),
        row(
            "a list of all points", nil, leaf: [asks(Raw.sequence(here))], lists: [[]]),
        row(
            "the second point's list", nil, leaf: [asks(Raw.sequence(there), Raw.sequence(here))],
            lists: [[issuing(here)]]),
        row(
            "one of a point's names", nil,
            leaf: [asks(Raw.sequence(full(uri("http://a.jp/0"), uri("http://a.jp/1"))))],
            lists: [[issuing(here)]]),
        row(
            "a URI that is only equivalent", .crlOutOfScope,
            leaf: [asks(Raw.sequence(full(uri("http://a.jp/%31"))))], lists: [[issuing(here)]]),
        row(
            "a name below the issuer's, on both sides", nil, leaf: [asks(Raw.sequence(relative))],
            lists: [[issuing(relative)]]),
        row(
            "a name below the issuer's, written out in the list", nil,
            leaf: [asks(Raw.sequence(relative))], lists: [[issuing(full(partName))]]),
        row(
            "a name below the issuer's, written out in the certificate", nil,
            leaf: [asks(Raw.sequence(full(partName)))], lists: [[issuing(relative)]]),
        row(
            "a point of another issuer", .crlOutOfScope,
            leaf: [asks(Raw.sequence(here, Raw.node(0xA2, Raw.node(0xA4, Raw.name("Other")))))],
            lists: [[issuing(here)]]),
        row(
            "the other point's list revokes, ours does not", nil,
            leaf: [asks(Raw.sequence(here))], lists: [[issuing(here)], [issuing(there)]],
            revokedIn: 1),
        row("a scope of nothing", .crlMalformed, lists: [[issuing()]]),
    ]

    /// C=JP, O=Tsunagi test, CN=Institutions, CN=Part: the issuer and one name more.
    static var partName: [UInt8] {
        let issuer = TestCA.authority().parsed.subject.der
        return Raw.node(0xA4, Raw.sequence(Array(issuer[2...]), Raw.common("Part")))
    }

    // MARK: Reasons

    static let compromise: [UInt8] = [0x83, 0x02, 0x05, 0x60]
    static let others: [UInt8] = [0x83, 0x03, 0x07, 0x1F, 0x80]

    static let reasons: [PathRow] = [
        row("some reasons", .crlSomeReasons, lists: [[issuing(compromise)]]),
        row("some reasons and the others", nil, lists: [[issuing(compromise)], [issuing(others)]]),
        row("some reasons, revoked", .revoked, lists: [[issuing(compromise)]], revokedIn: 0),
        row(
            "revoked for one of the others", .revoked,
            lists: [[issuing(compromise)], [issuing(others)]], revokedIn: 1),
        row("some reasons and all", nil, lists: [[issuing(compromise)], []]),
        row("no reason", .crlOutOfScope, lists: [[issuing([0x83, 0x01, 0x00])]]),
        row(
            "a point asked for some reasons", .crlSomeReasons,
            leaf: [asks(Raw.sequence(here, [0x81, 0x02, 0x05, 0x60]))], lists: [[issuing(here)]]),
        row(
            "two points for all reasons", nil,
            leaf: [
                asks(
                    Raw.sequence(here, [0x81, 0x02, 0x05, 0x60]),
                    Raw.sequence(there, [0x81, 0x03, 0x07, 0x1F, 0x80]))
            ], lists: [[issuing(here)], [issuing(there)]]),
        row(
            "users, and some reasons", .crlSomeReasons,
            lists: [[issuing([0x81, 0x01, 0xFF], compromise)]]),
    ]

    // MARK: The list itself

    static func critical(_ arc: UInt, _ value: [UInt8]) -> Certificate.Extension {
        TestCA.raw(
            [2, 5, 29, ASN1ObjectIdentifier.ArrayLiteralElement(arc)], critical: true, value)
    }

    static let forms: [PathRow] = [
        row(
            "unknown, not critical", nil,
            lists: [[TestCA.raw([1, 3, 6, 1, 4, 1, 55555, 1], critical: false, [5, 0])]]),
        row(
            "users and CAs at once", .crlMalformed,
            lists: [[issuing([0x81, 1, 0xFF], [0x82, 1, 0xFF])]]),
        row(
            "the freshest list is elsewhere", nil,
            lists: [[TestCA.raw([2, 5, 29, 46], critical: false, [5, 0])]]),
        row(
            "a list beside another of a delta", .crlDelta, lists: [[], [critical(27, [2, 1, 1])]]),
        row("a list beside an indirect one", nil, lists: [[], [issuing([0x84, 1, 0xFF])]]),
    ]

    // MARK: Who signs

    static func any(
        _ name: String, _ reason: Reason?, _ make: @escaping @Sendable () -> OfferedPath
    ) -> PathRow {
        PathRow(name: name, usage: .any, reason: reason, make: make)
    }

    /// A CA that changed its key: the old key certifies the new one, which signs lists and leaves;
    /// the old key's last list covers only the certificate between them.
    static func rollover(revoked: Bool) -> OfferedPath {
        let root = TestCA.authority("Root")
        let old = TestCA.authority("CA", by: root)
        let new = TestCA.authority("CA", by: old, additional: [asks(Raw.sequence(here))])
        let leaf = TestCA.leaf(by: new)
        return OfferedPath(
            anchor: root, intermediates: [old, new], leaf: leaf,
            lists: [
                TestCA.list(of: root),
                TestCA.list(of: new, revoked: revoked ? [leaf.parsed] : []),
                TestCA.list(of: old, additional: [issuing(here)]),
            ])
    }

    static let signers: [PathRow] = [
        any("a CA's new key", nil) { rollover(revoked: false) },
        any("a CA's new key revokes", .revoked) { rollover(revoked: true) },
        any("the CA's list, and one that somebody else signed in its name", nil) {
            let ca = TestCA.authority()
            return OfferedPath(
                anchor: ca, leaf: TestCA.leaf(by: ca),
                lists: [TestCA.list(of: ca, signedBy: TestCA.p256()), TestCA.list(of: ca)])
        },
        any("a forged list revokes nothing", nil) {
            let ca = TestCA.authority()
            let leaf = TestCA.leaf(by: ca)
            return OfferedPath(
                anchor: ca, leaf: leaf,
                lists: [
                    TestCA.list(of: ca, signedBy: TestCA.p256(), revoked: [leaf.parsed]),
                    TestCA.list(of: ca),
                ])
        },
        any("another CA's list with this serial", nil) {
            let (ca, other) = (TestCA.authority(), TestCA.authority("Other"))
            let leaf = TestCA.leaf(by: ca)
            return OfferedPath(
                anchor: ca, otherAnchors: [other], leaf: leaf,
                lists: [TestCA.list(of: ca), TestCA.list(of: other, revoked: [leaf.parsed])])
        },
        any("a list signed by another anchor of the CA's name", .crlSignatureInvalid) {
            let (ca, other) = (TestCA.authority(), TestCA.authority())
            return OfferedPath(
                anchor: ca, otherAnchors: [other], leaf: TestCA.leaf(by: ca),
                lists: [TestCA.list(of: other)])
        },
        any("a list signer that its own list vouches for", .crlSignatureInvalid) {
            let root = TestCA.authority("Root")
            let ca = TestCA.authority("CA", by: root)
            let signer = TestCA.mint(
                TestCA.name("CA"), by: ca, [TestCA.usage(KeyUsage(cRLSign: true))])
            return OfferedPath(
                anchor: root, intermediates: [ca, signer], leaf: TestCA.leaf(by: ca),
                lists: [TestCA.list(of: root), TestCA.list(of: ca, signedBy: signer.key)])
        },
        any("a list signer that the CA's key vouches for", nil) {
            let root = TestCA.authority("Root")
            let ca = TestCA.authority("CA", by: root)
            let signer = TestCA.mint(
                TestCA.name("CA"), by: ca,
                [TestCA.usage(KeyUsage(cRLSign: true)), asks(Raw.sequence(here))])
            return OfferedPath(
                anchor: root, intermediates: [ca, signer], leaf: TestCA.leaf(by: ca),
                lists: [
                    TestCA.list(of: root), TestCA.list(of: ca, signedBy: signer.key),
                    TestCA.list(of: ca, additional: [issuing(here, [0x81, 1, 0xFF])]),
                ])
        },
        any("a leaf that a list signer issued", .issuerNotCA) {
            let root = TestCA.authority("Root")
            let signer = TestCA.mint(
                TestCA.name("CA"), by: root, [TestCA.usage(KeyUsage(cRLSign: true))])
            return OfferedPath(
                anchor: root, intermediates: [signer], leaf: TestCA.leaf(by: signer))
        },
    ]

    // MARK: Lists by hand

    /// What the verifier says of `HandMade`'s leaf with a list of these fields.
    static func reason(
        version: [UInt8] = [0x02, 0x01, 0x01], algorithm: [UInt8] = Raw.ecdsa,
        next: [UInt8] = Raw.time("270101000000Z"), entries: [[UInt8]] = [],
        extensions: [[UInt8]]? = [Raw.standard(20, [2, 1, 1])]
    ) -> Reason? {
        let own = extensions.map { Raw.node(0xA0, Raw.sequence($0.flatMap { $0 })) } ?? []
        let body = Raw.sequence(
            version, algorithm, Raw.name("Root"), Raw.time("261101000000Z"), next,
            entries.isEmpty ? [] : Raw.sequence(entries.flatMap { $0 }), own)
        let signature = try! HandMade.keys.root.signature(for: body).derRepresentation
        let list = Raw.sequence(body, algorithm, Raw.node(0x03, [0] + Array(signature)))
        return HandMade.reason(leaf: HandMade().der, lists: [list])
    }

    static func entry(
        _ serial: UInt8, since: String = "261101000000Z", _ extensions: [UInt8]...
    ) -> [UInt8] {
        let own = extensions.isEmpty ? [] : Raw.sequence(extensions.flatMap { $0 })
        return Raw.sequence([0x02, 0x01, serial], Raw.time(since), own)
    }

    @Test func `a list is read as RFC 5280 writes it or not at all`() {
        let unknown: [UInt8] = [0x2B, 0x06, 0x01, 0x04, 0x01, 0x83, 0xB2, 0x03, 0x01]
        #expect(Self.reason() == nil)
        #expect(Self.reason(version: [], extensions: nil) == nil, "version 1")
        #expect(Self.reason(version: []) == .crlMalformed, "version 1 with extensions")
        #expect(Self.reason(version: [0x02, 0x01, 0x00], extensions: nil) == .crlMalformed)
        #expect(Self.reason(version: [0x02, 0x01, 0x02]) == .crlMalformed)
        #expect(Self.reason(extensions: nil) == nil, "no extension at all")
        #expect(Self.reason(extensions: []) == .crlMalformed, "an empty field")
        let keyID = Raw.standard(35, [48, 3, 0x80, 1, 1])
        #expect(Self.reason(extensions: [keyID]) == .crlMalformed, "no number")
        let critical = Raw.standard(20, critical: true, [2, 1, 1])
        #expect(Self.reason(extensions: [critical]) == .crlMalformed, "a critical number")
        #expect(Self.reason(next: []) == .crlWithoutNextUpdate)
        #expect(Self.reason(next: Raw.time("991231235959Z")) == .crlStale, "until 1999")
        #expect(Self.reason(next: Raw.time("20500101000000Z")) == nil, "until 2050")
        let weak = Raw.sequence([0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x01])
        #expect(Self.reason(algorithm: weak) == .crlAlgorithmUnsupported)

        #expect(Self.reason(entries: [Self.entry(8)]) == nil)
        #expect(Self.reason(entries: [Self.entry(7)]) == .revoked)
        #expect(Self.reason(entries: [Self.entry(7, since: "350101000000Z")]) == .revoked)
        #expect(Self.reason(entries: [Self.entry(7, since: "010101000000Z")]) == .revoked)
        #expect(Self.reason(entries: [Self.entry(8), Self.entry(8)]) == .crlMalformed)
        let passed = Raw.one(unknown, [5, 0])
        #expect(Self.reason(entries: [Self.entry(7, passed)]) == .revoked)
        let stops = Raw.one(unknown, critical: true, [5, 0])
        #expect(Self.reason(entries: [Self.entry(8, stops)]) == .crlExtensionUnknownCritical)
        let elsewhere = Raw.standard(
            29, critical: true, Raw.sequence(Raw.node(0xA4, Raw.name("Other"))))
        #expect(Self.reason(entries: [Self.entry(8, elsewhere)]) == .crlIndirect)
        let back = Raw.standard(21, [0x0A, 0x01, 0x08])
        #expect(Self.reason(entries: [Self.entry(8, back)]) == .crlDelta)
    }

    @Test(arguments: [[0x02, 0x01, 0xFF], Raw.node(0x02, [UInt8](repeating: 0x7F, count: 20))])
    func `a serial is the same number on both sides, odd ones too`(serial: [UInt8]) {
        let ca = TestCA.authority()
        var root = HandMade.root
        root.serial = serial
        let other = try! ParsedCertificate(der: root.der)
        let list = try! RevocationList(der: TestCA.list(of: ca, revoked: [other]))
        #expect(list.count == 1)
        var leaf = HandMade()
        leaf.serial = serial
        let entry = Raw.sequence(serial, Raw.time("261101000000Z"))
        #expect(Self.reason(entries: [entry]) == nil)
    }
}

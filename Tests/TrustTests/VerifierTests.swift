// swift-format-ignore-file: NeverUseForceTry
// A fixture that cannot be made is a broken test, and may stop it.

import Crypto
import CryptoExtras
import Exchange
import Foundation
import SwiftASN1
import Testing
import Trust
import X509

@Suite struct VerifierTests {
    /// A path and what the verifier must say of it; nil means trusted.
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        var usage = Trust.Verifier.Usage.institution
        let reason: Reason?
        let make: @Sendable () -> Path

        var testDescription: String { name }
    }

    struct Path {
        var anchor: Minted
        var intermediates: [Minted] = []
        var leaf: Minted
        /// Nil: a fresh list of every CA.
        var lists: [[UInt8]]?
    }

    static func judge(_ row: Row) -> Trust.Verifier.Verdict {
        let path = row.make()
        let authorities = [path.anchor] + path.intermediates
        var store: RevocationStore?
        if row.usage != .any {
            store = TestCA.store(path.lists ?? authorities.map { TestCA.list(of: $0) })
        }
        let verifier = Trust.Verifier(
            anchors: [path.anchor.parsed], usage: row.usage, revocation: store)
        return verifier.verify(
            leaf: path.leaf.der, intermediates: path.intermediates.map(\.der), at: TestCA.now)
    }

    @Test(arguments: table + names + forms + revocation)
    func `every path gets the verdict its row names`(row: Row) {
        switch Self.judge(row) {
        case .trusted: #expect(row.reason == nil)
        case .refused(let reason): #expect(reason == row.reason)
        }
    }

    static let table: [Row] = [
        Row(name: "a party of the right CA", reason: nil) {
            let ca = TestCA.authority()
            return Path(anchor: ca, leaf: TestCA.leaf(by: ca))
        },
        Row(name: "over an intermediate", reason: nil) {
            let root = TestCA.authority("Root")
            let ca = TestCA.authority("Sub", by: root)
            return Path(anchor: root, intermediates: [ca], leaf: TestCA.leaf(by: ca))
        },
        Row(name: "expired", reason: .expired) {
            let ca = TestCA.authority()
            let past = TestCA.term(days: 1, from: TestCA.now.adding(seconds: -2 * 86_400))
            return Path(anchor: ca, leaf: TestCA.leaf(by: ca, term: past))
        },
        Row(name: "not yet valid", reason: .notYetValid) {
            let ca = TestCA.authority()
            let future = TestCA.term(from: TestCA.now.adding(seconds: 2 * 86_400))
            return Path(anchor: ca, leaf: TestCA.leaf(by: ca, term: future))
        },
        Row(name: "expired CA", reason: .issuerExpired) {
            let past = TestCA.term(days: 1, from: TestCA.now.adding(seconds: -2 * 86_400))
            let ca = TestCA.authority(term: past)
            return Path(anchor: ca, leaf: TestCA.leaf(by: ca))
        },
        Row(name: "another CA", reason: .issuerUnknown) {
            Path(anchor: TestCA.authority(), leaf: TestCA.leaf(by: TestCA.authority("Stranger")))
        },
        Row(name: "another CA of the same name", reason: .signatureInvalid) {
            Path(anchor: TestCA.authority(), leaf: TestCA.leaf(by: TestCA.authority()))
        },
        Row(name: "another role's party", reason: .partyRoleNotAccepted) {
            let ca = TestCA.authority()
            let uri = "urn:tsunagi:party:municipality:131016"
            return Path(anchor: ca, leaf: TestCA.leaf(by: ca, uris: [uri]))
        },
        Row(name: "the same party on its own listener", usage: .office, reason: nil) {
            let ca = TestCA.authority()
            let uri = "urn:tsunagi:party:municipality:131016"
            return Path(anchor: ca, leaf: TestCA.leaf(by: ca, uris: [uri]))
        },
        Row(name: "two URIs", reason: .partyAmbiguous) {
            let ca = TestCA.authority()
            return Path(
                anchor: ca, leaf: TestCA.leaf(by: ca, uris: [TestCA.party.uri, TestCA.party.uri]))
        },
        Row(name: "no URI", reason: .partyMissing) {
            let ca = TestCA.authority()
            return Path(anchor: ca, leaf: TestCA.leaf(by: ca, uris: []))
        },
        Row(name: "a foreign URI", reason: .partyMalformed) {
            let ca = TestCA.authority()
            return Path(anchor: ca, leaf: TestCA.leaf(by: ca, uris: ["https://clinic.example"]))
        },
        Row(name: "a party with an impossible code", reason: .partyMalformed) {
            let ca = TestCA.authority()
            let uri = "urn:tsunagi:party:institution:12"
            return Path(anchor: ca, leaf: TestCA.leaf(by: ca, uris: [uri]))
        },
        Row(name: "CA as leaf", reason: .leafIsCA) {
            let root = TestCA.authority("Root")
            let name = TestCA.alternative([.uniformResourceIdentifier(TestCA.party.uri)])
            let ca = TestCA.authority("Sub", by: root, additional: [name])
            return Path(anchor: root, leaf: ca)
        },
        Row(name: "CA at the end of a path, for any use", usage: .any, reason: nil) {
            let root = TestCA.authority("Root")
            return Path(anchor: root, leaf: TestCA.authority("Sub", by: root))
        },
        Row(name: "leaf as CA", reason: .issuerNotCA) {
            let root = TestCA.authority("Root")
            let middle = TestCA.leaf(by: root, "middle", uris: [])
            return Path(anchor: root, intermediates: [middle], leaf: TestCA.leaf(by: middle))
        },
        Row(name: "CA without keyCertSign", reason: .issuerKeyUsage) {
            let root = TestCA.authority("Root")
            let ca = TestCA.mint(
                TestCA.name("Sub"), by: root,
                [
                    TestCA.basic(.isCertificateAuthority(maxPathLength: nil)),
                    TestCA.usage(KeyUsage(digitalSignature: true, cRLSign: true)),
                ])
            return Path(anchor: root, intermediates: [ca], leaf: TestCA.leaf(by: ca))
        },
        Row(name: "CA for servers only", reason: .issuerExtendedKeyUsage) {
            let root = TestCA.authority("Root")
            let ca = TestCA.authority(
                "Sub", by: root, additional: [TestCA.purpose([.serverAuth])])
            return Path(anchor: root, intermediates: [ca], leaf: TestCA.leaf(by: ca))
        },
        Row(name: "path length 0 passed", reason: .pathLengthExceeded) {
            let root = TestCA.authority("Root", pathLength: 0)
            let ca = TestCA.authority("Sub", by: root)
            return Path(anchor: root, intermediates: [ca], leaf: TestCA.leaf(by: ca))
        },
        Row(name: "a self-issued CA is not counted", reason: nil) {
            let root = TestCA.authority("Root", pathLength: 0)
            let renewed = TestCA.authority("Root", by: root)
            return Path(
                anchor: root, intermediates: [renewed], leaf: TestCA.leaf(by: renewed),
                lists: [TestCA.list(of: root), TestCA.list(of: renewed)])
        },
        Row(name: "a CA that cross-signs in a circle", reason: .issuerUnknown) {
            let keys = (TestCA.p256(), TestCA.p256())
            let first = TestCA.authority("A", key: keys.0)
            let second = TestCA.authority("B", by: first, key: keys.1)
            let again = TestCA.authority("A", by: second, key: keys.0)
            return Path(
                anchor: TestCA.authority("Root"), intermediates: [second, again],
                leaf: TestCA.leaf(by: again))
        },
    ]

    static let forms: [Row] = [
        Row(name: "no digitalSignature", reason: .keyUsage) {
            let ca = TestCA.authority()
            let leaf = TestCA.mint(
                TestCA.name("leaf"), by: ca,
                [
                    TestCA.usage(KeyUsage(keyEncipherment: true)), TestCA.purpose([.clientAuth]),
                    TestCA.alternative([.uniformResourceIdentifier(TestCA.party.uri)]),
                ])
            return Path(anchor: ca, leaf: leaf)
        },
        Row(name: "for servers", reason: .extendedKeyUsage) {
            let ca = TestCA.authority()
            let leaf = TestCA.mint(
                TestCA.name("leaf"), by: ca,
                [
                    TestCA.usage(KeyUsage(digitalSignature: true)), TestCA.purpose([.serverAuth]),
                    TestCA.alternative([.uniformResourceIdentifier(TestCA.party.uri)]),
                ])
            return Path(anchor: ca, leaf: leaf)
        },
        Row(name: "critical and unknown", reason: .extensionUnknownCritical) {
            let ca = TestCA.authority()
            let odd = TestCA.raw([1, 3, 6, 1, 4, 1, 55555, 1], critical: true, [0x05, 0x00])
            return Path(anchor: ca, leaf: TestCA.leaf(by: ca, additional: [odd]))
        },
        Row(name: "unknown but not critical", reason: nil) {
            let ca = TestCA.authority()
            let odd = TestCA.raw([1, 3, 6, 1, 4, 1, 55555, 1], critical: false, [0x05, 0x00])
            return Path(anchor: ca, leaf: TestCA.leaf(by: ca, additional: [odd]))
        },
        Row(name: "policy constraints", usage: .any, reason: .policyProcessingUnsupported) {
            let root = TestCA.authority("Root")
            let value: [UInt8] = [0x30, 0x03, 0x80, 0x01, 0x00]
            let ca = TestCA.authority(
                "Sub", by: root, additional: [TestCA.raw([2, 5, 29, 36], critical: true, value)])
            return Path(anchor: root, intermediates: [ca], leaf: TestCA.leaf(by: ca))
        },
        Row(name: "inhibitAnyPolicy", usage: .any, reason: .policyProcessingUnsupported) {
            let ca = TestCA.authority()
            let odd = TestCA.raw([2, 5, 29, 54], critical: true, [0x02, 0x01, 0x00])
            return Path(anchor: ca, leaf: TestCA.leaf(by: ca, additional: [odd]))
        },
        Row(name: "a zero serial", reason: .serialInvalid) {
            let ca = TestCA.authority()
            return Path(anchor: ca, leaf: TestCA.leaf(by: ca, serial: .init(0)))
        },
        Row(name: "a serial of 21 bytes", reason: .serialInvalid) {
            let ca = TestCA.authority()
            let long = [UInt8](repeating: 0x11, count: 21)
            return Path(anchor: ca, leaf: TestCA.leaf(by: ca, serial: .init(bytes: long)))
        },
        Row(name: "a weak signature", usage: .any, reason: .signatureAlgorithmWeak) {
            let key = Certificate.PrivateKey(try! _RSA.Signing.PrivateKey(keySize: .bits2048))
            let ca = TestCA.authority(key: key)
            let leaf = try! Certificate(
                version: .v3, serialNumber: .init(), publicKey: TestCA.p256().publicKey,
                notValidBefore: TestCA.term().0, notValidAfter: TestCA.term().1,
                issuer: ca.certificate.subject, subject: TestCA.name("leaf"),
                signatureAlgorithm: .sha1WithRSAEncryption, extensions: .init(),
                issuerPrivateKey: key)
            return Path(anchor: ca, leaf: Minted(certificate: leaf, key: key))
        },
        Row(name: "a short key", usage: .any, reason: .keyWeak) {
            let ca = TestCA.authority()
            let short = try! _RSA.Signing.PrivateKey(unsafeKeySize: .init(bitCount: 1024))
            let leaf = TestCA.mint(
                TestCA.name("leaf"), by: ca, key: Certificate.PrivateKey(short), [])
            return Path(anchor: ca, leaf: leaf)
        },
    ]

    static func named(
        _ constraint: Certificate.Extension, _ names: [X509.GeneralName]
    ) -> Path {
        let root = TestCA.authority("Root")
        let ca = TestCA.authority("Sub", by: root, additional: [constraint])
        let leaf = TestCA.leaf(by: ca, uris: [], additional: [TestCA.alternative(names)])
        return Path(anchor: root, intermediates: [ca], leaf: leaf)
    }

    static func names(
        _ name: String, _ reason: Reason?, permitted: [X509.GeneralName] = [],
        excluded: [X509.GeneralName] = [], of names: [X509.GeneralName]
    ) -> Row {
        Row(name: name, usage: .any, reason: reason) {
            let constraint = TestCA.constraints(permitted: permitted, excluded: excluded)
            return named(constraint, names)
        }
    }

    static func ip(_ bytes: [UInt8]) -> X509.GeneralName {
        .ipAddress(ASN1OctetString(contentBytes: bytes[...]))
    }

    static let names: [Row] = [
        names(
            "dns inside", nil, permitted: [.dnsName("example.jp")],
            of: [.dnsName("a.B.Example.jp"), .dnsName("example.jp")]),
        names(
            "dns beside", .nameNotPermitted, permitted: [.dnsName("example.jp")],
            of: [.dnsName("notexample.jp")]),
        names(
            "dns excluded", .nameExcluded, excluded: [.dnsName("bad.example.jp")],
            of: [.dnsName("ok.example.jp"), .dnsName("x.bad.example.jp")]),
        names(
            "a wildcard that could be the excluded name", .nameExcluded,
            excluded: [.dnsName("bad.example.jp")], of: [.dnsName("*.example.jp")]),
        names(
            "a wildcard constraint", .nameConstraintsMalformed,
            permitted: [.dnsName("*.example.jp")], of: [.dnsName("a.example.jp")]),
        names(
            "mail of a host", nil, permitted: [.rfc822Name("example.jp")],
            of: [.rfc822Name("hanako@EXAMPLE.jp")]),
        names(
            "mail of a host below", .nameNotPermitted, permitted: [.rfc822Name("example.jp")],
            of: [.rfc822Name("hanako@sub.example.jp")]),
        names(
            "mail of a domain", nil, permitted: [.rfc822Name(".example.jp")],
            of: [.rfc822Name("hanako@sub.example.jp")]),
        names(
            "one mailbox", .nameNotPermitted, permitted: [.rfc822Name("hanako@example.jp")],
            of: [.rfc822Name("Hanako@example.jp")]),
        names(
            "uri host", nil, permitted: [.uniformResourceIdentifier("host.example.jp")],
            of: [.uniformResourceIdentifier("https://u@HOST.example.jp:8443/a")]),
        names(
            "uri below its domain only", .nameNotPermitted,
            permitted: [.uniformResourceIdentifier(".example.jp")],
            of: [.uniformResourceIdentifier("https://example.jp/")]),
        names(
            "uri without a host", .nameNotPermitted,
            excluded: [.uniformResourceIdentifier(".example.jp")],
            of: [.uniformResourceIdentifier("urn:example:a")]),
        names(
            "address inside", nil, permitted: [ip([192, 0, 2, 0, 255, 255, 255, 0])],
            of: [ip([192, 0, 2, 7])]),
        names(
            "address outside", .nameNotPermitted,
            permitted: [ip([192, 0, 2, 0, 255, 255, 255, 0])], of: [ip([192, 0, 3, 7])]),
        names(
            "a mask with a hole", .nameConstraintsMalformed,
            permitted: [ip([192, 0, 2, 0, 255, 0, 255, 0])], of: [ip([192, 0, 2, 7])]),
        names(
            "directory inside, letters and spaces apart", nil,
            permitted: [
                .directoryName(
                    try! DistinguishedName {
                        CountryName("jp")
                        OrganizationName(" TSUNAGI  test ")
                    })
            ], of: [.dnsName("a.example.jp")]),
        names(
            "directory outside", .nameNotPermitted,
            permitted: [.directoryName(try! DistinguishedName { CountryName("FR") })],
            of: [.dnsName("a.example.jp")]),
        names(
            "a form that is not processed", .nameConstraintsUnsupported,
            permitted: [.registeredID([1, 2, 3])], of: [.dnsName("a.example.jp")]),
        Row(name: "not critical", usage: .any, reason: .extensionMisused) {
            let root = TestCA.authority("Root")
            let constraint = TestCA.constraints(permitted: [.dnsName("a.jp")], critical: false)
            let ca = TestCA.authority("Sub", by: root, additional: [constraint])
            return Path(anchor: root, intermediates: [ca], leaf: TestCA.leaf(by: ca))
        },
    ]

    static let revocation: [Row] = [
        Row(name: "no list", reason: .crlMissing) {
            let ca = TestCA.authority()
            return Path(anchor: ca, leaf: TestCA.leaf(by: ca), lists: [])
        },
        Row(name: "revoked", reason: .revoked) {
            let ca = TestCA.authority()
            let leaf = TestCA.leaf(by: ca)
            return Path(
                anchor: ca, leaf: leaf, lists: [TestCA.list(of: ca, revoked: [leaf.parsed])])
        },
        Row(name: "a revoked CA", reason: .revoked) {
            let root = TestCA.authority("Root")
            let ca = TestCA.authority("Sub", by: root)
            return Path(
                anchor: root, intermediates: [ca], leaf: TestCA.leaf(by: ca),
                lists: [TestCA.list(of: root, revoked: [ca.parsed]), TestCA.list(of: ca)])
        },
        Row(name: "no list of the root", reason: .crlMissing) {
            let root = TestCA.authority("Root")
            let ca = TestCA.authority("Sub", by: root)
            return Path(
                anchor: root, intermediates: [ca], leaf: TestCA.leaf(by: ca),
                lists: [TestCA.list(of: ca)])
        },
        Row(name: "a forged list", reason: .crlSignatureInvalid) {
            let ca = TestCA.authority()
            let list = TestCA.list(of: ca, signedBy: TestCA.p256())
            return Path(anchor: ca, leaf: TestCA.leaf(by: ca), lists: [list])
        },
        Row(name: "another issuer's list", reason: .crlMissing) {
            let ca = TestCA.authority()
            let list = TestCA.list(of: TestCA.authority("Stranger"))
            return Path(anchor: ca, leaf: TestCA.leaf(by: ca), lists: [list])
        },
        Row(name: "a stale list", reason: .crlStale) {
            let ca = TestCA.authority()
            let list = TestCA.list(of: ca, from: TestCA.now.adding(seconds: -8 * 86_400))
            return Path(anchor: ca, leaf: TestCA.leaf(by: ca), lists: [list])
        },
        Row(name: "a list from the future", reason: .crlNotYetValid) {
            let ca = TestCA.authority()
            let list = TestCA.list(of: ca, from: TestCA.now.adding(seconds: 60))
            return Path(anchor: ca, leaf: TestCA.leaf(by: ca), lists: [list])
        },
        listed("a delta list", .crlDelta, [2, 5, 29, 27], [0x02, 0x01, 0x01]),
        listed(
            "an indirect list", .crlIndirect, [2, 5, 29, 28], [0x30, 0x03, 0x84, 0x01, 0xFF]),
        listed(
            "a list of CAs only", .crlOutOfScope, [2, 5, 29, 28], [0x30, 0x03, 0x82, 0x01, 0xFF]),
        listed("a list of users only", nil, [2, 5, 29, 28], [0x30, 0x03, 0x81, 0x01, 0xFF]),
        listed(
            "a list of attributes only", .crlOutOfScope, [2, 5, 29, 28],
            [0x30, 0x03, 0x85, 0x01, 0xFF]),
        listed(
            "a list of some reasons", .crlSomeReasons, [2, 5, 29, 28],
            [0x30, 0x04, 0x83, 0x02, 0x01, 0x60]),
        listed(
            "another distribution point's list", .crlOutOfScope, [2, 5, 29, 28],
            [0x30, 0x09, 0xA0, 0x07, 0xA0, 0x05, 0x86, 0x03, 0x61, 0x3A, 0x62]),
        listed(
            "a list with an unknown critical extension", .crlExtensionUnknownCritical,
            [1, 3, 6, 1, 4, 1, 55555, 1], [0x05, 0x00]),
        Row(name: "a CA that may not sign lists", reason: .crlSignerKeyUsage) {
            let ca = TestCA.mint(
                TestCA.name("No lists"),
                [
                    TestCA.basic(.isCertificateAuthority(maxPathLength: nil)),
                    TestCA.usage(KeyUsage(keyCertSign: true)),
                ])
            return Path(anchor: ca, leaf: TestCA.leaf(by: ca))
        },
        Row(name: "a list signed by the CA's other key", reason: nil) {
            let root = TestCA.authority("Root")
            let ca = TestCA.authority("Sub", by: root)
            let other = TestCA.mint(
                TestCA.name("Sub"), by: root, [TestCA.usage(KeyUsage(cRLSign: true))])
            let list = TestCA.list(of: ca, signedBy: other.key)
            return Path(
                anchor: root, intermediates: [ca, other], leaf: TestCA.leaf(by: ca),
                lists: [TestCA.list(of: root), list])
        },
        Row(name: "a list signed by the CA's revoked other key", reason: .crlSignatureInvalid) {
            let root = TestCA.authority("Root")
            let ca = TestCA.authority("Sub", by: root)
            let other = TestCA.mint(
                TestCA.name("Sub"), by: root, [TestCA.usage(KeyUsage(cRLSign: true))])
            let list = TestCA.list(of: ca, signedBy: other.key)
            return Path(
                anchor: root, intermediates: [ca, other], leaf: TestCA.leaf(by: ca),
                lists: [TestCA.list(of: root, revoked: [other.parsed]), list])
        },
    ]

    static func listed(
        _ name: String, _ reason: Reason?, _ oid: ASN1ObjectIdentifier, _ value: [UInt8]
    ) -> Row {
        Row(name: name, reason: reason) {
            let ca = TestCA.authority()
            let list = TestCA.list(of: ca, additional: [TestCA.raw(oid, critical: true, value)])
            return Path(anchor: ca, leaf: TestCA.leaf(by: ca), lists: [list])
        }
    }

    @Test func `a trusted certificate says who it is and is asked again later`() throws {
        let ca = TestCA.authority()
        let leaf = TestCA.leaf(by: ca)
        let store = TestCA.store([TestCA.list(of: ca)])
        let verifier = Trust.Verifier(
            anchors: [ca.parsed], usage: .institution, revocation: store)
        guard
            case .trusted(let trusted) = verifier.verify(
                leaf: leaf.der, intermediates: [], at: TestCA.now)
        else {
            Issue.record("not trusted")
            return
        }
        #expect(trusted.party == TestCA.party)
        #expect(trusted.fingerprint == Array(SHA256.hash(data: leaf.der)))
        #expect(trusted.depth == 0)
        #expect(store.status(of: trusted, at: TestCA.now) == .good)
        #expect(
            store.status(issuer: trusted.issuer, serial: trusted.serial, at: TestCA.now) == .good)
        let later = TestCA.now.adding(seconds: 8 * 86_400)
        #expect(store.status(of: trusted, at: later) == .unknown(.crlStale))
        #expect(trusted.isInTime(at: later))
        #expect(!trusted.isInTime(at: TestCA.now.adding(seconds: 400 * 86_400)))
    }

    @Test func `a registered key stands for a URI its CA cannot write`() {
        let ca = TestCA.authority()
        let leaf = TestCA.leaf(by: ca, uris: []).parsed
        let key = Trust.Verifier.RegisteredKey(issuer: leaf.issuer.der, publicKey: leaf.keyDigest)
        let verifier = Trust.Verifier(
            anchors: [ca.parsed], usage: .institution,
            revocation: TestCA.store([TestCA.list(of: ca)]), registered: [key: TestCA.party])
        guard
            case .trusted(let trusted) = verifier.verify(
                leaf: leaf, intermediates: [], at: TestCA.now)
        else {
            Issue.record("not trusted")
            return
        }
        #expect(trusted.party == TestCA.party)
    }

    @Test func `every byte of a certificate counts`() {
        let ca = TestCA.authority()
        let leaf = TestCA.leaf(by: ca)
        let verifier = Trust.Verifier(
            anchors: [ca.parsed], usage: .institution,
            revocation: TestCA.store([TestCA.list(of: ca)]))
        for index in leaf.der.indices {
            var bytes = leaf.der
            bytes[index] ^= 0x01
            let verdict = verifier.verify(leaf: bytes, intermediates: [], at: TestCA.now)
            guard case .refused = verdict else {
                Issue.record("byte \(index) does not count")
                return
            }
        }
    }

    @Test func `a bundle made to be slow is refused quickly`() {
        let keys = (0..<12).map { _ in TestCA.p256() }
        let authorities = keys.flatMap { key in
            keys.map { other in
                TestCA.mint(
                    TestCA.name("Same"),
                    by: Minted(
                        certificate: TestCA.authority("Same", key: other).certificate, key: other),
                    key: key,
                    [TestCA.basic(.isCertificateAuthority(maxPathLength: nil)), TestCA.signing])
            }
        }
        let verifier = Trust.Verifier(
            anchors: [TestCA.authority("Root").parsed], usage: .any, revocation: nil)
        let verdict = verifier.verify(
            leaf: TestCA.leaf(by: authorities[0]).der, intermediates: authorities.map(\.der),
            at: TestCA.now)
        #expect(verdict == .refused(.pathTooComplex))
    }

    @Test func `every reason has its own code and sentence`() {
        #expect(Set(Reason.allCases.map(\.code)).count == Reason.allCases.count)
        #expect(Set(Reason.allCases.map(\.sentence)).count == Reason.allCases.count)
    }
}

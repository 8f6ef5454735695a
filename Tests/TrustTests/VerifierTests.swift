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
    @Test(arguments: table + forms)
    func `every path gets the verdict its row names`(row: PathRow) {
        row.check()
    }

    static let table: [PathRow] = [
        PathRow(name: "a party of the right CA", reason: nil) {
            let ca = TestCA.authority()
            return OfferedPath(anchor: ca, leaf: TestCA.leaf(by: ca))
        },
        PathRow(name: "over an intermediate", reason: nil) {
            let root = TestCA.authority("Root")
            let ca = TestCA.authority("Sub", by: root)
            return OfferedPath(anchor: root, intermediates: [ca], leaf: TestCA.leaf(by: ca))
        },
        PathRow(name: "expired", reason: .expired) {
            let ca = TestCA.authority()
            let past = TestCA.term(days: 1, from: TestCA.now.adding(seconds: -2 * 86_400))
            return OfferedPath(anchor: ca, leaf: TestCA.leaf(by: ca, term: past))
        },
        PathRow(name: "not yet valid", reason: .notYetValid) {
            let ca = TestCA.authority()
            let future = TestCA.term(from: TestCA.now.adding(seconds: 2 * 86_400))
            return OfferedPath(anchor: ca, leaf: TestCA.leaf(by: ca, term: future))
        },
        PathRow(name: "expired CA", reason: .issuerExpired) {
            let past = TestCA.term(days: 1, from: TestCA.now.adding(seconds: -2 * 86_400))
            let ca = TestCA.authority(term: past)
            return OfferedPath(anchor: ca, leaf: TestCA.leaf(by: ca))
        },
        PathRow(name: "another CA", reason: .issuerUnknown) {
            OfferedPath(
                anchor: TestCA.authority(), leaf: TestCA.leaf(by: TestCA.authority("Stranger")))
        },
        PathRow(name: "another CA of the same name", reason: .signatureInvalid) {
            OfferedPath(anchor: TestCA.authority(), leaf: TestCA.leaf(by: TestCA.authority()))
        },
        PathRow(name: "another role's party", reason: .partyRoleNotAccepted) {
            let ca = TestCA.authority()
            let uri = "urn:tsunagi:party:municipality:131016"
            return OfferedPath(anchor: ca, leaf: TestCA.leaf(by: ca, uris: [uri]))
        },
        PathRow(name: "the same party on its own listener", usage: .office, reason: nil) {
            let ca = TestCA.authority()
            let uri = "urn:tsunagi:party:municipality:131016"
            return OfferedPath(anchor: ca, leaf: TestCA.leaf(by: ca, uris: [uri]))
        },
        PathRow(name: "two URIs", reason: .partyAmbiguous) {
            let ca = TestCA.authority()
            return OfferedPath(
                anchor: ca, leaf: TestCA.leaf(by: ca, uris: [TestCA.party.uri, TestCA.party.uri]))
        },
        PathRow(name: "no URI", reason: .partyMissing) {
            let ca = TestCA.authority()
            return OfferedPath(anchor: ca, leaf: TestCA.leaf(by: ca, uris: []))
        },
        PathRow(name: "a foreign URI", reason: .partyMalformed) {
            let ca = TestCA.authority()
            return OfferedPath(
                anchor: ca, leaf: TestCA.leaf(by: ca, uris: ["https://clinic.example"]))
        },
        PathRow(name: "a party with an impossible code", reason: .partyMalformed) {
            let ca = TestCA.authority()
            let uri = "urn:tsunagi:party:institution:12"
            return OfferedPath(anchor: ca, leaf: TestCA.leaf(by: ca, uris: [uri]))
        },
        PathRow(name: "CA as leaf", reason: .leafIsCA) {
            let root = TestCA.authority("Root")
            let name = TestCA.alternative([.uniformResourceIdentifier(TestCA.party.uri)])
            let ca = TestCA.authority("Sub", by: root, additional: [name])
            return OfferedPath(anchor: root, leaf: ca)
        },
        PathRow(name: "CA at the end of a path, for any use", usage: .any, reason: nil) {
            let root = TestCA.authority("Root")
            return OfferedPath(anchor: root, leaf: TestCA.authority("Sub", by: root))
        },
        PathRow(name: "leaf as CA", reason: .issuerNotCA) {
            let root = TestCA.authority("Root")
            let middle = TestCA.leaf(by: root, "middle", uris: [])
            return OfferedPath(anchor: root, intermediates: [middle], leaf: TestCA.leaf(by: middle))
        },
        PathRow(name: "CA without keyCertSign", reason: .issuerKeyUsage) {
            let root = TestCA.authority("Root")
            let ca = TestCA.mint(
                TestCA.name("Sub"), by: root,
                [
                    TestCA.basic(.isCertificateAuthority(maxPathLength: nil)),
                    TestCA.usage(KeyUsage(digitalSignature: true, cRLSign: true)),
                ])
            return OfferedPath(anchor: root, intermediates: [ca], leaf: TestCA.leaf(by: ca))
        },
        PathRow(name: "CA for servers only", reason: .issuerExtendedKeyUsage) {
            let root = TestCA.authority("Root")
            let ca = TestCA.authority(
                "Sub", by: root, additional: [TestCA.purpose([.serverAuth])])
            return OfferedPath(anchor: root, intermediates: [ca], leaf: TestCA.leaf(by: ca))
        },
        PathRow(name: "path length 0 passed", reason: .pathLengthExceeded) {
            let root = TestCA.authority("Root", pathLength: 0)
            let ca = TestCA.authority("Sub", by: root)
            return OfferedPath(anchor: root, intermediates: [ca], leaf: TestCA.leaf(by: ca))
        },
        PathRow(name: "a self-issued CA is not counted", reason: nil) {
            let root = TestCA.authority("Root", pathLength: 0)
            let renewed = TestCA.authority("Root", by: root)
            return OfferedPath(
                anchor: root, intermediates: [renewed], leaf: TestCA.leaf(by: renewed),
                lists: [TestCA.list(of: root), TestCA.list(of: renewed)])
        },
        PathRow(name: "a CA that cross-signs in a circle", reason: .issuerUnknown) {
            let keys = (TestCA.p256(), TestCA.p256())
            let first = TestCA.authority("A", key: keys.0)
            let second = TestCA.authority("B", by: first, key: keys.1)
            let again = TestCA.authority("A", by: second, key: keys.0)
            return OfferedPath(
                anchor: TestCA.authority("Root"), intermediates: [second, again],
                leaf: TestCA.leaf(by: again))
        },
    ]

    static let forms: [PathRow] = [
        PathRow(name: "no digitalSignature", reason: .keyUsage) {
            let ca = TestCA.authority()
            let leaf = TestCA.mint(
                TestCA.name("leaf"), by: ca,
                [
                    TestCA.usage(KeyUsage(keyEncipherment: true)), TestCA.purpose([.clientAuth]),
                    TestCA.alternative([.uniformResourceIdentifier(TestCA.party.uri)]),
                ])
            return OfferedPath(anchor: ca, leaf: leaf)
        },
        PathRow(name: "for servers", reason: .extendedKeyUsage) {
            let ca = TestCA.authority()
            let leaf = TestCA.mint(
                TestCA.name("leaf"), by: ca,
                [
                    TestCA.usage(KeyUsage(digitalSignature: true)), TestCA.purpose([.serverAuth]),
                    TestCA.alternative([.uniformResourceIdentifier(TestCA.party.uri)]),
                ])
            return OfferedPath(anchor: ca, leaf: leaf)
        },
        PathRow(name: "critical and unknown", reason: .extensionUnknownCritical) {
            let ca = TestCA.authority()
            let odd = TestCA.raw([1, 3, 6, 1, 4, 1, 55555, 1], critical: true, [0x05, 0x00])
            return OfferedPath(anchor: ca, leaf: TestCA.leaf(by: ca, additional: [odd]))
        },
        PathRow(name: "unknown but not critical", reason: nil) {
            let ca = TestCA.authority()
            let odd = TestCA.raw([1, 3, 6, 1, 4, 1, 55555, 1], critical: false, [0x05, 0x00])
            return OfferedPath(anchor: ca, leaf: TestCA.leaf(by: ca, additional: [odd]))
        },
        PathRow(name: "policy constraints", usage: .any, reason: .policyProcessingUnsupported) {
            let root = TestCA.authority("Root")
            let value: [UInt8] = [0x30, 0x03, 0x80, 0x01, 0x00]
            let ca = TestCA.authority(
                "Sub", by: root, additional: [TestCA.raw([2, 5, 29, 36], critical: true, value)])
            return OfferedPath(anchor: root, intermediates: [ca], leaf: TestCA.leaf(by: ca))
        },
        PathRow(name: "inhibitAnyPolicy", usage: .any, reason: .policyProcessingUnsupported) {
            let ca = TestCA.authority()
            let odd = TestCA.raw([2, 5, 29, 54], critical: true, [0x02, 0x01, 0x00])
            return OfferedPath(anchor: ca, leaf: TestCA.leaf(by: ca, additional: [odd]))
        },
        PathRow(name: "a zero serial", reason: .serialInvalid) {
            let ca = TestCA.authority()
            return OfferedPath(anchor: ca, leaf: TestCA.leaf(by: ca, serial: .init(0)))
        },
        PathRow(name: "a serial of 21 bytes", reason: .serialInvalid) {
            let ca = TestCA.authority()
            let long = [UInt8](repeating: 0x11, count: 21)
            return OfferedPath(anchor: ca, leaf: TestCA.leaf(by: ca, serial: .init(bytes: long)))
        },
        PathRow(name: "a weak signature", usage: .any, reason: .signatureAlgorithmWeak) {
            let key = Certificate.PrivateKey(try! _RSA.Signing.PrivateKey(keySize: .bits2048))
            let ca = TestCA.authority(key: key)
            let leaf = try! Certificate(
                version: .v3, serialNumber: .init(), publicKey: TestCA.p256().publicKey,
                notValidBefore: TestCA.term().0, notValidAfter: TestCA.term().1,
                issuer: ca.certificate.subject, subject: TestCA.name("leaf"),
                signatureAlgorithm: .sha1WithRSAEncryption, extensions: .init(),
                issuerPrivateKey: key)
            return OfferedPath(anchor: ca, leaf: Minted(certificate: leaf, key: key))
        },
        PathRow(name: "a short key", usage: .any, reason: .keyWeak) {
            let ca = TestCA.authority()
            let short = try! _RSA.Signing.PrivateKey(unsafeKeySize: .init(bitCount: 1024))
            let leaf = TestCA.mint(
                TestCA.name("leaf"), by: ca, key: Certificate.PrivateKey(short), [])
            return OfferedPath(anchor: ca, leaf: leaf)
        },
    ]

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

    @Test func `every reason has its own code and sentence`() {
        #expect(Set(Reason.allCases.map(\.code)).count == Reason.allCases.count)
        #expect(Set(Reason.allCases.map(\.sentence)).count == Reason.allCases.count)
    }
}

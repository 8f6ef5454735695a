// swift-format-ignore-file: NeverUseForceTry
// A fixture that cannot be made is a broken test, and may stop it.

import Crypto
import Exchange
import Foundation
import SwiftASN1
import Testing
import Trust
import X509

@Suite struct RevocationPathTests {
    @Test(arguments: table)
    func `a path is as good as its lists`(row: PathRow) {
        row.check()
    }

    static let table: [PathRow] = [
        PathRow(name: "no list", reason: .crlMissing) {
            let ca = TestCA.authority()
            return OfferedPath(anchor: ca, leaf: TestCA.leaf(by: ca), lists: [])
        },
        PathRow(name: "revoked", reason: .revoked) {
            let ca = TestCA.authority()
            let leaf = TestCA.leaf(by: ca)
            return OfferedPath(
                anchor: ca, leaf: leaf, lists: [TestCA.list(of: ca, revoked: [leaf.parsed])])
        },
        PathRow(name: "a revoked CA", reason: .revoked) {
            let root = TestCA.authority("Root")
            let ca = TestCA.authority("Sub", by: root)
            return OfferedPath(
                anchor: root, intermediates: [ca], leaf: TestCA.leaf(by: ca),
                lists: [TestCA.list(of: root, revoked: [ca.parsed]), TestCA.list(of: ca)])
        },
        PathRow(name: "no list of the root", reason: .crlMissing) {
            let root = TestCA.authority("Root")
            let ca = TestCA.authority("Sub", by: root)
            return OfferedPath(
                anchor: root, intermediates: [ca], leaf: TestCA.leaf(by: ca),
                lists: [TestCA.list(of: ca)])
        },
        PathRow(name: "a forged list", reason: .crlSignatureInvalid) {
            let ca = TestCA.authority()
            let list = TestCA.list(of: ca, signedBy: TestCA.p256())
            return OfferedPath(anchor: ca, leaf: TestCA.leaf(by: ca), lists: [list])
        },
        PathRow(name: "another issuer's list", reason: .crlMissing) {
            let ca = TestCA.authority()
            let list = TestCA.list(of: TestCA.authority("Stranger"))
            return OfferedPath(anchor: ca, leaf: TestCA.leaf(by: ca), lists: [list])
        },
        PathRow(name: "a stale list", reason: .crlStale) {
            let ca = TestCA.authority()
            let list = TestCA.list(of: ca, from: TestCA.now.adding(seconds: -8 * 86_400))
            return OfferedPath(anchor: ca, leaf: TestCA.leaf(by: ca), lists: [list])
        },
        PathRow(name: "a list from the future", reason: .crlNotYetValid) {
            let ca = TestCA.authority()
            let list = TestCA.list(of: ca, from: TestCA.now.adding(seconds: 60))
            return OfferedPath(anchor: ca, leaf: TestCA.leaf(by: ca), lists: [list])
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
        PathRow(name: "a CA that may not sign lists", reason: .crlSignerKeyUsage) {
            let ca = TestCA.mint(
                TestCA.name("No lists"),
                [
                    TestCA.basic(.isCertificateAuthority(maxPathLength: nil)),
                    TestCA.usage(KeyUsage(keyCertSign: true)),
                ])
            return OfferedPath(anchor: ca, leaf: TestCA.leaf(by: ca))
        },
        PathRow(name: "a list signed by the CA's other key", reason: nil) {
            let root = TestCA.authority("Root")
            let ca = TestCA.authority("Sub", by: root)
            let other = TestCA.mint(
                TestCA.name("Sub"), by: root, [TestCA.usage(KeyUsage(cRLSign: true))])
            let list = TestCA.list(of: ca, signedBy: other.key)
            return OfferedPath(
                anchor: root, intermediates: [ca, other], leaf: TestCA.leaf(by: ca),
                lists: [TestCA.list(of: root), list])
        },
        PathRow(name: "a list signed by the CA's revoked other key", reason: .crlSignatureInvalid) {
            let root = TestCA.authority("Root")
            let ca = TestCA.authority("Sub", by: root)
            let other = TestCA.mint(
                TestCA.name("Sub"), by: root, [TestCA.usage(KeyUsage(cRLSign: true))])
            let list = TestCA.list(of: ca, signedBy: other.key)
            return OfferedPath(
                anchor: root, intermediates: [ca, other], leaf: TestCA.leaf(by: ca),
                lists: [TestCA.list(of: root, revoked: [other.parsed]), list])
        },
    ]

    static func listed(
        _ name: String, _ reason: Reason?, _ oid: ASN1ObjectIdentifier, _ value: [UInt8]
    ) -> PathRow {
        PathRow(name: name, reason: reason) {
            let ca = TestCA.authority()
            let list = TestCA.list(of: ca, additional: [TestCA.raw(oid, critical: true, value)])
            return OfferedPath(anchor: ca, leaf: TestCA.leaf(by: ca), lists: [list])
        }
    }
}

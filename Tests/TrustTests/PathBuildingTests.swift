// swift-format-ignore-file: NeverUseForceTry
// A fixture that cannot be made is a broken test, and may stop it.

import Crypto
import Exchange
import SwiftASN1
import Testing
import Trust
import X509

/// RFC 5280 §6.1 and RFC 4158: which path is found, how long it may be, and what stops it.
@Suite struct PathBuildingTests {
    @Test(arguments: lengths + shapes)
    func `a path is found when there is one, and only then`(row: PathRow) {
        row.check()
    }

    /// Root, CAs of these path lengths, and what stands at the end.
    static func chain(
        _ lengths: [Int?], root: Int? = nil, endsInCA: Bool = false
    ) -> OfferedPath {
        let anchor = TestCA.authority("Root", pathLength: root)
        var authorities: [Minted] = []
        for (index, length) in lengths.enumerated() {
            authorities.append(
                TestCA.authority(
                    "CA \(index)", by: authorities.last ?? anchor, pathLength: length))
        }
        let above = authorities.last ?? anchor
        let end = endsInCA ? TestCA.authority("End", by: above) : TestCA.leaf(by: above)
        return OfferedPath(anchor: anchor, intermediates: authorities, leaf: end)
    }

    static func chain(
        _ name: String, _ reason: Reason?, _ lengths: [Int?], root: Int? = nil,
        endsInCA: Bool = false
    ) -> PathRow {
        PathRow(name: name, usage: .any, reason: reason) {
            chain(lengths, root: root, endsInCA: endsInCA)
        }
    }

    static let lengths: [PathRow] = [
        chain("0 before the end", nil, [0]),
        chain("0 before a CA at the end", nil, [0], endsInCA: true),
        chain("0 before another CA", .pathLengthExceeded, [0, nil]),
        chain(
            "0 before another CA, and a CA at the end", .pathLengthExceeded, [0, nil],
            endsInCA: true),
        chain("1 before another CA", nil, [1, 0]),
        chain("more below less", nil, [1, 6]),
        chain("more below less does not widen", .pathLengthExceeded, [1, 6, nil]),
        chain("less below more narrows", .pathLengthExceeded, [6, 0, nil]),
        chain("6, 4, 1", nil, [6, 4, 1, nil]),
        chain("6, 4, 1 and one too many", .pathLengthExceeded, [6, 4, 1, nil, nil]),
        chain("the anchor's counts", .pathLengthExceeded, [nil], root: 0),
        chain("the anchor's is enough", nil, [nil], root: 1),
        chain("twelve certificates", nil, [Int?](repeating: nil, count: 11)),
        chain("thirteen certificates", .pathTooComplex, [Int?](repeating: nil, count: 12)),
    ]

    static func any(
        _ name: String, _ reason: Reason?, _ make: @escaping @Sendable () -> OfferedPath
    ) -> PathRow {
        PathRow(name: name, usage: .any, reason: reason, make: make)
    }

    static let shapes: [PathRow] = [
        any("a self-issued CA is not counted", nil) {
            let root = TestCA.authority("Root")
            let ca = TestCA.authority("CA", by: root, pathLength: 0)
            let renewed = TestCA.authority("CA", by: ca, pathLength: 0)
            return OfferedPath(
                anchor: root, intermediates: [ca, renewed], leaf: TestCA.leaf(by: renewed))
        },
        any("a CA below a self-issued one is counted", .pathLengthExceeded) {
            let root = TestCA.authority("Root")
            let ca = TestCA.authority("CA", by: root, pathLength: 0)
            let renewed = TestCA.authority("CA", by: ca)
            let below = TestCA.authority("Below", by: renewed)
            return OfferedPath(
                anchor: root, intermediates: [ca, renewed, below], leaf: TestCA.leaf(by: below))
        },
        any("the anchor at the end", nil) {
            let root = TestCA.authority("Root")
            return OfferedPath(anchor: root, leaf: root)
        },
        any("a self-signed leaf nobody trusts", .issuerUnknown) {
            let stranger = TestCA.mint(
                TestCA.name("Stranger"), [TestCA.usage(KeyUsage(digitalSignature: true))])
            return OfferedPath(anchor: TestCA.authority("Root"), leaf: stranger)
        },
        any("a self-signed leaf of an anchor's name", .signatureInvalid) {
            let stranger = TestCA.mint(
                TestCA.name("Root"), [TestCA.usage(KeyUsage(digitalSignature: true))])
            return OfferedPath(anchor: TestCA.authority("Root"), leaf: stranger)
        },
        any("the root is offered and its CA is the anchor", nil) {
            let root = TestCA.authority("Root")
            let ca = TestCA.authority("CA", by: root)
            return OfferedPath(anchor: ca, intermediates: [root], leaf: TestCA.leaf(by: ca))
        },
        any("the root is offered and another is the anchor", .issuerUnknown) {
            let root = TestCA.authority("Root")
            let ca = TestCA.authority("CA", by: root)
            return OfferedPath(
                anchor: TestCA.authority("Other"), intermediates: [root, ca],
                leaf: TestCA.leaf(by: ca))
        },
        any("an expired cross-certificate beside a good anchor", nil) {
            let (root, other) = (TestCA.authority("Root"), TestCA.authority("Other"))
            let past = TestCA.term(days: 1, from: TestCA.now.adding(seconds: -9 * 86_400))
            let cross = TestCA.authority("Root", by: other, key: root.key, term: past)
            return OfferedPath(
                anchor: root, otherAnchors: [other], intermediates: [cross],
                leaf: TestCA.leaf(by: root))
        },
        any("an expired cross-certificate before a good one", nil) {
            let (root, other) = (TestCA.authority("Root"), TestCA.authority("Other"))
            let past = TestCA.term(days: 1, from: TestCA.now.adding(seconds: -9 * 86_400))
            let expired = TestCA.authority("CA", by: other, term: past)
            let good = TestCA.authority("CA", by: root, key: expired.key)
            return OfferedPath(
                anchor: root, otherAnchors: [other], intermediates: [expired, good],
                leaf: TestCA.leaf(by: good))
        },
        any("two anchors of one name", nil) {
            let (first, second) = (TestCA.authority("Root"), TestCA.authority("Root"))
            return OfferedPath(
                anchor: first, otherAnchors: [second], leaf: TestCA.leaf(by: second))
        },
        any("CAs that sign each other, one of them an anchor", nil) {
            let keys = (0..<3).map { _ in TestCA.p256() }
            let roots = keys.enumerated().map { TestCA.authority("R\($0.offset)", key: $0.element) }
            var crossed: [Minted] = []
            for one in 0..<3 {
                for other in 0..<3 where one != other {
                    crossed.append(
                        TestCA.authority("R\(one)", by: roots[other], key: keys[one]))
                }
            }
            let ca = TestCA.authority("CA", by: roots[0])
            return OfferedPath(
                anchor: roots[2], intermediates: [ca] + crossed, leaf: TestCA.leaf(by: ca))
        },
        any("CAs of one name that sign each other, none of them an anchor", .issuerUnknown) {
            let (first, second) = (TestCA.authority("CA"), TestCA.authority("CA"))
            let third = TestCA.authority("CA", by: first, key: second.key)
            let fourth = TestCA.authority("CA", by: second, key: first.key)
            return OfferedPath(
                anchor: TestCA.authority("Root"), intermediates: [third, fourth],
                leaf: TestCA.leaf(by: third))
        },
        any("two CAs of one name, the other's key first", nil) {
            let root = TestCA.authority("Root")
            let other = TestCA.authority("CA", by: root)
            let ca = TestCA.authority("CA", by: root)
            return OfferedPath(
                anchor: root, intermediates: [other, ca], leaf: TestCA.leaf(by: ca))
        },
        any("the wrong order does not matter", nil) {
            let path = chain([nil, nil, nil])
            return OfferedPath(
                anchor: path.anchor, intermediates: path.intermediates.reversed(), leaf: path.leaf)
        },
        any("a CA that is missing", .issuerUnknown) {
            let path = chain([nil, nil, nil])
            return OfferedPath(
                anchor: path.anchor, intermediates: [path.intermediates[0], path.intermediates[2]],
                leaf: path.leaf)
        },
        any("an intermediate whose basic constraints are not critical", nil) {
            let root = TestCA.authority("Root")
            let lax = TestCA.basic(.isCertificateAuthority(maxPathLength: nil), critical: false)
            let ca = TestCA.mint(TestCA.name("CA"), by: root, [lax, TestCA.signing])
            return OfferedPath(anchor: root, intermediates: [ca], leaf: TestCA.leaf(by: ca))
        },
        any("a CA at the end whose key usage lets it sign nothing", .keyUsage) {
            let root = TestCA.authority("Root")
            let ca = TestCA.mint(
                TestCA.name("CA"), by: root,
                [
                    TestCA.basic(.isCertificateAuthority(maxPathLength: nil)),
                    TestCA.usage(KeyUsage(digitalSignature: true)),
                ])
            return OfferedPath(anchor: root, leaf: ca)
        },
        any("a leaf that leaves out the key its issuer names", .keyIdentifierMissing) {
            let root = TestCA.authority("Root")
            let named = TestCA.leaf(by: root)
            let kept = named.certificate.extensions.filter { $0.oid != [2, 5, 29, 35] }
            let leaf = try! Certificate(
                version: .v3, serialNumber: .init(), publicKey: named.key.publicKey,
                notValidBefore: TestCA.term().0, notValidAfter: TestCA.term().1,
                issuer: root.certificate.subject, subject: TestCA.name("leaf"),
                extensions: Certificate.Extensions(kept), issuerPrivateKey: root.key)
            return OfferedPath(anchor: root, leaf: Minted(certificate: leaf, key: named.key))
        },
    ]

    @Test func `certificates past the sixty-fourth are not looked at`() {
        let root = TestCA.authority("Root")
        let ca = TestCA.authority("CA", by: root)
        let ballast = (0..<64).map { TestCA.authority("Ballast \($0)") }
        let path = OfferedPath(
            anchor: root, intermediates: ballast + [ca], leaf: TestCA.leaf(by: ca))
        #expect(path.judge(.any) == .refused(.issuerUnknown))
    }

    @Test func `the longest path of slow keys is found`() {
        let anchor = TestCA.authority("Root")
        var authorities: [Minted] = []
        for index in 0..<11 {
            authorities.append(
                TestCA.authority(
                    "CA \(index)", by: authorities.last ?? anchor,
                    key: Certificate.PrivateKey(P384.Signing.PrivateKey())))
        }
        let leaf = TestCA.leaf(by: authorities[10])
        let path = OfferedPath(anchor: anchor, intermediates: authorities, leaf: leaf)
        guard case .trusted = path.judge(.any) else {
            Issue.record("not found")
            return
        }
    }

    @Test func `an intermediate that cannot be read does not spoil the others`() {
        let root = TestCA.authority("Root")
        let ca = TestCA.authority("CA", by: root)
        let verifier = Trust.Verifier(anchors: [root.parsed], usage: .any, revocation: nil)
        let leaf = TestCA.leaf(by: ca)
        for broken: [UInt8] in [[], [0x30, 0x00], Array(ca.der.dropLast()), root.der + [0]] {
            let verdict = verifier.verify(
                leaf: leaf.der, intermediates: [broken, ca.der], at: TestCA.now)
            guard case .trusted = verdict else {
                Issue.record("\(verdict)")
                continue
            }
        }
    }
}

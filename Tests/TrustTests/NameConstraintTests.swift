// swift-format-ignore-file: NeverUseForceTry
// A fixture that cannot be made is a broken test, and may stop it.

import Crypto
import Exchange
import Foundation
import SwiftASN1
import Testing
import Trust
import X509

@Suite struct NameConstraintTests {
    @Test(arguments: names + directory + below)
    func `a name is held to the constraints above it`(row: PathRow) {
        row.check()
    }

    static func named(
        _ constraint: Certificate.Extension, _ names: [X509.GeneralName]
    ) -> OfferedPath {
        let root = TestCA.authority("Root")
        let ca = TestCA.authority("Sub", by: root, additional: [constraint])
        let leaf = TestCA.leaf(by: ca, uris: [], additional: [TestCA.alternative(names)])
        return OfferedPath(anchor: root, intermediates: [ca], leaf: leaf)
    }

    static func names(
        _ name: String, _ reason: Reason?, permitted: [X509.GeneralName] = [],
        excluded: [X509.GeneralName] = [], of names: [X509.GeneralName]
    ) -> PathRow {
        PathRow(name: name, usage: .any, reason: reason) {
            let constraint = TestCA.constraints(permitted: permitted, excluded: excluded)
            return named(constraint, names)
        }
    }

    static func ip(_ bytes: [UInt8]) -> X509.GeneralName {
        .ipAddress(ASN1OctetString(contentBytes: bytes[...]))
    }

    static let names: [PathRow] = [
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
            "a form that is not processed, of a name that is not there", nil,
            permitted: [.registeredID([1, 2, 3])], of: [.dnsName("a.example.jp")]),
        names(
            "a form that is not processed, of a name that is there", .nameConstraintsUnsupported,
            excluded: [.registeredID([1, 2, 3])],
            of: [.dnsName("a.example.jp"), .registeredID([1, 2, 4])]),
        names(
            "another form than the constraint's", nil,
            permitted: [ip([192, 0, 2, 0, 255, 255, 255, 0])], of: [.dnsName("a.example.jp")]),
        names(
            "permitted and excluded", .nameExcluded, permitted: [.dnsName("example.jp")],
            excluded: [.dnsName("example.jp")], of: [.dnsName("a.example.jp")]),
        names(
            "the second of two names", .nameExcluded, excluded: [.dnsName("bad.example.jp")],
            of: [.dnsName("ok.example.jp"), .dnsName("bad.example.jp")]),
        names(
            "one of two permitted", nil, permitted: [.dnsName("a.jp"), .dnsName("b.jp")],
            of: [.dnsName("x.b.jp")]),
        names(
            "every host excluded", .nameExcluded, excluded: [.dnsName("")],
            of: [.dnsName("a.example.jp")]),
        names(
            "a wildcard wider than what is permitted", .nameNotPermitted,
            permitted: [.dnsName("a.example.jp")], of: [.dnsName("*.example.jp")]),
        names(
            "a wildcard inside what is permitted", nil, permitted: [.dnsName("example.jp")],
            of: [.dnsName("*.example.jp")]),
        names(
            "a point before a host", .nameConstraintsMalformed,
            permitted: [.dnsName(".example.jp")], of: [.dnsName("a.example.jp")]),
        names(
            "a mailbox with two signs", .nameConstraintsMalformed,
            permitted: [.rfc822Name("a@b@example.jp")], of: [.rfc822Name("b@example.jp")]),
        names(
            "mail excluded below a domain", .nameExcluded, excluded: [.rfc822Name(".example.jp")],
            of: [.rfc822Name("hanako@sub.example.jp")]),
        names(
            "mail beside an excluded domain", nil, excluded: [.rfc822Name(".example.jp")],
            of: [.rfc822Name("hanako@example.jp")]),
        names(
            "an address without a mask", .nameConstraintsMalformed,
            permitted: [ip([192, 0, 2, 7])], of: [ip([192, 0, 2, 7])]),
        names(
            "an excluded IPv6 address", .nameExcluded,
            excluded: [
                ip([UInt8](repeating: 0, count: 15) + [1] + [UInt8](repeating: 255, count: 16))
            ],
            of: [ip([UInt8](repeating: 0, count: 15) + [1])]),
        names(
            "IPv6 where IPv4 is permitted", .nameNotPermitted,
            permitted: [ip([192, 0, 2, 0, 255, 255, 255, 0])],
            of: [ip([UInt8](repeating: 0, count: 16))]),
        names(
            "a URI with an address for a host", .nameNotPermitted,
            excluded: [.uniformResourceIdentifier("example.jp")],
            of: [.uniformResourceIdentifier("https://192.0.2.7/")]),
        names(
            "a URI whose user looks like the host", .nameNotPermitted,
            permitted: [.uniformResourceIdentifier("good.jp")],
            of: [.uniformResourceIdentifier("https://good.jp@evil.example/")]),
        PathRow(name: "not critical", usage: .any, reason: .extensionMisused) {
            let root = TestCA.authority("Root")
            let constraint = TestCA.constraints(permitted: [.dnsName("a.jp")], critical: false)
            let ca = TestCA.authority("Sub", by: root, additional: [constraint])
            return OfferedPath(anchor: root, intermediates: [ca], leaf: TestCA.leaf(by: ca))
        },
    ]

    static func organisation(_ name: String, _ unit: String? = nil) -> X509.GeneralName {
        .directoryName(
            try! DistinguishedName {
                CountryName("JP")
                OrganizationName(name)
                if let unit { OrganizationalUnitName(unit) }
            })
    }

    static let directory: [PathRow] = [
        names(
            "a subject inside", nil, permitted: [organisation("Tsunagi test")],
            of: [.dnsName("a.jp")]),
        names(
            "a subject excluded", .nameExcluded, excluded: [organisation("Tsunagi test")],
            of: [.dnsName("a.jp")]),
        names(
            "a subject whose last word is longer", nil, excluded: [organisation("Tsunagi tes")],
            of: [.dnsName("a.jp")]),
        names(
            "a constraint longer than the subject", .nameNotPermitted,
            permitted: [organisation("Tsunagi test", "Unit")], of: [.dnsName("a.jp")]),
        names(
            "an alternative name outside, the subject inside", .nameNotPermitted,
            permitted: [organisation("Tsunagi test")], of: [organisation("Another")]),
        names(
            "an alternative name inside, the subject outside", .nameNotPermitted,
            permitted: [organisation("Another")], of: [organisation("Another", "Unit")]),
        PathRow(name: "mail in the subject", usage: .any, reason: .nameNotPermitted) {
            let constraint = TestCA.constraints(permitted: [.rfc822Name("example.jp")])
            let root = TestCA.authority("Root", additional: [constraint])
            let subject = try! DistinguishedName {
                CommonName("Hanako")
                EmailAddress("hanako@elsewhere.example")
            }
            return OfferedPath(anchor: root, leaf: TestCA.mint(subject, by: root, []))
        },
    ]

    static func hosts(_ permitted: String...) -> [Certificate.Extension] {
        [TestCA.constraints(permitted: permitted.map { .dnsName($0) })]
    }

    static func host(_ name: String) -> Certificate.Extension {
        TestCA.alternative([.dnsName(name)])
    }

    static func any(
        _ name: String, _ reason: Reason?, _ make: @escaping @Sendable () -> OfferedPath
    ) -> PathRow {
        PathRow(name: name, usage: .any, reason: reason, make: make)
    }

    /// Constraints at several places of a path, and names of CAs.
    static let below: [PathRow] = [
        any("the anchor's constraint", .nameNotPermitted) {
            let root = TestCA.authority("Root", additional: hosts("a.jp"))
            return OfferedPath(
                anchor: root, leaf: TestCA.leaf(by: root, uris: [], additional: [host("b.jp")]))
        },
        any("a second constraint narrows", .nameNotPermitted) {
            let root = TestCA.authority("Root", additional: hosts("a.jp", "b.jp"))
            let ca = TestCA.authority("CA", by: root, additional: hosts("b.jp"))
            return OfferedPath(
                anchor: root, intermediates: [ca],
                leaf: TestCA.leaf(by: ca, uris: [], additional: [host("a.jp")]))
        },
        any("a second constraint does not widen", .nameNotPermitted) {
            let root = TestCA.authority("Root", additional: hosts("b.jp"))
            let ca = TestCA.authority("CA", by: root, additional: hosts("a.jp", "b.jp"))
            return OfferedPath(
                anchor: root, intermediates: [ca],
                leaf: TestCA.leaf(by: ca, uris: [], additional: [host("a.jp")]))
        },
        any("a CA's own name", .nameNotPermitted) {
            let root = TestCA.authority("Root", additional: hosts("a.jp"))
            let ca = TestCA.authority("CA", by: root, additional: [host("b.jp")])
            return OfferedPath(
                anchor: root, intermediates: [ca],
                leaf: TestCA.leaf(by: ca, uris: [], additional: [host("a.jp")]))
        },
        any("a self-issued CA's own name", nil) {
            let root = TestCA.authority("Root", additional: hosts("a.jp"))
            let renewed = TestCA.authority("Root", by: root, additional: [host("b.jp")])
            return OfferedPath(
                anchor: root, intermediates: [renewed],
                leaf: TestCA.leaf(by: renewed, uris: [], additional: [host("a.jp")]))
        },
        any("a self-issued certificate at the end", .nameNotPermitted) {
            let root = TestCA.authority("Root", additional: hosts("a.jp"))
            let ca = TestCA.authority("CA", by: root)
            return OfferedPath(
                anchor: root, intermediates: [ca],
                leaf: TestCA.leaf(by: ca, "CA", uris: [], additional: [host("b.jp")]))
        },
        any("another way that the constraint is not on", nil) {
            let (root, other) = (TestCA.authority("Root"), TestCA.authority("Other"))
            let narrow = TestCA.authority("Narrow", by: root, additional: hosts("a.jp"))
            let first = TestCA.authority("CA", by: narrow)
            let second = TestCA.authority("CA", by: other, key: first.key)
            return OfferedPath(
                anchor: root, otherAnchors: [other], intermediates: [narrow, first, second],
                leaf: TestCA.leaf(by: first, uris: [], additional: [host("b.jp")]))
        },
    ]
}

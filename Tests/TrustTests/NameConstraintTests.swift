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
    @Test(arguments: names)
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
            "a form that is not processed", .nameConstraintsUnsupported,
            permitted: [.registeredID([1, 2, 3])], of: [.dnsName("a.example.jp")]),
        PathRow(name: "not critical", usage: .any, reason: .extensionMisused) {
            let root = TestCA.authority("Root")
            let constraint = TestCA.constraints(permitted: [.dnsName("a.jp")], critical: false)
            let ca = TestCA.authority("Sub", by: root, additional: [constraint])
            return OfferedPath(anchor: root, intermediates: [ca], leaf: TestCA.leaf(by: ca))
        },
    ]
}

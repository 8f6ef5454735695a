import Exchange
import Testing
import Trust

/// RFC 5280 §4.2: extensions, their criticality and their content.
@Suite struct ExtensionTests {
    @Test(arguments: leaf + names + keys)
    func `a leaf's extension is understood, passed over or refused`(row: ChangeRow) {
        #expect(HandMade.reason(leaf: row.apply(to: HandMade())) == row.reason)
    }

    @Test(arguments: authority)
    func `a CA's extension is understood, passed over or refused`(row: ChangeRow) {
        #expect(HandMade.reason(anchor: row.apply(to: .root), leaf: HandMade().der) == row.reason)
    }

    static func adding(_ extensions: [UInt8]...) -> @Sendable (inout HandMade) -> Void {
        { $0.extensions = ($0.extensions ?? []) + extensions }
    }

    static let private1: [UInt8] = [0x2B, 0x06, 0x01, 0x04, 0x01, 0x83, 0xB2, 0x03, 0x01]
    static let policyOID: [UInt8] = [0x06, 0x03, 0x55, 0x1D, 0x63]

    static let leaf: [ChangeRow] = [
        .init("unknown", nil, adding(Raw.one(private1, [0x05, 0x00]))),
        .init(
            "unknown and critical", .extensionUnknownCritical,
            adding(Raw.one(private1, critical: true, [0x05, 0x00]))),
        .init(
            "unknown, twice", .extensionRepeated,
            adding(Raw.one(private1, [0x05, 0x00]), Raw.one(private1, [0x05, 0x00]))),
        .init("known, twice", .extensionRepeated, adding(Raw.digital)),
        .init("none, but the field is there", .malformed) { $0.extensions = [] },
        .init(
            "critical written as FALSE", .malformed,
            adding(Raw.sequence(Raw.node(0x06, private1), [1, 1, 0], Raw.node(0x04, [5, 0])))),
        .init(
            "critical written as 1", .malformed,
            adding(Raw.sequence(Raw.node(0x06, private1), [1, 1, 1], Raw.node(0x04, [5, 0])))),
        .init(
            "an identifier with a padded arc", .malformed,
            adding(Raw.one([0x55, 0x1D, 0x80, 0x36], [0x02, 0x01, 0x00]))),
        .init("a key usage of no bit", .keyUsage) {
            $0.extensions = [Raw.standard(15, [0x03, 0x01, 0x00])]
        },
        .init("a key usage with a stray bit", .extensionMalformed) {
            $0.extensions = [Raw.standard(15, [0x03, 0x02, 0x07, 0x81])]
        },
        .init("a key usage for encipherment", nil) {
            $0.extensions = [Raw.standard(15, critical: true, [0x03, 0x02, 0x05, 0x20])]
        },
        .init("keyCertSign without cA", .extensionMisused) {
            $0.extensions = [Raw.standard(15, critical: true, [0x03, 0x02, 0x02, 0x84])]
        },
        .init(
            "an empty extended key usage", .extensionMalformed, adding(Raw.standard(37, [0x30, 0]))),
        .init(
            "a path length without cA", .extensionMisused,
            adding(Raw.standard(19, critical: true, Raw.sequence([0x02, 0x01, 0x00])))),
        .init(
            "cA written as FALSE", .extensionMalformed, adding(Raw.standard(19, [48, 3, 1, 1, 0]))),
        .init(
            "basic constraints of nothing", nil, adding(Raw.standard(19, critical: true, [48, 0]))),
        .init(
            "name constraints", .extensionMisused,
            adding(
                Raw.standard(
                    30, critical: true,
                    Raw.sequence(Raw.node(0xA0, Raw.sequence([0x82, 0x01, 0x61])))))),
        .init(
            "policies", nil,
            adding(
                Raw.standard(
                    32, Raw.sequence(Raw.sequence(policyOID), Raw.sequence([6, 4, 85, 29, 32, 0]))))
        ),
        .init(
            "critical policies", nil,
            adding(Raw.standard(32, critical: true, Raw.sequence(Raw.sequence(policyOID))))),
        .init(
            "a policy twice", .extensionMalformed,
            adding(
                Raw.standard(32, Raw.sequence(Raw.sequence(policyOID), Raw.sequence(policyOID))))),
        .init(
            "an unknown qualifier", nil,
            adding(Raw.standard(32, qualified(private1)))),
        .init(
            "an unknown qualifier in critical policies", .policyProcessingUnsupported,
            adding(Raw.standard(32, critical: true, qualified(private1)))),
        .init("the freshest list", nil, adding(Raw.standard(46, points))),
        .init(
            "the freshest list, critical", .extensionUnknownCritical,
            adding(Raw.standard(46, critical: true, points))),
        .init("distribution points", nil, adding(Raw.standard(31, points))),
        .init(
            "a distribution point of reasons only", .extensionMalformed,
            adding(Raw.standard(31, Raw.sequence(Raw.sequence([0x81, 0x02, 0x01, 0x60]))))),
        .init("information access", nil, adding(Raw.one(accessOID, access))),
        .init(
            "information access, critical", .extensionUnknownCritical,
            adding(Raw.one(accessOID, critical: true, access))),
        .init(
            "information access of nothing", .extensionMalformed,
            adding(Raw.one(accessOID, [48, 0]))),
        .init(
            "information access in letters", .extensionMalformed,
            adding(Raw.one(accessOID, Array("malformed".utf8)))),
    ]

    static func qualified(_ qualifier: [UInt8]) -> [UInt8] {
        let one = Raw.sequence(Raw.node(0x06, qualifier), [0x05, 0x00])
        return Raw.sequence(Raw.sequence(policyOID, Raw.sequence(one)))
    }

    static let accessOID: [UInt8] = [0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01]
    static let access = Raw.sequence(
        Raw.sequence(
            Raw.node(0x06, [0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x02]),
            Raw.node(0x86, Array("http://ca.example.jp/ca.cer".utf8))))
    static let points = Raw.sequence(
        Raw.sequence(
            Raw.node(0xA0, Raw.node(0xA0, Raw.node(0x86, Array("http://ca.example.jp/l".utf8))))))
    static let everyForm: [[UInt8]] = [
        Raw.digital, Raw.standard(31, points), Raw.one(accessOID, access),
        Raw.standard(32, Raw.sequence(Raw.sequence(policyOID))),
        Raw.standard(
            17, Raw.sequence(Raw.node(0x82, Array("a.example.jp".utf8)), [0x87, 4, 1, 2, 3, 4])),
    ]

    static func named(_ tag: UInt8, _ text: String, _ reason: Reason?) -> ChangeRow {
        named(tag, Array(text.utf8), reason, "\"\(text)\"")
    }

    static func named(
        _ tag: UInt8, _ bytes: [UInt8], _ reason: Reason?, _ label: String
    ) -> ChangeRow {
        ChangeRow(
            "alternative name \(tag & 0x0F): \(label)", reason,
            adding(Raw.standard(17, Raw.sequence(Raw.node(tag, bytes)))))
    }

    static let names: [ChangeRow] = [
        .init(
            "letters for alternative names", .extensionMalformed, adding(Raw.standard(17, [0x61]))),
        .init("no alternative name", .extensionMalformed, adding(Raw.standard(17, [0x30, 0x00]))),
        named(0x82, "a.example.jp", nil), named(0x82, "*.example.jp", nil),
        named(0x82, "localhost", nil), named(0x82, "xn--bcher-kva.example", nil),
        named(0x82, "", .extensionMalformed), named(0x82, " ", .extensionMalformed),
        named(0x82, ".example.jp", .extensionMalformed),
        named(0x82, "example.jp.", .extensionMalformed),
        named(0x82, "a..example.jp", .extensionMalformed),
        named(0x82, "a_b.example.jp", .extensionMalformed),
        named(0x82, "-a.example.jp", .extensionMalformed),
        named(0x82, "a*.example.jp", .extensionMalformed),
        named(0x82, "a.*.example.jp", .extensionMalformed), named(0x82, "*", .extensionMalformed),
        named(0x82, "受付.example.jp", .extensionMalformed),
        named(0x82, "a.example.jp\0.evil.example", .extensionMalformed),
        named(0x81, "hanako@example.jp", nil), named(0x81, "hanako", .extensionMalformed),
        named(0x81, "a@b@example.jp", .extensionMalformed),
        named(0x81, "Hanako <hanako@example.jp>", .extensionMalformed),
        named(0x86, "https://example.jp/", nil), named(0x86, "urn:example:a", nil),
        named(0x86, "//example.jp/", .extensionMalformed),
        named(0x86, "example.jp", .extensionMalformed), named(0x86, "http:", .extensionMalformed),
        named(0x87, [192, 0, 2, 1], nil, "IPv4"),
        named(0x87, [UInt8](repeating: 0, count: 16), nil, "IPv6"),
        named(0x87, [192, 0, 2, 0, 255, 255, 255, 0], .extensionMalformed, "a range"),
        named(0x87, [1], .extensionMalformed, "one byte"),
        named(0x89, [1], .extensionMalformed, "of no form"),
        named(0xA4, Raw.sequence(), .extensionMalformed, "an empty directory name"),
    ]

    static let keys: [ChangeRow] = [
        .init(
            "subject key identifier, critical", .extensionMisused,
            adding(Raw.standard(14, critical: true, [4, 1, 1]))),
        .init(
            "authority key identifier, critical", .extensionMisused,
            adding(Raw.standard(35, critical: true, [48, 3, 0x80, 1, 1]))),
        .init(
            "authority key identifier without the key", .extensionMalformed,
            adding(Raw.standard(35, [48, 0]))),
        .init(
            "authority key identifier with a serial and no issuer", .extensionMalformed,
            adding(Raw.standard(35, [48, 6, 0x80, 1, 1, 0x82, 1, 7]))),
        .init(
            "authority key identifier, the issuer has none", .keyIdentifierMissing,
            adding(Raw.standard(35, [48, 3, 0x80, 1, 1]))),
    ]

    static let policies: [(UInt8, String, [UInt8])] = [
        (33, "policy mappings", Raw.sequence(Raw.sequence(policyOID, policyOID))),
        (36, "policy constraints", Raw.sequence([0x80, 0x01, 0x00])),
        (54, "inhibitAnyPolicy", [0x02, 0x01, 0x00]),
    ]

    static let authority: [ChangeRow] =
        policies.flatMap { policy in
            [true, false].map { isCritical in
                ChangeRow(
                    policy.1 + (isCritical ? ", critical" : ""), .policyProcessingUnsupported,
                    adding(Raw.standard(policy.0, critical: isCritical, policy.2)))
            }
        } + [
            .init(
                "unknown and critical", .extensionUnknownCritical,
                adding(Raw.one(private1, critical: true, [0x05, 0x00]))),
            .init("an empty subject", .nameEmpty) { $0.subject = Raw.sequence() },
            .init("no basic constraints", .issuerNotCA) { $0.extensions = [Raw.digital] },
            .init("no extensions", .issuerNotCA) { $0.extensions = nil },
            .init("version 1", .issuerNotCA) {
                $0.version = nil
                $0.extensions = nil
            },
            .init("no key usage", nil) { $0.extensions = [Raw.authority] },
            .init("basic constraints not critical", .extensionMisused) {
                $0.extensions = [Raw.standard(19, Raw.sequence([1, 1, 0xFF])), Raw.signing]
            },
            .init("a key usage without keyCertSign", .issuerKeyUsage) {
                $0.extensions = [Raw.authority, Raw.standard(15, [0x03, 0x02, 0x01, 0x02])]
            },
            .init("a negative path length", .extensionMalformed) {
                $0.extensions = [
                    Raw.standard(19, critical: true, Raw.sequence([1, 1, 0xFF], [2, 1, 0xFF]))
                ]
            },
            .init(
                "subject key identifier, the leaf says nothing", nil,
                adding(Raw.standard(14, [4, 1, 1]))),
        ]
}

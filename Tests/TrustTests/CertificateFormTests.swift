import Exchange
import Testing
import Trust

/// RFC 5280 §4.1 and X.690: the certificate's own fields.
@Suite struct CertificateFormTests {
    @Test(arguments: fields + times)
    func `a certificate is read as it is written or not at all`(row: ChangeRow) {
        #expect(HandMade.reason(leaf: row.apply(to: HandMade())) == row.reason)
    }

    static let fields: [ChangeRow] = [
        .init("as it should be", nil) { _ in },
        .init("version 1 without extensions", nil) {
            $0.version = nil
            $0.extensions = nil
        },
        .init("version 1 with extensions", .versionUnsupported) { $0.version = nil },
        .init("version 1 written out", .versionUnsupported) {
            $0.version = [0x02, 0x01, 0x00]
            $0.extensions = nil
        },
        .init("version 2 with extensions", .versionUnsupported) {
            $0.version = [0x02, 0x01, 0x01]
        },
        .init("version 4", .versionUnsupported) { $0.version = [0x02, 0x01, 0x03] },
        .init("unique identifiers", nil) {
            $0.uniqueIDs = Raw.node(0x81, [0, 1]) + Raw.node(0x82, [0, 2])
        },
        .init("unique identifiers in version 1", .versionUnsupported) {
            $0.version = nil
            $0.extensions = nil
            $0.uniqueIDs = Raw.node(0x81, [0, 1])
        },
        .init("a serial of zero", .serialInvalid) { $0.serial = [0x02, 0x01, 0x00] },
        .init("a serial of 20 bytes", nil) {
            $0.serial = Raw.node(0x02, [UInt8](repeating: 0x7F, count: 20))
        },
        .init("a serial of 20 bytes with its high bit set", nil) {
            $0.serial = Raw.node(0x02, [0] + [UInt8](repeating: 0xFF, count: 20))
        },
        .init("a serial of 21 bytes", .serialInvalid) {
            $0.serial = Raw.node(0x02, [UInt8](repeating: 0x7F, count: 21))
        },
        // Against the profile, but RFC 5280 §4.1.2.2 asks readers to handle it gracefully.
        .init("a negative serial", nil) { $0.serial = [0x02, 0x01, 0xFF] },
        .init("a serial with a byte too many", .malformed) {
            $0.serial = [0x02, 0x02, 0x00, 0x07]
        },
        .init("a serial without a byte", .malformed) { $0.serial = [0x02, 0x00] },
        .init("an empty issuer", .nameEmpty) { $0.issuer = Raw.sequence() },
        .init("an empty subject", .nameEmpty) { $0.subject = Raw.sequence() },
        .init("an empty subject with a critical alternative name", nil) {
            $0.subject = Raw.sequence()
            $0.extensions = [Raw.standard(17, critical: true, Raw.sequence([0x82, 0x01, 0x61]))]
        },
        .init("an empty subject with an alternative name not critical", .nameEmpty) {
            $0.subject = Raw.sequence()
            $0.extensions = [Raw.standard(17, Raw.sequence([0x82, 0x01, 0x61]))]
        },
        .init("another algorithm outside than inside", .signatureAlgorithmMismatch) {
            $0.outerAlgorithm = Raw.sequence(
                [0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x03])
        },
        .init("an algorithm with parameters it does not have", .signatureAlgorithmUnsupported) {
            $0.algorithm = Raw.sequence(
                [0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02, 0x05, 0x00])
        },
        .init("ECDSA with SHA-1", .signatureAlgorithmWeak) {
            $0.algorithm = Raw.sequence([0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x01])
        },
        .init("DSA with SHA-256", .signatureAlgorithmUnsupported) {
            $0.algorithm = Raw.sequence(Raw.node(0x06, [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 2]))
        },
        .init("an attribute type with a padded arc", .malformed) {
            $0.subject = Raw.sequence(
                Raw.node(
                    0x31, Raw.sequence([0x06, 0x04, 0x55, 0x04, 0x80, 0x03, 0x0C, 0x01, 0x61]))
            )
        },
        .init("a relative name of nothing", .malformed) {
            $0.subject = Raw.sequence([0x31, 0x00])
        },
        .init("UTF-8 that is none", .malformed) {
            $0.subject = Raw.sequence(Raw.attribute(3, 12, [0xC3, 0x28]))
        },
        .init("another signer of the issuer's name", .signatureInvalid) { $0.signer = $0.key },
    ]

    static func valid(_ from: String, _ to: String) -> @Sendable (inout HandMade) -> Void {
        { $0.validity = Raw.sequence(Raw.time(from), Raw.time(to)) }
    }

    static let times: [ChangeRow] = [
        .init("from 1950", nil, valid("500101000000Z", "351231235959Z")),
        .init("until 1999", .expired, valid("500101000000Z", "991231235959Z")),
        .init("until 2049", nil, valid("260101000000Z", "491231235959Z")),
        .init("from 2002, with four digits", nil, valid("20020101000000Z", "351231235959Z")),
        .init("without an end", nil, valid("260101000000Z", "99991231235959Z")),
        .init("from tomorrow", .notYetValid, valid("261201000000Z", "351231235959Z")),
        .init("ends before it begins", .malformed, valid("351231235959Z", "260101000000Z")),
        .init("without seconds", .malformed, valid("2601010000Z", "351231235959Z")),
        .init("with an offset", .malformed, valid("260101000000+0900", "351231235959Z")),
        .init("with a fraction", .malformed, valid("20260101000000.5Z", "351231235959Z")),
        .init("without Z", .malformed, valid("2601010000000", "351231235959Z")),
        .init("in month 13", .malformed, valid("261301000000Z", "351231235959Z")),
        .init("on 30 February", .malformed, valid("260230000000Z", "351231235959Z")),
        .init("in hour 24", .malformed, valid("260101240000Z", "351231235959Z")),
        .init("in second 60", .malformed, valid("260101000060Z", "351231235959Z")),
        .init("with letters", .malformed, valid("26010100000AZ", "351231235959Z")),
    ]

    @Test func `both ends of a term belong to it, to the second`() {
        let leaf = ChangeRow("", nil, Self.valid("261120000000Z", "261121000000Z"))
            .apply(to: HandMade())
        let begin = Instant(commandLine: "2026-11-20") ?? TestCA.now
        let end = Instant(commandLine: "2026-11-21") ?? TestCA.now
        func reason(_ time: Instant) -> Reason? { HandMade.reason(leaf: leaf, at: time) }
        #expect(reason(Instant(microseconds: begin.microseconds - 1)) == .notYetValid)
        #expect(reason(begin) == nil)
        #expect(reason(Instant(microseconds: end.microseconds + 999_999)) == nil)
        #expect(reason(end.adding(seconds: 1)) == .expired)
    }

    @Test func `what is BER but not DER is not a certificate`() {
        let der = HandMade().der
        var longLength = der
        longLength.replaceSubrange(1..<4, with: [0x83, 0x00, der[2], der[3]])
        let endless = [0x30, 0x80] + der[4...] + [0x00, 0x00]
        for (name, bytes) in [
            ("nothing", []), ("a long length", longLength), ("no length", endless),
            ("a byte after", der + [0]), ("another after", der + der),
        ] {
            #expect(HandMade.reason(leaf: bytes) == .malformed, "\(name)")
        }
        for count in der.indices {
            #expect(HandMade.reason(leaf: Array(der[..<count])) == .malformed, "cut at \(count)")
        }
    }

    @Test func `whatever byte is changed, nothing crashes and nothing is trusted`() {
        var certificate = HandMade()
        certificate.extensions = ExtensionTests.everyForm
        let der = certificate.der
        #expect(HandMade.reason(leaf: der) == nil)
        for index in der.indices {
            for flip: UInt8 in [0x01, 0x80, 0xFF] {
                var bytes = der
                bytes[index] ^= flip
                #expect(HandMade.reason(leaf: bytes) != nil, "byte \(index) ^ \(flip)")
            }
        }
    }
}

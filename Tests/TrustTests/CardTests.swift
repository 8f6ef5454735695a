import Crypto
import CryptoExtras
import Exchange
import Foundation
import SwiftASN1
import Testing
import Trust
import X509

@Suite struct CardTests {
    static let text = Array("tsunagi visit v1\n".utf8)

    /// A PKI of the test's own and what a gateway makes of its cards.
    struct Bench: ~Copyable {
        let folder = TestCA.folder()
        let now = Instant(seconds: 1_795_000_000)
        let pki: DevelopmentPKI

        init() throws {
            pki = try DevelopmentPKI.create(in: folder, at: now)
        }

        deinit { try? FileManager.default.removeItem(atPath: folder) }

        func trust() throws -> CardTrust {
            let contents = try Data(contentsOf: URL(fileURLWithPath: pki.listPath(.cards)))
            let pem = try PEMDocument(pemString: String(decoding: contents, as: UTF8.self))
            return CardTrust(
                anchors: [try pki.anchor(.cards)],
                revocation: RevocationStore(lists: [try RevocationList(der: pem.derBytes)]))
        }

        func card(
            _ algorithm: SoftwareCard.Algorithm = .p384, from: Int64 = 0, days: Int64 = 1826,
            extra: [Certificate.Extension] = [], serial: [UInt8]? = nil
        ) throws -> SoftwareCard {
            let start = now.adding(seconds: from * 86_400)
            return try SoftwareCard(
                issuedBy: pki, key: .init(algorithm),
                term: .init(from: start, to: start.adding(seconds: days * 86_400)),
                extraExtensions: extra, serial: serial)
        }
    }

    static let serials: [[UInt8]] = [
        [0x80], [0xFF], [0x80, 0x00, 0x01], [UInt8](repeating: 0xFF, count: 20), [0x7F, 0x00],
        [0x01],
    ]

    @Test(arguments: serials)
    func `a card is found by its number's own bytes, and revoked by them`(serial: [UInt8]) throws {
        let bench = try Bench()
        let card = try bench.card(serial: serial)
        let written: [UInt8] = serial[0] >= 0x80 ? [0] + serial : serial
        #expect(card.serial == written)
        let signature = try card.sign(Self.text)
        let trusted = try bench.trust().verify(
            certificate: card.certificateDER, signature: signature, over: Self.text, at: bench.now)
        #expect(trusted.serial == serial)
        try bench.pki.revoke(.cards, serial: card.serial, reason: .keyCompromise, at: bench.now)
        #expect(throws: Refusal.cardRevoked) {
            try bench.trust().verify(
                certificate: card.certificateDER, signature: signature, over: Self.text,
                at: bench.now)
        }
    }

    @Test(arguments: SoftwareCard.Algorithm.allCases)
    func `a card's signature is trusted and names nobody`(
        algorithm: SoftwareCard.Algorithm
    ) throws {
        let bench = try Bench()
        let card = try bench.card(algorithm)
        let signature = try card.sign(Self.text)
        let trusted = try bench.trust().verify(
            certificate: card.certificateDER, signature: signature, over: Self.text, at: bench.now)
        #expect(trusted.issuer == card.issuerDER && trusted.serial == card.serial)
        #expect(trusted.notAfter == card.notAfter)
        let path = bench.folder + "/card.pem"
        try card.save(path)
        let loaded = try SoftwareCard(path: path)
        #expect(loaded.certificateDER == card.certificateDER)
        let again = try loaded.sign(Self.text)
        #expect(throws: Never.self) {
            try bench.trust().verify(
                certificate: card.certificateDER, signature: again, over: Self.text, at: bench.now)
        }
    }

    @Test(arguments: SoftwareCard.Algorithm.allCases)
    func `a signature that was cut, changed or written otherwise is refused`(
        algorithm: SoftwareCard.Algorithm
    ) throws {
        let bench = try Bench()
        let card = try bench.card(algorithm)
        let trust = try bench.trust()
        let signature = try card.sign(Self.text)
        func refused(_ bytes: [UInt8], _ why: String, text: [UInt8] = CardTests.text) {
            #expect(throws: Refusal.cardSignatureInvalid, "\(why)") {
                try trust.verify(
                    certificate: card.certificateDER, signature: bytes, over: text, at: bench.now)
            }
        }
        refused(signature, "another text", text: Self.text + [0x0A])
        refused([], "nothing")
        refused([0] + signature, "a byte before")
        refused(signature + [0], "a byte after")
        for index in signature.indices {
            var changed = signature
            changed[index] ^= 0x01
            refused(changed, "byte \(index)")
            refused(Array(signature[..<index]), "cut at \(index)")
        }
        guard algorithm == .p384 else { return }
        for other in Self.otherEncodings(of: signature) { refused(other, "not canonical") }
    }

    /// The same (r, s) in BER that is not DER: a long length, a padded integer.
    static func otherEncodings(of signature: [UInt8]) -> [[UInt8]] {
        let body = Array(signature[2...])
        let longLength = [0x30, 0x81, UInt8(body.count)] + body
        let length = Int(body[1])
        let padded: [UInt8] =
            [0x02, UInt8(length + 1), 0x00] + body[2..<(2 + length)] + body[(2 + length)...]
        return [longLength, [0x30, UInt8(padded.count)] + padded]
    }

    @Test func `a card that is not one of ours, or not one any more, is refused by name`() throws {
        let bench = try Bench()
        let trust = try bench.trust()
        func expect(
            _ refusal: Refusal, _ certificate: [UInt8], _ signature: [UInt8],
            _ trust: CardTrust, at time: Instant
        ) {
            #expect(throws: refusal) {
                try trust.verify(
                    certificate: certificate, signature: signature, over: Self.text, at: time)
            }
        }
        let card = try bench.card()
        let signature = try card.sign(Self.text)
        let der = card.certificateDER

        expect(.cardNotTrusted, [], signature, trust, at: bench.now)
        expect(.cardNotTrusted, Array(der.dropLast()), signature, trust, at: bench.now)
        let early = bench.now.adding(seconds: -86_400)
        expect(.cardNotTrusted, der, signature, trust, at: early)
        let stale = bench.now.adding(seconds: 8 * 86_400)
        expect(.cardRevocationUnknown, der, signature, trust, at: stale)
        let yesterday = try bench.card(from: -10, days: 9)
        expect(
            .cardExpired, yesterday.certificateDER, try yesterday.sign(Self.text), trust,
            at: bench.now)
        let elsewhere = try Bench()
        expect(.cardNotTrusted, der, signature, try elsewhere.trust(), at: bench.now)
        let none = CardTrust(
            anchors: [try bench.pki.anchor(.cards)], revocation: RevocationStore(lists: []))
        expect(.cardRevocationUnknown, der, signature, none, at: bench.now)
        let other = try bench.card()
        expect(.cardSignatureInvalid, other.certificateDER, signature, trust, at: bench.now)
        let ca = try bench.pki.anchor(.cards)
        expect(.cardNotTrusted, ca.der, signature, trust, at: bench.now)

        try bench.pki.revoke(
            .cards, serial: card.serial, reason: .cessationOfOperation, at: bench.now)
        expect(.cardRevoked, der, signature, try bench.trust(), at: bench.now)
        #expect(throws: Never.self) {
            try bench.trust().verify(
                certificate: other.certificateDER, signature: other.sign(Self.text),
                over: Self.text, at: bench.now)
        }
    }

    /// The profile, one departure at a time, signed by the right CA.
    static let departures: [(name: String, extensions: [Certificate.Extension])] = [
        ("without the policy", [TestCA.usage(KeyUsage(digitalSignature: true))]),
        (
            "with a policy that is not critical",
            [TestCA.usage(KeyUsage(digitalSignature: true)), policy(critical: false)]
        ),
        (
            "with the signing card's policy",
            [
                TestCA.usage(KeyUsage(digitalSignature: true)),
                policy([0x2A, 0x83, 0x08, 0x8C, 0x9B, 0x55, 0x08, 0x05, 0x01, 0x01, 0x14]),
            ]
        ),
        (
            "for encipherment",
            [TestCA.usage(KeyUsage(keyEncipherment: true)), policy()]
        ),
        ("without key usage", [policy()]),
        (
            "of a CA",
            [TestCA.basic(.isCertificateAuthority(maxPathLength: nil)), TestCA.signing, policy()]
        ),
    ]

    static func policy(
        _ oid: [UInt8] = [0x2A, 0x83, 0x08, 0x8C, 0x9B, 0x55, 0x08, 0x05, 0x01, 0x03, 0x1E],
        critical: Bool = true
    ) -> Certificate.Extension {
        let inner = [0x06, UInt8(oid.count)] + oid
        let value = [0x30, UInt8(inner.count + 2), 0x30, UInt8(inner.count)] + inner
        return TestCA.raw([2, 5, 29, 32], critical: critical, value)
    }

    @Test func `a certificate that departs from the profile is no card`() throws {
        let ca = TestCA.authority("Cards")
        let trust = CardTrust(
            anchors: [ca.parsed], revocation: TestCA.store([TestCA.list(of: ca)]))
        let key = P384.Signing.PrivateKey()
        func verify(_ extensions: [Certificate.Extension]) throws {
            let leaf = TestCA.mint(
                TestCA.name("card"), by: ca, key: Certificate.PrivateKey(key), extensions)
            let signature = try key.signature(for: SHA384.hash(data: Self.text))
            _ = try trust.verify(
                certificate: leaf.der, signature: Array(signature.derRepresentation),
                over: Self.text, at: TestCA.now)
        }
        #expect(throws: Never.self) {
            try verify([TestCA.usage(KeyUsage(digitalSignature: true)), Self.policy()])
        }
        for departure in Self.departures {
            #expect(throws: Refusal.cardNotTrusted, "\(departure.name)") {
                try verify(departure.extensions)
            }
        }
    }

    @Test func `a card with a name that only compares equal to the CA's is refused`() throws {
        let ca = TestCA.authority("Cards")
        let alias = TestCA.mint(
            TestCA.name("CARDS"), key: ca.key,
            [TestCA.basic(.isCertificateAuthority(maxPathLength: nil)), TestCA.signing])
        let trust = CardTrust(
            anchors: [ca.parsed], revocation: TestCA.store([TestCA.list(of: ca)]))
        let key = P384.Signing.PrivateKey()
        let leaf = TestCA.mint(
            TestCA.name("card"), by: alias, key: Certificate.PrivateKey(key),
            [TestCA.usage(KeyUsage(digitalSignature: true)), Self.policy()])
        let signature = try key.signature(for: SHA384.hash(data: Self.text))
        #expect(throws: Refusal.cardNotTrusted) {
            try trust.verify(
                certificate: leaf.der, signature: Array(signature.derRepresentation),
                over: Self.text, at: TestCA.now)
        }
    }

    @Test func `a card behind PKCS#11 signs for the gateway`() throws {
        let util = try Shell.require("softhsm2-util", package: "softhsm2")
        let tool = try Shell.require("pkcs11-tool", package: "opensc")
        let module = try #require(
            ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so"]
                .first(where: FileManager.default.fileExists), "libsofthsm2.so is in softhsm2")
        let bench = try Bench()
        let card = try bench.card(.rsa2048)
        let folder = bench.folder
        try FileManager.default.createDirectory(
            atPath: folder + "/tokens", withIntermediateDirectories: true)
        try RevocationTests.write(
            "directories.tokendir = \(folder)/tokens\n", folder + "/softhsm.conf")
        try RevocationTests.write(card.keyPEM + "\n", folder + "/card.p8")
        try Data(card.certificateDER).write(to: URL(fileURLWithPath: folder + "/card.der"))
        let environment = ["SOFTHSM2_CONF": folder + "/softhsm.conf"]
        func run(_ program: String, _ arguments: [String]) throws {
            let done = try Shell.run(program, arguments, environment: environment)
            #expect(done.status == 0, "\(arguments[0]): \(done.output)")
        }
        let token = ["--module", module, "--token-label", "JPKI", "--login", "--pin", "1234"]
        try run(
            util,
            ["--init-token", "--free", "--label", "JPKI", "--so-pin", "12345678", "--pin", "1234"])
        try run(
            util,
            [
                "--import", folder + "/card.p8", "--token", "JPKI", "--label",
                "User Authentication Key", "--id", "01", "--pin", "1234",
            ])
        try run(
            tool,
            token + [
                "--write-object", folder + "/card.der", "--type", "cert", "--id", "01", "--label",
                "User Authentication Certificate",
            ])
        // The card does raw PKCS#1: the reader hands it the DigestInfo.
        let prefix: [UInt8] = [
            0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
            0x01, 0x05, 0x00, 0x04, 0x20,
        ]
        let digest = prefix + Array(SHA256.hash(data: Self.text))
        try Data(digest).write(to: URL(fileURLWithPath: folder + "/digest"))
        try run(
            tool,
            token + [
                "--sign", "--mechanism", "RSA-PKCS", "--id", "01", "-i", folder + "/digest", "-o",
                folder + "/signature",
            ])
        try run(
            tool,
            token + [
                "--read-object", "--type", "cert", "--id", "01", "-o", folder + "/read.der",
            ])
        let read = Array(try Data(contentsOf: URL(fileURLWithPath: folder + "/read.der")))
        let signature = Array(try Data(contentsOf: URL(fileURLWithPath: folder + "/signature")))
        #expect(read == card.certificateDER)
        let trusted = try bench.trust().verify(
            certificate: read, signature: signature, over: Self.text, at: bench.now)
        #expect(trusted.serial == card.serial)
    }
}

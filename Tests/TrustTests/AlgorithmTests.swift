import CryptoExtras
import Exchange
import Foundation
import Testing
import Trust

/// Keys and signatures by openssl: what does not count is refused, on whichever side it stands.
@Suite struct AlgorithmTests {
    struct Row: Sendable, CustomStringConvertible {
        let description: String
        let reason: Reason?
        /// How openssl makes the CA's key, and how the CA signs.
        var key = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
        var sign = ["-sha256"]
    }

    static let rsa = ["-algorithm", "RSA", "-pkeyopt"]
    static let ec = ["-algorithm", "EC", "-pkeyopt"]
    static let pss = ["-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt"]

    static let table: [Row] = [
        .init(description: "RSA-2048 and SHA-256", reason: nil),
        .init(description: "SHA-1", reason: .signatureAlgorithmWeak, sign: ["-sha1"]),
        .init(description: "MD5", reason: .signatureAlgorithmWeak, sign: ["-md5"]),
        .init(description: "SHA-224", reason: .signatureAlgorithmUnsupported, sign: ["-sha224"]),
        .init(
            description: "PSS with a salt of 32", reason: nil, sign: pss + ["rsa_pss_saltlen:32"]),
        .init(
            description: "PSS with a salt of 20", reason: .signatureAlgorithmUnsupported,
            sign: pss + ["rsa_pss_saltlen:20"]),
        .init(
            description: "PSS with another hash in its mask",
            reason: .signatureAlgorithmUnsupported,
            sign: pss + ["rsa_pss_saltlen:32", "-sigopt", "rsa_mgf1_md:sha512"]),
        .init(
            description: "RSA-1024", reason: .keyWeak, key: rsa + ["rsa_keygen_bits:1024"]),
        .init(
            description: "P-224", reason: .keyUnsupported, key: ec + ["ec_paramgen_curve:P-224"]),
        .init(
            description: "secp256k1", reason: .keyUnsupported,
            key: ec + ["ec_paramgen_curve:secp256k1"]),
        .init(
            description: "a curve written out", reason: .keyUnsupported,
            key: ec + ["ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit"]),
        .init(
            description: "Ed448", reason: .keyUnsupported, key: ["-algorithm", "ED448"], sign: []),
    ]

    @Test(arguments: table)
    func `a CA is trusted by the keys and algorithms of the profile alone`(row: Row) throws {
        let openssl = try Shell.require("openssl", package: "openssl")
        let folder = TestCA.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func run(_ arguments: [String]) throws {
            let done = try Shell.run(openssl, arguments)
            #expect(done.status == 0, "\(arguments[0]): \(done.output)")
        }
        try run(["genpkey", "-out", folder + "/ca.key"] + row.key)
        let ca = [
            "req", "-x509", "-key", folder + "/ca.key", "-days", "30", "-subj", "/CN=CA", "-addext",
            "keyUsage=critical,keyCertSign", "-out", folder + "/ca.pem",
        ]
        try run(ca + (row.key.contains("ED448") ? [] : ["-sha256"]))
        try run([
            "req", "-new", "-nodes", "-newkey", "rsa:2048", "-subj", "/CN=leaf", "-keyout",
            folder + "/leaf.key", "-out", folder + "/leaf.csr",
        ])
        let sign = [
            "x509", "-req", "-in", folder + "/leaf.csr", "-CA", folder + "/ca.pem", "-CAkey",
            folder + "/ca.key", "-days", "30", "-out", folder + "/leaf.pem",
        ]
        try run(sign + row.sign)
        let now = Instant(seconds: Int64(Date().timeIntervalSince1970) + 60)
        var check = FileVerification(leaf: folder + "/leaf.pem", at: now)
        check.anchors = [folder + "/ca.pem"]
        let said = try check.run().reason
        // openssl names the algorithm of a foreign key as well; either reason refuses.
        let isRefused = said == row.reason || said == .signatureAlgorithmUnsupported
        #expect(row.reason == .keyUnsupported ? isRefused : said == row.reason, "\(said as Any)")
    }

    /// The same RSA key, called what the parameters say.
    static func keyInfo(_ algorithm: [UInt8], _ key: _RSA.Signing.PublicKey) throws -> [UInt8] {
        Raw.sequence(algorithm, Raw.node(0x03, [0] + Array(key.pkcs1DERRepresentation)))
    }

    @Test func `a key for PSS does not sign otherwise, and RSA parameters are NULL`() throws {
        let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let rsa = Raw.node(0x06, [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01])
        let pss = Raw.node(0x06, [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0A])
        let sha256 = Raw.sequence(
            Raw.node(0x06, [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B]), [0x05, 0x00])
        for (algorithm, reason) in [
            (Raw.sequence(rsa, [0x05, 0x00]), nil), (Raw.sequence(pss), .signatureInvalid),
            (Raw.sequence(rsa), .keyUnsupported),
        ] as [([UInt8], Reason?)] {
            var root = HandMade.root
            root.keyInfo = try Self.keyInfo(algorithm, key.publicKey)
            var leaf = HandMade()
            leaf.algorithm = sha256
            let body = leaf.body
            let signature = try key.signature(for: body, padding: .insecurePKCS1v1_5)
            let der = Raw.sequence(
                body, sha256, Raw.node(0x03, [0] + Array(signature.rawRepresentation)))
            #expect(HandMade.reason(anchor: root.der, leaf: der) == reason)
        }
    }

    @Test func `DSA is refused by that reason`() throws {
        let openssl = try Shell.require("openssl", package: "openssl")
        let folder = TestCA.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let made = try Shell.run(
            openssl,
            [
                "genpkey", "-genparam", "-algorithm", "DSA", "-pkeyopt", "dsa_paramgen_bits:1024",
                "-out", folder + "/parameters",
            ])
        #expect(made.status == 0, "\(made.output)")
        let request = try Shell.run(
            openssl,
            [
                "req", "-x509", "-nodes", "-newkey", "param:" + folder + "/parameters", "-days",
                "30",
                "-subj", "/CN=DSA", "-keyout", folder + "/key", "-out", folder + "/ca.pem",
                "-sha256",
            ])
        #expect(request.status == 0, "\(request.output)")
        let now = Instant(seconds: Int64(Date().timeIntervalSince1970) + 60)
        var check = FileVerification(leaf: folder + "/ca.pem", at: now)
        check.anchors = [folder + "/ca.pem"]
        #expect(try check.run().reason == .signatureAlgorithmUnsupported)
        #expect(Reason.signatureAlgorithmUnsupported.sentence.contains("DSA"))
    }
}

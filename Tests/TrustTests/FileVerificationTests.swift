import Exchange
import Foundation
import Testing
import Trust

/// `tsunagi trust verify` on files as operators and CAs hand them over.
@Suite struct FileVerificationTests {
    /// A folder with a CA, its list, a clinic's certificate, and what the command says of them.
    struct Files: ~Copyable {
        let folder = TestCA.folder()
        let root = TestCA.authority("Root")
        let ca: Minted
        let leaf: Minted

        init() {
            ca = TestCA.authority("CA", by: root)
            leaf = TestCA.leaf(by: ca)
        }

        deinit { try? FileManager.default.removeItem(atPath: folder) }

        func write(_ name: String, _ bytes: [UInt8]) throws -> String {
            let path = folder + "/" + name
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            return path
        }

        func pem(_ name: String, _ text: String) throws -> String {
            try write(name, Array(text.utf8))
        }

        func verify(
            leaf: String? = nil, anchors: [String]? = nil, above: [String]? = nil,
            lists: [String] = [], usage: Trust.Verifier.Usage = .any
        ) throws -> FileVerification.Outcome {
            var check = FileVerification(
                leaf: try leaf ?? write("leaf.der", self.leaf.der), at: TestCA.now)
            check.anchors = try anchors ?? [write("root.der", root.der)]
            check.intermediates = try above ?? [write("ca.der", ca.der)]
            check.lists = lists
            check.usage = usage
            return try check.run()
        }
    }

    static func pem(_ der: [UInt8]) -> String { RevocationTests.pem(der, "CERTIFICATE") }

    @Test func `PEM is read with any text, line ends and neighbours`() throws {
        let files = Files()
        let text = Self.pem(files.leaf.der)
        let key =
            "-----BEGIN PRIVATE KEY-----\nProc-Type: 4\n\nnot base64\n-----END PRIVATE KEY-----\n"
        let shapes = [
            ("as written", text), ("CRLF", text.replacing("\n", with: "\r\n")),
            ("no last line end", String(text.dropLast())),
            ("comments", "Certificate:\n  Data: 受付\n" + text + "# the end\n"),
            ("spaces at line ends", text.replacing("\n", with: " \n")),
            ("a key before it", key + text), ("a key behind it", text + key),
            ("its chain behind it", text + Self.pem(files.ca.der)),
        ]
        for (name, shape) in shapes {
            let outcome = try files.verify(leaf: try files.pem("leaf.pem", shape))
            #expect(outcome.reason == nil, "\(name)")
        }
        let chain = try files.pem("chain.pem", text + Self.pem(files.ca.der))
        #expect(try files.verify(leaf: chain, above: []).reason == nil)
        let bundle = try files.pem(
            "bundle.pem", Self.pem(TestCA.authority("Other").der) + Self.pem(files.ca.der))
        #expect(try files.verify(above: [bundle]).reason == nil)
        #expect(try files.verify(anchors: [bundle], above: []).reason == nil)
    }

    @Test func `what is not a certificate's file is refused`() throws {
        let files = Files()
        let text = Self.pem(files.leaf.der)
        let half = String(text.prefix(200))
        let shapes = [
            ("nothing", ""), ("words", "certificate\n"), ("cut", half),
            ("twice begun", half + text),
            ("another label", text.replacing("CERTIFICATE", with: "PUBLIC KEY")),
            ("another end", text.replacing("END CERTIFICATE", with: "END KEY")),
            ("not base64", text.replacing("MII", with: "M*I")),
        ]
        for (name, shape) in shapes {
            let path = try files.pem("odd.pem", shape)
            #expect(try files.verify(leaf: path).reason == .malformed, "\(name)")
            #expect(try files.verify(anchors: [path]).reason == .malformed, "\(name)")
        }
        #expect(throws: FileProblem.self) { try files.verify(leaf: files.folder + "/none") }
        #expect(throws: FileProblem.self) { try files.verify(lists: [files.folder + "/none"]) }
    }

    @Test(arguments: [Trust.Verifier.Usage.any, .institution])
    func `without a list the answer says that revocation was not checked`(
        usage: Trust.Verifier.Usage
    ) throws {
        let outcome = try Files().verify(usage: usage)
        #expect(outcome.isTrusted && outcome.text.contains("NOT CHECKED"))
        let first = outcome.text.split(separator: "\n").first ?? ""
        #expect(first.hasPrefix("trusted, but REVOCATION WAS NOT CHECKED: "))
        #expect(outcome.text.contains("listener would refuse") == (usage == .institution))
    }

    @Test func `with a list every certificate of the path needs one`() throws {
        let files = Files()
        let root = try files.write("root.crl", TestCA.list(of: files.root))
        let good = try files.pem(
            "ca.crl", RevocationTests.pem(TestCA.list(of: files.ca), "X509 CRL"))
        let revoking = try files.write(
            "bad.crl", TestCA.list(of: files.ca, revoked: [files.leaf.parsed]))
        let old = TestCA.now.adding(seconds: -30 * 86_400)
        let stale = try files.write("old.crl", TestCA.list(of: files.ca, from: old))
        let broken = try files.pem("broken.crl", "rubbish")
        let trusted = try files.verify(lists: [root, good], usage: .institution)
        #expect(trusted.isTrusted && !trusted.text.contains("NOT CHECKED"))
        #expect(try files.verify(lists: [good]).reason == .crlMissing)
        #expect(try files.verify(lists: [root]).reason == .crlMissing)
        #expect(try files.verify(lists: [root, stale]).reason == .crlStale)
        #expect(try files.verify(lists: [root, revoking]).reason == .revoked)
        #expect(try files.verify(lists: [root, good, revoking]).reason == .revoked)
        #expect(try files.verify(lists: [root, good, broken]).reason == .crlMalformed)
        let text = try files.verify(lists: [root, revoking]).text
        #expect(text.hasPrefix("refused: revoked: "))
    }

    @Test func `a whole folder of other CAs does not hide the one that is needed`() throws {
        let files = Files()
        let others = (0..<80).map { Self.pem(TestCA.authority("Other \($0)").der) }.joined()
        let bundle = try files.pem("all.pem", others + Self.pem(files.ca.der))
        #expect(try files.verify(above: [bundle]).reason == nil)
    }

    @Test func `the usage decides what the leaf must be`() throws {
        let files = Files()
        let outcome = try files.verify(usage: .institution)
        #expect(outcome.text.contains("party: institution:1310000001"))
        #expect(try files.verify(usage: .office).reason == .partyRoleNotAccepted)
        #expect(try files.verify(usage: .server).reason == .extendedKeyUsage)
        #expect(try files.verify(usage: .card).reason == .cardPolicyMissing)
    }
}

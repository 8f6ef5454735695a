import Crypto
import Exchange
import Foundation
import Logging
import SwiftASN1
import Synchronization
import Testing
import Trust
import X509

@Suite struct RevocationTests {
    static func pem(_ der: [UInt8], _ label: String) -> String {
        PEMDocument(type: label, derBytes: der).pemString + "\n"
    }

    static func write(_ text: String, _ path: String) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    @Test func `a list of 10,000 entries is written, read and looked up`() throws {
        let ca = TestCA.authority()
        let heading = RevocationList.Heading(
            issuer: ca.parsed.subject.der, authorityKeyID: [1], number: 7, thisUpdate: TestCA.now,
            nextUpdate: TestCA.now.adding(seconds: 86_400))
        let entries = (0..<10_000).map { number in
            RevocationList.Entry(
                serial: [0x40, UInt8(number >> 8), UInt8(number & 0xFF)], since: TestCA.now,
                reason: .superseded)
        }
        let der = try RevocationList.write(heading, entries, signedBy: ca.key, .ecdsaWithSHA256)
        let list = try RevocationList(der: der)
        #expect(list.count == 10_000)
        #expect(list.thisUpdate == heading.thisUpdate && list.nextUpdate == heading.nextUpdate)
        let store = RevocationStore(lists: [list])
        let revoked = TestCA.leaf(by: ca, serial: .init(bytes: [0x40, 0x27, 0x0F]))
        let good = TestCA.leaf(by: ca, serial: .init(bytes: [0x40, 0x27, 0x10]))
        let verifier = Trust.Verifier(
            anchors: [ca.parsed], usage: .institution, revocation: store)
        let verdict = verifier.verify(leaf: revoked.der, intermediates: [], at: TestCA.now)
        #expect(verdict == .refused(.revoked))
        guard case .trusted = verifier.verify(leaf: good.der, intermediates: [], at: TestCA.now)
        else {
            Issue.record("the certificate after the last revoked one is not trusted")
            return
        }
    }

    @Test func `two entries of one serial make a list worthless`() throws {
        let ca = TestCA.authority()
        let leaf = TestCA.leaf(by: ca).parsed
        let der = TestCA.list(of: ca, revoked: [leaf, leaf])
        #expect(throws: Reason.crlMalformed) { try RevocationList(der: der) }
    }

    @Test func `every cut of a list is refused without a crash`() {
        let ca = TestCA.authority()
        let der = TestCA.list(of: ca, revoked: [TestCA.leaf(by: ca).parsed])
        for count in 0..<der.count {
            #expect(throws: Reason.self) { try RevocationList(der: Array(der[..<count])) }
        }
    }

    @Test func `openssl accepts our list and we accept openssl's`() throws {
        let openssl = try Shell.require("openssl", package: "openssl")
        let folder = TestCA.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let now = Instant(seconds: Int64(Date().timeIntervalSince1970))
        let ca = TestCA.authority(term: TestCA.term(days: 3650, from: now))
        let good = TestCA.leaf(by: ca, term: TestCA.term(from: now))
        let bad = TestCA.leaf(by: ca, term: TestCA.term(from: now))
        let ours = TestCA.list(of: ca, revoked: [bad.parsed], from: now)
        try Self.write(Self.pem(ca.der, "CERTIFICATE"), folder + "/ca.pem")
        try Self.write(ca.key.serializeAsPEM().pemString + "\n", folder + "/ca.key")
        try Self.write(Self.pem(good.der, "CERTIFICATE"), folder + "/good.pem")
        try Self.write(Self.pem(bad.der, "CERTIFICATE"), folder + "/bad.pem")
        try Self.write(Self.pem(ours, "X509 CRL"), folder + "/ours.pem")
        let verify = [
            "verify", "-crl_check", "-CAfile", folder + "/ca.pem", "-CRLfile", folder + "/ours.pem",
        ]
        let theirGood = try Shell.run(openssl, verify + [folder + "/good.pem"])
        #expect(theirGood.status == 0, "\(theirGood.output)")
        let theirBad = try Shell.run(openssl, verify + [folder + "/bad.pem"])
        #expect(theirBad.status != 0 && theirBad.output.contains("certificate revoked"))

        try Self.write(
            """
            [ca]
            default_ca = own
            [own]
            database = \(folder)/index
            crlnumber = \(folder)/number
            default_md = sha256
            default_crl_days = 7
            """, folder + "/ca.conf")
        try Self.write("", folder + "/index")
        try Self.write("01\n", folder + "/number")
        let own = [
            "ca", "-config", folder + "/ca.conf", "-cert", folder + "/ca.pem", "-keyfile",
            folder + "/ca.key",
        ]
        let revoke = try Shell.run(openssl, own + ["-revoke", folder + "/bad.pem"])
        #expect(revoke.status == 0, "\(revoke.output)")
        let make = try Shell.run(openssl, own + ["-gencrl", "-out", folder + "/theirs.pem"])
        #expect(make.status == 0, "\(make.output)")
        let later = now.adding(seconds: 60)
        for (file, reason) in [("good.pem", nil), ("bad.pem", Reason.revoked)] {
            var check = FileVerification(leaf: folder + "/" + file, at: later)
            check.anchors = [folder + "/ca.pem"]
            check.lists = [folder + "/theirs.pem"]
            check.usage = .institution
            #expect(try check.run().reason == reason)
        }
    }

    @Test func `openssl's RSA, PSS and Ed25519 signatures are read`() throws {
        let openssl = try Shell.require("openssl", package: "openssl")
        let kinds: [(String, [String], [String])] = [
            ("rsa", ["-newkey", "rsa:2048"], ["-sha256"]),
            ("rsa384", ["-newkey", "rsa:3072"], ["-sha384"]),
            (
                "pss", ["-newkey", "rsa:2048"],
                [
                    "-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32",
                ]
            ),
            ("p384", ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"], ["-sha384"]),
            ("p521", ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521"], ["-sha512"]),
            ("ed25519", ["-newkey", "ed25519"], []),
        ]
        for (name, key, digest) in kinds {
            let folder = TestCA.folder()
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let ca = [
                "req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=\(name)", "-addext",
                "keyUsage=critical,keyCertSign,cRLSign", "-keyout", folder + "/ca.key", "-out",
                folder + "/ca.pem",
            ]
            let made = try Shell.run(openssl, ca + key + digest)
            #expect(made.status == 0, "\(name): \(made.output)")
            let request = [
                "req", "-new", "-nodes", "-newkey", "rsa:2048", "-subj", "/CN=leaf", "-keyout",
                folder + "/leaf.key", "-out", folder + "/leaf.csr",
            ]
            #expect(try Shell.run(openssl, request).status == 0)
            let sign = [
                "x509", "-req", "-in", folder + "/leaf.csr", "-CA", folder + "/ca.pem", "-CAkey",
                folder + "/ca.key", "-days", "30", "-out", folder + "/leaf.pem",
            ]
            let signed = try Shell.run(openssl, sign + digest)
            #expect(signed.status == 0, "\(name): \(signed.output)")
            let now = Instant(seconds: Int64(Date().timeIntervalSince1970) + 60)
            var check = FileVerification(leaf: folder + "/leaf.pem", at: now)
            check.anchors = [folder + "/ca.pem"]
            #expect(try check.run().reason == nil, "\(name)")
        }
    }

    @Test func `a reload keeps the last good list when a file goes bad`() throws {
        let folder = TestCA.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/crl.pem"
        let ca = TestCA.authority()
        let leaf = TestCA.leaf(by: ca)
        try Self.write(Self.pem(TestCA.list(of: ca), "X509 CRL"), path)
        let store = RevocationStore(
            paths: [folder], issuers: [ca.parsed], now: { TestCA.now },
            logger: Logger(label: "test"))
        let verifier = Trust.Verifier(
            anchors: [ca.parsed], usage: .institution, revocation: store)
        guard
            case .trusted(let trusted) = verifier.verify(
                leaf: leaf.der, intermediates: [], at: TestCA.now)
        else {
            Issue.record("not trusted")
            return
        }
        let epoch = store.epoch

        let older = TestCA.list(of: ca, from: TestCA.now.adding(seconds: -3600))
        let forged = TestCA.list(of: ca, signedBy: TestCA.p256(), from: TestCA.now)
        for broken in ["", "rubbish", Self.pem(forged, "X509 CRL"), Self.pem(older, "X509 CRL")] {
            try Self.write(broken, path)
            #expect(!store.reload())
            #expect(store.status(of: trusted, at: TestCA.now) == .good)
        }
        try FileManager.default.removeItem(atPath: path)
        #expect(!store.reload())
        #expect(store.epoch == epoch)

        let newer = TestCA.list(of: ca, revoked: [leaf.parsed], from: TestCA.now)
        try Self.write(Self.pem(newer, "X509 CRL"), path)
        #expect(store.reload())
        #expect(store.epoch == epoch + 1)
        #expect(store.status(of: trusted, at: TestCA.now) == .revoked(since: TestCA.now))
        #expect(!store.reload(), "nothing new, nothing changed")
    }

    @Test func `a file that is not taken is told of once, until it is wrong otherwise`() throws {
        let folder = TestCA.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/crl.pem"
        let ca = TestCA.authority()
        let good = Self.pem(TestCA.list(of: ca), "X509 CRL")
        let forged = TestCA.list(of: ca, signedBy: TestCA.p256())
        try Self.write("rubbish", path)
        let log = Told()
        let store = RevocationStore(
            paths: [folder], issuers: [ca.parsed], now: { TestCA.now }, logger: log.logger)
        for _ in 0..<3 { #expect(!store.reload()) }
        #expect(log.reasons == ["crl-malformed"])
        try Self.write(Self.pem(forged, "X509 CRL"), path)
        for _ in 0..<3 { #expect(!store.reload()) }
        #expect(log.reasons == ["crl-malformed", "crl-signature-invalid"])
        try Self.write(good, path)
        #expect(store.reload())
        try Self.write("rubbish", path)
        for _ in 0..<3 { #expect(!store.reload()) }
        #expect(log.reasons == ["crl-malformed", "crl-signature-invalid", "crl-malformed"])
    }

    /// The reasons for which files were not taken, in order.
    private final class Told: Sendable {
        private let told = Mutex<[String]>([])

        var reasons: [String] { told.withLock { $0 } }
        var logger: Logger { Logger(label: "test") { _ in Handler(told: self) } }

        private struct Handler: LogHandler {
            let told: Told
            var metadata: Logger.Metadata = [:]
            var logLevel = Logger.Level.info

            subscript(metadataKey key: String) -> Logger.Metadata.Value? {
                get { metadata[key] }
                set { metadata[key] = newValue }
            }

            func log(event: LogEvent) {
                guard let reason = event.metadata?["reason"] else { return }
                told.told.withLock { $0.append("\(reason)") }
            }
        }
    }

    @Test func `a list from the future is told of, and taken when its time has come`() throws {
        let folder = TestCA.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/crl.pem"
        let ca = TestCA.authority()
        let leaf = TestCA.leaf(by: ca)
        let clock = Mutex(TestCA.now)
        try Self.write(Self.pem(TestCA.list(of: ca), "X509 CRL"), path)
        let store = RevocationStore(
            paths: [folder], issuers: [ca.parsed], now: { clock.withLock { $0 } },
            logger: Logger(label: "test"))
        let verifier = Trust.Verifier(
            anchors: [ca.parsed], usage: .institution, revocation: store)
        guard
            case .trusted(let trusted) = verifier.verify(
                leaf: leaf.der, intermediates: [], at: TestCA.now)
        else {
            Issue.record("not trusted")
            return
        }
        #expect(store.problems(at: TestCA.now).isEmpty && store.refusedCount == 0)

        let then = TestCA.now.adding(seconds: 60)
        let ahead = TestCA.list(of: ca, revoked: [leaf.parsed], from: then)
        try Self.write(Self.pem(ahead, "X509 CRL"), path)
        #expect(!store.reload())
        #expect(store.status(of: trusted, at: TestCA.now) == .good)
        #expect(store.problems(at: TestCA.now) == [path + ": crl-not-yet-valid"])
        #expect(store.refusedCount == 1)
        clock.withLock { $0 = then }
        #expect(store.reload())
        #expect(store.status(of: trusted, at: then) == .revoked(since: then))
        #expect(store.problems(at: then).isEmpty && store.refusedCount == 0)
        // A clock that was ahead is set back: the list of now is taken again.
        clock.withLock { $0 = TestCA.now }
        try Self.write(Self.pem(TestCA.list(of: ca), "X509 CRL"), path)
        #expect(store.reload())
        #expect(store.status(of: trusted, at: TestCA.now) == .good)
    }

    @Test func `a list whose file was renamed ages unseen beside its successor, and revokes on`()
        throws
    {
        let folder = TestCA.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (ca, other) = (TestCA.authority(), TestCA.authority("Other"))
        let leaf = TestCA.leaf(by: ca)
        let clock = Mutex(TestCA.now)
        let old = TestCA.list(of: ca, revoked: [leaf.parsed], days: 2)
        try Self.write(Self.pem(old, "X509 CRL"), folder + "/old.pem")
        let store = RevocationStore(
            paths: [folder], issuers: [ca.parsed, other.parsed], now: { clock.withLock { $0 } },
            logger: Logger(label: "test"))
        let ends = TestCA.now.adding(seconds: 2 * 86_400 - 60)
        #expect(store.freshUntil == ends)
        let lacking = other.parsed.subject.text + ": crl-missing"
        #expect(store.problems(at: TestCA.now) == [lacking])
        // Gone without a successor: it is all there is, and its age is what counts.
        try FileManager.default.removeItem(atPath: folder + "/old.pem")
        #expect(!store.reload())
        #expect(store.freshUntil == ends)

        let new = TestCA.list(of: ca, days: 7)
        try Self.write(Self.pem(new, "X509 CRL"), folder + "/new.pem")
        #expect(store.reload())
        #expect(store.freshUntil == TestCA.now.adding(seconds: 7 * 86_400 - 60))
        #expect(store.listCount == 2)
        let unrevoked = Trust.Verifier(
            anchors: [ca.parsed], usage: .institution, revocation: store
        ).verify(leaf: leaf.der, intermediates: [], at: TestCA.now)
        #expect(unrevoked == .refused(.revoked))
        clock.withLock { $0 = ends.adding(seconds: 1) }
        #expect(store.reload())
        #expect(store.listCount == 1)
        #expect(store.problems(at: ends.adding(seconds: 1)) == [lacking])
        let late = TestCA.now.adding(seconds: 8 * 86_400)
        #expect(
            store.problems(at: late)
                == [ca.parsed.subject.text + ": crl-stale", lacking].sorted())
    }
}

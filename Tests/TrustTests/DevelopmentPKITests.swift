import Exchange
import Foundation
import Logging
import Testing
import Trust

@Suite struct DevelopmentPKITests {
    static func withPKI(_ body: (DevelopmentPKI, Instant) throws -> Void) throws {
        let folder = TestCA.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let now = Instant(seconds: 1_795_000_000)
        try body(DevelopmentPKI.create(in: folder, at: now), now)
    }

    static func verifier(
        _ pki: DevelopmentPKI, _ authority: DevelopmentPKI.Authority
    ) throws -> Trust.Verifier {
        let anchor = try pki.anchor(authority)
        let store = RevocationStore(
            paths: [pki.listPath(authority)], issuers: [anchor],
            now: { Instant(seconds: 1_795_000_000) }, logger: Logger(label: "test"))
        return Trust.Verifier(anchors: [anchor], usage: authority.usage, revocation: store)
    }

    static let parties: [(Role, String)] = [
        (.institution, "1310000001"), (.municipality, "131016"), (.prefecture, "130001"),
        (.reviewer, "kokuho-13"), (.cardauthority, "j"), (.statistics, "s"), (.auditor, "a"),
        (.ombudsman, "b"), (.ministry, "m"),
        (.portal, "p"), (.operator_, "o"),
    ]

    @Test func `every role gets a certificate that its listener trusts, and no other`() throws {
        try Self.withPKI { pki, now in
            for (role, code) in Self.parties {
                let party = try Party(role: role, code: code)
                let made = try pki.issue(party, name: role.rawValue, at: now)
                for authority in DevelopmentPKI.Authority.allCases where authority != .cards {
                    let verdict = try Self.verifier(pki, authority).verify(
                        leaf: made, intermediates: [], at: now)
                    guard authority == DevelopmentPKI.Authority(of: role) else {
                        #expect(verdict == .refused(.issuerUnknown))
                        continue
                    }
                    guard case .trusted(let trusted) = verdict else {
                        Issue.record("\(role): \(verdict)")
                        continue
                    }
                    #expect(trusted.party == party)
                }
            }
            #expect(Role.allCases.count == Self.parties.count)
        }
    }

    @Test func `a server certificate is for servers`() throws {
        try Self.withPKI { pki, now in
            let made = try pki.issueServer(name: "gateway", at: now)
            let verdict = try Self.verifier(pki, .server).verify(
                leaf: made, intermediates: [], at: now)
            guard case .trusted(let trusted) = verdict else {
                Issue.record("\(verdict)")
                return
            }
            #expect(trusted.party == nil)
        }
    }

    @Test func `renewing gives a new key, revoking ends every certificate of the name`() throws {
        try Self.withPKI { pki, now in
            let party = try Party(role: .institution, code: "1310000001")
            let first = try pki.issue(party, name: "clinic", at: now)
            let second = try pki.renew(.institutions, "clinic", at: now)
            let other = try pki.issue(
                Party(role: .institution, code: "1310000002"), name: "other", at: now)
            #expect(first.keyDigest != second.keyDigest && first.serial != second.serial)
            #expect(first.serial.count == 16 && second.serial.count == 16)
            let before = try Self.verifier(pki, .institutions)
            for leaf in [first, second] {
                guard case .trusted = before.verify(leaf: leaf, intermediates: [], at: now) else {
                    Issue.record("not trusted")
                    continue
                }
            }
            try pki.revoke(.institutions, "clinic", reason: .superseded, at: now)
            let after = try Self.verifier(pki, .institutions)
            for leaf in [first, second] {
                let verdict = after.verify(leaf: leaf, intermediates: [], at: now)
                #expect(verdict == .refused(.revoked))
            }
            guard case .trusted = after.verify(leaf: other, intermediates: [], at: now) else {
                Issue.record("the other clinic is not trusted")
                return
            }
            let index = try pki.issued(.institutions)
            #expect(index.map(\.name) == ["clinic", "clinic", "other"])
            #expect(index.map { $0.reason } == [.superseded, .superseded, nil])
            #expect(throws: FileProblem.self) {
                try pki.revoke(.institutions, "nobody", reason: .superseded, at: now)
            }
        }
    }

    @Test func `keys are private and a second start makes nothing anew`() throws {
        try Self.withPKI { pki, now in
            let key = pki.path(.offices, "ca.key")
            let attributes = try FileManager.default.attributesOfItem(atPath: key)
            #expect(attributes[.posixPermissions] as? Int == 0o400)
            let before = try pki.anchor(.offices)
            try DevelopmentPKI.create(in: pki.folder, at: now)
            #expect(try pki.anchor(.offices) == before)
            for name in ["../up", "", "ca", ".hidden", "a b"] {
                #expect(throws: FileProblem.self) {
                    try pki.issueServer(name: name, at: now)
                }
            }
        }
    }

    @Test func `a PKI is made in a folder that is not there yet`() throws {
        let folder = TestCA.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let now = Instant(seconds: 1_795_000_000)
        let pki = try DevelopmentPKI.create(in: folder + "/certs/dev", at: now)
        _ = try pki.issueServer(name: "gateway", at: now)
    }

    @Test func `whoever asks in another folder is told which file was looked for`() throws {
        let pki = DevelopmentPKI(folder: "/nowhere/dev")
        let now = Instant(seconds: 1_795_000_000)
        let town = try Party(role: .municipality, code: "131016")
        let asks: [() throws -> Void] = [
            { _ = try pki.issueServer(name: "gateway", at: now) },
            { _ = try pki.issue(town, name: "town", at: now) },
            { _ = try pki.renew(.offices, "town", at: now) },
            { _ = try pki.anchor(.offices) },
        ]
        for ask in asks {
            let problem = #expect(throws: FileProblem.self) { try ask() }
            #expect(problem?.description.contains("/nowhere/dev/") == true)
            #expect(problem?.description.contains("tsunagi pki init") == true)
        }
    }

    @Test func `openssl agrees with a development certificate`() throws {
        let openssl = try Shell.require("openssl", package: "openssl")
        try Self.withPKI { pki, _ in
            let now = Instant(seconds: Int64(Date().timeIntervalSince1970) - 60)
            let fresh = try DevelopmentPKI.create(in: pki.folder + "/fresh", at: now)
            let party = try Party(role: .institution, code: "1310000001")
            try fresh.issue(party, name: "clinic", at: now)
            let done = try Shell.run(
                openssl,
                [
                    "verify", "-x509_strict", "-crl_check", "-purpose", "sslclient", "-CAfile",
                    fresh.path(.institutions, "ca.pem"), "-CRLfile", fresh.listPath(.institutions),
                    fresh.certificatePath(.institutions, "clinic"),
                ])
            #expect(done.status == 0, "\(done.output)")
        }
    }

    static let times: [(String, Int64?)] = [
        ("1970-01-01", 0), ("1970-01-02T00:00:00Z", 86_400), ("1970-01-01T09:00:00+09:00", 0),
        ("1970-01-01T00:00:01.5Z", 1), ("86400", 86_400), ("1970-01-01T00:00:00", nil),
        ("1970-13-01", nil), ("now", nil), ("1970-01-01T24:00:00Z", nil), ("", nil),
    ]

    @Test(arguments: times)
    func `a time on the command line is one instant or none`(text: String, seconds: Int64?) {
        #expect(Instant(commandLine: text)?.seconds == seconds)
    }
}

import Exchange
import Foundation
import Gateway
import Ledger
import NIOSSL
import TestSupport
import Testing
import Trust

/// 忘れられた経路: really resumed sessions below real intermediate CAs, after what was kept of their certificates
/// had to go: nobody is let in for it who should not be, and nobody is kept out.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct ForgottenPathTests {
    private static let authorities = ["root", "one", "two"]
    private static let party = "institution:1310000001"

    let gateway: RunningGateway
    let pki: ServingPKI
    let trust = TestTrust()

    init() throws {
        gateway = try .running
        pki = try ServingPKI()
        try pki.makeAuthority("root")
        for name in ["one", "two"] { try pki.makeAuthority(name, by: "root") }
        for name in Self.authorities { try pki.writeList(of: name) }
    }

    private static var wall: Int64 { Int64(Date().timeIntervalSince1970) }

    /// A listener that believes the root alone, and remembers as much as `memory` may.
    private func serve(
        _ memory: PathMemory,
        _ body: (RunningListener, RevocationStore) async throws -> Void
    ) async throws {
        trust.set(now: Self.wall)
        let root = try #require(try ParsedCertificate.all(in: pki.bytes("root.pem")).first)
        let revocation = RevocationStore(
            paths: Self.authorities.map { pki.path("\($0).crl") }, issuers: [root],
            now: { [trust] in trust.now }, logger: gateway.log.logger)
        let believed = PartyTrust(
            anchors: [root], usage: .institution, revocation: revocation,
            parties: gateway.ledger.parties, memory: memory)
        let tls = try ServerTLS(
            ServerTLSMaterial(
                certificateChainPEM: try pki.bytes("server.pem"),
                privateKeyPEM: try pki.bytes("server.key"),
                clientRootsPEM: try pki.bytes("root.pem")))
        try await RunningListener.run(tls: tls, trust: trust, believing: believed.clientTrust) {
            try await body($0, revocation)
        }
    }

    /// The answer to `GET /who`, with what openssl says of the session.
    private func get(
        _ client: ServingPKI.Client, below authority: String, _ listener: RunningListener,
        _ version: String, _ session: [String] = []
    ) async throws -> String {
        try await OpenSSL.get(
            "/who", port: listener.port, client: client, session: session,
            options: [version, "-cert_chain", pki.path("\(authority).pem")])
    }

    static let revoked: [(name: String, by: String)] = [("clinic", "one"), ("one", "root")]

    @Test(arguments: ["-tls1_3", "-tls1_2"], revoked)
    func `a session whose path was forgotten is judged again below the CA that was kept`(
        _ version: String, _ revoked: (name: String, by: String)
    ) async throws {
        let clinic = try pki.member("clinic", "1310000001", by: "one")
        let other = try pki.member("other", "1310000002", by: "one")
        let fingerprint = try ParsedCertificate(der: clinic.der).fingerprint
        let memory = PathMemory(pathsMax: 1, issuersMax: 4)
        let ticket = pki.path("ticket")
        try await serve(memory) { listener, revocation in
            let first = try await get(
                clinic, below: "one", listener, version, ["-sess_out", ticket])
            #expect(first.contains("New, TLSv1.") && first.contains(Self.party))
            #expect(memory.path(of: fingerprint) != nil)

            let second = try await get(other, below: "one", listener, version)
            #expect(second.contains("institution:1310000002"))
            #expect(memory.path(of: fingerprint) == nil)
            let resumed = try await get(
                clinic, below: "one", listener, version, ["-sess_in", ticket, "-sess_out", ticket])
            #expect(resumed.contains("Reused, TLSv1.") && resumed.contains(Self.party))
            #expect(memory.path(of: fingerprint) != nil)

            _ = try await get(other, below: "one", listener, version)
            #expect(memory.path(of: fingerprint) == nil)
            try pki.revoke(revoked.name, by: revoked.by)
            trust.set(now: Self.wall)
            #expect(revocation.reload())
            let stopped = try await get(
                clinic, below: "one", listener, version, ["-sess_in", ticket])
            #expect(stopped.contains("Reused, TLSv1."))
            #expect(stopped.contains("HTTP/1.1 \(Refusal.certificateRevoked.status) "))
            #expect(stopped.contains(Refusal.certificateRevoked.code))
            #expect(!stopped.contains(Self.party))
        }
        #expect(trust.turnedAway == ["\(Self.party) \(Refusal.certificateRevoked.code)"])
    }

    @Test(arguments: ["-tls1_3", "-tls1_2"])
    func `a session of whose CA nothing is left is told to come back, and comes back in full`(
        _ version: String
    ) async throws {
        let clinic = try pki.member("clinic", "1310000001", by: "one")
        let other = try pki.member("other", "1310000002", by: "two")
        let memory = PathMemory(pathsMax: 1, issuersMax: 1)
        let ticket = pki.path("ticket")
        try await serve(memory) { listener, _ in
            let first = try await get(
                clinic, below: "one", listener, version, ["-sess_out", ticket])
            #expect(first.contains("New, TLSv1.") && first.contains(Self.party))
            let second = try await get(other, below: "two", listener, version)
            #expect(second.contains("institution:1310000002"))
            #expect(memory.issuers(above: clinic.der) == [])

            let lost = try await get(
                clinic, below: "one", listener, version, ["-sess_in", ticket])
            #expect(lost.contains("Reused, TLSv1.") && lost.contains("HTTP/1.1 503 "))
            #expect(lost.lowercased().contains("retry-after: "))
            #expect(!lost.contains(Self.party))

            let again = try await get(
                clinic, below: "one", listener, version, ["-sess_in", ticket, "-sess_out", ticket])
            #expect(again.contains("New, TLSv1.") && again.contains(Self.party))
            let resumed = try await get(
                clinic, below: "one", listener, version, ["-sess_in", ticket])
            #expect(resumed.contains("Reused, TLSv1.") && resumed.contains(Self.party))
        }
        #expect(trust.turnedAway.isEmpty)
    }
}

/// Authorities of several storeys with their lists, as the profile of certs/README.md has them.
extension ServingPKI {
    private static let newKey = [
        "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
    ]

    private func signed(by issuer: String?) -> [String] {
        issuer.map { ["-CA", path("\($0).pem"), "-CAkey", path("\($0).key")] } ?? []
    }

    private func files(of name: String) -> [String] {
        ["-keyout", path("\(name).key"), "-out", path("\(name).pem")]
    }

    fileprivate func makeAuthority(_ name: String, by issuer: String? = nil) throws {
        try OpenSSL.run(
            ["req", "-x509"] + Self.newKey + signed(by: issuer)
                + ["-subj", "/CN=\(name) of a test"]
                + ["-addext", "keyUsage=critical,keyCertSign,cRLSign"] + files(of: name))
        let configuration = """
            [ca]
            default_ca = own
            [own]
            database = \(path("\(name).index"))
            crlnumber = \(path("\(name).number"))
            default_md = sha256
            default_crl_days = 7

            """
        for (ending, text) in [("conf", configuration), ("index", ""), ("number", "01\n")] {
            try Data(text.utf8).write(to: folder.appendingPathComponent("\(name).\(ending)"))
        }
    }

    private func asAuthority(_ name: String, _ arguments: [String]) throws {
        try OpenSSL.run(
            ["ca", "-config", path("\(name).conf"), "-cert", path("\(name).pem")]
                + ["-keyfile", path("\(name).key")] + arguments)
    }

    fileprivate func writeList(of name: String) throws {
        try asAuthority(name, ["-gencrl", "-out", path("\(name).crl")])
    }

    fileprivate func revoke(_ name: String, by issuer: String) throws {
        try asAuthority(issuer, ["-revoke", path("\(name).pem")])
        try writeList(of: issuer)
    }

    /// An institution's certificate alone: what it stands below is the client's to send.
    fileprivate func member(_ name: String, _ code: String, by issuer: String) throws -> Client {
        try OpenSSL.run(
            ["req", "-x509"] + Self.newKey + signed(by: issuer) + ["-subj", "/CN=\(name)"]
                + ["-addext", "subjectAltName=URI:urn:tsunagi:party:institution:\(code)"]
                + ["-addext", "basicConstraints=critical,CA:FALSE"]
                + ["-addext", "keyUsage=critical,digitalSignature"]
                + ["-addext", "extendedKeyUsage=clientAuth"] + files(of: name))
        let certificate = try bytes("\(name).pem")
        return Client(
            credentials: .init(
                caPEM: try bytes("ca.pem"), certificatePEM: certificate,
                keyPEM: try bytes("\(name).key")),
            der: try NIOSSLCertificate(bytes: certificate, format: .pem).toDERBytes(),
            certificateFile: path("\(name).pem"), keyFile: path("\(name).key"))
    }
}

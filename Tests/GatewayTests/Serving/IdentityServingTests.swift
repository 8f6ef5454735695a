import Exchange
import Gateway
import TestSupport
import Testing

/// Who may talk to a listener: on a new, a resumed and a live connection.
@Suite(.timeLimit(.minutes(10)))
struct IdentityServingTests {
    static let stops: [Refusal] = [
        .certificateRevoked, .revocationUnknown, .partySuspended, .partyUnknown,
    ]

    let pki: ServingPKI
    let clinic: ServingPKI.Client
    let trust = TestTrust()
    let tls: ServerTLS

    init() throws {
        pki = try ServingPKI()
        clinic = try pki.client("clinic", uri: "urn:tsunagi:party:institution:1310000001")
        trust.know(clinic, as: try Party(role: .institution, code: "1310000001"))
        tls = try ServerTLS(pki.material)
    }

    @Test func `the party of the certificate reaches the handler`() async throws {
        try await RunningListener.run(tls: tls, trust: trust) { listener in
            for version in [TLSClient.Version.tls12, .tls13] {
                let client = try await TLSClient(
                    port: listener.port, credentials: clinic.credentials, version: version)
                let answer = try await client.send("GET", "/who")
                #expect(answer.status == 200)
                #expect(answer.text == "institution:1310000001")
                #expect(try await client.send("GET", "/who").status == 200)
                await client.close()
            }
        }
    }

    @Test func `the party is asked for once a connection, not once a request`() async throws {
        try await RunningListener.run(tls: tls, trust: trust) { listener in
            let client = try await TLSClient(
                port: listener.port, credentials: clinic.credentials)
            for _ in 0..<20 { #expect(try await client.send("GET", "/who").status == 200) }
            await client.close()
        }
        #expect(trust.chainsSeen == [1])
    }

    @Test func `without a certificate there is no connection`() async throws {
        let nobody = TLSClient.Credentials(caPEM: try pki.bytes("ca.pem"))
        try await RunningListener.run(tls: tls, trust: trust) { listener in
            await #expect(throws: (any Error).self) {
                try await TLSClient(port: listener.port, credentials: nobody).send("GET", "/who")
            }
        }
        #expect(trust.chainsSeen.isEmpty)
    }

    @Test func `a certificate nobody trusts does not get through the handshake`() async throws {
        try pki.makeCA("stranger")
        let stranger = try pki.client(
            "impostor", uri: "urn:tsunagi:party:institution:1310000001", by: "stranger")
        try await RunningListener.run(tls: tls, trust: trust) { listener in
            await #expect(throws: (any Error).self) {
                try await TLSClient(port: listener.port, credentials: stranger.credentials)
                    .send("GET", "/who")
            }
        }
        #expect(trust.chainsSeen == [1])
    }

    @Test func `suites without authenticated encryption are refused in TLS 1_2`() async throws {
        try await RunningListener.run(tls: tls, trust: trust) { listener in
            let aead = try await OpenSSL.get(
                "/who", port: listener.port, client: clinic, session: [],
                options: ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"])
            #expect(aead.contains("HTTP/1.1 200 OK"))
            let cbc = try await OpenSSL.get(
                "/who", port: listener.port, client: clinic, session: [],
                options: ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"])
            #expect(!cbc.contains("HTTP/1.1"))
            #expect(cbc.contains("handshake failure"))
        }
    }

    @Test(arguments: stops)
    func `a stopped party is refused on a new connection`(_ refusal: Refusal) async throws {
        trust.refuse(clinic, refusal)
        try await RunningListener.run(tls: tls, trust: trust) { listener in
            let client = try await TLSClient(
                port: listener.port, credentials: clinic.credentials)
            let answer = try await client.send("GET", "/who")
            #expect(answer.status == refusal.status)
            #expect(answer.text.contains("\"code\":\"\(refusal.code)\""))
            #expect(!answer.text.contains("1310000001"))
            try await client.closed()
            expectEntered(refusal, listener)
        }
    }

    /// Once, with the party; and the log line names who it was.
    private func expectEntered(_ refusal: Refusal, _ listener: RunningListener) {
        #expect(trust.turnedAway == ["institution:1310000001 \(refusal.code)"])
        let lines = listener.log.all.filter { $0.contains("status=\(refusal.status)") }
        #expect(lines.count == 1)
        #expect(lines.allSatisfy { $0.contains("party=institution:1310000001") })
    }

    @Test(arguments: stops)
    func `a stopped party is refused on a live connection`(_ refusal: Refusal) async throws {
        try await RunningListener.run(tls: tls, trust: trust) { listener in
            let client = try await TLSClient(
                port: listener.port, credentials: clinic.credentials)
            #expect(try await client.send("GET", "/who").status == 200)
            trust.refuse(clinic, refusal)
            let answer = try await client.send("GET", "/who")
            #expect(answer.status == refusal.status)
            #expect(answer.text.contains("\"code\":\"\(refusal.code)\""))
            try await client.closed()
            expectEntered(refusal, listener)
        }
    }

    @Test(arguments: [false, true])
    func `a stopped party has the rate it had, and past it nothing is entered`(wasLetIn: Bool)
        async throws
    {
        var setup = RunningListener.Setup()
        // A token in a quarter of an hour: none comes while the test runs.
        setup.limits.requestsPerSecondPerParty = 0.001
        setup.limits.requestBurstPerParty = 3
        try await RunningListener.run(setup, tls: tls, trust: trust) { listener in
            if wasLetIn {
                let client = try await TLSClient(
                    port: listener.port, credentials: clinic.credentials)
                #expect(try await client.send("GET", "/who").status == 200)
                await client.close()
            }
            trust.refuse(clinic, .partySuspended)
            var statuses: [Int] = []
            for _ in 0..<5 {
                let client = try await TLSClient(
                    port: listener.port, credentials: clinic.credentials)
                statuses.append(try await client.send("GET", "/who").status)
                try await client.closed()
            }
            let entered = Refusal.partySuspended.status
            #expect(statuses == [entered, entered, entered, 429, 429])
            // Whoever is let in has what it had: a stolen key switches its owner off by no rate.
            trust.refuse(clinic, nil)
            let client = try await TLSClient(
                port: listener.port, credentials: clinic.credentials)
            #expect(try await client.send("GET", "/who").status == 200)
            await client.close()
        }
        let entry = "institution:1310000001 \(Refusal.partySuspended.code)"
        #expect(trust.turnedAway == [entry, entry, entry])
    }

    /// NIOSSL does not call the verification callback for a resumed session (measured.md).
    @Test(arguments: ["-tls1_3", "-tls1_2"])
    func `a revoked party is refused on a really resumed session`(_ version: String) async throws {
        try await RunningListener.run(tls: tls, trust: trust) { listener in
            let ticket = pki.path("ticket\(version)")
            let first = try await OpenSSL.get(
                "/who", port: listener.port, client: clinic, session: ["-sess_out", ticket],
                options: [version])
            #expect(first.contains("institution:1310000001"))

            let resumed = try await OpenSSL.get(
                "/who", port: listener.port, client: clinic,
                session: ["-sess_in", ticket, "-sess_out", ticket], options: [version])
            #expect(resumed.contains("Reused, TLSv1."))
            #expect(resumed.contains("institution:1310000001"))

            trust.refuse(clinic, .certificateRevoked)
            let revoked = try await OpenSSL.get(
                "/who", port: listener.port, client: clinic, session: ["-sess_in", ticket],
                options: [version])
            #expect(revoked.contains("Reused, TLSv1."))
            #expect(revoked.contains("HTTP/1.1 \(Refusal.certificateRevoked.status) "))
            #expect(revoked.contains(Refusal.certificateRevoked.code))
            #expect(!revoked.contains("institution:1310000001"))
        }
    }

    /// A resumed session shows the leaf alone: where its chain was forgotten nobody can judge it, and with
    /// the same ticket it would be so for ever.
    @Test(arguments: ["-tls1_3", "-tls1_2"])
    func `a resumed session whose chain was forgotten is asked for a full handshake`(
        _ version: String
    ) async throws {
        try await RunningListener.run(tls: tls, trust: trust) { listener in
            let ticket = pki.path("forgotten\(version)")
            let first = try await OpenSSL.get(
                "/who", port: listener.port, client: clinic, session: ["-sess_out", ticket],
                options: [version])
            #expect(first.contains("institution:1310000001"))

            trust.forget(clinic)
            let resumed = try await OpenSSL.get(
                "/who", port: listener.port, client: clinic, session: ["-sess_in", ticket],
                options: [version])
            #expect(resumed.contains("Reused, TLSv1."))
            #expect(resumed.contains("HTTP/1.1 503 "))
            #expect(resumed.lowercased().contains("retry-after: "))
            #expect(!resumed.contains("institution:1310000001"))

            let again = try await OpenSSL.get(
                "/who", port: listener.port, client: clinic, session: ["-sess_in", ticket],
                options: [version])
            #expect(again.contains("New, TLSv1."))
            #expect(again.contains("institution:1310000001"))
        }
        #expect(trust.turnedAway.isEmpty)
    }

    @Test func `a certificate alone of whose issuer nothing is known opens no new connection`()
        async throws
    {
        try await RunningListener.run(tls: tls, trust: trust) { listener in
            trust.forget(clinic)
            await #expect(throws: (any Error).self) {
                try await TLSClient(port: listener.port, credentials: clinic.credentials)
                    .send("GET", "/who")
            }
        }
    }

    @Test func `a certificate that expires during a connection is refused`() async throws {
        trust.set(validUntil: 1_800_000_100)
        try await RunningListener.run(tls: tls, trust: trust) { listener in
            let client = try await TLSClient(
                port: listener.port, credentials: clinic.credentials)
            trust.set(now: 1_800_000_099)
            #expect(try await client.send("GET", "/who").status == 200)
            trust.set(now: 1_800_000_100)
            let answer = try await client.send("GET", "/who")
            #expect(answer.status == Refusal.certificateExpired.status)
            #expect(answer.text.contains(Refusal.certificateExpired.code))
        }
    }

    @Test func `a party that is let in again comes back with a new connection`() async throws {
        try await RunningListener.run(tls: tls, trust: trust) { listener in
            trust.refuse(clinic, .partySuspended)
            let before = try await TLSClient(
                port: listener.port, credentials: clinic.credentials)
            #expect(try await before.send("GET", "/who").status == 403)
            try await before.closed()
            trust.refuse(clinic, nil)
            let after = try await TLSClient(
                port: listener.port, credentials: clinic.credentials)
            #expect(try await after.send("GET", "/who").status == 200)
        }
    }

    @Test func `new material serves new connections and leaves the old ones`() async throws {
        try pki.makeCA("next")
        try pki.issue("successor", by: "next", usage: "serverAuth", name: "IP:127.0.0.1")
        try await RunningListener.run(tls: tls, trust: trust) { listener in
            let before = try await TLSClient(
                port: listener.port, credentials: clinic.credentials)
            #expect(try await before.send("GET", "/who").status == 200)
            try tls.reload(
                ServerTLSMaterial(
                    certificateChainPEM: try pki.bytes("successor.pem"),
                    privateKeyPEM: try pki.bytes("successor.key"),
                    clientRootsPEM: try pki.bytes("ca.pem")))
            #expect(try await before.send("GET", "/who").status == 200)
            var credentials = clinic.credentials
            credentials.caPEM = try pki.bytes("next.pem")
            let after = try await TLSClient(port: listener.port, credentials: credentials)
            #expect(try await after.send("GET", "/who").status == 200)
        }
        #expect(throws: (any Error).self) {
            try tls.reload(
                ServerTLSMaterial(
                    certificateChainPEM: try pki.bytes("server.pem"),
                    privateKeyPEM: try pki.bytes("successor.key"),
                    clientRootsPEM: try pki.bytes("ca.pem")))
        }
    }
}

extension ServingPKI {
    var material: ServerTLSMaterial {
        get throws {
            ServerTLSMaterial(
                certificateChainPEM: try bytes("server.pem"),
                privateKeyPEM: try bytes("server.key"), clientRootsPEM: try bytes("ca.pem"))
        }
    }
}

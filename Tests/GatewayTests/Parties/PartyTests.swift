import Exchange
import Ledger
import TestSupport
import Testing
import Trust

/// 関係機関: who is stopped, on a new, a resumed and a live connection, with real certificates and real lists.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct PartyTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private static let path = "/fhir/metadata"

    /// A certificate of the party under a name of its own, as a client of the openssl command line too.
    private func client(_ party: Party, _ name: String, days: Int64 = 30) throws
        -> ServingPKI.Client
    {
        let authority = DevelopmentPKI.Authority(of: party.role)
        let issued = try gateway.pki.issue(party, name: name, at: gateway.clock.now(), days: days)
        return ServingPKI.Client(
            credentials: try gateway.pki.credentials(authority, name), der: issued.der,
            certificateFile: gateway.pki.certificatePath(authority, name),
            keyFile: gateway.pki.keyPath(authority, name))
    }

    struct Stop: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let refusal: Refusal
        /// Stops the party, runs the body, and lets it go on.
        let stopped:
            @Sendable (RunningGateway, String, @Sendable () async throws -> Void) async throws ->
                Void
    }

    static let stops: [Stop] = [
        Stop(testDescription: "revoked", refusal: .certificateRevoked) { gateway, name, body in
            try gateway.pki.revoke(
                .institutions, name, reason: .keyCompromise, at: gateway.clock.now())
            gateway.revocation.reload()
            try await body()
        },
        Stop(testDescription: "expired", refusal: .certificateExpired) { gateway, _, body in
            try await gateway.clock.moved(seconds: 2 * 86_400) { try await body() }
        },
        Stop(testDescription: "suspended", refusal: .partySuspended) { gateway, _, body in
            #expect(try await gateway.registry.suspend(Cast.spare))
            try await gateway.ledger.refresh()
            try await body()
            #expect(try await gateway.registry.resume(Cast.spare))
            try await gateway.ledger.refresh()
        },
        Stop(testDescription: "revocation unknown", refusal: .revocationUnknown) {
            gateway, _, body in
            try gateway.pki.writeList(.institutions, at: gateway.clock.now(), days: 0)
            gateway.revocation.reload()
            try await gateway.clock.moved(seconds: 2) { try await body() }
            try gateway.pki.writeList(.institutions, at: gateway.clock.now())
            gateway.revocation.reload()
        },
    ]

    @Test(arguments: stops, ["-tls1_3", "-tls1_2"])
    func `a stopped party is stopped everywhere`(_ stop: Stop, _ version: String) async throws {
        let name = "stopped-\(stop.testDescription.replacing(" ", with: "-"))\(version)"
        let client = try client(Cast.spare, name, days: 1)
        let port = try gateway.port(.institution)
        let live = try await TLSClient(
            port: port, credentials: client.credentials,
            version: version == "-tls1_3" ? .tls13 : .tls12)
        #expect(try await live.send("GET", Self.path).status == 200)
        let ticket = gateway.folder + "/" + name
        let first = try await OpenSSL.get(
            Self.path, port: port, client: client, session: ["-sess_out", ticket],
            options: [version])
        #expect(first.contains("HTTP/1.1 200"))
        let again = try await OpenSSL.get(
            Self.path, port: port, client: client,
            session: ["-sess_in", ticket, "-sess_out", ticket],
            options: [version])
        #expect(again.contains("Reused, TLSv1."))
        #expect(again.contains("HTTP/1.1 200"))
        let entries = try await gateway.entries {
            try await expectStopped(stop, name, client, live, version)
        }
        // One for each connection that got as far as HTTP.
        let count = stop.refusal == .certificateExpired ? 2 : 3
        let entry = "\(Cast.spare.key) connect \(stop.refusal.code)"
        #expect(
            entries.map { "\($0.party) \($0.purpose) \($0.outcome)" }
                == Array(repeating: entry, count: count))
        gateway.expectMoreEntries(count)
    }

    private func expectStopped(
        _ stop: Stop, _ name: String, _ client: ServingPKI.Client, _ live: TLSClient,
        _ version: String
    ) async throws {
        let port = try gateway.port(.institution)
        let ticket = gateway.folder + "/" + name
        try await stop.stopped(gateway, name) { [gateway] in
            let onLive = try await live.send("GET", Self.path)
            gateway.expect(stop.refusal, in: onLive)
            try await live.closed()
            let resumed = try await OpenSSL.get(
                Self.path, port: port, client: client, session: ["-sess_in", ticket],
                options: [version])
            #expect(resumed.contains("Reused, TLSv1."))
            #expect(resumed.contains("HTTP/1.1 \(stop.refusal.status) "))
            #expect(resumed.contains(stop.refusal.code))
            #expect(!resumed.contains("CapabilityStatement"))
            try await Self.expectRefused(anew: client, stop.refusal, port)
        }
    }

    /// A new connection hears why, except that a certificate out of its dates does not get through the
    /// handshake.
    private static func expectRefused(
        anew client: ServingPKI.Client, _ refusal: Refusal, _ port: Int
    ) async throws {
        let fresh = try await TLSClient(port: port, credentials: client.credentials)
        guard refusal != .certificateExpired else {
            await #expect(throws: (any Error).self) { try await fresh.send("GET", Self.path) }
            return
        }
        let answer = try await fresh.send("GET", Self.path)
        #expect(answer.code == refusal.code)
    }

    @Test func `a suspension counts before any gateway has heard of it`() async throws {
        let client = try await gateway.connect(Cast.spare)
        let card = try await gateway.settle().card
        let body = try await gateway.visitBody(card, at: Cast.spare)
        let bytes = Array(JSON.object(body).text.utf8)
        #expect(try await gateway.registry.suspend(Cast.spare))
        try await gateway.expect(.partySuspended, of: .openVisit, from: Cast.spare) {
            try await gateway.send(client, "POST", "/visits", bytes: bytes)
        }
        #expect(try await gateway.registry.resume(Cast.spare))
        #expect(try await gateway.send(client, "POST", "/visits", bytes: bytes).status == 201)
        await client.close()
    }

    static let strangers: [(party: Party, refusal: Refusal)] = [
        (Cast.unregistered, .partyUnknown), (Cast.notOptedIn, .partyNotOptedIn),
    ]

    @Test(arguments: strangers)
    func `a party outside the registry's circle is refused by name`(
        _ row: (party: Party, refusal: Refusal)
    ) async throws {
        let card = try await gateway.settle().card
        let body = try await gateway.visitBody(card, at: row.party)
        try await gateway.expect(row.refusal, of: .openVisit, from: row.party) {
            try await gateway.send(row.party, "POST", "/visits", body: .object(body))
        }
        try await gateway.expect(row.refusal, of: .openPaperVisit, from: row.party) {
            try await gateway.openPaperVisit(("88131016", "R-1", "2020-01-01"), at: row.party)
        }
        let visit = try await gateway.openVisit(card)
        try await gateway.expect(row.refusal, of: .checkEligibility, from: row.party) {
            try await gateway.check(visit, by: row.party)
        }
    }

    static let wrongDoors: [(party: Party, listener: Listener)] = [
        (Cast.clinic, .office), (Cast.clinic, .resident), (Cast.town, .institution),
        (Cast.town, .resident), (Cast.portal, .institution), (Cast.portal, .office),
    ]

    @Test(arguments: wrongDoors)
    func `a role at another's listener does not get through the handshake`(
        _ row: (party: Party, listener: Listener)
    ) async throws {
        let client = try await gateway.connect(row.party, to: row.listener)
        await #expect(throws: (any Error).self) { try await client.send("GET", Self.path) }
        let own = try await gateway.connect(row.party)
        #expect(try await own.send("GET", Self.path).status == 200)
        await own.close()
    }

    @Test func `a CA of the same name with another key vouches for nobody`() async throws {
        let forged = try DevelopmentPKI.create(
            in: gateway.folder + "/forged", at: gateway.clock.now())
        try forged.issue(Cast.clinic, name: "clinic", at: gateway.clock.now())
        var credentials = try forged.credentials(.institutions, "clinic")
        credentials.caPEM = try gateway.pki.credentials(of: Cast.clinic).caPEM
        let client = try await gateway.connect(Cast.clinic, credentials: credentials)
        await #expect(throws: (any Error).self) { try await client.send("GET", Self.path) }
    }

    @Test func `a route of another listener does not exist here`() async throws {
        let routes: [(Party, String, String)] = [
            (Cast.clinic, "POST", "/card-feed/events"), (Cast.clinic, "GET", "/fhir/AuditEvent"),
            (Cast.town, "POST", "/visits"), (Cast.town, "POST", RunningGateway.checkPath),
            (Cast.portal, "POST", "/visits"),
            (Cast.portal, "POST", "/medical-subsidy/registration-tasks"),
        ]
        for (party, method, path) in routes {
            try await gateway.expect(.routeUnknown, of: nil, from: party) {
                try await gateway.send(party, method, path, body: .object(JSONObject()))
            }
        }
    }
}

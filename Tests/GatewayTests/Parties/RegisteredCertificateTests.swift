import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 登録済み証明書: a CA that cannot write our URI, its certificates registered by the real command, over
/// real TLS.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct RegisteredCertificateTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private static let path = "/fhir/metadata"

    /// A certificate that names no party, as its CA writes it.
    private func plain(_ name: String, of party: Party = Cast.spare) throws -> ServingPKI.Client {
        let authority = DevelopmentPKI.Authority(of: party.role)
        let issued = try gateway.pki.issue(
            party, name: name, at: gateway.clock.now(), sayingURI: false)
        return ServingPKI.Client(
            credentials: try gateway.pki.credentials(authority, name), der: issued.der,
            certificateFile: gateway.pki.certificatePath(authority, name),
            keyFile: gateway.pki.keyPath(authority, name))
    }

    /// `tsunagi party certificate …`, and the second that a gateway takes to hear of it.
    private func command(_ arguments: String...) async throws -> Program.Ended {
        let ended = try await Program.run(
            ["party", "certificate"] + arguments, owner: gateway.database)
        try await gateway.ledger.refresh()
        return ended
    }

    @Test func `a registered certificate speaks for its party, until it is removed`() async throws {
        let client = try plain("registered")
        let stranger = try plain("stranger")
        let key = Cast.spare.key
        await expectNoWayIn(client)
        let added = try await command("add", key, client.certificateFile)
        #expect(added.status == 0, "\(added.errors)")
        let live = try await connect(client)
        #expect(try await live.send("GET", Self.path).status == 200)
        #expect(try await entered(live) == [Cast.spare.key])
        // One of the same CA that nobody registered stays outside.
        await expectNoWayIn(stranger)

        let listed = try await command("list", key)
        #expect(listed.output.contains("standing"))
        let removed = try await command("remove", key, client.certificateFile)
        #expect(removed.status == 0, "\(removed.errors)")
        gateway.expect(.certificateNotTrusted, in: try await live.send("GET", Self.path))
        await expectNoWayIn(client)
        #expect(try await command("remove", key, client.certificateFile).status != 0)
        #expect(try await command("list", key).output.contains("removed 20"))

        // The same key may come back, by the number that the list shows.
        #expect(try await command("add", key, client.certificateFile).status == 0)
        let again = try await connect(client)
        #expect(try await again.send("GET", Self.path).status == 200)
        await again.close()
        let number = try #require(listed.output.split(separator: "\t").first)
        #expect(try await command("remove", key, String(number)).status == 0)
        await expectNoWayIn(client)
    }

    /// The entry says for whom the connection speaks.
    private func entered(_ client: TLSClient) async throws -> [String] {
        try await gateway.entries {
            _ = try await gateway.send(
                client, "POST", RunningGateway.checkPath, bytes: Journal.Visit.unknown().question)
        }.map(\.party)
    }

    @Test
    func `an officer's own certificate names them on the record, and no header says otherwise`()
        async throws
    {
        let client = try plain("officer")
        let odd = try await command(
            "add", Cast.spare.key, client.certificateFile, "--officer", "佐藤 花子")
        #expect(odd.status != 0 && odd.errors.contains("--officer"))
        let added = try await command(
            "add", Cast.spare.key, client.certificateFile, "--officer", "sato")
        #expect(added.status == 0, "\(added.errors)")
        let another = try await command(
            "add", Cast.spare.key, client.certificateFile, "--officer", "suzuki")
        #expect(another.status != 0 && another.errors.contains("officer sato"))
        #expect(try await command("list", Cast.spare.key).output.contains("officer sato"))
        let live = try await connect(client)
        let question = Journal.Visit.unknown().question
        for name in [nil, "sato"] {
            _ = try await gateway.send(
                live, "POST", RunningGateway.checkPath,
                headers: name.map { [("Tsunagi-Operator", $0)] } ?? [], bytes: question)
            let newest = try await gateway.sql {
                try $0.query(
                    Statement(
                        "select operator from log.access_entry order by at desc, entry desc limit 1"
                    ))[0]
                    .optionalText(0)
            }
            #expect(newest == "sato")
        }
        // Whatever is asked, before anything of it is read: money too.
        for path in [RunningGateway.checkPath, RunningGateway.billPath] {
            let refused = try await gateway.send(
                live, "POST", path, headers: [("Tsunagi-Operator", "suzuki")], bytes: question)
            gateway.expect(.operatorDiffers, in: refused)
        }
        await live.close()
        #expect(try await command("remove", Cast.spare.key, client.certificateFile).status == 0)
    }

    @Test func `a resumed session asks again for whom it speaks`() async throws {
        let client = try plain("resumed")
        #expect(try await command("add", Cast.spare.key, client.certificateFile).status == 0)
        let port = try gateway.port(.institution)
        let ticket = gateway.folder + "/resumed.session"
        let first = try await OpenSSL.get(
            Self.path, port: port, client: client, session: ["-sess_out", ticket])
        #expect(first.contains("HTTP/1.1 200"))
        #expect(try await command("remove", Cast.spare.key, client.certificateFile).status == 0)
        let second = try await OpenSSL.get(
            Self.path, port: port, client: client, session: ["-sess_in", ticket])
        #expect(second.contains("Reused, TLSv1.3"))
        #expect(second.contains(Refusal.certificateNotTrusted.code))
        #expect(!second.contains("CapabilityStatement"))
    }

    @Test func `given to another party, the open connection ends`() async throws {
        let client = try plain("given")
        #expect(try await command("add", Cast.spare.key, client.certificateFile).status == 0)
        let live = try await connect(client)
        #expect(try await live.send("GET", Self.path).status == 200)
        let second = try await command("add", Cast.clinic.key, client.certificateFile)
        #expect(second.status != 0 && second.errors.contains(Cast.spare.key))
        #expect(try await command("remove", Cast.spare.key, client.certificateFile).status == 0)
        #expect(try await command("add", Cast.clinic.key, client.certificateFile).status == 0)
        gateway.expect(.certificateNotTrusted, in: try await live.send("GET", Self.path))
        let fresh = try await connect(client)
        #expect(try await entered(fresh) == [Cast.clinic.key])
        await fresh.close()
        #expect(try await command("remove", Cast.clinic.key, client.certificateFile).status == 0)
    }

    @Test func `everything else is checked as for any certificate`() async throws {
        // An institution's registration does not open the office's door, nor the other way round.
        let office = try plain("office", of: Cast.town)
        #expect(try await command("add", Cast.spare.key, office.certificateFile).status == 0)
        await expectNoWayIn(office)
        await expectNoWayIn(office, to: .office)
        // A revoked one is stopped although it is registered.
        let revoked = try plain("revoked")
        #expect(try await command("add", Cast.spare.key, revoked.certificateFile).status == 0)
        let live = try await connect(revoked)
        #expect(try await live.send("GET", Self.path).status == 200)
        try gateway.pki.revoke(
            .institutions, "revoked", reason: .keyCompromise, at: gateway.clock.now())
        gateway.revocation.reload()
        gateway.expect(.certificateRevoked, in: try await live.send("GET", Self.path))
        gateway.expectMoreEntries(1)
        // So is a suspended party.
        let other = try plain("other")
        #expect(try await command("add", Cast.spare.key, other.certificateFile).status == 0)
        #expect(try await gateway.registry.suspend(Cast.spare))
        try await gateway.ledger.refresh()
        let stopped = try await connect(other)
        gateway.expect(.partySuspended, in: try await stopped.send("GET", Self.path))
        gateway.expectMoreEntries(1)
        #expect(try await gateway.registry.resume(Cast.spare))
        try await gateway.ledger.refresh()
        for client in [office, revoked, other] {
            _ = try await command("remove", Cast.spare.key, client.certificateFile)
        }
    }

    @Test func `what cannot be registered is said`() async throws {
        let named = gateway.pki.certificatePath(.institutions, Cast.clinic.fileName)
        let uri = try await command("add", Cast.clinic.key, named)
        #expect(uri.status != 0 && uri.errors.contains("URI"))
        let client = try plain("nobody")
        let unknown = try await command("add", Cast.unregistered.key, client.certificateFile)
        #expect(unknown.status != 0 && unknown.errors.contains("not in the registry"))
        let nothing = try await command("add", Cast.clinic.key, client.keyFile)
        #expect(nothing.status != 0 && nothing.errors.contains("certificate"))
    }

    private func connect(_ client: ServingPKI.Client, to listener: Listener = .institution)
        async throws -> TLSClient
    {
        try await TLSClient(port: gateway.port(listener), credentials: client.credentials)
    }

    private func expectNoWayIn(
        _ client: ServingPKI.Client, to listener: Listener = .institution,
        at place: SourceLocation = #_sourceLocation
    ) async {
        await #expect(throws: (any Error).self, sourceLocation: place) {
            let fresh = try await connect(client, to: listener)
            _ = try await fresh.send("GET", Self.path)
        }
    }
}

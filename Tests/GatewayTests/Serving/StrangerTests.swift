import Exchange
import Gateway
import NIOCore
import TestSupport
import Testing

/// 見知らぬ接続: who has no certificate fills no listener, whoever else comes from the same address.
@Suite(.timeLimit(.minutes(10)))
struct StrangerTests {
    let pki: ServingPKI
    let trust = TestTrust()
    let clinic: ServingPKI.Client

    init() throws {
        pki = try ServingPKI()
        clinic = try pki.client("clinic", uri: "urn:tsunagi:party:institution:1310000001")
        trust.know(clinic, as: try Party(role: .institution, code: "1310000001"))
    }

    private func run(
        strangers: Int = 1_024, of connections: Int = 4_096, patience: Double = 280,
        _ body: (RunningListener) async throws -> Void
    ) async throws {
        var setup = RunningListener.Setup()
        setup.limits.strangersPerAddressMax = strangers
        setup.limits.connectionsMax = connections
        setup.limits.strangerSecondsWhenFull = patience
        // Who waits here may wait for as long as this test takes.
        setup.limits.handshakeSeconds = 280
        setup.limits.headSeconds = 280
        try await RunningListener.run(setup, tls: try ServerTLS(pki.material), trust: trust, body)
    }

    /// What the clinic hears, coming from this address; nothing where it is closed at once.
    private func status(_ listener: RunningListener, from source: String) async -> Int? {
        guard
            let client = try? await TLSClient(
                port: listener.port, credentials: clinic.credentials, from: source)
        else { return nil }
        let status = try? await client.send("GET", "/who").status
        await client.close()
        return status
    }

    /// The listener hears of what was closed when it hears of it: on a busy machine not at once.
    private func insist(_ listener: RunningListener, from source: String) async throws -> Int? {
        for _ in 0..<1_000 {
            if let status = await status(listener, from: source) { return status }
            try await Task.sleep(for: .milliseconds(100))
        }
        return nil
    }

    @Test func `an address of version 6 stands for its network`() throws {
        func origin(_ text: String) throws -> Strangers.Origin? {
            Strangers.Origin(try SocketAddress(ipAddress: text, port: 8441))
        }
        let (four, six) = (try origin("192.0.2.1"), try origin("2001:db8::1"))
        #expect(try four == origin("::ffff:192.0.2.1"))
        #expect(try four != origin("::ffff:192.0.2.2"))
        #expect(try four != origin("192.0.2.2"))
        #expect(try six == origin("2001:db8::ffff:ffff:ffff:ffff"))
        #expect(try six != origin("2001:db8:0:1::1"))
        #expect(Strangers.Origin(nil) == nil)
        let strangers = Strangers(atMost: 2)
        func takes(_ origin: Strangers.Origin?) -> Bool { strangers.place(of: origin) != nil }
        let first = strangers.place(of: six)
        #expect(takes(six) && !takes(six))
        #expect(takes(four) && takes(nil))
        // Given back twice it is free once.
        for _ in 0..<2 { first?.giveBack() }
        #expect(takes(six) && !takes(six))
    }

    @Test func `one address has so many handshakes under way, and every other one its own`()
        async throws
    {
        try await run(strangers: 2) { listener in
            // Whoever is let in is no stranger any more, also behind that address.
            var letIn: [TLSClient] = []
            for _ in 0..<3 {
                let client = try await TLSClient(
                    port: listener.port, credentials: clinic.credentials, from: "127.0.0.2")
                #expect(try await client.send("GET", "/who").status == 200)
                letIn.append(client)
            }
            var silent: [RawClient] = []
            for _ in 0..<3 {
                silent.append(
                    try await RawClient(port: listener.port, credentials: nil, from: "127.0.0.2"))
            }
            // Each is set up on a loop of its own: which of them came too late is theirs to know.
            for _ in 0..<6_000 where silent.allSatisfy(\.isOpen) {
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(await status(listener, from: "127.0.0.2") == nil)
            #expect(await status(listener, from: "127.0.0.3") == 200)
            #expect(silent.count(where: \.isOpen) == 2)
            for client in letIn { #expect(try await client.send("GET", "/who").status == 200) }
            let refused = listener.registry.exposition().split(separator: "\n").first {
                $0.hasPrefix("gateway_connections_refused_total")
            }
            #expect(refused?.hasSuffix(" 2") == true)

            for client in silent { await client.close() }
            #expect(try await insist(listener, from: "127.0.0.2") == 200)
            for client in letIn { await client.close() }
        }
    }

    /// From as many addresses as somebody has.
    @Test func `a stranger who stays makes no listener full, and who is let in keeps a place`()
        async throws
    {
        try await run(of: 3, patience: 0) { listener in
            let letIn = try await TLSClient(port: listener.port, credentials: clinic.credentials)
            #expect(try await letIn.send("GET", "/who").status == 200)
            var silent: [RawClient] = []
            for _ in 0..<6 {
                silent.append(try await RawClient(port: listener.port, credentials: nil))
            }
            for _ in 0..<6_000 where silent.count(where: \.isOpen) > 2 {
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(silent.count(where: \.isOpen) == 2)
            let another = try await TLSClient(port: listener.port, credentials: clinic.credentials)
            #expect(try await another.send("GET", "/who").status == 200)
            let third = try await TLSClient(port: listener.port, credentials: clinic.credentials)
            #expect(try await third.send("GET", "/who").status == 200)
            // Full of those who were let in: nobody goes for whoever comes now.
            #expect(await status(listener, from: "127.0.0.1") == nil)
            await third.close()
            // Who comes into a place that was free goes like those before.
            var late: RawClient?
            for _ in 0..<1_000 where late?.isOpen != true {
                late = try await RawClient(port: listener.port, credentials: nil)
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(try await insist(listener, from: "127.0.0.1") == 200)
            for client in [letIn, another] {
                #expect(try await client.send("GET", "/who").status == 200)
                await client.close()
            }
            for client in silent { await client.close() }
            await late?.close()
        }
    }

    @Test func `a handshake that has not had its time is not cut short for another`() async throws {
        try await run(of: 2) { listener in
            var silent: [RawClient] = []
            for _ in 0..<3 {
                silent.append(try await RawClient(port: listener.port, credentials: nil))
            }
            for _ in 0..<6_000 where silent.allSatisfy(\.isOpen) {
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(await status(listener, from: "127.0.0.1") == nil)
            #expect(silent.count(where: \.isOpen) == 2)
            for client in silent { await client.close() }
            #expect(try await insist(listener, from: "127.0.0.1") == 200)
        }
    }

    @Test func `a party that is told no answers for itself, and takes no stranger's place`()
        async throws
    {
        trust.refuse(clinic, .certificateRevoked)
        try await run(strangers: 1) { listener in
            let told = try await TLSClient(port: listener.port, credentials: clinic.credentials)
            // Or the other may be looked at first, and the place be taken when this one is.
            for _ in 0..<6_000 where trust.chainsSeen.isEmpty {
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(
                try await insist(listener, from: "127.0.0.1") == Refusal.certificateRevoked.status)
            #expect(told.isOpen)
            await told.close()
        }
    }

    @Test func `who is told no and is nobody's keeps the place of a stranger`() async throws {
        trust.refuse(clinic, .certificateRevoked)
        trust.unname(clinic)
        try await run(strangers: 1) { listener in
            let told = try await TLSClient(port: listener.port, credentials: clinic.credentials)
            for _ in 0..<6_000 where trust.chainsSeen.isEmpty {
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(await status(listener, from: "127.0.0.1") == nil)
            #expect(
                await status(listener, from: "127.0.0.2") == Refusal.certificateRevoked.status)
            #expect(try await told.send("GET", "/who").status == Refusal.certificateRevoked.status)
            try await told.closed()
            #expect(
                try await insist(listener, from: "127.0.0.1") == Refusal.certificateRevoked.status)
        }
        #expect(trust.turnedAway.isEmpty)
    }
}

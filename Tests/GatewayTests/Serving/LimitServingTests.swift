import Exchange
import Gateway
import Hummingbird
import TestSupport
import Testing

/// Overload is a number: what happens past each limit, over plain HTTP so that bytes are ours.
@Suite(.timeLimit(.minutes(10)))
struct LimitServingTests {
    private static let json = [("Content-Type", "application/json")]

    private func run<T>(
        _ change: (inout RunningListener.Setup) -> Void = { _ in },
        _ body: (RunningListener) async throws -> T
    ) async throws -> T {
        var setup = RunningListener.Setup(listener: .operations)
        change(&setup)
        return try await RunningListener.run(setup, tls: nil, body)
    }

    private func plain(_ listener: RunningListener) async throws -> TLSClient {
        try await TLSClient(port: listener.port, credentials: nil)
    }

    private func raw(_ listener: RunningListener) async throws -> RawClient {
        try await RawClient(port: listener.port, credentials: nil)
    }

    @Test func `a body of the limit is taken and one byte more is not`() async throws {
        try await run { listener in
            let client = try await plain(listener)
            let most = [UInt8](repeating: 0x20, count: 1_000)
            let taken = try await client.send("POST", "/echo/1", headers: Self.json, body: most)
            #expect(taken.status == 200)
            #expect(taken.body == most)
            let refused = try await client.send(
                "POST", "/echo/1", headers: Self.json, body: most + [0x20])
            #expect(refused.status == 413)
            try await client.closed()
        }
    }

    @Test func `a body that does not say how long it is ends at the limit`() async throws {
        try await run { listener in
            let client = try await plain(listener)
            let answer = try await client.send(
                "POST", "/echo/1", headers: Self.json + [("Transfer-Encoding", "chunked")],
                body: [UInt8](repeating: 0x20, count: 200_000))
            #expect(answer.status == 413)
        }
    }

    @Test func `a body no route may send is cut off`() async throws {
        try await run {
            $0.limits.anyBodyBytesMax = 100_000
            $0.routes = [
                Route(.post, "/drain") { request, _ in
                    for try await _ in request.body {}
                    return Response(status: .ok)
                }
            ]
        } _: { listener in
            let client = try await plain(listener)
            await #expect(throws: (any Error).self) {
                try await client.send(
                    "POST", "/drain", body: [UInt8](repeating: 0x20, count: 200_000))
            }
        }
    }

    enum Excess: String, CaseIterable {
        case oneField, allFields, manyFields

        var fields: String {
            switch self {
            case .oneField: "X-Long: \(String(repeating: "a", count: 9_000))\r\n"
            case .allFields:
                String(
                    repeating: "X-Many: \(String(repeating: "b", count: 500))\r\n", count: 40)
            case .manyFields: String(repeating: "X-Small: c\r\n", count: 70)
            }
        }
    }

    @Test(arguments: Excess.allCases)
    func `too much before the body is 431`(_ excess: Excess) async throws {
        try await run { listener in
            let client = try await raw(listener)
            try await client.write("GET /who HTTP/1.1\r\nHost: a\r\n\(excess.fields)\r\n")
            let answer = try await client.receivedUntilClosed()
            #expect(answer.hasPrefix("HTTP/1.1 431 "))
            #expect(answer.contains(#""code":"header-too-large""#))
            #expect(answer.contains("ヘッダーが大きすぎます"))
            #expect(answer.split(separator: "HTTP/1.1 ").count == 1)
        }
    }

    @Test func `requests past the limit under way get 503 and the others finish`() async throws {
        let gate = Gate()
        try await run {
            $0.limits.requestsInFlightMax = 2
            $0.routes = [
                Route(.get, "/wait") { _, _ in
                    await gate.pass()
                    return Response(status: .ok)
                }
            ]
        } _: { listener in
            defer { gate.open() }
            async let first = plain(listener).send("GET", "/wait")
            async let second = plain(listener).send("GET", "/wait")
            try await gate.until(2)
            let third = try await plain(listener).send("GET", "/wait")
            #expect(third.status == 503)
            #expect(third["Retry-After"] == "5")
            gate.open()
            let statuses = try await [first.status, second.status]
            #expect(statuses == [200, 200])
            #expect(try await plain(listener).send("GET", "/wait").status == 200)
        }
    }

    @Test func `connections past the limit are closed and room comes back`() async throws {
        try await run {
            $0.limits.connectionsMax = 2
            $0.routes = [Route(.get, "/here") { _, _ in Response(status: .ok) }]
        } _: { listener in
            let first = try await plain(listener)
            #expect(try await first.send("GET", "/here").status == 200)
            let second = try await plain(listener)
            #expect(try await second.send("GET", "/here").status == 200)
            await #expect(throws: (any Error).self) {
                try await plain(listener).send("GET", "/here")
            }
            await first.close()
            // The listener hears of it when it hears of it: on a busy machine not at once.
            var status: Int?
            for _ in 0..<1_200 where status == nil {
                try await Task.sleep(for: .milliseconds(100))
                status = try? await plain(listener).send("GET", "/here").status
            }
            #expect(status == 200)
        }
    }

    static let slow: [(name: String, bytes: String)] = [
        ("nothing at all", ""),
        ("half a head", "GET /who HTTP/1.1\r\nHost: a\r\n"),
        (
            "half a body",
            """
            POST /echo/1 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
            Content-Length: 10\r\n\r\n{
            """
        ),
    ]

    @Test(arguments: slow)
    func `a client that stops is cut off`(_ shape: (name: String, bytes: String)) async throws {
        try await run {
            $0.limits.keepAliveSeconds = 2
            $0.limits.headSeconds = 2
            $0.limits.bodySeconds = 2
        } _: { listener in
            let client = try await raw(listener)
            // On a busy machine the cut may come before the last bytes are written: it is the same cut.
            try? await client.write(shape.bytes)
            let answer = try await client.receivedUntilClosed(within: 30)
            #expect(!answer.contains("200"))
        }
    }

    @Test func `bytes that trickle in win no time`() async throws {
        try await run {
            $0.limits.headSeconds = 2
        } _: { listener in
            let client = try await raw(listener)
            try await client.write("GET /who HTTP/1.1\r\nHost: a\r\n")
            let started = ContinuousClock.now
            let trickle = Task {
                for number in 0..<300 {
                    try await client.write("X-\(number): y\r\n")
                    try await Task.sleep(for: .milliseconds(100))
                }
            }
            _ = try await client.receivedUntilClosed(within: 30)
            trickle.cancel()
            #expect(ContinuousClock.now - started < .seconds(25))
        }
    }

    @Test func `a request under way is not cut while we work on it`() async throws {
        try await run {
            $0.limits.keepAliveSeconds = 2
            $0.limits.headSeconds = 2
            $0.limits.bodySeconds = 2
            $0.routes = [
                Route(.get, "/slow") { _, _ in
                    try await Task.sleep(for: .seconds(5))
                    return Response(status: .ok)
                }
            ]
        } _: { listener in
            let answer = try await plain(listener).send("GET", "/slow")
            #expect(answer.status == 200)
        }
    }

    @Test func `stopping finishes what was accepted and takes nothing new`() async throws {
        let gate = Gate()
        try await run {
            $0.routes = [
                Route(.get, "/wait") { _, _ in
                    await gate.pass()
                    return Response(status: .ok, body: .init(byteBuffer: .init(string: "done")))
                }
            ]
        } _: { listener in
            defer { gate.open() }
            let client = try await plain(listener)
            async let answer = client.send("GET", "/wait")
            try await gate.until(1)
            await listener.stop()
            try await Task.sleep(for: .milliseconds(200))
            await #expect(throws: (any Error).self) {
                try await plain(listener).send("GET", "/wait")
            }
            gate.open()
            let text = try await answer.text
            #expect(text == "done")
            try await client.closed()
        }
    }

    @Test func `stopping waits no longer than the time to drain`() async throws {
        let started = ContinuousClock.now
        try await run {
            $0.limits.drainSeconds = 0.5
            $0.routes = [
                Route(.get, "/stuck") { _, _ in
                    try await Task.sleep(for: .seconds(600))
                    return Response(status: .ok)
                }
            ]
        } _: { listener in
            let client = try await plain(listener)
            let answer = Task { try await client.send("GET", "/stuck") }
            try await Task.sleep(for: .milliseconds(200))
            await listener.stop()
            await #expect(throws: (any Error).self) { try await answer.value }
        }
        #expect(ContinuousClock.now - started < .seconds(300))
    }
}

/// What one party may take of a listener.
@Suite(.timeLimit(.minutes(10)))
struct PartyLimitTests {
    let pki: ServingPKI
    let trust = TestTrust()
    let clinic: ServingPKI.Client
    let other: ServingPKI.Client

    init() throws {
        pki = try ServingPKI()
        clinic = try pki.client("clinic", uri: "urn:tsunagi:party:institution:1310000001")
        other = try pki.client("other", uri: "urn:tsunagi:party:institution:1310000002")
        trust.know(clinic, as: try Party(role: .institution, code: "1310000001"))
        trust.know(other, as: try Party(role: .institution, code: "1310000002"))
    }

    @Test func `a party past its rate gets 429 on all its connections and no other party does`()
        async throws
    {
        var setup = RunningListener.Setup()
        setup.limits.requestBurstPerParty = 3
        setup.limits.requestsPerSecondPerParty = 0.001
        try await RunningListener.run(setup, tls: try ServerTLS(pki.material), trust: trust) {
            listener in
            let first = try await TLSClient(port: listener.port, credentials: clinic.credentials)
            let second = try await TLSClient(port: listener.port, credentials: clinic.credentials)
            var statuses: [Int] = []
            for client in [first, second, first, second] {
                statuses.append(try await client.send("GET", "/who").status)
            }
            #expect(statuses == [200, 200, 200, 429])
            let refused = try await first.send("GET", "/who")
            #expect(refused["Retry-After"] == "10")
            let neighbour = try await TLSClient(port: listener.port, credentials: other.credentials)
            #expect(try await neighbour.send("GET", "/who").status == 200)
        }
    }

    @Test func `a party has so many connections and no more`() async throws {
        var setup = RunningListener.Setup()
        setup.limits.connectionsPerPartyMax = 1
        try await RunningListener.run(setup, tls: try ServerTLS(pki.material), trust: trust) {
            listener in
            let first = try await TLSClient(port: listener.port, credentials: clinic.credentials)
            #expect(try await first.send("GET", "/who").status == 200)
            let second = try await TLSClient(port: listener.port, credentials: clinic.credentials)
            #expect(try await second.send("GET", "/who").status == 429)
            // Counted, not entered; but the log says who it was.
            #expect(trust.turnedAway.isEmpty)
            #expect(
                listener.log.all.contains {
                    $0.contains("status=429") && $0.contains("party=institution:1310000001")
                })
            let neighbour = try await TLSClient(port: listener.port, credentials: other.credentials)
            #expect(try await neighbour.send("GET", "/who").status == 200)
            await first.close()
            try await Task.sleep(for: .milliseconds(200))
            let third = try await TLSClient(port: listener.port, credentials: clinic.credentials)
            #expect(try await third.send("GET", "/who").status == 200)
        }
    }

    /// Else one certificate could fill the listener with connections that wait to be told no.
    @Test(arguments: [Refusal.tooManyRequests, .certificateRevoked])
    func `connections that are told no have their number too, and past it are closed`(
        _ refusal: Refusal
    ) async throws {
        var setup = RunningListener.Setup()
        setup.limits.connectionsPerPartyMax = 1
        // Those told no may wait for as long as this test takes.
        setup.limits.headSeconds = 120
        try await RunningListener.run(setup, tls: try ServerTLS(pki.material), trust: trust) {
            listener in
            let first = try await TLSClient(port: listener.port, credentials: clinic.credentials)
            #expect(try await first.send("GET", "/who").status == 200)
            if refusal != .tooManyRequests { trust.refuse(clinic, refusal) }
            let told = try await TLSClient(port: listener.port, credentials: clinic.credentials)
            // Its handshake ends when it ends: until then another would be told in its place.
            for _ in 0..<1_200 where trust.chainsSeen.count < 2 {
                try await Task.sleep(for: .milliseconds(100))
            }
            try await Task.sleep(for: .milliseconds(500))
            var heard = try? await TLSClient(
                port: listener.port, credentials: clinic.credentials
            ).send("GET", "/who").status
            #expect(heard == nil)
            #expect(try await told.send("GET", "/who").status == refusal.status)
            // Its place is free again.
            for _ in 0..<1_200 where heard == nil {
                try await Task.sleep(for: .milliseconds(100))
                heard = try? await TLSClient(
                    port: listener.port, credentials: clinic.credentials
                ).send("GET", "/who").status
            }
            #expect(heard == refusal.status)
            let neighbour = try await TLSClient(port: listener.port, credentials: other.credentials)
            #expect(try await neighbour.send("GET", "/who").status == 200)
            await first.close()
        }
    }

    @Test func `who is only told no keeps no place by waiting`() async throws {
        var setup = RunningListener.Setup()
        setup.limits.headSeconds = 1
        setup.limits.keepAliveSeconds = 600
        try await RunningListener.run(setup, tls: try ServerTLS(pki.material), trust: trust) {
            listener in
            trust.refuse(clinic, .partySuspended)
            let told = try await TLSClient(port: listener.port, credentials: clinic.credentials)
            let letIn = try await TLSClient(port: listener.port, credentials: other.credentials)
            #expect(try await letIn.send("GET", "/who").status == 200)
            try await told.closed()
            #expect(try await letIn.send("GET", "/who").status == 200)
        }
        #expect(trust.turnedAway.isEmpty)
    }

    @Test func `a handshake that does not come is not waited for`() async throws {
        var setup = RunningListener.Setup()
        setup.limits.handshakeSeconds = 0.5
        try await RunningListener.run(setup, tls: try ServerTLS(pki.material), trust: trust) {
            listener in
            let client = try await RawClient(port: listener.port, credentials: nil)
            #expect(try await client.receivedUntilClosed(within: 5).isEmpty)
        }
    }
}

import Exchange
import Gateway
import Hummingbird
import TestSupport
import Testing

/// 遅い送り手: who sends slowly waits alone.
@Suite(.timeLimit(.minutes(10)))
struct SlowSenderTests {
    private static let head = """
        POST /echo/1 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
        Content-Length: 4\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n
        """
    private static let asked = "HTTP/1.1 100 Continue\r\n\r\n"

    /// A sender whose head was read and half of whose body was sent: it holds no slot any more. One whose
    /// head is still on its way could find the only slot taken, and be sent away before it is slow.
    private func slowSender(_ listener: RunningListener) async throws -> RawClient {
        let client = try await RawClient(port: listener.port, credentials: nil)
        try await client.write(Self.head)
        for _ in 0..<6_000 where try await client.received() != Self.asked {
            try await Task.sleep(for: .milliseconds(10))
        }
        try await client.write("12")
        return client
    }

    private func run(
        _ gate: Gate, slots: Int = 1, _ body: (RunningListener) async throws -> Void
    ) async throws {
        var setup = RunningListener.Setup(listener: .operations)
        setup.limits.requestsInFlightMax = slots
        // Who is slow here is never too slow, however busy the machine is with other tests.
        setup.limits.bodySeconds = 1_000
        setup.routes += [
            Route(.get, "/here") { _, _ in Response(status: .ok) },
            Route(.get, "/wait") { _, _ in
                await gate.pass()
                return Response(status: .ok)
            },
        ]
        try await RunningListener.run(setup, tls: nil) { listener in
            // A listener ends with its last request: a test that fails must not leave one at the gate.
            defer { gate.open() }
            try await body(listener)
        }
    }

    /// Whoever sends slowly holds a slot for the moment in which the head is read, which on a machine
    /// that is busy with other tests is no short one.
    private func insist(_ path: String, _ listener: RunningListener) async throws -> Int {
        let client = try await TLSClient(port: listener.port, credentials: nil)
        var status = 503
        for _ in 0..<3_000 where status == 503 {
            status = try await client.send("GET", path).status
            try await Task.sleep(for: .milliseconds(10))
        }
        await client.close()
        return status
    }

    @Test func `a body that is slow to come holds no slot, and is answered when it has come`()
        async throws
    {
        // As many as are slow: each holds one while its head is read, and then all are free.
        try await run(Gate(), slots: 3) { listener in
            var slow: [RawClient] = []
            for _ in 0..<3 {
                slow.append(try await slowSender(listener))
            }
            #expect(try await insist("/here", listener) == 200)
            for client in slow {
                try await client.write("34")
                let answer = try await client.receivedUntilClosed()
                #expect(answer.hasPrefix(Self.asked + "HTTP/1.1 200 ") && answer.hasSuffix("1234"))
            }
        }
    }

    @Test func `a body that has come when there is no room is told to come back`() async throws {
        let gate = Gate()
        try await run(gate) { listener in
            let slow = try await slowSender(listener)
            async let working = insist("/wait", listener)
            try await gate.until(1)
            try await slow.write("34")
            let answer = try await slow.receivedUntilClosed()
            #expect(answer.hasPrefix(Self.asked + "HTTP/1.1 503 "))
            gate.open()
            #expect(try await working == 200)
            #expect(try await insist("/here", listener) == 200)
        }
    }
}

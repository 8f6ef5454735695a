import Exchange
import TestSupport
import Testing

/// The gateway as seen from outside: its certificate, and its metrics.
struct Door {
    let port: Int
    let operations: Int

    /// An institution listener and the operations listener, and whatever `change` adds.
    static func open(
        _ world: CrashWorld, _ change: (inout [String: Any]) -> Void = { _ in }
    ) async throws -> (ServeProcess, Door) {
        try world.configure { settings in
            settings["listen"] = ["institution": ["port": 0], "operations": ["port": 0]]
            change(&settings)
        }
        let process = try world.serve()
        let ports = try await process.ports(2)
        let door = Door(
            port: try #require(ports[.institution]), operations: try #require(ports[.operations]))
        return (process, door)
    }

    func shows(_ certificate: String) async throws -> Bool {
        let client = ["s_client", "-connect", "127.0.0.1:\(port)"]
        return try OpenSSL.run(client, mayFail: true).contains(certificate)
    }

    func measures(_ line: String) async throws -> Bool {
        try await asked("/metrics").text.contains(line)
    }

    /// As an operator or a load balancer asks.
    func asked(_ path: String) async throws -> TLSClient.Answer {
        let client = try await TLSClient(port: operations, credentials: nil)
        let answer = try await client.send("GET", path)
        await client.close()
        return answer
    }

    /// That it comes to be so, however slow the machine; not how soon. A program that did not listen to the
    /// signal would have ended by it.
    func comes(line: Int = #line, _ isSo: (Door) async throws -> Bool) async throws {
        for _ in 0..<1_200 {
            if try await isSo(self) { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw TLSClient.Gone(description: "it did not come to be so as line \(line) waits for it")
    }
}

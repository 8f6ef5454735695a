import Exchange
import Gateway
import Hummingbird
import TestSupport
import Testing

/// What every answer has and what none has, whatever happened below.
@Suite(.timeLimit(.minutes(10)))
struct EdgeTests {
    struct Secret: Error, CustomStringConvertible {
        let description = "select from resident where name = 'つなぎ花子'"
    }

    struct Busy: Error {}

    private func run<T>(
        _ routes: [Route] = RunningListener.Setup.plainRoutes,
        _ body: (RunningListener, TLSClient) async throws -> T
    ) async throws -> T {
        var setup = RunningListener.Setup(listener: .operations)
        setup.routes = routes
        setup.refusal = { $0 is Busy ? .overloaded : nil }
        return try await RunningListener.run(setup, tls: nil) { listener in
            try await body(listener, TLSClient(port: listener.port, credentials: nil))
        }
    }

    struct Row: Sendable {
        let method: String
        let path: String
        var type: String? = "application/json"
        let status: Int
    }

    static let shapes = [
        Row(method: "GET", path: "/nowhere", status: 404),
        Row(method: "GET", path: "/", status: 404),
        Row(method: "GET", path: "/echo", status: 404),
        Row(method: "GET", path: "/echo/1/2", status: 404),
        Row(method: "PROPFIND", path: "/nowhere", status: 404),
        Row(method: "GET", path: "/echo/1", status: 405),
        Row(method: "PUT", path: "/echo/1", status: 405),
        Row(method: "DELETE", path: "/who", status: 405),
        Row(method: "HEAD", path: "/who", status: 405),
        Row(method: "OPTIONS", path: "/who", status: 405),
        Row(method: "TRACE", path: "/who", status: 405),
        Row(method: "QUERY", path: "/who", status: 405),
        Row(method: "PROPFIND", path: "/echo/1", status: 405),
        Row(method: "POST", path: "/echo/1", type: nil, status: 415),
        Row(method: "POST", path: "/echo/1", type: "text/plain", status: 415),
        Row(method: "POST", path: "/echo/1", type: "application/jsonp", status: 415),
        Row(
            method: "POST", path: "/echo/1", type: "application/json; charset=shift_jis",
            status: 415),
        Row(method: "POST", path: "/echo/1", type: "application/json; charset=utf-8", status: 200),
        Row(method: "POST", path: "/echo/1", type: "Application/FHIR+JSON", status: 200),
    ]

    @Test(arguments: shapes)
    func `what is not a route is refused`(_ row: Row) async throws {
        try await run { _, client in
            let headers = row.type.map { [("Content-Type", $0)] } ?? []
            let body: [UInt8] = row.method == "POST" ? Array("{}".utf8) : []
            let answer = try await client.send(row.method, row.path, headers: headers, body: body)
            #expect(answer.status == row.status)
            if row.status == 405 {
                #expect(answer["Allow"] == (row.path == "/who" ? "GET" : "POST"))
            }
            #expect(answer["Cache-Control"] == "no-store")
            #expect(answer["X-Content-Type-Options"] == "nosniff")
            #expect(answer["X-Request-Id"]?.count == 32)
            #expect(answer["Date"] == "Fri, 15 Jan 2027 08:00:00 GMT")
            #expect(answer["Server"] == nil)
        }
    }

    @Test func `compressed bodies are not opened`() async throws {
        try await run { _, client in
            let answer = try await client.send(
                "POST", "/echo/1",
                headers: [("Content-Type", "application/json"), ("Content-Encoding", "gzip")],
                body: [0x1F, 0x8B])
            #expect(answer.status == 415)
            #expect(answer["Accept-Encoding"] == "identity")
            #expect(answer.text.contains("圧縮") && answer.text.contains("not compressed"))
            // What is of another type is told nothing of compression.
            let text = try await client.send(
                "POST", "/echo/1", headers: [("Content-Type", "text/plain")], body: [0x61])
            #expect(text.status == 415)
            #expect(text["Accept-Encoding"] == nil)
        }
    }

    /// Content after it would be read as the beginning of the next answer.
    @Test func `nothing follows the header of an answer to HEAD`() async throws {
        try await run { listener, _ in
            let client = try await RawClient(port: listener.port, credentials: nil)
            try await client.write(
                """
                HEAD /who HTTP/1.1\r\nHost: a\r\n\r\nHEAD /fhir/nothing HTTP/1.1\r\nHost: a\r\n\r\n\
                POST /echo/1 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
                Content-Length: 2\r\nConnection: close\r\n\r\n{}
                """)
            let answers = try await client.receivedUntilClosed().split(separator: "\r\n\r\n")
            try #require(answers.count == 4)
            #expect(answers[0].hasPrefix("HTTP/1.1 405 ") && answers[0].contains("Allow: GET"))
            #expect(answers[1].hasPrefix("HTTP/1.1 404 "))
            #expect(answers[2].hasPrefix("HTTP/1.1 200 "))
            #expect(answers[3] == "{}")
        }
    }

    /// https://hl7.org/fhir/R4/http.html#transaction: a client's library reads no other form there.
    @Test(arguments: ["/fhir", "/fhir/"])
    func `a bundle that is sent to the root is refused in the form of FHIR`(_ path: String)
        async throws
    {
        try await run { _, client in
            let answer = try await client.send("POST", path, body: Array("{}".utf8))
            #expect(answer.status == 404)
            #expect(answer["Content-Type"] == "application/fhir+json")
            #expect(answer.text.contains("OperationOutcome"))
        }
    }

    @Test func `each request has its own number and no caller chooses it`() async throws {
        try await run { _, client in
            var numbers: Set<String> = []
            for _ in 0..<5 {
                let answer = try await client.send(
                    "GET", "/who", headers: [("X-Request-Id", "mine")])
                numbers.insert(try #require(answer["X-Request-Id"]))
            }
            #expect(numbers.count == 5)
            #expect(!numbers.contains("mine"))
        }
    }

    @Test(arguments: ["/fails", "/fhir/fails"])
    func `an error nobody foresaw shows its number and nothing else`(_ path: String) async throws {
        let fails = Route(.get, path) { _, _ in throw Secret() }
        try await run([fails]) { listener, client in
            let answer = try await client.send("GET", path)
            #expect(answer.status == 500)
            let number = try #require(answer["X-Request-Id"])
            #expect(answer.text.contains(number))
            #expect(answer.text.contains("OperationOutcome") == path.hasPrefix("/fhir/"))
            for leak in ["select", "resident", "花子", "Secret", "Swift"] {
                #expect(!answer.text.contains(leak))
            }
            let incident = try #require(listener.log.all.first { $0.contains("incident") })
            #expect(incident.contains(number))
            #expect(incident.contains("Secret"))
            #expect(!incident.contains("花子"))
        }
    }

    @Test func `an error that means no room is 503 and says when to come back`() async throws {
        try await run([Route(.get, "/busy") { _, _ in throw Busy() }]) { _, client in
            let answer = try await client.send("GET", "/busy")
            #expect(answer.status == 503)
            #expect(answer["Retry-After"] == "5")
        }
    }

    @Test func `a framework error is an incident, not an answer of its own`() async throws {
        let route = Route(.get, "/teapot") { _, _ in
            throw HTTPError(.conflict, message: "つなぎ花子")
        }
        try await run([route]) { _, client in
            let answer = try await client.send("GET", "/teapot")
            #expect(answer.status == 500)
            #expect(!answer.text.contains("花子"))
        }
    }

    @Test func `the log line names the route and never what stood in it`() async throws {
        try await run { listener, client in
            _ = try await client.send(
                "POST", "/echo/hanako-tsunagi?name=taro",
                headers: [("Content-Type", "application/json")],
                body: Array("{\"secret\":1}".utf8))
            let line = try #require(listener.log.all.last)
            #expect(line.contains("route=/echo/{id}") || line.contains("route=/echo/:id"))
            #expect(line.contains("status=200"))
            #expect(!listener.log.all.joined().contains("hanako"))
            #expect(!listener.log.all.joined().contains("taro"))
            #expect(!listener.log.all.joined().contains("secret"))
        }
    }

    static let smuggling = [
        "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
        "Content-Length: +2\r\n\r\n{}",
        "Content-Length: 2x\r\n\r\n{}",
        "Content-Length: -2\r\n\r\n{}",
        "Content-Length : 2\r\n\r\n{}",
        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "Host: b\r\nContent-Length: 2\r\n\r\n{}",
        " Content-Length: 2\r\n\r\n{}",
        "X: a\u{0}b\r\nContent-Length: 2\r\n\r\n{}",
    ]

    @Test(arguments: smuggling)
    func `a request that two readers could read differently is refused`(_ rest: String)
        async throws
    {
        try await run { listener, _ in
            let client = try await RawClient(port: listener.port, credentials: nil)
            try await client.write(
                "POST /echo/1 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\(rest)")
            let answer = try await client.receivedUntilClosed()
            #expect(answer.hasPrefix("HTTP/1.1 400 ") || answer.hasPrefix("HTTP/1.1 415 "))
            #expect(!answer.contains("HTTP/1.1 200"))
        }
    }

    @Test(arguments: [
        "Content-Length: 20\r\n\r\n{}", "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
    ])
    func `a body that was cut does not pass for a whole one`(_ rest: String) async throws {
        let seen = Gate()
        let route = Route(.post, "/take") { request, _ in
            _ = try await request.body(.json, atMost: 1_000)
            seen.open()
            return Response(status: .ok)
        }
        try await run([route]) { listener, _ in
            let client = try await RawClient(port: listener.port, credentials: nil)
            try await client.write(
                "POST /take HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\(rest)")
            try await Task.sleep(for: .milliseconds(100))
            await client.close()
            try await Task.sleep(for: .milliseconds(200))
            #expect(!seen.isOpen)
        }
    }

    @Test func `a client that asks whether to go on is told so`() async throws {
        try await run { listener, _ in
            let client = try await RawClient(port: listener.port, credentials: nil)
            try await client.write(
                """
                POST /echo/1 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
                Content-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n
                """)
            try await Task.sleep(for: .milliseconds(200))
            #expect(try await client.received().hasPrefix("HTTP/1.1 100 Continue\r\n\r\n"))
            try await client.write("{}")
            #expect(try await client.receivedUntilClosed().contains("HTTP/1.1 200 OK"))
        }
    }

    /// What is too long, or of no route, is known before a byte of it: nobody sends it to be told so.
    @Test(arguments: [
        ("/echo/1", "application/json", 1_001, 413), ("/nowhere", "application/json", 2, 404),
        ("/echo/1", "text/plain", 2, 415),
    ])
    func `a body that is not wanted is not asked for`(
        path: String, type: String, length: Int, status: Int
    ) async throws {
        try await run { listener, _ in
            let client = try await RawClient(port: listener.port, credentials: nil)
            try await client.write(
                """
                POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Type: \(type)\r\n\
                Content-Length: \(length)\r\nExpect: 100-continue\r\n\r\n
                """)
            let answer = try await client.receivedUntilClosed()
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
            // What comes next could be the body or another request: neither is waited for.
            #expect(answer.lowercased().contains("connection: close"))
        }
    }

    @Test func `a body that came unasked is read, and its connection kept`() async throws {
        try await run { listener, _ in
            let client = try await RawClient(port: listener.port, credentials: nil)
            let request = """
                POST /echo/1 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
                Content-Length: 2\r\nExpect: 100-continue\r\n
                """
            try await client.write(request + "\r\n{}")
            try await Task.sleep(for: .milliseconds(200))
            #expect(try await client.received().contains("HTTP/1.1 200 OK"))
            try await client.write(request + "Connection: close\r\n\r\n{}")
            let answers = try await client.receivedUntilClosed()
            #expect(answers.ranges(of: "HTTP/1.1 200 OK").count == 2, "\(answers)")
        }
    }

    /// The chunks would be read, and what is in them taken for the body.
    @Test(arguments: ["gzip, chunked", "deflate,chunked"])
    func `a body that is compressed on the way is refused`(_ coding: String) async throws {
        try await run { listener, _ in
            let client = try await RawClient(port: listener.port, credentials: nil)
            try await client.write(
                """
                POST /echo/1 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
                Transfer-Encoding: \(coding)\r\n\r\n2\r\n{}\r\n0\r\n\r\n
                """)
            let answer = try await client.receivedUntilClosed()
            #expect(answer.hasPrefix("HTTP/1.1 415 "), "\(answer)")
            #expect(answer.contains("Transfer-Encoding"))
        }
    }

    /// It knows no interim answer and would take it for the whole (RFC 9110 §10.1.1).
    @Test func `a client of HTTP 1 0 is not told to go on`() async throws {
        try await run { listener, _ in
            let client = try await RawClient(port: listener.port, credentials: nil)
            try await client.write(
                """
                POST /echo/1 HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\
                Expect: 100-continue\r\n\r\n{}
                """)
            let answer = try await client.receivedUntilClosed()
            #expect(answer.hasPrefix("HTTP/1.1 200 "))
        }
    }
}

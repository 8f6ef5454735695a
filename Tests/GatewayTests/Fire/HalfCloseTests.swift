import Exchange
import Foundation
import Gateway
import TestSupport
import Testing

/// 半分閉じた接続: a client that has said all it will say still hears its answer, and one that stops within a
/// request is let go at once. Nothing hangs, nothing stays open, and no answer is without its entry.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct HalfCloseTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    /// A connection whose handshake is over on both sides, as its first answer shows: who leaves within it
    /// was never here.
    private struct Line {
        let client: RawClient
        let heard: Int

        init(_ gateway: RunningGateway) async throws {
            client = try await RawClient(
                port: gateway.port(.institution),
                credentials: gateway.pki.credentials(of: Cast.clinic))
            try await client.write("GET /errors HTTP/1.1\r\nHost: gateway\r\n\r\n")
            while try await !client.received().hasSuffix("]") {
                try await Task.sleep(for: .milliseconds(2))
            }
            heard = try await client.received().count
        }

        /// Says this, closes its side, and returns what else it hears until the other is closed.
        func say(_ text: String, then end: RawClient.End) async throws -> String {
            if !text.isEmpty { try await client.write(text) }
            try await client.closeOutput(end)
            return String(try await client.receivedUntilClosed(within: 20).dropFirst(heard))
        }
    }

    private static func request(_ body: [UInt8], announcing count: Int? = nil) -> String {
        "POST \(RunningGateway.checkPath) HTTP/1.1\r\nHost: gateway\r\n"
            + "Content-Type: application/json\r\nContent-Length: \(count ?? body.count)\r\n\r\n"
            + String(decoding: body, as: UTF8.self)
    }

    private func entries() async throws -> Int {
        try await gateway.count("select count(*) from log.access_entry where outcome = 'ok'")
    }

    @Test func `whoever closes its side after a request still gets the whole answer`() async throws
    {
        let visit = try await gateway.openVisit(gateway.settle().card)
        let body = Array(JSON.object(gateway.checkBody(visit)).text.utf8)
        let before = try await entries()
        for _ in 0..<20 {
            let answer = try await Line(gateway).say(Self.request(body), then: .proper)
            #expect(answer.hasPrefix("HTTP/1.1 200 "))
            #expect(answer.contains("CoverageEligibilityResponse") && answer.hasSuffix("}"))
        }
        #expect(try await entries() == before + 20)
        gateway.expectMoreEntries(20)
        try await nobodyConnected()
    }

    @Test func `two requests before the end get two answers`() async throws {
        let visit = try await gateway.openVisit(gateway.settle().card)
        let body = Array(JSON.object(gateway.checkBody(visit)).text.utf8)
        let answer = try await Line(gateway).say(
            Self.request(body) + Self.request(body), then: .proper)
        #expect(answer.components(separatedBy: "HTTP/1.1 200 ").count == 3)
        gateway.expectMoreEntries(2)
    }

    /// What it hears, if anything, is an answer that has its entry.
    @Test func `a connection that was cut after a request is let go`() async throws {
        let visit = try await gateway.openVisit(gateway.settle().card)
        let body = Array(JSON.object(gateway.checkBody(visit)).text.utf8)
        let before = try await entries()
        var answered = 0
        for _ in 0..<20 {
            let answer = try await Line(gateway).say(Self.request(body), then: .truncated)
            if answer.hasPrefix("HTTP/1.1 200 ") { answered += 1 }
        }
        try await nobodyConnected()
        let entered = try await entries() - before
        #expect((answered...20).contains(entered))
        gateway.expectMoreEntries(entered)
    }

    @Test(arguments: RawClient.End.allCases)
    func `whoever stops within a request is let go, and nothing of it is taken`(
        _ end: RawClient.End
    )
        async throws
    {
        let visit = try await gateway.openVisit(gateway.settle().card)
        let body = Array(JSON.object(gateway.checkBody(visit)).text.utf8)
        let before = try await gateway.count("select count(*) from log.access_entry")
        let parts = [
            "POST /visits HTTP/1.1\r\nHo", Self.request([], announcing: body.count),
            Self.request(Array(body.dropLast(1)), announcing: body.count),
            "GET /fhir/metadata HTTP/1.1\r\nHost: gateway\r\n",
        ]
        for part in parts {
            let answer = try await Line(gateway).say(part, then: end)
            #expect(!answer.hasPrefix("HTTP/1.1 2"), "\(part)")
        }
        try await nobodyConnected()
        #expect(try await gateway.count("select count(*) from log.access_entry") == before)
        try await gateway.check(visit).expect(200)
    }

    @Test(arguments: RawClient.End.allCases)
    func `whoever says nothing and closes its side is let go`(_ end: RawClient.End) async throws {
        #expect(try await Line(gateway).say("", then: end) == "")
        try await nobodyConnected()
    }

    /// The gateway counts no connection of these any more: only the suite's own kept ones.
    private func nobodyConnected() async throws {
        for _ in 0..<400 {
            let lines = gateway.metrics.exposition().split(separator: "\n")
            let open = lines.first {
                $0.hasPrefix("gateway_connections_open") && $0.contains("\"institution\"")
            }
            if open.flatMap({ Double($0.split(separator: " ").last ?? "") }) ?? 2 < 2 { return }
            try await Task.sleep(for: .milliseconds(25))
        }
        Issue.record("\(gateway.metrics.exposition())")
    }
}

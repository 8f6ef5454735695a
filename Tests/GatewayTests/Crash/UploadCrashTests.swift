import Exchange
import Glibc
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 受付の途中で: SIGKILL of the gateway while a file arrives. What it had kept of it is nobody's file: it takes no
/// place, nothing of it is applied, and it is swept away; sent again the file is one like any other.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct UploadCrashTests {
    static let rows = 6_000

    @Test func `half a file is none, and the whole one is applied once`() async throws {
        try await CrashWorld.with { world in
            var gateway = try world.serve()
            let night = CrashNight(world: world, layout: "entitlements")
            let text = Self.text()
            let ports = try await gateway.ports(CrashWorld.listeners.count)
            let sender = try await RawClient(
                port: try #require(ports[.office]),
                credentials: world.pki.credentials(of: Cast.town))
            try await sender.write(
                """
                POST /files/entitlements?sequence=1 HTTP/1.1\r\nHost: localhost\r\n\
                Content-Type: text/csv\r\nTsunagi-Operator: clerk-a\r\n\
                Content-Length: \(text.utf8.count)\r\n\r\n
                """)
            try await sender.write(String(text.prefix(text.count * 3 / 4)))
            try await Self.untilSome(world, Self.halfKept)
            gateway.signal(SIGKILL)
            _ = try await gateway.exit()
            await sender.close()
            let left = try await world.counts(
                "office.file where state = 'arriving' and place is null", "office.file",
                "exchange.entitlement", "exchange.person")
            #expect(left == [1, 1, 0, 0])
            gateway = try world.serve()
            let office = try await night.office(gateway)
            let file = try await night.send(Array(text.utf8), by: office)
            var last = CrashNight.Progress()
            while last.state != "done" {
                last = try await night.progress(past: last)
                if last.state == "waiting" { try await night.confirm(file, by: office) }
            }
            await office.close()
            let applied = try await world.counts(
                "exchange.entitlement", "exchange.person",
                "log.access_entry where person is not null")
            #expect(applied == [Self.rows, Self.rows, Self.rows])
            try await Self.expectSwept(world, gateway)
        }
    }

    private static let halfKept = """
        office.file_chunk c join office.file f on f.file = c.file where f.state = 'arriving'
        """

    /// Past its time it is gone with the first look of the gateway that comes next.
    private static func expectSwept(_ world: CrashWorld, _ gateway: ServeProcess) async throws {
        try await world.execute(
            """
            update office.file set received_at = received_at - interval '7 hours'
            where state = 'arriving'
            """)
        gateway.signal(SIGTERM)
        #expect(try await gateway.exit() == 0, "\(gateway.complaint)")
        let next = try world.serve()
        _ = try await next.ports(CrashWorld.listeners.count)
        try await untilSome(world, "(select 1 where not exists (select 1 from \(halfKept))) swept")
        #expect(try await world.count("office.file") == 1)
        next.signal(SIGTERM)
        #expect(try await next.exit() == 0, "\(next.complaint)")
    }

    private static func untilSome(_ world: CrashWorld, _ from: String) async throws {
        for _ in 0..<3_000 {
            if try await world.count(from) > 0 { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw TLSClient.Gone(description: "nothing in thirty seconds of \(from)")
    }

    private static func text() -> String {
        let people = TestPeople()
        let today = WallClock.now().dayInJapan
        return NightFile(
            (0..<rows).map { _ in
                people.next().cells(today.adding(days: -10), today.adding(days: 300))
            }
        ).text
    }
}

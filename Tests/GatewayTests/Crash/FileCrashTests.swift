import Exchange
import Foundation
import Glibc
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 夜の途中で: SIGKILL of the gateway, or of PostgreSQL, again and again in the middle of a large file, while it
/// is compared and while it is applied. It goes on where it was, and does nothing twice.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct FileCrashTests {
    static let rows = 4_000

    enum Victim: String, CustomTestStringConvertible {
        case gateway, postgres
        var testDescription: String { rawValue }
    }

    @Test(arguments: [Victim.gateway, .postgres])
    func `a large file is applied exactly once, whenever something is killed`(victim: Victim)
        async throws
    {
        try await CrashWorld.with { world in
            var gateway = try world.serve()
            var office = try await Self.office(world, gateway)
            let receipt = try await office.send(
                "POST", "/files/entitlements?sequence=1", headers: Self.headers("clerk-a"),
                body: Self.file(), within: 120)
            try #require(receipt.status == 202, "\(receipt.text)")
            let file = receipt.text("file")
            var chance = Seeded(0x6E69_6768)
            var last = Progress(state: "", cursor: -1)
            while last.state != "done" {
                last = try await Self.progress(world, past: last)
                // What was confirmed is applied from now on, and on a busy machine is done before it is
                // looked at again.
                if last.state == "waiting" { try await Self.confirm(office, file) }
                guard last.state != "done" else { continue }
                // Somewhere in the part that comes next.
                try await Task.sleep(for: .milliseconds(chance.int(0...200)))
                switch victim {
                case .gateway:
                    await office.close()
                    gateway.signal(SIGKILL)
                    _ = try await gateway.exit()
                    try await Self.expectWhole(world, file)
                    gateway = try world.serve()
                    office = try await Self.office(world, gateway)
                case .postgres:
                    try world.cluster.kill()
                    try world.cluster.start()
                }
            }
            let done = try await office.send("GET", "/files/entitlements/\(file)")
            await office.close()
            #expect(done.number("additions") == Self.rows && done.number("refused") == 1)
            #expect(
                done.json["processed"]?.object?["hash"] == done.json["effect"]?.object?["hash"])
            #expect(try await world.count("exchange.entitlement") == Self.rows)
            #expect(try await world.count("exchange.person") == Self.rows)
            let entered = try await world.count(
                """
                (select person from log.access_entry where person is not null
                group by person having count(*) = 1) p
                """)
            #expect(entered == Self.rows)
            gateway.signal(SIGTERM)
            #expect(try await gateway.exit() == 0, "\(gateway.complaint)")
        }
    }

    /// What a crash leaves is some whole parts: each applied with its entries, or not at all.
    private static func expectWhole(_ world: CrashWorld, _ file: String) async throws {
        let applied = try await world.count("exchange.entitlement")
        let entered = try await world.count("log.access_entry where person is not null")
        let moved = try await world.count(
            "office.file_chunk where task is not null")
        #expect(applied == entered)
        // The refused row stands in the first part.
        #expect(applied == max(0, min(moved * 1_000 - 1, rows)))
    }

    private struct Progress: Hashable, Sendable {
        let state: String
        let cursor: Int
    }

    /// How far the file is, once it is further than it was.
    private static func progress(_ world: CrashWorld, past last: Progress) async throws -> Progress
    {
        for _ in 0..<3_000 {
            let now = try await world.owner.transaction { transaction in
                let row = try transaction.query(
                    Statement("select state, cursor from office.file"))[0]
                return Progress(state: try row.text(0), cursor: try row.int(1))
            }
            if now != last { return now }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw TLSClient.Gone(description: "the file went no further in thirty seconds")
    }

    private static func confirm(_ office: TLSClient, _ file: String) async throws {
        let report = try await office.send("GET", "/files/entitlements/\(file)")
        let hash = report.json["effect"]?.object?["hash"]?.string ?? ""
        let body = #"{"decision":"confirm","effect":"\#(hash)"}"#
        let confirmed = try await office.send(
            "POST", "/files/entitlements/\(file)/decision",
            headers: [("Content-Type", "application/json"), ("Tsunagi-Operator", "clerk-b")],
            body: Array(body.utf8))
        try #require(confirmed.status == 200, "\(confirmed.text)")
    }

    private static func office(_ world: CrashWorld, _ gateway: ServeProcess) async throws
        -> TLSClient
    {
        let ports = try await gateway.ports(CrashWorld.listeners.count)
        return try await TLSClient(
            port: try #require(ports[.office]), credentials: world.pki.credentials(of: Cast.town))
    }

    private static func headers(_ operatorID: String) -> [(String, String)] {
        [("Content-Type", "text/csv"), ("Tsunagi-Operator", operatorID)]
    }

    private static func file() -> [UInt8] {
        let people = TestPeople()
        let today = WallClock.now().dayInJapan
        var rows = (0..<Self.rows).map { _ in
            people.next().cells(today.adding(days: -10), today.adding(days: 300))
        }
        rows.insert(
            people.next().cells(today, today, ["性別": "7"]), at: 10)
        return NightFile(rows).bytes()
    }
}

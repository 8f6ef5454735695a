import Exchange
import Glibc
import Postgres
import TestSupport
import Testing
import Trust

/// 台帳の取込みの途中で: SIGKILL of the gateway in the middle of a town's whole ledger, while it is compared and
/// while it is applied. Each dose is there once, with its line and its entry, or not yet.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct PastDoseCrashTests {
    static let rows = 3_000

    @Test func `a ledger is applied exactly once, whenever the gateway is killed`() async throws {
        try await CrashWorld.with { world in
            var gateway = try world.serve()
            var office = try await Self.office(world, gateway)
            let receipt = try await office.send(
                "POST", "/files/past-doses?sequence=1", headers: Self.headers("clerk-a"),
                body: Self.file(), within: 120)
            try #require(receipt.status == 202, "\(receipt.text)")
            let file = receipt.text("file")
            var chance = Seeded(0x6C65_6467)
            var last = ""
            while !last.hasPrefix("done") {
                last = try await Self.progress(world, past: last)
                if last.hasPrefix("waiting") { try await Self.confirm(office, file) }
                guard last.hasPrefix("weighing") || last.hasPrefix("applying") else { continue }
                // Somewhere in the part that comes next.
                try await Task.sleep(for: .milliseconds(chance.int(0...200)))
                await office.close()
                gateway.signal(SIGKILL)
                _ = try await gateway.exit()
                try await Self.expectWhole(world)
                gateway = try world.serve()
                office = try await Self.office(world, gateway)
            }
            let done = try await office.send("GET", "/files/past-doses/\(file)")
            await office.close()
            #expect(done.number("additions") == Self.rows, "\(done.text)")
            #expect(try await world.count("exchange.vaccination") == Self.rows)
            #expect(try await world.count("exchange.person") == Self.rows)
            try await Self.expectWhole(world)
            gateway.signal(SIGTERM)
            #expect(try await gateway.exit() == 0, "\(gateway.complaint)")
        }
    }

    /// What a crash leaves is some whole parts: each with its lines and its entries, or not at all.
    private static func expectWhole(_ world: CrashWorld) async throws {
        let applied = try await world.count("exchange.vaccination")
        let lines = try await world.count("exchange.vaccination_claim where refusal = 'copied'")
        #expect(lines == applied)
        let entered = try await world.count(
            "log.access_entry where purpose = 'register-past-doses' and person is not null")
        let moved = try await world.count("office.file_chunk where task is not null")
        #expect(applied == entered && applied == min(moved * 1_000, rows))
    }

    /// How far the file is, once it is further than it was.
    private static func progress(_ world: CrashWorld, past last: String) async throws -> String {
        for _ in 0..<3_000 {
            let now = try await world.owner.transaction { transaction in
                let row = try transaction.query(
                    Statement("select state, cursor from office.file"))[0]
                return "\(try row.text(0)) \(try row.int(1))"
            }
            if now != last { return now }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw TLSClient.Gone(description: "the file went no further in thirty seconds")
    }

    private static func confirm(_ office: TLSClient, _ file: String) async throws {
        let report = try await office.send("GET", "/files/past-doses/\(file)")
        let hash = report.json["effect"]?.object?["hash"]?.string ?? ""
        let body = #"{"decision":"confirm","effect":"\#(hash)"}"#
        let confirmed = try await office.send(
            "POST", "/files/past-doses/\(file)/decision",
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

    /// One dose each of as many babies, whom nobody told of before.
    private static func file() -> [UInt8] {
        let people = TestPeople()
        return NightFile(
            pastDoses: (0..<rows).map { place in
                [
                    "記録番号": "L-\(place)", "個人番号": people.next().number, "生年月日": "2024-02-01",
                    "ワクチン": "dpt-ipv-hib", "接種日": "2024-04-20",
                ]
            }
        ).bytes()
    }
}

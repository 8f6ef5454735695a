import Exchange
import Glibc
import Postgres
import TestSupport
import Testing
import Trust

/// 台帳の取込みの途中で: SIGKILL of the gateway in the middle of a town's whole ledger, while it is compared and
/// while it is applied. Each dose is there once, with its line and its entry, or not yet.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct PastDoseCrashTests {
    static let rows = 3_000

    @Test func `a ledger is applied exactly once, whenever the gateway is killed`() async throws {
        try await CrashWorld.with { world in
            var gateway = try world.serve()
            let night = CrashNight(world: world, layout: "past-doses")
            var office = try await night.office(gateway)
            let file = try await night.send(Self.file(), by: office)
            var chance = Seeded(0x6C65_6467)
            var last = CrashNight.Progress()
            while last.state != "done" {
                last = try await night.progress(past: last)
                if last.state == "waiting" { try await night.confirm(file, by: office) }
                guard last.state != "done" else { continue }
                // Somewhere in the part that comes next.
                try await Task.sleep(for: .milliseconds(chance.int(0...200)))
                await office.close()
                gateway.signal(SIGKILL)
                _ = try await gateway.exit()
                try await Self.expectWhole(world)
                gateway = try world.serve()
                office = try await night.office(gateway)
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
        let counts = try await world.counts(
            "exchange.vaccination", "exchange.vaccination_claim where refusal = 'copied'",
            "log.access_entry where purpose = 'register-past-doses' and person is not null",
            "office.file_chunk where task is not null")
        let (applied, lines, entered, moved) = (counts[0], counts[1], counts[2], counts[3])
        #expect(lines == applied)
        #expect(applied == entered && applied == min(moved * 1_000, rows))
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

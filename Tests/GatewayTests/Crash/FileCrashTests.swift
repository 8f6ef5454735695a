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
@Suite(.serialized, .timeLimit(.minutes(10)))
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
            let night = CrashNight(world: world, layout: "entitlements")
            var office = try await night.office(gateway)
            let file = try await night.send(Self.file(), by: office)
            var chance = Seeded(0x6E69_6768)
            var last = CrashNight.Progress()
            while last.state != "done" {
                last = try await night.progress(past: last)
                // What was confirmed is applied from now on, and on a busy machine is done before it is
                // looked at again.
                if last.state == "waiting" { try await night.confirm(file, by: office) }
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
                    office = try await night.office(gateway)
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
        let counts = try await world.counts(
            "exchange.entitlement", "log.access_entry where person is not null",
            "office.file_chunk where task is not null")
        let (applied, entered, moved) = (counts[0], counts[1], counts[2])
        #expect(applied == entered)
        // The refused row stands in the first part.
        #expect(applied == max(0, min(moved * 1_000 - 1, rows)))
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

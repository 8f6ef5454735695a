import Exchange
import Glibc
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 終わりの途中で: SIGKILL of the gateway again and again while a whole list ends what it no longer holds. Each
/// end is there once, with its entry, and nobody else ends.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct FileEndsCrashTests {
    static let rows = 4_500
    static let kept = 500

    @Test func `whoever a whole list ends is ended exactly once, whenever the gateway is killed`()
        async throws
    {
        try await CrashWorld.with { world in
            var gateway = try world.serve()
            let night = CrashNight(world: world, layout: "entitlements-full")
            var office = try await night.office(gateway)
            let rows = Self.cells()
            let first = try await night.send(NightFile(rows).bytes(), by: office)
            var last = CrashNight.Progress()
            while last.state != "done" {
                last = try await night.progress(past: last)
                if last.state == "waiting" { try await night.confirm(first, by: office) }
            }
            let list = Array(rows.prefix(Self.kept))
            let file = try await night.send(NightFile(list).bytes(), sequence: 2, by: office)
            var chance = Seeded(0x656E_6473)
            var kills = 0
            last = CrashNight.Progress()
            while last.state != "done" {
                last = try await night.progress(past: last)
                if last.state == "waiting" { try await night.confirm(file, by: office) }
                guard last.state == "waiting" || last.through >= 0, last.state != "done" else {
                    continue
                }
                // Somewhere in the step that comes next: the first begins with the confirmation.
                try await Task.sleep(for: .milliseconds(chance.int(0...60)))
                await office.close()
                gateway.signal(SIGKILL)
                _ = try await gateway.exit()
                kills += 1
                try await Self.expectWhole(world)
                gateway = try world.serve()
                office = try await night.office(gateway)
            }
            #expect(kills > 0)
            let done = try await office.send("GET", "/files/entitlements-full/\(file)")
            await office.close()
            #expect(done.number("ends") == Self.rows - Self.kept, "\(done.text)")
            #expect(done.number("unchanged") == Self.kept)
            #expect(
                done.json["processed"]?.object?["hash"] == done.json["effect"]?.object?["hash"])
            try await Self.expectWhole(world)
            // Once each, who is in the list not at all.
            let ended = try await world.counts(
                "(select person from exchange.entitlement group by person having count(*) = 2) p",
                "(select person from exchange.entitlement group by person having count(*) > 2) p",
                "exchange.entitlement")
            #expect(ended == [Self.rows - Self.kept, 0, 2 * Self.rows - Self.kept])
            gateway.signal(SIGTERM)
            #expect(try await gateway.exit() == 0, "\(gateway.complaint)")
        }
    }

    /// What a crash leaves is some whole steps: each with its versions, its entries and its count.
    private static func expectWhole(_ world: CrashWorld) async throws {
        let counts = try await world.counts(
            "exchange.entitlement",
            "(select generate_series(1, ends) from office.file where sequence = 2) e",
            "log.access_entry where person is not null")
        let ended = counts[0] - rows
        #expect(ended == counts[1])
        // Everybody when the first list was applied, and who is in the second with its rows, before any end.
        let entries = rows + kept + ended
        #expect(ended == 0 ? (rows...entries).contains(counts[2]) : counts[2] == entries)
    }

    private static func cells() -> [[String: String]] {
        let people = TestPeople()
        let today = WallClock.now().dayInJapan
        return (0..<rows).map { _ in
            people.next().cells(
                today.adding(days: -10), today.adding(days: 300), historyKey: "")
        }
    }
}

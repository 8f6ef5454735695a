import Exchange
import Foundation
import Gateway
import Ledger
import Postgres
import TestSupport
import Testing

/// 一括の受領の支度: in steps, by several gateways at once, and never past somebody who is still writing.
extension ExportTests {
    @Test(arguments: ["tsunagi_gateway", "tsunagi_office"])
    func `whoever was writing when it was asked for is waited for`(role: String) async throws {
        let (parts, gateway) = (try gateway.parts(), gateway)
        let (begun, ended) = (Gate(), Gate())
        async let writing: Void = Pool(
            gateway.database.with(user: role), limits: .init(connectionsMax: 1), label: "writer",
            logger: gateway.log.logger
        ).transaction { transaction in
            try transaction.script("select 1")
            begun.open()
            for _ in 0..<60_000 where !ended.isOpen { usleep(1_000) }
        }
        await begun.pass()
        let export = try await kickOff("?_type=Coverage")
        for _ in 0..<4 { _ = try await parts.prepareExport() }
        try await gateway.send(Cast.town, "GET", export).expect(202)
        ended.open()
        try await writing
        try await prepare()
        try await gateway.send(Cast.town, "GET", export).expect(200)
        try await gateway.send(Cast.town, "DELETE", export).expect(202)
    }

    @Test func `several gateways prepare it together, a file each, and every line is in one`()
        async throws
    {
        let today = gateway.clock.today
        let town = Cast.silentTown
        let more = ExportLimits.linesInFile + 50
        for from in stride(from: 0, to: more, by: 350) {
            let rows = (from..<min(from + 350, more)).map { _ in
                gateway.people.next().row("kodomo", today, today.adding(days: 30))
            }
            try await gateway.hold(rows, by: town)
        }
        let export = try await kickOff(by: town)
        let works = try (0..<3).map { _ in try gateway.parts() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for parts in works {
                group.addTask { for _ in 0..<40 { _ = try await parts.prepareExport() } }
            }
            try await group.waitForAll()
        }
        try await prepare()
        let all = try await fetch(export, by: town)
        let held = try await gateway.count(
            """
            select count(*) from exchange.entitlement e where e.body = $1 and not e.is_deleted
                and not exists (
                    select 1 from exchange.entitlement l where l.person = e.person
                        and l.body = e.body and l.history_key = e.history_key and l.version > e.version)
            """, [.text(town.code)])
        let certificates = all["Coverage"] ?? []
        #expect(certificates.count == held && held > ExportLimits.linesInFile)
        #expect(Set(certificates.compactMap { $0["id"]?.string }).count == held)
        let residents = (all["Patient"] ?? []).compactMap { $0["id"]?.string }
        #expect(Set(residents) == Set(certificates.compactMap(Self.resident)))
        #expect(Set(residents).count == residents.count)
        let files = try await gateway.count(
            """
            select count(*) from exchange.bulk_file f join exchange.bulk_export e using (export)
            where e.body = $1 and f.count < $2
            """, [.text(town.code), .int(ExportLimits.linesInFile)])
        #expect(files >= 2)
        let left = try await gateway.count("select count(*) from exchange.bulk_resident")
        #expect(left == 0)
        try await gateway.send(town, "DELETE", export).expect(202)
    }
}

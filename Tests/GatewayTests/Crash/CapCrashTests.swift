import Exchange
import Foundation
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// SIGKILL of the gateway between reserve and confirm, and inside either: no acknowledged yen is
/// lost or counted twice, and two counters that go on asking end at the cap. One of them bills on two
/// certificates at once.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct CapCrashTests {
    static let cap = 10_000
    static let counters = [Cast.clinic, Cast.pharmacy]

    /// What one counter was told, and where it stands.
    actor Till {
        private(set) var collected: [String: Int] = [:]
        private(set) var reserved: [String: Int] = [:]
        private(set) var repeated = 0
        private(set) var unexpected: [String] = []
        private(set) var isClosing = false

        func collect(_ bill: String, _ yen: Int) { collected[bill] = yen }
        func reserve(_ bill: String, _ yen: Int) { reserved[bill] = yen }
        func `repeat`() { repeated += 1 }
        func wonder(_ text: String) { unexpected.append(text) }
        func close() { isClosing = true }
    }

    @Test func `killed between reserve and confirm, the counters still end at the cap`()
        async throws
    {
        try await CrashWorld.with { world in
            let doorplate = Doorplate()
            var gateway = try world.serve()
            doorplate.put(try await gateway.ports(CrashWorld.listeners.count))
            let client = try await CrashTests.clients(1, world, doorplate, Journal())[0]
            try await Self.register(client.resident, world, doorplate)
            let till = Till()
            let visits = try await Self.visits(client.card, world, doorplate)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (place, party) in Self.counters.enumerated() {
                    let visit = visits[place]
                    group.addTask { try await Self.sell(party, visit, world, doorplate, till) }
                }
                var chance = Seeded(7)
                for _ in 0..<(CrashTests.kills ?? 12) {
                    try await Task.sleep(for: .milliseconds(chance.int(40...160)))
                    doorplate.put([:])
                    gateway.signal(SIGKILL)
                    _ = try await gateway.exit()
                    try await Self.verify(world, till)
                    gateway = try world.serve()
                    doorplate.put(try await gateway.ports(CrashWorld.listeners.count))
                }
                await till.close()
                try await group.waitForAll()
            }
            try await Self.verify(world, till)
            #expect(await till.unexpected == [])
            // Had nothing been under way when it was killed, the kills would have shown nothing.
            #expect(await till.repeated > 3)
            #expect(await till.collected.values.reduce(0, +) == Self.cap)
            gateway.signal(SIGTERM)
            #expect(try await gateway.exit() == 0, "\(gateway.complaint)")
        }
    }

    // MARK: The counters

    /// Reserves, and confirms what was reserved, again and again; each until it is told. A cap of
    /// so many small bills is not reached before the last kill.
    private static func sell(
        _ party: Party, _ visit: Journal.Visit, _ world: CrashWorld, _ doorplate: Doorplate,
        _ till: Till
    ) async throws {
        var connection: (port: Int, client: TLSClient)?
        let today = WallClock.now().dayInJapan
        var number = 0
        while true {
            let isLast = await till.isClosing
            var bill = SentBill("preauthorization", cost: isLast ? 50_000 : 50, on: today)
            number += 1
            bill.identifier = "\(party.code) \(number)"
            if party == Cast.pharmacy { bill.local = SentBill.localCertificate }
            for use in ["preauthorization", "claim"] {
                let answer = try await insist(
                    bill.used(as: use), party, visit, world, doorplate, till, &connection)
                let yen = answer.yen("copay") ?? -1
                guard use == "claim" else {
                    await till.reserve(bill.identifier, yen)
                    continue
                }
                await till.collect(bill.identifier, yen)
                let reserved = await till.reserved[bill.identifier]
                if yen != reserved { await till.wonder("\(yen) for \(reserved ?? -1)") }
            }
            if isLast { break }
        }
        await connection?.client.close()
    }

    private static func insist(
        _ bill: SentBill, _ party: Party, _ visit: Journal.Visit, _ world: CrashWorld,
        _ doorplate: Doorplate, _ till: Till, _ connection: inout (port: Int, client: TLSClient)?
    ) async throws -> TLSClient.Answer {
        let body = Array(
            JSON.object(bill.body(.init(id: visit.id, patient: visit.patient))).text.utf8)
        for _ in 0..<20_000 {
            do {
                guard let port = doorplate.port(.institution) else {
                    throw TLSClient.Gone(description: "nobody listens")
                }
                if connection?.port != port || connection?.client.isOpen != true {
                    connection = (
                        port,
                        try await TLSClient(
                            port: port, credentials: world.pki.credentials(of: party))
                    )
                }
                guard let client = connection?.client else { continue }
                let answer = try await client.send(
                    "POST", RunningGateway.billPath,
                    headers: [("Content-Type", "application/json")], body: body)
                if answer.status == 200 { return answer }
                if answer.status < 500 { await till.wonder(answer.text) }
            } catch {
                connection = nil
            }
            await till.repeat()
            try await Task.sleep(for: .milliseconds(10))
        }
        throw TLSClient.Gone(description: "never acknowledged")
    }

    // MARK: The database

    /// Every acknowledged amount is there once, and each month is the sum of its bills; no line of a
    /// bill is there without the others.
    private static func verify(_ world: CrashWorld, _ till: Till) async throws {
        let told = await till.collected
        let (kept, months, torn) = try await world.owner.transaction(.readOnly) { transaction in
            let kept = try transaction.query(
                Statement(
                    """
                    select identifier, collected from exchange.bill
                    where status = 'confirmed' and is_last
                    """)
            ).map { (try $0.text(0), try $0.int(1)) }
            let months = try transaction.query(
                Statement(
                    """
                    select m.collected, (
                        select coalesce(sum(b.collected), 0)::bigint from exchange.bill b
                        where b.body = m.body and b.status = 'confirmed'), (
                        select coalesce(sum(h.collected), 0)::bigint from exchange.cap_hold h
                        where h.body = m.body)
                    from exchange.cap_month m
                    """)
            ).map { [try $0.int(0), try $0.int(1), try $0.int(2)] }
            let torn = try transaction.query(
                Statement(
                    """
                    select count(*) from (
                        select from exchange.bill group by identifier, version
                        having count(*) filter (where is_last) <> 1 or count(*) <> max(place)) t
                    """))
            return (kept, months, try torn[0].int(0))
        }
        let amounts = Dictionary(kept, uniquingKeysWith: { _, _ in -1 })
        #expect(amounts.count == kept.count, "a bill is confirmed twice")
        for (bill, yen) in told { #expect(amounts[bill] == yen, "\(bill)") }
        #expect(torn == 0)
        for month in months {
            #expect(month[0] == month[1])
            #expect(month[0] + month[2] <= Self.cap)
        }
    }

    private static func register(
        _ resident: TestResident, _ world: CrashWorld, _ doorplate: Doorplate
    ) async throws {
        let today = WallClock.now().dayInJapan
        let row = resident.row(
            "nanbyo", today.adding(days: -30), today.adding(days: 300),
            [
                "incomeSegment": "C1", "medicalSubsidyInsurerNumber": "54136015",
                "designatedMedicalInstitutions": .string(
                    counters.map(\.code).joined(separator: " ")),
            ])
        let cap = JSONObject([.init(name: "perMonth", value: .number(String(Self.cap)))])
        let local = resident.row(
            "kodomo", today.adding(days: -30), today.adding(days: 300),
            ["maxCopaymentAmount": .object(cap)])
        for (body, row) in [(Cast.prefecture, row), (Cast.town, local)] {
            let office = try await TLSClient(
                port: try #require(doorplate.port(.office)),
                credentials: world.pki.credentials(of: body))
            let answer = try await office.send(
                "POST", "/medical-subsidy/history-registration-tasks",
                headers: [("Content-Type", "application/json")],
                body: Array(JSON.array([row]).text.utf8))
            await office.close()
            try #require(answer.int("applied") == 1, "\(answer.text)")
        }
    }

    private static func visits(
        _ card: SoftwareCard, _ world: CrashWorld, _ doorplate: Doorplate
    ) async throws -> [Journal.Visit] {
        var visits: [Journal.Visit] = []
        for party in counters {
            let client = try await TLSClient(
                port: try #require(doorplate.port(.institution)),
                credentials: world.pki.credentials(of: party))
            let opened = try await client.openVisit(card, at: party)
            await client.close()
            visits.append(Journal.Visit(id: opened.text("visit"), patient: opened.text("patient")))
        }
        return visits
    }
}

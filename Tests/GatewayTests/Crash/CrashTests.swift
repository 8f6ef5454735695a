import Exchange
import Foundation
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// SIGKILL inside requests: of the gateway, and apart of PostgreSQL; and restarts of PostgreSQL. No answer
/// without its entry, nothing acknowledged lost or done twice, and the seal holds. CRASH_KILLS sets how often
/// each is killed.
@Suite(.serialized)
struct CrashTests {
    static let kills = ProcessInfo.processInfo.environment["CRASH_KILLS"].flatMap(Int.init)

    enum Victim: String, CustomTestStringConvertible {
        /// `restart` lets the database finish what it is about, as an upgrade does.
        case gateway, postgres, restart
        var testDescription: String { rawValue }
        var kills: Int { CrashTests.kills ?? usual }

        private var usual: Int {
            switch self {
            case .gateway: 150
            case .postgres: 80
            case .restart: 12
            }
        }
    }

    @Test(arguments: [Victim.gateway, .postgres, .restart])
    func `no answer is without its entry and nothing acknowledged is lost`(victim: Victim)
        async throws
    {
        try await CrashWorld.with { world in
            let journal = Journal()
            let doorplate = Doorplate()
            let first = try world.serve()
            doorplate.put(try await first.ports(CrashWorld.listeners.count))
            let clients = try await Self.clients(6, world, doorplate, journal)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for var client in clients { group.addTask { try await client.run() } }
                do {
                    let last = try await Self.kill(victim, first, world, doorplate, journal)
                    journal.stop()
                    try await group.waitForAll()
                    try await Self.end(last, world)
                } catch {
                    journal.stop()
                    throw error
                }
            }
            try await Self.verify(journal.now, world, isOver: true)
            try await Self.verifySeal(world)
            let told = journal.now
            // Had nothing been under way when it was killed, the kills would have shown nothing.
            #expect(told.repeated > victim.kills / 10)
            #expect(
                told.answers.count > victim.kills / 4 && told.visits.count > 10
                    && told.refusals > 5)
            #expect(told.ownLists.count > 10 && !told.ended.isEmpty)
            let lines = try await world.count("exchange.vaccination_claim where refusal is null")
            #expect(lines > 0 && told.dosesRecorded.count >= lines)
            Torture.report(
                "kills of the \(victim.rawValue) under load", victim.kills,
                "\(told.answers.count) answers with entries, nothing lost or twice")
        }
    }

    /// Residents with cards, one for each client, through the real feed.
    static func clients(
        _ count: Int, _ world: CrashWorld, _ doorplate: Doorplate, _ journal: Journal
    ) async throws -> [CrashClient] {
        let people = TestPeople()
        let now = WallClock.now()
        var events: [JSON] = []
        var clients: [CrashClient] = []
        for number in 0..<count {
            let card = try TestPeople.card(
                world.pki, from: now.adding(seconds: -86_400), to: now.adding(seconds: 8_640_000))
            let resident = people.next()
            events += [
                resident.binding(card),
                resident.residence(Cast.town.code, from: now.dayInJapan.adding(days: -1000)),
            ]
            clients.append(
                CrashClient(
                    number: number, world: world, doorplate: doorplate, journal: journal,
                    card: card,
                    resident: resident))
        }
        let port = try #require(doorplate.port(.office))
        let feed = try await TLSClient(
            port: port, credentials: world.pki.credentials(of: Cast.authority))
        let answer = try await feed.send(
            "POST", "/card-feed/events", headers: [("Content-Type", "application/json")],
            body: Array(JSON.array(events).text.utf8))
        await feed.close()
        try #require(answer.status == 202 && answer.int("refused") == 0, "\(answer.text)")
        let town = try await TLSClient(
            port: port, credentials: world.pki.credentials(of: Cast.town))
        let pregnancies = clients.map { client in
            client.resident.pregnancy(
                due: now.dayInJapan.adding(days: 60), notified: now.dayInJapan.adding(days: -10),
                key: "P-\(client.number)")
        }
        let notified = try await town.send(
            "POST", "/maternal-health/registration-tasks",
            headers: [("Content-Type", "application/json")],
            body: Array(JSON.array(pregnancies).text.utf8))
        await town.close()
        try #require(notified.int("applied") == count, "\(notified.text)")
        return clients
    }

    /// Returns the gateway that runs after the last kill.
    private static func kill(
        _ victim: Victim, _ first: ServeProcess, _ world: CrashWorld, _ doorplate: Doorplate,
        _ journal: Journal
    ) async throws -> ServeProcess {
        var gateway = first
        var chance = Seeded(UInt64(victim.kills))
        for _ in 0..<victim.kills {
            // Until answers flow again, so that this kill, too, meets requests under way.
            let told = journal.answersCount
            try await eventuallyHere { journal.answersCount > told + 5 }
            try await Task.sleep(for: .milliseconds(chance.int(0...60)))
            switch victim {
            case .gateway:
                doorplate.put([:])
                gateway.signal(SIGKILL)
                _ = try await gateway.exit()
                try await verify(journal.now, world, isOver: false)
                gateway = try world.serve()
                doorplate.put(try await gateway.ports(CrashWorld.listeners.count))
            case .postgres:
                try world.cluster.kill()
                try world.cluster.start()
                try await verify(journal.now, world, isOver: false)
            case .restart:
                try world.cluster.stop()
                try world.cluster.start()
                try await verify(journal.now, world, isOver: false)
            }
        }
        return gateway
    }

    private static func eventuallyHere(_ condition: () -> Bool) async throws {
        for _ in 0..<12_000 {
            if condition() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw TLSClient.Gone(description: "no answers after a start")
    }

    /// Everything the clients were told, against the database.
    static func verify(_ told: Journal.State, _ world: CrashWorld, isOver: Bool)
        async throws
    {
        #expect(told.unexpected.isEmpty, "\(told.unexpected.prefix(3))")
        let missing = try await world.owner.transaction { transaction in
            try transaction.query(
                Self.answersWithoutEntry,
                [
                    .uuids(told.answers.map { UUIDBytes(high: $0.id.high, low: $0.id.low) }),
                    .bytesArray(told.answers.map(\.digest)),
                ])[0].int(0)
        }
        #expect(missing == 0, "answers without their entry")
        let visits = told.visits.map(\.id)
        let lost = try await world.owner.transaction { transaction in
            try transaction.query(Self.visitsNotOnce, [.texts(visits)])[0].int(0)
        }
        #expect(
            lost == 0,
            "acknowledged visits that are not there once, with an entry each time they were told")
        let refused = try await world.count(
            "log.access_entry where outcome = '\(Refusal.visitUnknown.code)'")
        #expect(refused >= told.refusals, "refusals without their entry")
        try await verifyResidents(told, world)
        try await verifyRegistrations(told, world, isOver: isOver)
        try await verifyReports(told, world, isOver: isOver)
        try await verifyDoses(told, world, isOver: isOver)
    }

    /// A dose, its line, the delivery of that and its entry are there together, and once.
    private static func verifyDoses(
        _ told: Journal.State, _ world: CrashWorld, isOver: Bool
    ) async throws {
        let (held, halves) = try await world.owner.transaction(.readOnly) { transaction in
            let rows = try transaction.pipeline([(Self.doses, []), (Self.halfDoses, [])])
            return (try rows[0].map { try ($0.text(0), $0.int(1)) }, try rows[1][0].int(0))
        }
        let counts = Dictionary(uniqueKeysWithValues: held)
        #expect(counts.values.allSatisfy { $0 == 1 }, "a dose recorded twice")
        #expect(told.dosesRecorded.isSubset(of: counts.keys), "an acknowledged dose is lost")
        #expect(halves == 0, "a dose without its line, delivery or entry, or one claimed twice")
        if isOver {
            #expect(Set(counts.keys) == told.dosesSent && told.dosesSent == told.dosesRecorded)
        }
    }

    /// A result, its line, the ticket it uses and its entry are there together, and once.
    private static func verifyReports(
        _ told: Journal.State, _ world: CrashWorld, isOver: Bool
    ) async throws {
        let (held, halves) = try await world.owner.transaction(.readOnly) { transaction in
            let rows = try transaction.pipeline([(Self.reports, []), (Self.halfReports, [])])
            return (try rows[0].map { try ($0.text(0), $0.int(1)) }, try rows[1][0].int(0))
        }
        let counts = Dictionary(uniqueKeysWithValues: held)
        #expect(counts.values.allSatisfy { $0 == 1 }, "a report recorded twice")
        #expect(told.reported.isSubset(of: counts.keys), "an acknowledged report is lost")
        #expect(halves == 0, "a report without its line, ticket or entry, or a ticket used twice")
        if isOver {
            #expect(Set(counts.keys) == told.reportsSent && told.reportsSent == told.reported)
        }
    }

    private static func verifyResidents(_ told: Journal.State, _ world: CrashWorld) async throws {
        let (lists, open) = try await world.owner.transaction { transaction in
            (
                try transaction.query(Self.listsWithoutEntry, [.bytesArray(told.ownLists)])[0].int(
                    0),
                try transaction.query(Self.endedAndOpen, [.texts(told.ended)])[0].int(0)
            )
        }
        #expect(lists == 0, "lists that residents were shown without an entry each time")
        #expect(open == 0, "visits that their resident ended and that go on")
    }

    private static func verifyRegistrations(
        _ told: Journal.State, _ world: CrashWorld, isOver: Bool
    ) async throws {
        // One snapshot for both, because the gateway may be serving meanwhile.
        let (held, tasks) = try await world.owner.transaction(.readOnly) { transaction in
            let rows = try transaction.pipeline([
                (
                    Statement("select history_key, count(*) from exchange.entitlement group by 1"),
                    []
                ),
                (
                    Statement(
                        "select count(*) from exchange.registration_task where field like 'medical%'"
                    ),
                    []
                ),
            ])
            return (try rows[0].map { try ($0.text(0), $0.int(1)) }, try rows[1][0].int(0))
        }
        let counts = Dictionary(uniqueKeysWithValues: held)
        #expect(counts.values.allSatisfy { $0 == 1 }, "a registration applied twice")
        #expect(told.registered.isSubset(of: counts.keys), "an acknowledged registration is lost")
        #expect(tasks == counts.count, "a task without its rows, or rows without their task")
        if isOver { #expect(Set(counts.keys) == told.sent && told.sent == told.registered) }
    }

    /// SIGTERM, as an operator would; before that everything is sealed.
    static func end(_ gateway: ServeProcess, _ world: CrashWorld) async throws {
        for _ in 0..<6_000 {
            let unsealed = try await world.count(
                "log.access_entry e where not exists (select from log.position p where p.entry = e.entry)"
            )
            if unsealed == 0 { break }
            try await Task.sleep(for: .milliseconds(20))
        }
        gateway.signal(SIGTERM)
        let status = try await gateway.exit()
        #expect(status == 0, "\(gateway.complaint)")
    }

    static func verifySeal(_ world: CrashWorld) async throws {
        let leaves =
            try await world.count("log.access_entry") + world.count("log.epoch")
        let latest = try #require(
            FileManager.default.contents(atPath: world.folder + "/checkpoints/latest"))
        let audit = LogAudit(
            world.cluster.address(user: "tsunagi_reader"), logger: TestPostgres.logger)
        let report = try await audit.verify(note: Array(latest), key: try world.sealKey)
        await audit.close()
        #expect(report.findings.isEmpty, "\(report.findings)")
        #expect(report.sealed == leaves)
        #expect(report.checkpoint.size == leaves)
        #expect(try await world.count("log.epoch") > 1)
    }

    private static let reports = Statement(
        "select identifier, count(*) from exchange.checkup_result group by 1")
    private static let halfReports = Statement(
        """
        select (select count(*) from exchange.checkup_result r
                full join exchange.checkup_line l using (person, result, version)
                where r.party is null or l.made_at is null)
            + (select count(*) from exchange.checkup_line l
                where (l.ticket_body is not null) <> exists (
                    select from exchange.checkup_ticket_event e where e.result = l.result))
            + (select count(*) from (
                select from exchange.checkup_ticket_event where event = 'use'
                group by person, episode, kind, serial having count(*) > 1) twice)
            + greatest(0, (select count(*) from exchange.checkup_result)
                - (select count(*) from log.access_entry
                    where purpose = 'record-checkup' and outcome = 'ok'))
        """)
    private static let doses = Statement(
        "select identifier, count(*) from exchange.vaccination group by 1")
    private static let halfDoses = Statement(
        """
        select (select count(*) from exchange.vaccination v
                full join exchange.vaccination_claim c using (person, vaccination, version)
                where v.party is null or c.made_at is null)
            + (select count(*) from exchange.vaccination_claim c
                where (c.refusal is null) <> exists (
                    select from exchange.delivery d where d.record = c.vaccination))
            + (select count(*) from (
                select from exchange.vaccination_claim where refusal is null
                group by person, day having count(*) > 1) twice)
            + greatest(0, (select count(*) from exchange.vaccination)
                - (select count(*) from log.access_entry
                    where purpose = 'record-vaccination' and outcome = 'ok'))
        """)
    private static let answersWithoutEntry = Statement(
        """
        select count(*) from unnest($1::uuid[], $2::bytea[]) as told(entry, digest)
        where not exists (
            select from log.access_entry e
            where e.entry = told.entry and e.digest = told.digest and e.outcome = 'ok'
                and e.purpose = 'check-eligibility')
        """)
    private static let listsWithoutEntry = Statement(
        """
        select count(*) from (
            select digest, count(*) as times from unnest($1::bytea[]) as t(digest) group by 1) told
        left join (
            select digest, count(*) as entered from log.access_entry
            where purpose = 'read-own-visits' and outcome = 'ok' group by 1) e using (digest)
        where times > coalesce(entered, 0)
        """)
    private static let endedAndOpen = Statement(
        """
        select count(*) from exchange.visit v
        where v.visit = any ($1::text[]::uuid[]) and v.ends_at > clock_timestamp()
        """)
    private static let visitsNotOnce = Statement(
        """
        select count(*) from (
            select visit::uuid, count(*) as times from unnest($1::text[]) as t(visit) group by 1) told
        where 1 <> (select count(*) from exchange.visit v where v.visit = told.visit)
            or times > (
                select count(*) from log.access_entry e
                where e.visit = told.visit and e.purpose = 'open-visit' and e.outcome = 'ok')
        """)
}

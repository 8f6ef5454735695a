import Exchange
import Foundation
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 月次の照合の途中で: SIGKILL of the gateway and of PostgreSQL in turn, while a month's files come in
/// and the month is run and closed again and again. What was acknowledged is there once, what is there
/// is whole, and a run that is asked for again is the same run.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct MonthCrashTests {
    /// Enough claims that a run takes as long as the time between two kills.
    static let residents = 120
    static let claims = 400

    /// What the municipality's office was told.
    actor Clerk {
        private(set) var files: Set<String> = []
        private(set) var runs: [Int: String] = [:]
        private(set) var closings: Set<String> = []
        private(set) var repeated = 0
        private(set) var unexpected: [String] = []
        private(set) var isLeaving = false

        func file(_ id: String) { files.insert(id) }
        func run(_ number: Int, _ digest: String) {
            if let told = runs[number], told != digest { unexpected.append("run \(number) twice") }
            runs[number] = digest
        }
        func closing(_ text: String) { closings.insert(text) }
        func `repeat`() { repeated += 1 }
        func wonder(_ text: String) { unexpected.append(text) }
        func leave() { isLeaving = true }
    }

    @Test func `a month is run and closed exactly once, whenever something is killed`()
        async throws
    {
        try await CrashWorld.with { world in
            let doorplate = Doorplate()
            var gateway = try world.serve()
            doorplate.put(try await gateway.ports(CrashWorld.listeners.count))
            let month = ServiceMonth(of: WallClock.now().dayInJapan.adding(days: -40))
            let recipients = try await Self.enrol(world, doorplate, month)
            let clerk = Clerk()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await Desk(world: world, doorplate: doorplate, clerk: clerk, month: month)
                        .work(recipients)
                }
                var chance = Seeded(0x7473_7578)
                for number in 0..<(CrashTests.kills ?? 14) {
                    try await Task.sleep(for: .milliseconds(chance.int(20...400)))
                    if number.isMultiple(of: 2) {
                        doorplate.put([:])
                        gateway.signal(SIGKILL)
                        _ = try await gateway.exit()
                        gateway = try world.serve()
                        doorplate.put(try await gateway.ports(CrashWorld.listeners.count))
                    } else {
                        try world.cluster.kill()
                        try world.cluster.start()
                    }
                    try await Self.verify(world, await clerk.runs)
                }
                await clerk.leave()
                try await group.waitForAll()
            }
            #expect(await clerk.unexpected == [])
            // Had nothing been under way when it was killed, the kills would have shown nothing.
            #expect(await clerk.repeated > 3)
            let (files, runs, closings) = (
                await clerk.files, await clerk.runs, await clerk.closings
            )
            try await Self.verify(world, runs)
            // Each told once, and nothing beside what was told.
            #expect(try await world.count("exchange.claim_file") == files.count)
            #expect(try await world.count("exchange.claim_run") == runs.count)
            #expect(try await world.count("exchange.claim_closing") == closings.count)
            #expect(runs.count > 2 && !closings.isEmpty)
            gateway.signal(SIGTERM)
            #expect(try await gateway.exit() == 0, "\(gateway.complaint)")
        }
    }

    // MARK: The office

    private struct Desk {
        let world: CrashWorld
        let doorplate: Doorplate
        let clerk: Clerk
        let month: ServiceMonth
        private var path: String { "/claims/months/\(month.text)" }

        init(world: CrashWorld, doorplate: Doorplate, clerk: Clerk, month: ServiceMonth) {
            self.world = world
            self.doorplate = doorplate
            self.clerk = clerk
            self.month = month
        }

        /// A file more, a run over all of them, and now and then a closing; each until it is told.
        func work(_ recipients: [String]) async throws {
            var connection: (port: Int, client: TLSClient)?
            var number = 0
            while true {
                // A few in peace as well, however often the others were broken off.
                let isLast = await clerk.isLeaving && number > 2
                let count = number == 0 ? MonthCrashTests.claims : 1
                let rows = (0..<count).map { place in
                    SentClaim(recipients[(number + place) % recipients.count])
                        .json(month, number * 10_000 + place + 1)
                }
                number += 1
                let file = try await insist(
                    "/claims?month=\(month.text)",
                    "{\"claims\":[\(rows.joined(separator: ","))]}", &connection)
                await clerk.file(file.text("file"))
                let run = try await insist(path + "/runs", "", &connection)
                await clerk.run(run.int("run") ?? 0, run.text("digest"))
                // Asked for again with nothing new, it is the same run.
                let again = try await insist(path + "/runs", "", &connection)
                await clerk.run(again.int("run") ?? 0, again.text("digest"))
                if again.int("run") != run.int("run") { await clerk.wonder("another run") }
                if isLast || number.isMultiple(of: 3) {
                    let body = #"{"run":\#(run.int("run") ?? 0),"digest":"\#(run.text("digest"))"}"#
                    let closing = try await insist(path + "/closings", body, &connection)
                    await clerk.closing(closing.text)
                }
                if isLast { break }
            }
            await connection?.client.close()
        }

        private func insist(
            _ path: String, _ body: String, _ connection: inout (port: Int, client: TLSClient)?
        ) async throws -> TLSClient.Answer {
            for _ in 0..<20_000 {
                do {
                    guard let port = doorplate.port(.office) else {
                        throw TLSClient.Gone(description: "nobody listens")
                    }
                    if connection?.port != port || connection?.client.isOpen != true {
                        connection = (
                            port,
                            try await TLSClient(
                                port: port, credentials: world.pki.credentials(of: Cast.town))
                        )
                    }
                    guard let client = connection?.client else { continue }
                    let answer = try await client.send(
                        "POST", path, headers: [("Content-Type", "application/json")],
                        body: Array(body.utf8))
                    if answer.status < 300 { return answer }
                    if answer.status < 500 { await clerk.wonder(answer.text) }
                } catch {
                    connection = nil
                }
                await clerk.repeat()
                try await Task.sleep(for: .milliseconds(20))
            }
            throw TLSClient.Gone(description: "never acknowledged")
        }
    }

    // MARK: The database

    /// Whatever is there is whole: files with their claims, runs with their verdicts and statements, an entry
    /// for everybody in each run; and every run that was told is there as it was told.
    private static func verify(_ world: CrashWorld, _ told: [Int: String]) async throws {
        let (broken, entries, kept) = try await world.owner.transaction(.readOnly) { transaction in
            let broken = try transaction.query(
                Statement(
                    """
                    select (select count(*) from exchange.claim_file f where f.claims <> (
                            select count(*) from exchange.claim c where c.file = f.file)),
                        (select count(*) from exchange.claim_run r where r.claims <> (
                            select count(*) from exchange.claim_verdict v
                            where v.body = r.body and v.month = r.month and v.run = r.run)),
                        (select count(*) from exchange.claim_run r where r.claims <> (
                            select coalesce(sum(s.claims), 0) from exchange.claim_statement s
                            where s.body = r.body and s.month = r.month and s.run = r.run)),
                        (select count(*) from exchange.claim_closing c where not exists (
                            select 1 from log.access_entry e where e.entry = c.entry))
                    """))[0]
            let entries = try transaction.query(
                Statement(
                    """
                    select count(*) from log.access_entry
                    where purpose = 'reconcile-month' and person is not null
                    """))[0].int(0)
            let kept = try transaction.query(
                Statement("select run, encode(digest, 'hex') from exchange.claim_run order by run")
            ).map { (try $0.int(0), try $0.text(1)) }
            return (
                [try broken.int(0), try broken.int(1), try broken.int(2), try broken.int(3)],
                entries, kept
            )
        }
        #expect(broken == [0, 0, 0, 0])
        #expect(entries.isMultiple(of: residents))
        #expect(kept.map(\.0) == Array(1..<(kept.count + 1)))
        let digests = Dictionary(uniqueKeysWithValues: kept)
        for (run, digest) in told { #expect(digests[run] == digest, "run \(run)") }
    }

    /// Everybody under the town's scheme in that month.
    private static func enrol(
        _ world: CrashWorld, _ doorplate: Doorplate, _ month: ServiceMonth
    ) async throws -> [String] {
        let people = TestPeople()
        let first = CalendarDay(daysSince1970: Int(month.firstDay))
        let residents = (0..<Self.residents).map { _ in people.next() }
        let rows = residents.map {
            $0.row("kodomo", first.adding(days: -100), first.adding(days: 400))
        }
        let office = try await TLSClient(
            port: try #require(doorplate.port(.office)),
            credentials: world.pki.credentials(of: Cast.town))
        let answer = try await office.send(
            "POST", "/medical-subsidy/history-registration-tasks",
            headers: [("Content-Type", "application/json")],
            body: Array(JSON.array(rows).text.utf8))
        await office.close()
        try #require(answer.int("applied") == Self.residents, "\(answer.text)")
        return residents.map { "R-00\($0.index)" }
    }
}

import Exchange
import Glibc
import Postgres
import Synchronization
import TestSupport
import Testing
import Trust

/// 登録の途中で: SIGKILL of the gateway between what a municipality sent of its own seasons or schemes and the
/// commit that makes rules of it. They are in force once, or not at all; sent again, they are in force once.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct OwnRuleCrashTests {
    /// Seasons come by request, schemes by file.
    enum Field: String, CustomTestStringConvertible {
        case seasons, schemes
        var testDescription: String { rawValue }
    }

    /// What becomes of the transaction that nobody waits for any more: PostgreSQL has all of it, and goes on
    /// to its commit; or it ends.
    enum Fate: Equatable { case goesOn, ends }

    @Test(arguments: [Field.seasons, .schemes])
    func `what is registered is in force once or not at all, and sent again it is in force`(
        field: Field
    ) async throws {
        try await CrashWorld.with { world in
            var gateway = try world.serve()
            var desk = try await Desk(world, gateway)
            for (round, fate) in [Fate.goesOn, .ends, .goesOn, .ends].enumerated() {
                let before = try await Kept(of: field, world)
                try #require(before.isWhole)
                let rules = HeldRules()
                async let holding: Void = rules.hold(world)
                try await rules.isHeld(world)
                let sender = desk
                async let unanswered = sender.send(field, round)
                try await rules.isWaitedFor(world)
                gateway.signal(SIGKILL)
                _ = try await gateway.exit()
                _ = try? await unanswered
                await sender.client.close()
                if fate == .ends { try await rules.endWhoWaits(world) }
                rules.release()
                try await holding
                try await rules.isForgotten(world)
                let after = try await Kept(of: field, world)
                #expect(after.isWhole && (0...1).contains(after.versions - before.versions))
                if fate == .ends { #expect(after == before) }
                gateway = try world.serve()
                desk = try await Desk(world, gateway)
                try await desk.sendAgain(field, round)
                let ended = try await Kept(of: field, world)
                #expect(ended.isWhole && ended.versions == before.versions + 1)
                #expect(try await desk.standing(field, round) == ["clerk-\(round)"])
                // And once more, when it is in force.
                try await desk.sendAgain(field, round)
                #expect(try await Kept(of: field, world) == ended)
            }
            await desk.client.close()
            gateway.signal(SIGTERM)
            #expect(try await gateway.exit() == 0, "\(gateway.complaint)")
        }
    }

    // MARK: The office

    private struct Desk {
        let client: TLSClient

        init(_ world: CrashWorld, _ gateway: ServeProcess) async throws {
            let ports = try await gateway.ports(CrashWorld.listeners.count)
            client = try await TLSClient(
                port: try #require(ports[.office]),
                credentials: world.pki.credentials(of: Cast.town))
        }

        /// The same bytes for the same round.
        func send(_ field: Field, _ round: Int) async throws -> TLSClient.Answer {
            let officer = ("Tsunagi-Operator", "clerk-\(round)")
            switch field {
            case .seasons:
                let rows = #"""
                    [{"modificationSeg":"1","municipality":"\#(Cast.town.code)",\#
                    "campaign":"influenza-2026","effectiveFrom":"\#(Self.firstDay(round))",\#
                    "effectiveTo":"2027-01-31","notice":"第\#(round)回"}]
                    """#
                return try await client.send(
                    "POST", "/immunization/seasons/registration-tasks",
                    headers: [
                        ("Content-Type", "application/json"), officer,
                        ("Idempotency-Key", "round-\(round)"),
                    ], body: Array(rows.utf8))
            case .schemes:
                let file = NightFile(schemes: [
                    [
                        "市区町村コード": Cast.town.code, "機関別受給者証種別ID": Self.type(round),
                        "マスタ種別": "1", "名称": "見本の助成", "優先順位": "60",
                        "適用開始日": "2026-04-01",
                    ]
                ])
                return try await client.send(
                    "POST", "/files/scheme-masters?sequence=\(round + 1)",
                    headers: [("Content-Type", "text/csv"), officer], body: file.bytes())
            }
        }

        /// A file goes on by itself, and is known again.
        func sendAgain(_ field: Field, _ round: Int) async throws {
            let answer = try await send(field, round)
            try #require(answer.status == 202, "\(answer.text)")
            guard field == .schemes else {
                #expect(answer.int("applied") == 1, "\(answer.text)")
                return
            }
            #expect(answer.json["received"]?.object?["duplicate"]?.bool == true, "\(answer.text)")
            for _ in 0..<600 {
                let report = try await client.send(
                    "GET", "/files/scheme-masters/\(answer.text("file"))")
                if report.text("status") == "done" {
                    #expect(report.number("additions") == 1, "\(report.text)")
                    return
                }
                try await Task.sleep(for: .milliseconds(50))
            }
            throw TLSClient.Gone(description: "the file did not come to an end")
        }

        /// By whom what was sent in this round is registered, as the town reads it: once, where it is
        /// in force.
        func standing(_ field: Field, _ round: Int) async throws -> [String?] {
            let (path, list, item, value) =
                switch field {
                case .seasons:
                    ("/immunization/seasons", "seasons", "effectiveFrom", Self.firstDay(round))
                case .schemes:
                    (
                        "/medical-subsidy/schemes", "schemes", "orgSpecificCertificateTypeId",
                        Self.type(round)
                    )
                }
            let answer = try await client.send("GET", path + "?count=1000")
            try #require(answer.status == 200, "\(answer.text)")
            return (answer.json[list]?.array ?? []).compactMap(\.object)
                .filter { $0[item]?.string == value }.map { $0["registeredBy"]?.string }
        }

        private static func firstDay(_ round: Int) -> String { "2026-10-1\(round)" }
        private static func type(_ round: Int) -> String { "crash-\(round)" }
    }

    // MARK: The database

    /// What is there of registrations that were taken.
    private struct Kept: Hashable {
        let versions: Int
        let tasks: Int
        let origins: Int
        let entries: Int

        init(of field: Field, _ world: CrashWorld) async throws {
            versions = try await world.count("exchange.rule_book")
            tasks = try await world.count(
                "exchange.registration_task where field = '\(field.rawValue)' and rows_applied = 1")
            // What a type's terms and codes are registered under beside it is the same origin once more.
            origins = try await world.count(
                "exchange.registered_rule where array_length(string_to_array(key, chr(9)), 1) < 3")
            entries = try await world.count(
                """
                log.access_entry
                where purpose = 'register-\(field.rawValue)' and basis like 'rules/%'
                """)
        }

        /// Each version with its task, with who registered it, and with its entry. The first was loaded.
        var isWhole: Bool {
            versions == tasks + 1 && origins == tasks && entries == tasks
        }
    }
}

/// 決まりの鍵: the lock under which rules are replaced, held for as long as a test wants. Whoever registers waits
/// there, between what was sent and its commit.
private final class HeldRules: Sendable {
    private let mayGo = Atomic<Bool>(false)

    private static func locks(isGranted: Bool) -> String {
        """
        pg_locks where locktype = 'advisory' and granted = \(isGranted)
            and (classid::bigint << 32 | objid::bigint) = hashtextextended('tsunagi rules', 0)
        """
    }

    func hold(_ world: CrashWorld) async throws {
        try await world.owner.transaction { transaction in
            _ = try transaction.query(
                Statement(
                    "select pg_advisory_xact_lock(hashtextextended('tsunagi rules', 0))::text"))
            for _ in 0..<60_000 where !self.mayGo.load(ordering: .acquiring) {
                _ = try transaction.query(Statement("select pg_sleep(0.01)::text"))
            }
        }
    }

    func isHeld(_ world: CrashWorld) async throws {
        try await comes { try await world.count(Self.locks(isGranted: true)) == 1 }
    }

    func isWaitedFor(_ world: CrashWorld) async throws {
        try await comes { try await world.count(Self.locks(isGranted: false)) == 1 }
    }

    /// As when the machine that it came from is gone.
    func endWhoWaits(_ world: CrashWorld) async throws {
        let ended = try await world.count(
            """
            (select pg_terminate_backend(pid) as ended from \(Self.locks(isGranted: false))) w
            where w.ended
            """)
        #expect(ended == 1)
        try await comes { try await world.count(Self.locks(isGranted: false)) == 0 }
    }

    /// Nothing of what the killed gateway began is under way.
    func isForgotten(_ world: CrashWorld) async throws {
        try await comes {
            try await world.count(
                "pg_stat_activity where usename = 'tsunagi_office' and xact_start is not null") == 0
        }
    }

    func release() { mayGo.store(true, ordering: .releasing) }

    private func comes(_ isSo: () async throws -> Bool) async throws {
        for _ in 0..<12_000 {
            if try await isSo() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw TLSClient.Gone(description: "it did not come to be so")
    }
}

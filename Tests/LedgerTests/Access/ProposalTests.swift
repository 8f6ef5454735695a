import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 申出: what one operator asks for waits for another, and both words are on the record.
@Suite struct ProposalTests {
    static let sato = LedgerWorld.caller(.operator_, "sato")
    static let suzuki = LedgerWorld.caller(.operator_, "suzuki")

    private static func with(
        _ body: @Sendable (LedgerWorld, Ledger) async throws -> Void
    ) async throws {
        try await LedgerWorld.with { world in
            let registry = PartyRegistry(world.owner, logger: TestPostgres.logger)
            _ = try await registry.load(
                [sato, suzuki].map { .init(party: $0.party, name: $0.party.code) },
                isOptedIn: true)
            await registry.close()
            // As an operator's command does it.
            let ledger = Ledger(
                .init(gateway: world.owner, office: nil), logger: TestPostgres.logger)
            try await ledger.prepare()
            try await body(world, ledger)
            await ledger.shutdown()
        }
    }

    private static func propose(
        _ subject: String, as caller: Caller, _ ledger: Ledger
    ) async throws -> Bool {
        let permissions = try #require(ledger.rules.permissions)
        let standing = try await ledger.access(caller, .rotateKey) {
            try $0.propose(.keyRotation, on: subject, permissions)
        }
        return standing == .agreed
    }

    @Test func `two agree, and one alone never does`() async throws {
        try await Self.with { world, ledger in
            var said: [Bool] = []
            for caller in [Self.sato, Self.sato, Self.suzuki, Self.sato] {
                said.append(try await Self.propose("number 2", as: caller, ledger))
            }
            #expect(said == [false, false, true, true])
            #expect(try await !Self.propose("number 3", as: Self.suzuki, ledger))
            let told = try await world.texts(
                "select party || ' ' || basis from log.access_entry order by at, entry")
            #expect(
                told == [
                    "operator:sato key-rotation number 2 waiting",
                    "operator:sato key-rotation number 2 waiting",
                    "operator:suzuki key-rotation number 2 agreed",
                    "operator:sato key-rotation number 2 agreed",
                    "operator:suzuki key-rotation number 3 waiting",
                ])
        }
    }

    @Test func `both at once are one proposal, and one of them agrees`() async throws {
        try await Self.with { _, ledger in
            let said = try await withThrowingTaskGroup(of: Bool.self) { group in
                for caller in [Self.sato, Self.suzuki] {
                    group.addTask { try await Self.propose("number 2", as: caller, ledger) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(said.filter(\.self).count == 1)
        }
    }

    @Test func `a word that was not taken up in time is no first word`() async throws {
        try await Self.with { world, ledger in
            #expect(try await !Self.propose("number 2", as: Self.sato, ledger))
            try await world.pool.transaction {
                _ = try $0.run(
                    Statement(
                        """
                        update exchange.proposal set proposed_at = proposed_at - interval '2 days',
                            lapses_at = lapses_at - interval '2 days'
                        """))
            }
            #expect(try await !Self.propose("number 2", as: Self.suzuki, ledger))
            #expect(try await Self.propose("number 2", as: Self.sato, ledger))
        }
    }

    @Test func `nobody else proposes, and what was agreed is never changed`() async throws {
        try await Self.with { world, ledger in
            await #expect(throws: Refusal.notYourPurpose) {
                try await Self.propose("number 2", as: LedgerWorld.koganei, ledger)
            }
            for caller in [Self.sato, Self.suzuki] {
                _ = try await Self.propose("number 2", as: caller, ledger)
            }
            for sql in [
                "update exchange.proposal set agreed_at = null, second_party = null",
                "delete from exchange.proposal", "truncate exchange.proposal",
            ] {
                await #expect(throws: DatabaseError.self, "\(sql)") {
                    try await world.pool.transaction { try $0.script(sql) }
                }
            }
        }
    }
}

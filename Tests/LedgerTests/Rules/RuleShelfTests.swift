import Exchange
import Ledger
import Testing

/// 規則の書棚: what a gateway that runs does with rules that it cannot read.
@Suite struct RuleShelfTests {
    @Test func `permissions of a later release leave those in force that are`() async throws {
        try await LedgerWorld.with { world in
            let before = try world.ledger.rules.current().version
            try await world.execute(
                """
                insert into exchange.rule_book (version, files)
                select 'later', files || '{"access/permissions.json": "{\\"a later\\": \\"form\\"}"}'
                from exchange.rule_book order by serial desc limit 1
                """)
            for _ in 0..<2 {
                await #expect(throws: RuleShelf.RulesOfAnotherRelease.self) {
                    try await world.ledger.refresh()
                }
            }
            #expect(try world.ledger.rules.current().version == before)
            #expect(world.ledger.rules.permissions != nil)
        }
    }
}

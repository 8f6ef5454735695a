import Crypto
import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 鍵の更新: what is stored is rewrapped while offices register and cards are read, and nobody becomes
/// two people or is lost.
@Suite struct KeyRotationTests {
    static func wrap(_ hash: [UInt8]) -> [UInt8] { sha256("next " + hash.description) }

    /// The hashes of somebody at a gateway that holds two versions.
    static func person(_ number: Int) -> (number: HashChain, card: HashChain) {
        let hashes = [sha256("number \(number)"), sha256("card \(number)")]
        let chains = hashes.map { hashChain($0, wrap($0)) }
        return (chains[0], chains[1])
    }

    static func older(_ chain: HashChain) -> HashChain { hashChain(chain.byVersion[0]) }

    /// A card for each of these people, as one feed.
    static func feed(
        _ people: [Int], key: String, _ world: LedgerWorld,
        _ hash: @Sendable (HashChain) -> HashChain = { $0 }
    ) async throws -> RegistrationReceipt {
        let term = Instant(seconds: 1_600_000_000)...Instant(seconds: 4_000_000_000)
        let events = people.enumerated().map { line, number in
            let person = person(number)
            return NumberedCardEvent(
                line: line + 1,
                change: .bind(
                    card: hash(person.card), numberHash: hash(person.number), valid: term,
                    supersedes: nil), findings: [])
        }
        return try await send(events, key: key, world)
    }

    static func send(_ events: [NumberedCardEvent], key: String, _ world: LedgerWorld) async throws
        -> RegistrationReceipt
    {
        let request = RegistrationRequest(
            field: "cards", idempotencyKey: key, bodyDigest: sha256(key), refused: [],
            rowsTotal: events.count)
        let rules = try world.ledger.rules.current()
        return try await world.patiently {
            try await world.ledger.access(LedgerWorld.authority, .feedCards) {
                try $0.applyCardFeed(request, events, rules: rules)
            }
        }
    }

    static func revoke(_ people: [Int], key: String, _ world: LedgerWorld) async throws
        -> RegistrationReceipt
    {
        let events = people.enumerated().map { line, number in
            NumberedCardEvent(
                line: line + 1, change: .revoke(card: person(number).card), findings: [])
        }
        return try await send(events, key: key, world)
    }

    static func open(_ card: HashChain, nonce: String, _ world: LedgerWorld) async throws {
        let visit = VerifiedVisit(
            cardHash: card, nonce: nonce, requestDigest: sha256(nonce),
            terms: ("outpatient", ["subsidy"]), cardValidTo: try CalendarDay("2030-03-31"),
            evidence: (text: [1], signature: [2], certificate: [3]))
        _ = try await world.openVisit(visit)
    }

    /// Small batches, so that what runs beside it meets both versions.
    static func rotation(_ world: LedgerWorld) -> KeyRotation {
        KeyRotation(world.owner, batchMax: 7, logger: TestPostgres.logger)
    }

    static func left(_ world: LedgerWorld) async throws -> [String] {
        try await world.texts(
            """
            select key || ' ' || version || ' ' || oldest from exchange.key_version
            where key in ('card', 'number') order by key
            """)
    }

    @Test func `people registered before, during and after a rotation stay who they are`()
        async throws
    {
        try await LedgerWorld.with { world in
            _ = try await Self.feed(Array(0..<100), key: "before", world)
            try await withThrowingTaskGroup(of: Void.self) { group in
                // Known people and new ones, over and over, by everybody at once.
                for client in 0..<4 {
                    group.addTask {
                        for round in 0..<12 {
                            let people = (0..<20).map { (round * 20 + client * 5 + $0) % 160 }
                            _ = try await Self.feed(
                                people, key: "during \(client) \(round)", world)
                            let card = Self.person(round * 7 + client).card
                            try await Self.open(card, nonce: "\(client) \(round)", world)
                        }
                    }
                }
                for key in StoredKey.allCases {
                    group.addTask {
                        let rotation = Self.rotation(world)
                        try #require(
                            try await rotation.take(key.rawValue, version: 2, checks: keyChecks))
                        _ = try await rotation.rewrap(
                            key, to: 2, checks: keyChecks, wrap: Self.wrap)
                        await rotation.close()
                    }
                }
                try await group.waitForAll()
            }
            _ = try await Self.feed(Array(0..<160), key: "after", world)
            #expect(try await world.count("exchange.person") == 160)
            #expect(try await world.count("office.number_key where key_version = 2") == 160)
            #expect(try await world.count("exchange.card_binding where key_version = 2") == 160)
            #expect(try await world.count("exchange.card_binding") == 160)
            #expect(try await Self.left(world) == ["card 2 2", "number 2 2"])
        }
    }

    @Test func `an interrupted rotation goes on, and until then both versions are read`()
        async throws
    {
        try await LedgerWorld.with { world in
            _ = try await Self.feed(Array(0..<20), key: "before", world)
            let rotation = Self.rotation(world)
            #expect(try await rotation.take("card", version: 3, checks: keyChecks) == false)
            #expect(try await rotation.take("card", version: 2, checks: keyChecks))
            // The next one has to wait for the rows.
            #expect(try await rotation.take("card", version: 3, checks: keyChecks) == false)
            // As a crash after the first batch leaves it: seven rows are under the new version.
            for number in 0..<7 {
                let card = Self.person(number).card.byVersion.map { "'\\x\($0.hex)'" }
                try await world.execute(
                    """
                    update exchange.card_binding set card_hash = \(card[1]), key_version = 2
                    where card_hash = \(card[0])
                    """)
            }
            let left = Self.person(13).card.byVersion[0].hex
            try await world.execute(
                """
                update exchange.card_binding set superseded_by = card_hash where card_hash = '\\x\(left)'
                """)
            #expect(try await Self.left(world) == ["card 2 1", "number 1 1"])
            for number in [3, 12] {
                try await Self.open(Self.person(number).card, nonce: "\(number)", world)
            }
            #expect(
                try await rotation.rewrap(
                    .card, to: 2, checks: keyChecks, wrap: Self.wrap) == 13)
            #expect(
                try await rotation.rewrap(
                    .card, to: 2, checks: keyChecks, wrap: Self.wrap) == 0)
            // The successor of a row goes with it.
            let rows = "exchange.card_binding where superseded_by = card_hash and key_version = 2"
            #expect(try await world.count(rows) == 1)
            #expect(try await Self.left(world) == ["card 2 2", "number 1 1"])
            try await Self.open(Self.person(12).card, nonce: "after", world)
            await rotation.close()
        }
    }

    @Test func `a card revoked before its binding stays revoked under every version`() async throws
    {
        try await LedgerWorld.with { world in
            _ = try await Self.revoke(Array(0..<20), key: "before", world)
            let rotation = Self.rotation(world)
            #expect(try await rotation.take("card", version: 2, checks: keyChecks))
            let between = try await Self.revoke(Array(10..<30), key: "between", world)
            #expect(between.counts[.applied] == 10 && between.counts[.unchanged] == 10)
            _ = try await Self.feed([3], key: "bound between", world)
            #expect(
                try await rotation.rewrap(
                    .card, to: 2, checks: keyChecks, wrap: Self.wrap) == 20)
            await rotation.close()
            #expect(try await world.count("exchange.card_revocation where key_version = 2") == 30)
            #expect(try await Self.left(world) == ["card 2 2", "number 1 1"])
            _ = try await Self.feed([7, 25], key: "bound after", world)
            for number in [3, 7, 25] {
                await #expect(throws: Refusal.cardRevoked) {
                    try await Self.open(Self.person(number).card, nonce: "\(number)", world)
                }
            }
        }
    }

    /// The row that the feed read is being rewrapped elsewhere, uncommitted: the feed waits for it, and
    /// then finds it under its new hash.
    @Test func `a card revoked while its row is rewrapped is revoked`() async throws {
        try await LedgerWorld.with { world in
            _ = try await Self.feed([1], key: "before", world)
            let rotation = Self.rotation(world)
            #expect(try await rotation.take("card", version: 2, checks: keyChecks))
            await rotation.close()
            let (rewrapped, mayCommit) = (Gate(), Gate())
            let card = Self.person(1).card.byVersion
            async let batch: Void = world.pool.transaction { transaction in
                try transaction.script(
                    """
                    update exchange.card_binding set card_hash = '\\x\(card[1].hex)', key_version = 2
                    where card_hash = '\\x\(card[0].hex)'
                    """)
                rewrapped.open()
                mayCommit.waitBlocking()
            }
            try await rewrapped.wait()
            async let revoked = Self.revoke([1], key: "revoked", world)
            try await eventually { try await world.isWaitingForALock }
            mayCommit.open()
            try await batch
            #expect(try await revoked.counts[.applied] == 1)
            await #expect(throws: Refusal.cardRevoked) {
                try await Self.open(Self.person(1).card, nonce: "n", world)
            }
        }
    }

    @Test func `a gateway without the version in use answers nothing wrong, it is not ready`()
        async throws
    {
        try await LedgerWorld.with { world in
            _ = try await Self.feed([1], key: "before", world)
            let rotation = Self.rotation(world)
            for key in StoredKey.allCases {
                #expect(try await rotation.take(key.rawValue, version: 2, checks: keyChecks))
                #expect(
                    try await rotation.rewrap(
                        key, to: 2, checks: keyChecks, wrap: Self.wrap) == 1)
            }
            await rotation.close()
            let behind = await #expect(throws: KeyVersionLacking.self) {
                try await Self.open(Self.older(Self.person(1).card), nonce: "n", world)
            }
            #expect(LedgerError.refusal(for: try #require(behind)) == .notReady)
            await #expect(throws: KeyVersionLacking.self) {
                _ = try await Self.feed([1], key: "behind", world, Self.older)
            }
            // One that has it says of an unknown card what it always said.
            await #expect(throws: Refusal.cardUnbound) {
                try await Self.open(Self.person(2).card, nonce: "n", world)
            }
            #expect(try await world.count("exchange.person") == 1)
        }
    }

    /// Somebody made a version 2 of their own instead of copying the file.
    @Test func `a gateway with another key of the same number stores and finds nothing`()
        async throws
    {
        try await LedgerWorld.with { world in
            let own = [keyChecks[0], sha256("a key of one's own")]
            let foreign: @Sendable (HashChain) -> HashChain = { chain in
                hashChain(chain.byVersion[0], sha256(chain.byVersion[0].description), checks: own)
            }
            _ = try await Self.feed([1], key: "before", world)
            let rotation = Self.rotation(world)
            for key in StoredKey.allCases {
                let isTaken = try await rotation.take(
                    key.rawValue, version: 2, checks: keyChecks)
                #expect(isTaken)
                await #expect(throws: KeyVersionLacking.self) {
                    try await rotation.rewrap(key, to: 2, checks: own, wrap: Self.wrap)
                }
                #expect(
                    try await rotation.rewrap(key, to: 2, checks: keyChecks, wrap: Self.wrap) == 1)
                await #expect(throws: KeyVersionLacking.self) {
                    try await rotation.take(
                        key.rawValue, version: 3, checks: own + [sha256("the next")])
                }
            }
            await rotation.close()
            await #expect(throws: KeyVersionLacking.self) {
                _ = try await Self.feed([1, 2], key: "foreign", world, foreign)
            }
            await #expect(throws: KeyVersionLacking.self) {
                try await Self.open(foreign(Self.person(1).card), nonce: "n", world)
            }
            #expect(try await world.count("exchange.person") == 1)
            #expect(try await Self.left(world) == ["card 2 2", "number 2 2"])
        }
    }

    @Test func `whoever serves first says which keys are the site's, and nobody says it anew`()
        async throws
    {
        try await LedgerWorld.with { world in
            func check(_ told: [[UInt8]]) async throws -> [UInt8]? {
                let versions = try await world.ledger.keyVersions(checks: ["card": told])
                return try #require(versions.first { $0.key == "card" }).check
            }
            #expect(try await check([]) == nil)
            #expect(try await check(keyChecks) == keyChecks[0])
            #expect(try await check([sha256("another")]) == keyChecks[0])
            let number = try await world.ledger.keyVersions(checks: [:]).first {
                $0.key == "number"
            }
            #expect(try #require(number).check == nil)
        }
    }
}

extension [UInt8] {
    fileprivate var hex: String {
        map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

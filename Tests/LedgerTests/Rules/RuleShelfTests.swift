import Exchange
import Ledger
import Postgres
import Synchronization
import Testing

/// 規則の書棚: what a gateway that runs does with rules that it cannot read, how many it keeps, and what an
/// operator's loading does to what a municipality registered.
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

    private static let olderVersions = (1...10).map { "older \($0)" }

    /// Beside those that decide, as many versions as names, of the same files.
    private static func put(_ names: [String], _ world: LedgerWorld) async throws {
        let list = names.map { "('\($0)')" }.joined(separator: ", ")
        try await world.execute(
            """
            insert into exchange.rule_book (version, files)
            select n.name, b.files from (values \(list)) as n(name),
                (select files from exchange.rule_book order by serial desc limit 1) b
            """)
    }

    @Test func `of older versions those stay in memory that were used last`() async throws {
        try await LedgerWorld.with { world in
            let names = Self.olderVersions
            try await Self.put(names, world)
            let shelf = world.ledger.rules
            let current = try shelf.current().version
            for name in names { _ = try await shelf.version(name) }
            #expect(throws: (any Error).self) { try shelf.kept(names[0]) }
            #expect(throws: (any Error).self) { try shelf.kept(names[1]) }
            for name in names.dropFirst(2) { #expect(try shelf.kept(name).version == name) }
            #expect(try shelf.kept(current).version == current)
            // What was forgotten is read again when it is wanted.
            #expect(try await shelf.version(names[0]).version == names[0])
        }
    }

    @Test func `work that needs more versions than the shelf keeps gets them all`() async throws {
        try await LedgerWorld.with { world in
            let names = Self.olderVersions
            try await Self.put(names, world)
            let shelf = world.ledger.rules
            let runs = Atomic<Int>(0)
            let read = try await world.ledger.access(LedgerWorld.clinic, .readEligibility) {
                records in
                runs.add(1, ordering: .relaxed)
                let versions = try names.map { try shelf.kept($0).version }
                records.enter(nil)
                return versions
            }
            #expect(read == names)
            #expect(runs.load(ordering: .relaxed) == names.count + 1)
        }
    }

    /// Newer rules than this gateway decides by are read before the access that needs them begins anew, and
    /// whoever changes nothing does not wait for somebody who loads.
    @Test func `rows of schemes are judged by the newest rules, and nobody waits for the reading`()
        async throws
    {
        try await LedgerWorld.with { world in
            try await Self.put(["newest"], world)
            let (locked, mayCommit) = (Gate(), Gate())
            async let loading: Void = world.pool.transaction { transaction in
                try transaction.script(
                    "select pg_advisory_xact_lock(hashtextextended('tsunagi rules', 0))")
                locked.open()
                mayCommit.waitBlocking()
            }
            try await locked.wait()
            let asked = Mutex<[String]>([])
            let registered: Result<RegistrationReceipt, any Error>
            do {
                let receipt = try await world.ledger.access(
                    LedgerWorld.koganei, .registerSchemes
                ) { [shelf = world.ledger.rules] records in
                    try records.registerSchemes(Self.nothing, []) { version in
                        asked.withLock { $0.append(version) }
                        return try shelf.kept(version)
                    }
                }
                registered = .success(receipt)
            } catch {
                registered = .failure(error)
            }
            mayCommit.open()
            try await loading
            #expect(try registered.get().rows == 0)
            #expect(asked.withLock { $0 } == ["newest", "newest"])
        }
    }

    private static let nothing = RegistrationRequest(
        field: "schemes", idempotencyKey: "nothing", bodyDigest: sha256("nothing"), refused: [],
        rowsTotal: 0)

    private static let koganei = "132101"

    /// As the office's role puts a body's file into the rules.
    private static let replace = Statement(
        """
        select exchange.replace_programs(
            (select version from exchange.rule_book order by serial desc limit 1), $1, $2, $3)::text
        """)

    private static func newest(_ world: LedgerWorld) async throws -> (version: String, own: String?)
    {
        try await world.pool.transaction { transaction in
            let row = try transaction.query(
                Statement(
                    """
                    select version, files ->> 'subsidy/programs/132101.json'
                    from exchange.rule_book order by serial desc limit 1
                    """))[0]
            return (try row.text(0), try row.optionalText(1))
        }
    }

    @Test func `what a municipality registers while an operator loads is kept`() async throws {
        try await LedgerWorld.with { world in
            let book = try world.ledger.rules.current()
            let file = String(
                decoding: SchemeMaster(of: Self.koganei, in: book).file(from: "a file"),
                as: UTF8.self)
            let (registered, mayCommit) = (Gate(), Gate())
            async let body: Void = world.pool.transaction { transaction in
                // The operator's files are read meanwhile, which takes its time.
                try transaction.script("set local idle_in_transaction_session_timeout = '120s'")
                _ = try transaction.run(
                    Self.replace, [.text(Self.koganei), .text("registered"), .text(file)])
                registered.open()
                mayCommit.waitBlocking()
            }
            try await registered.wait()
            async let loaded = RuleShelf.load(ProfileFiles.all, into: world.pool)
            try await eventually { try await world.isWaitingForALock }
            mayCommit.open()
            try await body
            let version = try await loaded
            let newest = try await Self.newest(world)
            #expect(newest.version == version && newest.own == file)
        }
    }

    @Test func `a registered file that cannot be read is named, and gives way when that is said`()
        async throws
    {
        try await LedgerWorld.with { world in
            let before = try await Self.newest(world)
            try await world.pool.transaction { transaction in
                _ = try transaction.run(
                    Self.replace,
                    [
                        .text(Self.koganei), .text("registered"),
                        .text(#"{"registeredBy": "132101", "body": "132101", "of": "later"}"#),
                    ])
            }
            let error = await #expect(throws: RuleShelf.RegisteredInTheWay.self) {
                _ = try await RuleShelf.load(ProfileFiles.all, into: world.pool)
            }
            #expect(error?.description.contains("--replace-registered 132101") == true)
            #expect(try await Self.newest(world).version == "registered")
            let loaded = try await RuleShelf.load(
                ProfileFiles.all, into: world.pool, replacing: [Self.koganei])
            // The very files that stood before it registered anything are the newest again.
            let newest = try await Self.newest(world)
            #expect(loaded == before.version && newest.version == loaded)
            #expect(newest.own == before.own)
            await #expect(throws: RuleShelf.RegisteredInTheWay.nothing(of: Self.koganei)) {
                _ = try await RuleShelf.load(
                    ProfileFiles.all, into: world.pool, replacing: [Self.koganei])
            }
        }
    }
}

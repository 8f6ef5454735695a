import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 控えからの証明: what a gateway remembers of the tree proves the same as what the database has, and hides no
/// change of it from whoever reads the database.
@Suite struct RememberedProofTests {
    private static func page(
        _ ledger: Ledger, offset: Int = 0, limit: Int = 100
    ) async throws -> OwnAccessLog {
        let id = try RecordID(SequenceTests.people[0])
        return try await ledger.access(LedgerWorld.portal, .readOwnAccessLog) { records in
            // Entered for nobody, so that asking does not lengthen what is asked for.
            records.enter(nil)
            return try records.ownAccessLog(
                of: PersonKey(high: id.high, low: id.low), offset: offset, limit: limit)
        }
    }

    /// By another gateway on the same database, which remembers nothing yet.
    private static func anew<R: Sendable>(
        _ world: LedgerWorld, _ body: @Sendable (Ledger) async throws -> R
    ) async throws -> R {
        let ledger = Ledger(
            .init(gateway: world.owner.with(user: "tsunagi_gateway"), office: nil),
            logger: TestPostgres.logger)
        do {
            try await ledger.prepare()
            let result = try await body(ledger)
            await ledger.shutdown()
            return result
        } catch {
            await ledger.shutdown()
            throw error
        }
    }

    /// Of each entry with a proof, whether that leads to the root under the note on the same page.
    private static func verdicts(_ log: OwnAccessLog, _ world: LedgerWorld) throws -> [Bool] {
        guard let note = log.checkpoint else { return [] }
        let checkpoint = try world.signer.key.open(Array(note.utf8))
        return log.entries.compactMap { entry in
            guard let proof = entry.proof else { return nil }
            return proof.size == checkpoint.size
                && proof.verifies(leaf: entry.content.leaf, root: checkpoint.root)
        }
    }

    /// 20 entries of the resident, 500 of nobody and 20 of the resident: two full tiles and the beginning of
    /// a third one.
    private static func seal(_ world: LedgerWorld) async throws {
        let own = SequenceTests.insert("'\(SequenceTests.people[0])'", rows: 20)
        for sql in [own, SequenceTests.insert("null", rows: 500), own] {
            try await world.execute(sql)
        }
        #expect(try await world.sealAll() == 540)
    }

    private static let allHold = [Bool](repeating: true, count: 40)

    @Test func `at every size, in whatever order, memory proves what the tree has`() async throws {
        try await LedgerWorld.with { world in
            let person = PersonKey(high: 7, low: 7)
            let leaves = try await StoredProofTests.plant(world, person)
            let roots = StoredProofTests.roots(of: leaves)
            let places = Dictionary(
                uniqueKeysWithValues: StoredProofTests.own.map { (leaves[$0], $0) })
            var stored = StoredLog()
            stored.append(leaves)
            let sizes = StoredProofTests.sizes
            for size in sizes + sizes.reversed() + [65_536, 1, 257, 65_535, 255, 65_537, 512] {
                let root = try #require(roots[size])
                try await world.manipulate(
                    "delete from log.checkpoint; \(StoredProofTests.checkpoint(size, root))")
                let log = try await StoredProofTests.ownLog(world, person)
                #expect(log.checkpoint == "\(size)" && log.entries.count == places.count)
                var tree = TileTree(size: size)
                for entry in log.entries {
                    let place = try #require(places[entry.content.leaf])
                    let proof = try tree.inclusionProof(of: place, reading: stored.read)
                    #expect(entry.proof == proof, "\(place) of \(size)")
                }
            }
        }
    }

    private static let change = """
        update log.tile set hashes = set_byte(hashes, 32 * 200, 255 - get_byte(hashes, 32 * 200))
        where level = 0 and index = 0
        """

    /// Newest first: the older half is in the tile that `change` changes.
    private static let halfHold =
        [Bool](repeating: true, count: 20) + [Bool](repeating: false, count: 20)

    @Test
    func `a tile changed later is found by the auditor, and the resident's proofs still hold`()
        async throws
    {
        try await LedgerWorld.with { world in
            try await Self.seal(world)
            let first = try await Self.page(world.ledger)
            #expect(try Self.verdicts(first, world) == Self.allHold)
            try await world.manipulate(Self.change)
            let second = try await Self.page(world.ledger)
            #expect(try Self.verdicts(second, world) == Self.allHold)
            // Who remembers nothing shows what the database has.
            let read = try await Self.anew(world) { try await Self.page($0) }
            #expect(try Self.verdicts(read, world) == Self.halfHold)
            let report = try await world.audit(world.note())
            #expect(report.findings == [.tileAltered(level: 0, index: 0)])
        }
    }

    @Test func `a tile changed before shows in the proofs, and nothing of it is remembered`()
        async throws
    {
        try await LedgerWorld.with { world in
            try await Self.seal(world)
            try await world.manipulate(Self.change)
            for _ in 0..<3 {
                let log = try await Self.page(world.ledger)
                #expect(try Self.verdicts(log, world) == Self.halfHold)
            }
            try await world.manipulate(Self.change)
            let log = try await Self.page(world.ledger)
            #expect(try Self.verdicts(log, world) == Self.allHold)
            #expect(try await world.audit(world.note()).findings.isEmpty)
        }
    }

    @Test func `what was remembered of another log gives way to what the database has`()
        async throws
    {
        try await LedgerWorld.with { world in
            try await Self.seal(world)
            let first = try await Self.page(world.ledger)
            #expect(try Self.verdicts(first, world) == Self.allHold)
            // One of nobody's entries is another one, and all above it.
            var leaves = try await world.pool.transaction { transaction in
                try transaction.query(
                    Statement("select leaf from log.position order by position")
                ).map { try $0.bytes(0) }
            }.compactMap { LogHash($0) }
            leaves[100] = .leaf([1])
            var edge = TileEdge()
            let tiles = edge.append(leaves)
            let note = try world.signer.sign(size: edge.size, root: edge.root).text
            let changes = tiles.map { tile in
                """
                update log.tile set hashes = \(Self.bytea(tile.bytes)), root = \(Self.bytea(tile.root.bytes))
                where level = \(tile.id.level) and index = \(tile.id.index);
                """
            }
            try await world.manipulate(
                """
                update log.position set leaf = \(Self.bytea(leaves[100].bytes)) where position = 100;
                \(changes.joined(separator: "\n"))
                delete from log.checkpoint;
                insert into log.checkpoint (size, root, note)
                values (\(edge.size), \(Self.bytea(edge.root.bytes)), '\(note)')
                """)
            for _ in 0..<2 {
                let log = try await Self.page(world.ledger)
                #expect(try Self.verdicts(log, world) == Self.allHold)
            }
        }
    }

    private static func bytea(_ bytes: [UInt8]) -> String { "'\\x\(Hexadecimal.text(bytes))'" }

    @Test
    func `readers at once are shown proofs under the checkpoint beside them while the log grows`()
        async throws
    {
        try await LedgerWorld.with { world in
            try await Self.seal(world)
            let done = Gate()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    defer { done.open() }
                    let sealer = try world.sealer()
                    // Over the ends of three tiles.
                    for _ in 0..<30 {
                        try await world.execute(SequenceTests.insert("null", rows: 25))
                        try await world.execute(
                            SequenceTests.insert("'\(SequenceTests.people[0])'"))
                        try await sealer.seal()
                    }
                }
                for _ in 0..<4 {
                    group.addTask {
                        while !done.isOpenNow {
                            let log = try await Self.page(world.ledger)
                            let verdicts = try Self.verdicts(log, world)
                            #expect(verdicts.count >= 40 && !verdicts.contains(false))
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await world.sealAll()
            let log = try await Self.page(world.ledger)
            #expect(log.total == 70)
            #expect(
                try Self.verdicts(log, world) == Array(repeating: true, count: 70))
            #expect(try await world.audit(world.note()).findings.isEmpty)
        }
    }

    @Test func `pages one after another are the whole list`() async throws {
        try await LedgerWorld.with { world in
            try await Self.seal(world)
            try await world.execute(
                SequenceTests.insert("'\(SequenceTests.people[0])'", rows: 3))
            let whole = try await Self.page(world.ledger)
            let numbers: [Int?] = [nil, nil, nil] + (1...40).reversed().map { Optional($0) }
            #expect(whole.entries.map(\.sequence) == numbers && whole.total == 43)
            for limit in [1, 2, 3, 7, 42, 43, 44] {
                var pages: [OwnAccessLog] = []
                for offset in stride(from: 0, to: 43, by: limit) {
                    pages.append(try await Self.page(world.ledger, offset: offset, limit: limit))
                }
                #expect(pages.allSatisfy { $0.total == 43 && $0.entries.count <= limit })
                #expect(pages.flatMap(\.entries).map(\.sequence) == numbers)
                #expect(pages.flatMap(\.entries).map(\.proof) == whole.entries.map(\.proof))
            }
            for offset in [43, 44, 1_000] {
                let past = try await Self.page(world.ledger, offset: offset)
                #expect(past.entries.isEmpty && past.total == 43)
            }
        }
    }

    /// The table that a page reads between what waits and what is sealed, as a view that waits for whoever
    /// holds lock 7.
    private static let slowly = """
        alter table exchange.record_merge rename to record_merge_kept;
        create function exchange.merges_when_let() returns setof exchange.record_merge_kept
        language plpgsql security definer set search_path = pg_catalog as $$
        begin
            perform pg_advisory_xact_lock_shared(7);
            return query select * from exchange.record_merge_kept;
        end $$;
        create view exchange.record_merge as select * from exchange.merges_when_let();
        grant execute on function exchange.merges_when_let() to tsunagi_gateway;
        grant select on exchange.record_merge to tsunagi_gateway;
        """

    /// A page, and what is done between its statements.
    private static func page(
        _ world: LedgerWorld, limit: Int, while change: String
    ) async throws -> OwnAccessLog {
        let locked = Gate()
        let mayGo = Gate()
        async let lock: Void = world.pool.transaction { transaction in
            try transaction.script("select pg_advisory_xact_lock(7)")
            locked.open()
            mayGo.waitBlocking()
        }
        try await locked.wait()
        async let shown = Self.page(world.ledger, limit: limit)
        try await eventually { try await world.isWaitingForALock }
        try await world.execute(change)
        mayGo.open()
        try await lock
        return try await shown
    }

    /// As a sealer would have given it a position: the entry of the resident that has none.
    private static let sealOne = """
        insert into log.position (position, entry, leaf, person, sequence, link, at)
        select (select max(position) + 1 from log.position), e.entry, sha256('leaf'), e.person,
            (select max(sequence) + 1 from log.position where person = e.person), sha256('link'), e.at
        from log.access_entry e
        where e.person = '\(SequenceTests.people[0])'
            and not exists (select 1 from log.position p where p.entry = e.entry);
        update log.head set next_xid = (pg_current_xact_id()::text::bigint + 1)::text::xid8
        """

    @Test func `an entry sealed while a page is read is on it once, and pushes no other off it`()
        async throws
    {
        try await LedgerWorld.with { world in
            try await Self.seal(world)
            try await world.execute(Self.slowly)
            let one = SequenceTests.insert("'\(SequenceTests.people[0])'")
            // It came and was sealed in between: the page is as of before.
            let before = try await Self.page(world, limit: 2, while: "\(one); \(Self.sealOne)")
            #expect(before.total == 40 && before.entries.map(\.sequence) == [40, 39])
            #expect(try Self.verdicts(before, world) == [true, true])
            // It waited, and was sealed in between.
            try await world.execute(one)
            let waiting = try await Self.page(world, limit: 3, while: Self.sealOne)
            #expect(waiting.total == 42 && waiting.entries.map(\.sequence) == [nil, 41, 40])
            let after = try await Self.page(world.ledger, limit: 3)
            #expect(after.total == 42 && after.entries.map(\.sequence) == [42, 41, 40])
        }
    }

    @Test func `what left for an archive is proved from memory as from the database`() async throws
    {
        try await OldLog.with { world, archiving, folder in
            let before = try await Self.page(world.ledger)
            #expect(try Self.verdicts(before, world) == Array(repeating: true, count: 4))
            try await archiving.archive(beside: world, to: folder)
            try await SequenceTests.enter([0], world)
            try await world.sealAll()
            let log = try await Self.page(world.ledger)
            let read = try await Self.anew(world) { try await Self.page($0) }
            #expect(log.entries.map(\.proof) == read.entries.map(\.proof))
            #expect(log.entries.map { $0.kept == nil } == [false, false, true, false, true])
            #expect(try Self.verdicts(log, world) == Array(repeating: true, count: 5))
            let note = try #require(log.checkpoint)
            let root = try world.signer.key.open(Array(note.utf8)).root
            for archives in [log.archives, read.archives] {
                let month = try #require(archives.first)
                #expect(archives.count == 1)
                #expect(month.inclusion.verifies(leaf: .leaf(month.month.leafText), root: root))
            }
        }
    }
}

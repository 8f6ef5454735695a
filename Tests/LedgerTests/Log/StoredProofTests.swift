import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 証明: made from what the database holds, tiles and positions, around the sizes at which tiles fill up.
@Suite struct StoredProofTests {
    /// Where the resident's own entries lie among 65,537.
    static let own = [
        0, 1, 127, 254, 255, 256, 257, 511, 512, 32_767, 65_279, 65_280, 65_534, 65_535, 65_536,
    ]
    static let sizes = [1, 2, 254, 255, 256, 257, 258, 511, 512, 513, 65_535, 65_536, 65_537]

    /// 65,537 leaves: the resident's entries at `own`, elsewhere hashes that stand for others'.
    static func plant(_ world: LedgerWorld, _ person: PersonKey) async throws -> [LogHash] {
        try await world.pool.transaction { transaction in
            _ = try transaction.run(
                Statement(
                    """
                    insert into log.access_entry (entry, format, party, purpose, person, outcome, salt)
                    select gen_random_uuid(), 1, 'institution:1319999995', 'open-visit', $1, 'ok',
                        sha256(n::text::bytea)
                    from generate_series(1, \(own.count)) as n
                    """), [.uuid(UUIDBytes(high: person.high, low: person.low))])
        }
        let entries = try await ownLog(world, person).entries.compactMap(\.kept)
        var leaves = (0..<65_537).map { LogHash.leaf(Array("\($0)".utf8)) }
        for (place, entry) in zip(own, entries) { leaves[place] = LogHash.leaf(entry.leafText) }
        var edge = TileEdge()
        let tiles = edge.append(leaves)
        try await store(world, leaves, tiles, edge.root, entries.map(\.id), of: person)
        return leaves
    }

    private static func store(
        _ world: LedgerWorld, _ leaves: [LogHash], _ tiles: [Tile], _ root: LogHash,
        _ entries: [RecordID], of person: PersonKey
    ) async throws {
        var ids = leaves.indices.map { UUIDBytes(high: 1, low: UInt64($0)) }
        var sequences = [Int?](repeating: nil, count: leaves.count)
        for (number, (place, entry)) in zip(own, entries).enumerated() {
            ids[place] = UUIDBytes(high: entry.high, low: entry.low)
            sequences[place] = number + 1
        }
        try await world.pool.transaction { [ids, sequences] transaction in
            _ = try transaction.run(
                Statement(
                    """
                    insert into log.position (position, entry, leaf, person, sequence, link, at)
                    select p, e, l, case when s > 0 then $5::uuid end, s, case when s > 0 then l end, a.at
                    from unnest($1::bigint[], $2::uuid[], $3::bytea[], $4::bigint[]) as t(p, e, l, s)
                    left join log.access_entry a on a.entry = t.e
                    """),
                [
                    .ints(Array(leaves.indices)), .uuids(ids), .bytesArray(leaves.map(\.bytes)),
                    .ints(sequences), .uuid(UUIDBytes(high: person.high, low: person.low)),
                ])
            _ = try transaction.run(
                Statement(
                    """
                    insert into log.tile (level, index, hashes, root)
                    select * from unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[])
                    """),
                [
                    .ints(tiles.map(\.id.level)), .ints(tiles.map(\.id.index)),
                    .bytesArray(tiles.map(\.bytes)), .bytesArray(tiles.map(\.root.bytes)),
                ])
            _ = try transaction.run(
                Statement(
                    "update log.head set size = $1, root = $2, next_xid = pg_current_xact_id()"),
                [.int(leaves.count), .bytes(root.bytes)])
        }
    }

    static func ownLog(_ world: LedgerWorld, _ person: PersonKey) async throws
        -> OwnAccessLog
    {
        try await world.ledger.access(LedgerWorld.portal, .readOwnAccessLog) { records in
            // Entered for nobody, so that asking does not lengthen what is asked for.
            records.enter(nil)
            return try records.ownAccessLog(of: person, offset: 0, limit: 100)
        }
    }

    static func roots(of leaves: [LogHash]) -> [Int: LogHash] {
        var frontier = Frontier()
        var roots: [Int: LogHash] = [:]
        for leaf in leaves {
            frontier.append(leaf)
            if sizes.contains(frontier.size) { roots[frontier.size] = frontier.root }
        }
        return roots
    }

    /// Its note is the size alone.
    static func checkpoint(_ size: Int, _ root: LogHash) -> String {
        """
        insert into log.checkpoint (size, root, note)
        values (\(size), '\\x\(Hexadecimal.text(root.bytes))', '\(size)')
        """
    }

    @Test func `inclusion and consistency hold at every size around a tile's end`() async throws {
        try await LedgerWorld.with { world in
            let person = PersonKey(high: 7, low: 7)
            let leaves = try await Self.plant(world, person)
            let roots = Self.roots(of: leaves)
            for size in Self.sizes {
                let root = try #require(roots[size])
                try await world.execute(Self.checkpoint(size, root))
                let log = try await Self.ownLog(world, person)
                #expect(log.checkpoint == "\(size)")
                for entry in log.entries {
                    let leaf = LogHash.leaf(try #require(entry.kept).leafText)
                    let place = try #require(leaves.firstIndex(of: leaf))
                    guard place < size else {
                        #expect(entry.proof == nil)
                        continue
                    }
                    let proof = try #require(entry.proof)
                    #expect(proof.index == place && proof.size == size)
                    #expect(proof.verifies(leaf: leaf, root: root), "\(place) of \(size)")
                    #expect(!proof.verifies(leaf: .emptyRoot, root: root))
                }
            }
            for old in Self.sizes {
                for new in Self.sizes where new >= old {
                    let proof = try await world.ledger.consistency(from: old, to: new)
                    let (before, after) = (try #require(roots[old]), try #require(roots[new]))
                    #expect(proof.verifies(oldRoot: before, newRoot: after), "\(old) to \(new)")
                    #expect(old == new || !proof.verifies(oldRoot: after, newRoot: before))
                }
            }
            for (old, new) in [(2, 1), (1, 65_538), (-1, 5)] {
                await #expect(throws: Refusal.recordUnknown) {
                    try await world.ledger.consistency(from: old, to: new)
                }
            }
        }
    }

    /// The real sealer, in steps that end just before, at and after the end of a tile.
    @Test func `a log sealed in steps has one consistent history`() async throws {
        try await LedgerWorld.with { world in
            var notes: [Checkpoint] = []
            for step in [1, 254, 1, 1, 254, 1, 300] {
                try await world.execute(LedgerWorld.entries(step))
                #expect(try await world.sealAll() == step)
                notes.append(try world.signer.key.open(try await world.note()))
            }
            #expect(notes.map(\.size) == [1, 255, 256, 257, 511, 512, 812])
            for (place, old) in notes.enumerated() {
                for new in notes[place...] {
                    let proof = try await world.ledger.consistency(from: old.size, to: new.size)
                    #expect(proof.verifies(oldRoot: old.root, newRoot: new.root))
                }
            }
            #expect(try await world.audit(world.note()).findings.isEmpty)
        }
    }
}

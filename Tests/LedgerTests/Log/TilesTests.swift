import Ledger
import Testing

@Suite struct TilesTests {
    /// Around every place where a tile of level 0, 1 or 2 becomes full.
    static let sizes = [
        0, 1, 2, 255, 256, 257, 511, 512, 513, 65_279, 65_280, 65_535, 65_536, 65_537, 65_792,
        65_793,
    ]

    @Test(arguments: sizes)
    func `tiles and edge together are the whole tree`(size: Int) throws {
        let log = StoredLog(size: size)
        #expect(log.edge.frontier == Frontier(of: log.leaves))
        #expect(log.tiles.keys.count { $0.level == 0 } == size / 256)
        #expect(log.tiles.keys.count { $0.level == 1 } == size / 65_536)
        for (id, row) in log.tiles where id.level == 0 {
            let covered = log.leaves[(id.index * 256)..<(id.index * 256 + 256)]
            #expect(LogHash.list(row.hashes) == Array(covered))
            #expect(row.root == RFC9162.root(covered).bytes)
        }
    }

    @Test(arguments: sizes)
    func `the edge is found again in what is stored`(size: Int) throws {
        let log = StoredLog(size: size)
        let found = try TileEdge(size: size, reading: log.read)
        #expect(found.frontier == log.edge.frontier)
        var grown = found
        var expected = log.edge
        let more = (size..<size + 300).map(StoredLog.leaf)
        #expect(grown.append(more) == expected.append(more))
        #expect(grown.root == expected.root)
    }

    @Test(arguments: UInt64(1)...20)
    func `the tiles do not depend on how the leaves were grouped`(seed: UInt64) {
        var random = LogRandom(seed: seed)
        let size = Int.random(in: 1...3000, using: &random)
        var log = StoredLog()
        while log.leaves.count < size {
            let count = Int.random(in: 1...min(700, size - log.leaves.count), using: &random)
            log.append((log.leaves.count..<log.leaves.count + count).map(StoredLog.leaf))
        }
        let whole = StoredLog(size: size)
        #expect(log.edge.frontier == whole.edge.frontier)
        #expect(log.tiles.mapValues(\.hashes) == whole.tiles.mapValues(\.hashes))
    }

    @Test func `an edge of an earlier size ignores what came later`() throws {
        let log = StoredLog(size: 66_000)
        for size in Self.sizes {
            let edge = try TileEdge(size: size, reading: log.read)
            #expect(edge.root == Frontier(of: log.leaves[..<size]).root, "size \(size)")
        }
    }

    @Test func `a missing leaf is damage, not a shorter tree`() {
        let log = StoredLog(size: 300)
        #expect(throws: LogDamage.shortTile(TileID(level: 0, index: 1))) {
            try TileEdge(size: 301, reading: log.read)
        }
    }

    @Test func `an exchanged leaf shows in the frontier`() throws {
        let log = StoredLog(size: 300)
        let edge = try TileEdge(size: 300) { id in
            id.level == 0 ? try log.read(id).reversed() : try log.read(id)
        }
        #expect(edge.frontier != log.edge.frontier)
    }
}

import Ledger
import Testing

/// 升の節と控え: a tile's nodes however it grew, and which tiles stay.
@Suite struct TileMemoryTests {
    static let leaves = StoredLog(size: 1_000).leaves
    static let tile = Array(leaves[..<256])

    /// Each node of a full tile by what it stands over, made of the hashes below it alone.
    static let nodes: [(hashes: Range<Int>, node: LogHash)] = {
        var nodes: [(hashes: Range<Int>, node: LogHash)] = []
        for width in [1, 2, 4, 8, 16, 32, 64, 128] {
            for start in stride(from: 0, to: 256, by: width) {
                let hashes = start..<start + width
                nodes.append((hashes, RFC9162.root(tile[hashes])))
            }
        }
        return nodes
    }()

    @Test(arguments: [0, 1, 2, 3, 4, 127, 128, 129, 191, 254, 255, 256])
    func `a tile has the nodes over the hashes that are there, and no other`(count: Int) {
        let nodes = TileNodes(Self.tile[..<count])
        #expect(nodes.count == count && Self.nodes.count == 510)
        for (hashes, node) in Self.nodes {
            #expect(nodes.node(over: hashes) == (hashes.upperBound <= count ? node : nil))
        }
    }

    @Test(arguments: UInt64(1)...20)
    func `a tile that grew in steps is the tile that was read at once`(seed: UInt64) {
        var random = LogRandom(seed: seed)
        var grown = TileNodes()
        while grown.count < 256 {
            let end = Int.random(in: grown.count...256, using: &random)
            grown.append(Self.tile[grown.count..<end])
        }
        #expect(grown == TileNodes(Self.tile))
    }

    @Test func `a tree proves the same of tiles that it was given and of tiles that it read`()
        throws
    {
        var log = StoredLog()
        log.append(Self.leaves)
        // Of the largest tree, so that every smaller one is given more of its last tile than it has.
        var known: [TileID: TileNodes] = [:]
        for (level, index) in [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0)] {
            let id = TileID(level: level, index: index)
            known[id] = TileNodes(try log.read(id))
        }
        for size in [1, 255, 256, 257, 511, 512, 513, 767, 768, 769, 999, 1_000] {
            var given = TileTree(size: size)
            given.take(known)
            var reading = TileTree(size: size)
            for index in Set([0, 1, 254, 255, 256, 257, 511, 512, size - 1]) where index < size {
                let proof = try given.inclusionProof(of: index) { throw LogDamage.shortTile($0) }
                let read = try reading.inclusionProof(of: index, reading: log.read)
                #expect(proof == read)
                #expect(proof?.path == RFC9162.inclusion(index, Self.leaves[..<size]))
            }
        }
    }

    private static func id(_ index: Int) -> TileID { TileID(level: 0, index: index) }

    @Test func `what was not needed for longest makes room`() {
        let memory = TileMemory(tilesMax: 3)
        for index in 0..<3 { memory.keep([Self.id(index): TileNodes(Self.tile[..<8])]) }
        _ = memory.tiles([Self.id(0)])
        memory.keep([Self.id(3): TileNodes(Self.tile[..<8])])
        #expect(memory.count == 3)
        #expect(Set(memory.tiles(Set((0..<4).map(Self.id))).keys) == Set([0, 2, 3].map(Self.id)))
        for index in 4..<100 { memory.keep([Self.id(index): TileNodes(Self.tile)]) }
        #expect(memory.count == 3)
    }

    @Test func `of two readings of a tile the longer one stays, until it is forgotten`() {
        let memory = TileMemory()
        let lengths = { memory.tiles([Self.id(0)])[Self.id(0)]?.count }
        #expect(lengths() == nil)
        memory.keep([Self.id(0): TileNodes(Self.tile[..<200])])
        memory.keep([Self.id(0): TileNodes(Self.tile[..<100])])
        #expect(lengths() == 200)
        memory.keep([Self.id(0): TileNodes(Self.tile)])
        #expect(lengths() == 256)
        memory.forget([Self.id(0), Self.id(1)])
        #expect(lengths() == nil && memory.count == 0)
        memory.keep([Self.id(0): TileNodes(Self.tile[..<100])])
        #expect(lengths() == 100)
    }
}

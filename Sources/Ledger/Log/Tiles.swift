/// Where a tile stands: tile `index` of tile level `level` holds, of the tree's level 8 × `level`,
/// the hashes `index × 256 ..< index × 256 + 256`. Level 0 holds leaf hashes.
package struct TileID: Hashable, Sendable {
    package let level: Int
    package let index: Int

    package init(level: Int, index: Int) {
        self.level = level
        self.index = index
    }
}

/// 木の升: 256 neighbouring hashes of one level. Only full tiles are stored, so a stored tile never
/// changes:
///
///     log_tile(level int, index bigint, hashes bytea, root bytea, primary key (level, index))
///
/// `hashes` is `bytes` (8192 of them) and `root` the node above them, itself a hash of level + 1. A
/// tile that is not full yet is not stored; whoever reads tiles makes it:
/// - level 0: the leaf hashes of the positions from `index × 256` on, in order;
/// - level n > 0: `root` of the stored tiles of level n − 1 from `index × 256` on, in order.
///
/// The tiles of an append MUST commit in one transaction with their positions and the new head.
package struct Tile: Hashable, Sendable {
    package static let width = 256
    /// log2 of `width`: how many levels of the tree one level of tiles spans.
    static let height = 8

    package let id: TileID
    package let hashes: [LogHash]
    package let root: LogHash

    init(_ id: TileID, _ hashes: [LogHash]) {
        precondition(hashes.count == Self.width)
        self.id = id
        self.hashes = hashes
        root = Frontier(of: hashes).root
    }

    package var bytes: [UInt8] {
        hashes.flatMap(\.bytes)
    }
}

/// The hashes of a growing tree that are not yet in a full tile: what a sealer keeps between
/// appends. After every append the tiles it gave out and the hashes it keeps are together the whole
/// tree.
package struct TileEdge: Hashable, Sendable {
    package private(set) var size: Int
    private var levels: [[LogHash]]

    package init() {
        size = 0
        levels = []
    }

    /// The edge of the stored tree of this size. A tile may have grown since: only its first
    /// hashes, as many as a tree of this size has, are taken. Compare `frontier` with the head row
    /// afterwards.
    package init(size: Int, reading tile: (TileID) throws -> [LogHash]) throws {
        precondition(size >= 0)
        self.size = size
        levels = []
        var remaining = size
        while remaining > 0 {
            let id = TileID(level: levels.count, index: remaining >> Tile.height)
            let width = remaining & (Tile.width - 1)
            let hashes = width == 0 ? [] : try tile(id)
            guard hashes.count >= width else { throw LogDamage.shortTile(id) }
            levels.append(Array(hashes.prefix(width)))
            remaining >>= Tile.height
        }
    }

    /// The tiles that became full, in an order in which a tile follows those below it.
    package mutating func append(_ leaves: some Sequence<LogHash>) -> [Tile] {
        var full: [Tile] = []
        for leaf in leaves {
            size += 1
            add(leaf, at: 0, &full)
        }
        return full
    }

    private mutating func add(_ hash: LogHash, at level: Int, _ full: inout [Tile]) {
        if level == levels.count { levels.append([]) }
        levels[level].append(hash)
        guard levels[level].count == Tile.width else { return }
        let index = (size >> (Tile.height * (level + 1))) - 1
        let tile = Tile(TileID(level: level, index: index), levels[level])
        levels[level].removeAll(keepingCapacity: true)
        full.append(tile)
        add(tile.root, at: level + 1, &full)
    }

    /// The same tree's frontier: MUST equal the head row's before anything is appended to it.
    package var frontier: Frontier {
        let nodes = levels.reversed().flatMap { Frontier(of: $0).nodes }
        return Frontier(size: size, nodes: nodes)
    }

    package var root: LogHash {
        frontier.root
    }
}

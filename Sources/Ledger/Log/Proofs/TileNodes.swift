/// 升の節: the nodes above the hashes of one tile, each hashed once. A tile grows at its end alone, so a node
/// that is here never changes: what was read of a smaller tree serves every larger one.
///
/// The tile's own root is not among them: it is a hash of the level above.
package struct TileNodes: Hashable, Sendable {
    /// 256 + 128 + … + 2.
    private static let room = 2 * Tile.width - 2

    /// How many of the tile's hashes are here.
    package private(set) var count = 0
    /// One height after another, the hashes first.
    private var nodes: [LogHash]

    package init() {
        nodes = Array(repeating: .nothing, count: Self.room)
    }

    /// At most as many as a tile has.
    package init(_ hashes: some Sequence<LogHash>) {
        self.init()
        append(hashes)
    }

    /// The next hashes of the tile. MUST NOT be more than are lacking.
    package mutating func append(_ hashes: some Sequence<LogHash>) {
        for hash in hashes {
            precondition(count < Tile.width, "a tile has 256 hashes")
            add(hash)
        }
    }

    private mutating func add(_ hash: LogHash) {
        var place = count
        var height = 0
        nodes[place] = hash
        count += 1
        // With its right side a pair has the node above it.
        while place & 1 == 1, height < Tile.height - 1 {
            let right = Self.start(height) + place
            let node = LogHash.node(nodes[right - 1], nodes[right])
            height += 1
            place >>= 1
            nodes[Self.start(height) + place] = node
        }
    }

    /// The node over these hashes, 2^h of them below 256 from a multiple of 2^h on; nothing while one of
    /// them is lacking.
    package func node(over hashes: Range<Int>) -> LogHash? {
        guard hashes.upperBound <= count else { return nil }
        let height = hashes.count.trailingZeroBitCount
        return nodes[Self.start(height) + (hashes.lowerBound >> height)]
    }

    private static func start(_ height: Int) -> Int {
        2 * Tile.width - ((2 * Tile.width) >> height)
    }
}

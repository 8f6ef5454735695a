/// 包含証明: shows that the leaf at `index` is in the tree of `size` leaves (RFC 9162 §2.1.3).
package struct InclusionProof: Hashable, Sendable {
    package let index: Int
    package let size: Int
    package let path: [LogHash]

    package init(index: Int, size: Int, path: [LogHash]) {
        self.index = index
        self.size = size
        self.path = path
    }

    /// RFC 9162 §2.1.3.2. The root MUST come from a verified checkpoint of the same size.
    package func verifies(leaf: LogHash, root: LogHash) -> Bool {
        guard index >= 0, index < size else { return false }
        var place = index
        var last = size - 1
        var hash = leaf
        for sibling in path {
            if last == 0 { return false }
            if place & 1 == 1 || place == last {
                hash = .node(sibling, hash)
                // Levels where the rightmost node stands alone add nothing to the path.
                while place & 1 == 0, place != 0 {
                    place >>= 1
                    last >>= 1
                }
            } else {
                hash = .node(hash, sibling)
            }
            place >>= 1
            last >>= 1
        }
        return last == 0 && hash == root
    }
}

/// 一貫性証明: shows that the tree of `newSize` leaves begins with the tree of `oldSize`, so that
/// nothing sealed before was changed, reordered or dropped (RFC 9162 §2.1.4).
package struct ConsistencyProof: Hashable, Sendable {
    package let oldSize: Int
    package let newSize: Int
    package let path: [LogHash]

    package init(oldSize: Int, newSize: Int, path: [LogHash]) {
        self.oldSize = oldSize
        self.newSize = newSize
        self.path = path
    }

    /// RFC 9162 §2.1.4.2. Every tree begins with the empty one, and with itself: both need no path.
    package func verifies(oldRoot: LogHash, newRoot: LogHash) -> Bool {
        guard oldSize >= 0, oldSize <= newSize else { return false }
        if oldSize == newSize { return path.isEmpty && oldRoot == newRoot }
        if oldSize == 0 { return path.isEmpty && oldRoot == .emptyRoot }
        var place = oldSize - 1
        var last = newSize - 1
        while place & 1 == 1 {
            place >>= 1
            last >>= 1
        }
        // A perfect old tree is a node of the new one: its root is the path's unwritten beginning.
        let isPerfect = oldSize.nonzeroBitCount == 1
        guard let seed = isPerfect ? oldRoot : path.first else { return false }
        var old = seed
        var new = seed
        for sibling in isPerfect ? path[...] : path.dropFirst() {
            if last == 0 { return false }
            if place & 1 == 1 || place == last {
                old = .node(sibling, old)
                new = .node(sibling, new)
                while place & 1 == 0, place != 0 {
                    place >>= 1
                    last >>= 1
                }
            } else {
                new = .node(new, sibling)
            }
            place >>= 1
            last >>= 1
        }
        return last == 0 && old == oldRoot && new == newRoot
    }
}

/// The tree of a given size, read through its tiles; proofs made by one value share the tiles it
/// has read, whose nodes are hashed once. A proof of a tree of 2^30 leaves reads at most eight
/// tiles: one a level on the way up from the leaf, one a level on the right edge.
///
/// The reader answers a tile with its hashes so far, see `Tile`; a tile may have grown past this
/// size.
package struct TileTree: Sendable {
    package let size: Int
    package private(set) var tiles: [TileID: TileNodes] = [:]

    package init(size: Int) {
        precondition(size >= 0)
        self.size = size
    }

    /// Tiles that were read elsewhere: they MUST be of a tree that this one begins, or that begins with it.
    package mutating func take(_ known: [TileID: TileNodes]) {
        tiles.merge(known) { $1 }
    }

    /// Nothing when the tree has no such leaf.
    package mutating func inclusionProof(
        of index: Int, reading tile: (TileID) throws -> [LogHash]
    ) throws -> InclusionProof? {
        guard index >= 0, index < size else { return nil }
        let path = try siblings(of: index).map { try hash(of: $0, tile) }
        return InclusionProof(index: index, size: size, path: path.reversed())
    }

    /// Nothing when this tree is smaller than `oldSize`.
    package mutating func consistencyProof(
        from oldSize: Int, reading tile: (TileID) throws -> [LogHash]
    ) throws -> ConsistencyProof? {
        guard oldSize >= 0, oldSize <= size else { return nil }
        let path = try remainders(from: oldSize).map { try hash(of: $0, tile) }
        return ConsistencyProof(oldSize: oldSize, newSize: size, path: path.reversed())
    }

    /// The tiles that an inclusion proof will read, to fetch them all in one statement.
    package func tiles(forInclusionOf index: Int) -> Set<TileID> {
        guard index >= 0, index < size else { return [] }
        return tiles(under: siblings(of: index))
    }

    /// The tiles that a consistency proof will read, to fetch them all in one statement.
    package func tiles(forConsistencyFrom oldSize: Int) -> Set<TileID> {
        guard oldSize >= 0, oldSize <= size else { return [] }
        return tiles(under: remainders(from: oldSize))
    }

    /// What an inclusion path is made of, from the root down.
    private func siblings(of index: Int) -> [Range<Int>] {
        var siblings: [Range<Int>] = []
        var range = 0..<size
        while range.count > 1 {
            let (left, right) = Self.split(range)
            let isLeft = left.contains(index)
            siblings.append(isLeft ? right : left)
            range = isLeft ? left : right
        }
        return siblings
    }

    /// What a consistency path is made of, from the root down.
    private func remainders(from oldSize: Int) -> [Range<Int>] {
        var remainders: [Range<Int>] = []
        var range = 0..<size
        while oldSize > range.lowerBound, oldSize < range.upperBound {
            let (left, right) = Self.split(range)
            let endsInLeft = oldSize <= left.upperBound
            remainders.append(endsInLeft ? right : left)
            range = endsInLeft ? left : right
        }
        // What remains ends where the old tree ends. The verifier has it already if it is all of
        // it.
        return range.lowerBound > 0 ? remainders + [range] : remainders
    }

    private func tiles(under ranges: [Range<Int>]) -> Set<TileID> {
        var tiles: Set<TileID> = []
        var open = ranges
        while let range = open.popLast() {
            if range.count.nonzeroBitCount == 1 {
                tiles.insert(Self.place(of: range).tile)
            } else {
                let (left, right) = Self.split(range)
                open += [left, right]
            }
        }
        return tiles
    }

    /// The largest power of two that is smaller than the count goes left (RFC 9162 §2.1.1).
    private static func split(_ range: Range<Int>) -> (Range<Int>, Range<Int>) {
        let height = Int.bitWidth - 1 - (range.count - 1).leadingZeroBitCount
        let middle = range.lowerBound + (1 << height)
        return (range.lowerBound..<middle, middle..<range.upperBound)
    }

    private mutating func hash(
        of range: Range<Int>, _ read: (TileID) throws -> [LogHash]
    ) throws -> LogHash {
        if range.count.nonzeroBitCount == 1 { return try node(over: range, read) }
        let (left, right) = Self.split(range)
        return .node(try hash(of: left, read), try hash(of: right, read))
    }

    /// Where the node over 2^h leaves from a multiple of 2^h on is: within one tile of level h / 8.
    private static func place(of range: Range<Int>) -> (tile: TileID, hashes: Range<Int>) {
        let level = range.count.trailingZeroBitCount / Tile.height
        let first = range.lowerBound >> (level * Tile.height)
        let start = first % Tile.width
        return (
            TileID(level: level, index: first / Tile.width),
            start..<start + range.count >> (level * Tile.height)
        )
    }

    private mutating func node(
        over range: Range<Int>, _ read: (TileID) throws -> [LogHash]
    ) throws -> LogHash {
        let (id, place) = Self.place(of: range)
        if tiles[id] == nil { tiles[id] = TileNodes(try read(id).prefix(Tile.width)) }
        guard let node = tiles[id]?.node(over: place) else { throw LogDamage.shortTile(id) }
        return node
    }
}

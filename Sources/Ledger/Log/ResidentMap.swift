/// 本人の地図: a sparse Merkle tree over all resident indexes, 128 levels deep, as far as its tiles are
/// loaded. One change costs O(log n) tiles.
///
/// An empty place has the hash `nothing`, so that a proof of absence has the form of any other proof
/// and shows nobody else's index.
package struct ResidentMap: Sendable {
    private(set) var tiles: [String: MapTile] = [:]
    /// The tiles that `put` changed.
    private(set) var changed: Set<String> = []

    package init() {}

    package var root: LogHash { tiles[""]?.root ?? .nothing }

    /// Takes a tile as it was stored. MUST be what the loaded tile above it says.
    mutating func load(_ tile: MapTile, at prefix: String) throws {
        if let parent = prefix.last.flatMap({ $0.hexDigitValue }) {
            guard let above = tiles[String(prefix.dropLast())],
                case .branch(tile.root) = above.slots[parent]
            else { throw LogDamage.mapTile(prefix: prefix) }
        }
        tiles[prefix] = tile
    }

    /// Takes a tile as it was stored, whatever it says. What is proved with it MUST be held against the root
    /// that was signed before it is shown: that hashes it once more, and every tile on its way.
    mutating func take(_ tile: MapTile, at prefix: String) {
        tiles[prefix] = tile
    }

    /// Which tiles have to be loaded next to reach these indexes; none when all are there.
    func missing(for indexes: some Sequence<ResidentIndex>) -> Set<String> {
        var missing: Set<String> = []
        for index in indexes {
            var prefix = ""
            var level = 0
            while let tile = tiles[prefix], case .branch = tile.slots[index.digit(level)] {
                prefix = Self.child(prefix, index.digit(level))
                level += 1
            }
            if level > 0, tiles[prefix] == nil { missing.insert(prefix) }
        }
        return missing
    }

    /// A resident alone in a subtree MUST fold to the root that stands beside the leaf: it is not hashed
    /// again until the subtree changes or is shown. Throws `LogDamage`.
    func requireWhole(at index: ResidentIndex) throws {
        var prefix = ""
        var level = 0
        while let tile = tiles[prefix] {
            switch tile.slots[index.digit(level)] {
            case .empty: return
            case .leaf(let leaf, let folded):
                guard leaf.folded(to: MapTile.height * (level + 1)) == folded else {
                    throw LogDamage.mapTile(prefix: prefix)
                }
                return
            case .branch:
                prefix = Self.child(prefix, index.digit(level))
                level += 1
            }
        }
    }

    /// Puts residents at their places, or changes what stands there. Their tiles MUST be loaded, and
    /// no index given twice.
    package mutating func put(_ leaves: [MapLeaf]) {
        guard !leaves.isEmpty else { return }
        _ = put(leaves[...], "", 0)
    }

    private mutating func put(_ leaves: ArraySlice<MapLeaf>, _ prefix: String, _ level: Int)
        -> LogHash
    {
        var tile = tiles[prefix] ?? MapTile()
        for (digit, group) in Dictionary(grouping: leaves, by: { $0.index.digit(level) }) {
            tile.slots[digit] = slot(tile.slots[digit], group, prefix, level, digit)
        }
        tiles[prefix] = tile
        changed.insert(prefix)
        return tile.root
    }

    private mutating func slot(
        _ old: MapTile.Slot, _ group: [MapLeaf], _ prefix: String, _ level: Int, _ digit: Int
    ) -> MapTile.Slot {
        var group = group
        switch old {
        case .branch:
            return .branch(put(group[...], Self.child(prefix, digit), level + 1))
        case .leaf(let other, _):
            if !group.contains(where: { $0.index == other.index }) { group.append(other) }
        case .empty: break
        }
        if group.count == 1 {
            let depth = MapTile.height * (level + 1)
            return .leaf(group[0], folded: group[0].folded(to: depth))
        }
        return .branch(put(group[...], Self.child(prefix, digit), level + 1))
    }

    /// What shows that `index` has the leaf that stands there, or none. Throws `LogDamage` when a
    /// tile on the way is not loaded. It holds if it verifies, and only then: nothing is hashed here
    /// that verifying hashes.
    package func proof(of index: ResidentIndex) throws -> (leaf: LogHash?, proof: MapProof) {
        var siblings: [LogHash] = []
        var prefix = ""
        var level = 0
        while let tile = tiles[prefix] {
            let digit = index.digit(level)
            siblings += tile.siblings(of: digit)
            switch tile.slots[digit] {
            case .empty: return (nil, MapProof(siblings))
            case .leaf(let leaf, _) where leaf.index == index:
                return (leaf.hash, MapProof(siblings))
            case .leaf(let other, _):
                let shared = other.sharedBits(with: index)
                guard shared >= siblings.count else { throw LogDamage.mapTile(prefix: prefix) }
                siblings += Array(repeating: .nothing, count: shared - siblings.count)
                return (nil, MapProof(siblings + [other.folded(to: shared + 1)]))
            case .branch:
                prefix = Self.child(prefix, digit)
                level += 1
            }
        }
        guard prefix.isEmpty else { throw LogDamage.mapTile(prefix: prefix) }
        return (nil, MapProof([]))
    }

    /// The tiles an index can pass, from the root down.
    static func prefixes(of index: ResidentIndex) -> [String] {
        var prefixes = [""]
        for place in 0..<31 { prefixes.append(child(prefixes[place], index.digit(place))) }
        return prefixes
    }

    private static func child(_ prefix: String, _ digit: Int) -> String {
        prefix + String(digit, radix: 16)
    }
}

/// 地図の証明: the hashes beside the way from an index to the map's root.
package struct MapProof: Hashable, Sendable {
    /// One bit for each step from the root down, the first in the highest bit: whether the sibling is
    /// anything else than `nothing`.
    package let occupied: [UInt8]
    /// Those siblings, from the root down.
    package let siblings: [LogHash]

    package init(occupied: [UInt8], siblings: [LogHash]) {
        self.occupied = occupied
        self.siblings = siblings
    }

    /// From all siblings from the root down; those below the last are nothing.
    fileprivate init(_ all: [LogHash]) {
        var occupied = [UInt8](repeating: 0, count: ResidentIndex.bitCount / 8)
        for (step, hash) in all.enumerated() where hash != .nothing {
            occupied[step / 8] |= 0x80 >> UInt8(step % 8)
        }
        self.init(occupied: occupied, siblings: all.filter { $0 != .nothing })
    }

    /// Whether the map of this root has `leaf` at `index`, or nothing there when there is none.
    package func verifies(_ leaf: LogHash?, at index: ResidentIndex, root: LogHash) -> Bool {
        guard occupied.count == ResidentIndex.bitCount / 8,
            occupied.reduce(0, { $0 + $1.nonzeroBitCount }) == siblings.count,
            !siblings.contains(.nothing)
        else { return false }
        var rest = siblings[...]
        var hash = leaf ?? .nothing
        for step in (0..<ResidentIndex.bitCount).reversed() {
            let isOccupied = occupied[step / 8] & (0x80 >> UInt8(step % 8)) != 0
            let sibling = isOccupied ? rest.popLast() ?? .nothing : .nothing
            hash = index.bit(step) ? .mapNode(sibling, hash) : .mapNode(hash, sibling)
        }
        return hash == root
    }
}

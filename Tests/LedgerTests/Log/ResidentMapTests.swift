import Exchange
import Ledger
import TestSupport
import Testing

/// 本人の地図: whatever the order of changes, one root; a proof for every resident, and for everybody who is
/// not in it; none for anything else.
@Suite struct ResidentMapTests {
    /// The definition of the decision written out over all leaves: too short to be wrong.
    static func root(_ leaves: [MapLeaf], _ depth: Int = 0) -> LogHash {
        guard let only = leaves.first else { return .nothing }
        if depth == 128 { return only.hash }
        let isRight = { (leaf: MapLeaf) in
            leaf.index.bytes[depth / 8] & (0x80 >> UInt8(depth % 8)) != 0
        }
        return .mapNode(
            root(leaves.filter { !isRight($0) }, depth + 1), root(leaves.filter(isRight), depth + 1)
        )
    }

    static func index(_ random: inout Seeded) -> ResidentIndex {
        ResidentIndex(PersonKey(high: random.next(), low: random.next()))
    }

    static func leaves(_ count: Int, _ random: inout Seeded) -> [MapLeaf] {
        (0..<count).map { number in
            MapLeaf(index: index(&random), hash: .leaf(Array("\(number) \(random.next())".utf8)))
        }
    }

    /// An index that parts from another one at this bit.
    static func neighbour(of index: ResidentIndex, at bit: Int) throws -> ResidentIndex {
        var bytes = index.bytes
        bytes[bit / 8] ^= 0x80 >> UInt8(bit % 8)
        return try #require(ResidentIndex(bytes))
    }

    @Test(arguments: Seeded.seeds(20))
    func `the root is the definition's, however the leaves were grouped`(seed: UInt64) throws {
        var random = Seeded(seed)
        var leaves = Self.leaves(random.int(1...200), &random)
        // Neighbours down to the last bit.
        for bit in [127, 126, 65, 64, 63, 5, 4, 3] {
            leaves.append(
                MapLeaf(
                    index: try Self.neighbour(of: leaves[0].index, at: bit),
                    hash: .leaf([UInt8(bit)])))
        }
        var map = ResidentMap()
        var rest = leaves.shuffled(using: &random)
        while !rest.isEmpty {
            let count = random.int(1...rest.count)
            // What stands there already may be put again, changed.
            map.put(rest.prefix(count).map { MapLeaf(index: $0.index, hash: .leaf([1])) })
            map.put(Array(rest.prefix(count)))
            rest.removeFirst(count)
        }
        #expect(map.root == Self.root(leaves))
    }

    @Test(arguments: Seeded.seeds(8))
    func `everybody in the map is proved, and everybody who is not`(seed: UInt64) throws {
        var random = Seeded(seed)
        var map = ResidentMap()
        let leaves = Self.leaves(100, &random)
        map.put(leaves)
        for leaf in leaves {
            let (found, proof) = try map.proof(of: leaf.index)
            #expect(found == leaf.hash)
            #expect(proof.verifies(leaf.hash, at: leaf.index, root: map.root))
            #expect(!proof.verifies(nil, at: leaf.index, root: map.root))
            #expect(!proof.verifies(.leaf([9]), at: leaf.index, root: map.root))
        }
        var strangers = (0..<50).map { _ in Self.index(&random) }
        for bit in [0, 3, 4, 8, 64, 127] {
            strangers.append(try Self.neighbour(of: leaves[0].index, at: bit))
        }
        for stranger in strangers {
            let (found, proof) = try map.proof(of: stranger)
            #expect(found == nil)
            #expect(proof.verifies(nil, at: stranger, root: map.root))
            #expect(!proof.verifies(leaves[0].hash, at: stranger, root: map.root))
        }
    }

    @Test func `an empty map proves that nobody is in it`() throws {
        var random = Seeded(1)
        let stranger = Self.index(&random)
        let (found, proof) = try ResidentMap().proof(of: stranger)
        #expect(found == nil && proof.siblings.isEmpty)
        #expect(proof.verifies(nil, at: stranger, root: .nothing))
        #expect(!proof.verifies(.leaf([1]), at: stranger, root: .nothing))
    }

    @Test func `a proof of absence names nobody`() throws {
        var random = Seeded(2)
        var map = ResidentMap()
        let only = Self.leaves(1, &random)[0]
        map.put([only])
        let (_, proof) = try map.proof(of: Self.neighbour(of: only.index, at: 40))
        let shown = proof.occupied + proof.siblings.flatMap(\.bytes)
        #expect(proof.siblings.count == 1)
        #expect(!shown.contains(only.hash.bytes) && !shown.contains(only.index.bytes))
    }

    @Test func `a proof with any bit turned over does not hold`() throws {
        var random = Seeded(3)
        var map = ResidentMap()
        let leaves = Self.leaves(20, &random)
        map.put(leaves)
        let (found, proof) = try map.proof(of: leaves[0].index)
        for bit in 0..<128 {
            var occupied = proof.occupied
            occupied[bit / 8] ^= 0x80 >> UInt8(bit % 8)
            let changed = MapProof(occupied: occupied, siblings: proof.siblings)
            #expect(!changed.verifies(found, at: leaves[0].index, root: map.root))
        }
        for place in proof.siblings.indices {
            var siblings = proof.siblings
            siblings[place] = try siblings[place].flipping(bit: 7)
            let changed = MapProof(occupied: proof.occupied, siblings: siblings)
            #expect(!changed.verifies(found, at: leaves[0].index, root: map.root))
        }
    }

    @Test func `an epoch's leaf is read again, and nothing else is one`() throws {
        let epoch = MapEpoch(
            number: 7, size: 12_345, root: .leaf([1]), at: Instant(microseconds: 1_700_000_000_123))
        #expect(MapEpoch(leafText: epoch.leafText) == epoch)
        let text = String(decoding: epoch.leafText, as: UTF8.self)
        for (old, new) in [
            ("epoch: 7", "epoch: 07"), ("map v1", "map v2"), ("size: ", "size:"), ("at:", "xt:"),
            ("\n", ""), ("root: ", "root: A"),
        ] {
            #expect(MapEpoch(leafText: Array(text.replacing(old, with: new).utf8)) == nil, "\(new)")
        }
    }
}

import Ledger
import Testing

@Suite struct LogProofTests {
    static let log = StoredLog(size: 66_100)

    struct Published: Sendable {
        let from: Int
        let size: Int
        let path: [String]
    }

    /// google/certificate-transparency, merkle_tree_test.cc (indexes from 0).
    static let publishedInclusions = [
        Published(from: 0, size: 1, path: []),
        Published(
            from: 0, size: 8,
            path: [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ]),
        Published(
            from: 5, size: 8,
            path: [
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ]),
        Published(
            from: 2, size: 3,
            path: ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
        Published(
            from: 1, size: 5,
            path: [
                "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ]),
    ]

    static let publishedConsistencies = [
        Published(from: 1, size: 1, path: []),
        Published(
            from: 1, size: 8,
            path: [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ]),
        Published(
            from: 6, size: 8,
            path: [
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ]),
        Published(
            from: 2, size: 5,
            path: [
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ]),
    ]

    @Test(arguments: publishedInclusions)
    func `a published inclusion path is made and verified`(row: Published) throws {
        let leaves = Array(ReferenceTree.leaves.prefix(row.size))
        var tree = TileTree(size: row.size)
        let proof = try #require(try tree.inclusionProof(of: row.from) { _ in leaves })
        #expect(try proof.path == row.path.map { try LogHash(hex: $0) })
        #expect(proof.verifies(leaf: leaves[row.from], root: RFC9162.root(leaves[...])))
    }

    @Test(arguments: publishedConsistencies)
    func `a published consistency path is made and verified`(row: Published) throws {
        let leaves = Array(ReferenceTree.leaves.prefix(row.size))
        var tree = TileTree(size: row.size)
        let proof = try #require(try tree.consistencyProof(from: row.from) { _ in leaves })
        #expect(try proof.path == row.path.map { try LogHash(hex: $0) })
        let old = RFC9162.root(leaves[..<row.from])
        #expect(proof.verifies(oldRoot: old, newRoot: RFC9162.root(leaves[...])))
    }

    @Test func `every leaf of every small tree is proved, and only by its own path`() throws {
        let leaves = Self.log.leaves
        for size in 1...130 {
            let root = Frontier(of: leaves[..<size]).root
            var tree = TileTree(size: size)
            for index in 0..<size {
                let proof = try #require(try tree.inclusionProof(of: index, reading: Self.log.read))
                #expect(proof.path == RFC9162.inclusion(index, leaves[..<size]))
                #expect(proof.verifies(leaf: leaves[index], root: root), "\(index) of \(size)")
                #expect(!proof.verifies(leaf: leaves[index + 1], root: root), "\(index) of \(size)")
            }
        }
    }

    @Test func `every small tree is proved to begin with every smaller one`() throws {
        let leaves = Self.log.leaves
        let roots = (0...130).map { Frontier(of: leaves[..<$0]).root }
        for size in 0...130 {
            var tree = TileTree(size: size)
            for old in 0...size {
                let proof = try #require(
                    try tree.consistencyProof(from: old, reading: Self.log.read))
                #expect(proof.path == RFC9162.consistency(old, leaves[..<size]))
                #expect(
                    proof.verifies(oldRoot: roots[old], newRoot: roots[size]), "\(old) in \(size)")
                let wrong = roots[(old + 1) % 131]
                #expect(!proof.verifies(oldRoot: wrong, newRoot: roots[size]), "\(old) in \(size)")
            }
        }
    }

    @Test(arguments: [255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 66_100])
    func `proofs read through tiles are those of the definition`(size: Int) throws {
        let leaves = Self.log.leaves[..<size]
        var tree = TileTree(size: size)
        let root = Frontier(of: leaves).root
        // The definition walks every leaf, so it is asked at fewer places of the large trees.
        let places =
            size < 1000 ? [0, 1, 254, 255, 256, 257, 511, size - 1] : [0, 256, 65_535, size - 1]
        for index in places where index < size {
            let proof = try #require(try tree.inclusionProof(of: index, reading: Self.log.read))
            #expect(proof.path == RFC9162.inclusion(index, leaves), "leaf \(index)")
            #expect(proof.verifies(leaf: leaves[index], root: root), "leaf \(index)")
            let old = try #require(try tree.consistencyProof(from: index, reading: Self.log.read))
            #expect(old.path == RFC9162.consistency(index, leaves), "from \(index)")
        }
    }

    @Test(arguments: UInt64(1)...30)
    func `any proof of a larger tree verifies`(seed: UInt64) throws {
        var random = LogRandom(seed: seed)
        let size = Int.random(in: 131...Self.log.leaves.count, using: &random)
        let index = Int.random(in: 0..<size, using: &random)
        let root = Frontier(of: Self.log.leaves[..<size]).root
        var tree = TileTree(size: size)
        let inclusion = try #require(try tree.inclusionProof(of: index, reading: Self.log.read))
        #expect(inclusion.verifies(leaf: Self.log.leaves[index], root: root))
        let consistency = try #require(
            try tree.consistencyProof(from: index, reading: Self.log.read))
        let oldRoot = Frontier(of: Self.log.leaves[..<index]).root
        #expect(consistency.verifies(oldRoot: oldRoot, newRoot: root))
    }

    @Test(arguments: UInt64(1)...30)
    func `an altered inclusion proof fails`(seed: UInt64) throws {
        var random = LogRandom(seed: seed)
        let size = Int.random(in: 3...400, using: &random)
        let index = Int.random(in: 0..<size, using: &random)
        let leaf = Self.log.leaves[index]
        let root = Frontier(of: Self.log.leaves[..<size]).root
        var tree = TileTree(size: size)
        let proof = try #require(try tree.inclusionProof(of: index, reading: Self.log.read))
        let bit = Int.random(in: 0..<256, using: &random)
        #expect(proof.verifies(leaf: leaf, root: root))
        #expect(!proof.verifies(leaf: try leaf.flipping(bit: bit), root: root))
        #expect(!proof.verifies(leaf: leaf, root: try root.flipping(bit: bit)))
        for path in try Self.alterations(of: proof.path, bit: bit) {
            let altered = InclusionProof(index: index, size: size, path: path)
            #expect(!altered.verifies(leaf: leaf, root: root))
        }
        for other in [-1, index - 1, index + 1, size] {
            let moved = InclusionProof(index: other, size: size, path: proof.path)
            #expect(!moved.verifies(leaf: leaf, root: root), "moved to \(other)")
        }
    }

    @Test(arguments: UInt64(1)...30)
    func `an altered consistency proof fails`(seed: UInt64) throws {
        var random = LogRandom(seed: seed)
        let size = Int.random(in: 3...400, using: &random)
        let old = Int.random(in: 1..<size, using: &random)
        let oldRoot = Frontier(of: Self.log.leaves[..<old]).root
        let newRoot = Frontier(of: Self.log.leaves[..<size]).root
        var tree = TileTree(size: size)
        let proof = try #require(try tree.consistencyProof(from: old, reading: Self.log.read))
        let bit = Int.random(in: 0..<256, using: &random)
        #expect(proof.verifies(oldRoot: oldRoot, newRoot: newRoot))
        #expect(!proof.verifies(oldRoot: try oldRoot.flipping(bit: bit), newRoot: newRoot))
        #expect(!proof.verifies(oldRoot: oldRoot, newRoot: try newRoot.flipping(bit: bit)))
        for path in try Self.alterations(of: proof.path, bit: bit) {
            let altered = ConsistencyProof(oldSize: old, newSize: size, path: path)
            #expect(!altered.verifies(oldRoot: oldRoot, newRoot: newRoot))
        }
        let backwards = ConsistencyProof(oldSize: size, newSize: old, path: proof.path)
        #expect(!backwards.verifies(oldRoot: newRoot, newRoot: oldRoot))
    }

    /// Each hash with one bit turned over, each left out, each doubled, each two neighbours
    /// exchanged.
    private static func alterations(of path: [LogHash], bit: Int) throws -> [[LogHash]] {
        var altered = [path + [.emptyRoot], [.emptyRoot] + path]
        for place in path.indices {
            var flipped = path
            flipped[place] = try path[place].flipping(bit: bit)
            var without = path
            without.remove(at: place)
            var doubled = path
            doubled.insert(path[place], at: place)
            altered += [flipped, without, doubled]
            if place > 0 {
                var exchanged = path
                exchanged.swapAt(place, place - 1)
                altered.append(exchanged)
            }
        }
        return altered
    }

    @Test func `an empty or equal tree needs no path and no other root`() throws {
        let root = Frontier(of: ReferenceTree.leaves).root
        let fromEmpty = ConsistencyProof(oldSize: 0, newSize: 8, path: [])
        #expect(fromEmpty.verifies(oldRoot: .emptyRoot, newRoot: root))
        #expect(!fromEmpty.verifies(oldRoot: root, newRoot: root))
        let same = ConsistencyProof(oldSize: 8, newSize: 8, path: [])
        #expect(same.verifies(oldRoot: root, newRoot: root))
        #expect(!same.verifies(oldRoot: .emptyRoot, newRoot: root))
        #expect(!InclusionProof(index: 0, size: 0, path: []).verifies(leaf: root, root: root))
    }

    @Test func `what is not in the tree has no proof`() throws {
        var tree = TileTree(size: 5)
        #expect(try tree.inclusionProof(of: 5, reading: Self.log.read) == nil)
        #expect(try tree.inclusionProof(of: -1, reading: Self.log.read) == nil)
        #expect(try tree.consistencyProof(from: 6, reading: Self.log.read) == nil)
    }

    @Test(arguments: UInt64(1)...40)
    func `a proof of a tree of a thousand million leaves reads at most eight tiles`(seed: UInt64)
        throws
    {
        var random = LogRandom(seed: seed)
        let size = (1 << 30) - Int.random(in: 0..<1_000_000, using: &random)
        let index = Int.random(in: 0..<size, using: &random)
        let tree = TileTree(size: size)
        #expect(tree.tiles(forInclusionOf: index).count <= 8)
        #expect(tree.tiles(forConsistencyFrom: index).count <= 8)
    }

    @Test func `the tiles named beforehand are those that are read`() throws {
        let tree = TileTree(size: 66_100)
        for index in [0, 255, 256, 65_535, 65_536, 66_099] {
            let named = tree.tiles(forInclusionOf: index)
            var read: Set<TileID> = []
            var proving = tree
            _ = try proving.inclusionProof(of: index) { id in
                read.insert(id)
                return try Self.log.read(id)
            }
            #expect(named == read)
        }
    }

    @Test func `a tile with a hash missing is damage`() {
        var tree = TileTree(size: 300)
        #expect(throws: LogDamage.shortTile(TileID(level: 0, index: 1))) {
            try tree.inclusionProof(of: 0) { id in
                let hashes = try Self.log.read(id)
                return id == TileID(level: 0, index: 1) ? Array(hashes.prefix(43)) : hashes
            }
        }
    }
}

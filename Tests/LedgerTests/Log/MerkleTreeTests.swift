import Ledger
import Testing

@Suite struct MerkleTreeTests {
    /// google/certificate-transparency, merkle_tree_test.cc: the root after each of the eight
    /// leaves.
    static let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ]

    @Test(arguments: roots.indices)
    func `the reference tree has the published roots`(size: Int) throws {
        let root = try LogHash(hex: Self.roots[size])
        let leaves = ReferenceTree.leaves.prefix(size)
        #expect(Frontier(of: leaves).root == root)
        #expect(RFC9162.root(leaves) == root)
    }

    @Test func `a frontier has the root of the definition at every size`() {
        let leaves = (0..<600).map(StoredLog.leaf)
        var frontier = Frontier()
        for size in leaves.indices {
            #expect(frontier.root == RFC9162.root(leaves[..<size]), "size \(size)")
            frontier.append(leaves[size])
        }
    }

    @Test func `a frontier read back from its bytes grows as if it had never been written`() throws
    {
        var kept = Frontier()
        for number in 0..<300 {
            #expect(kept.bytes.count <= 8 + 32 * 62)
            var restored = try Frontier(bytes: kept.bytes)
            #expect(restored == kept)
            kept.append(StoredLog.leaf(number))
            restored.append(StoredLog.leaf(number))
            #expect(restored.root == kept.root)
        }
    }

    static let damagedFrontiers: [(name: String, bytes: [UInt8])] = [
        ("nothing", []),
        ("size cut off", [0, 0, 0]),
        ("a hash missing", Array(Frontier(of: ReferenceTree.leaves.prefix(3)).bytes.dropLast(32))),
        ("a byte missing", Array(Frontier(of: ReferenceTree.leaves).bytes.dropLast())),
        ("a byte too many", Frontier(of: ReferenceTree.leaves).bytes + [0]),
        ("a hash too many", Frontier().bytes + LogHash.emptyRoot.bytes),
        ("negative size", [0xFF] + [UInt8](repeating: 0, count: 7 + 8 * 32)),
    ]

    @Test(arguments: damagedFrontiers)
    func `damaged frontier bytes are refused`(name: String, bytes: [UInt8]) {
        #expect(throws: LogDamage.malformedFrontier, "\(name)") { try Frontier(bytes: bytes) }
    }

    @Test func `a hash is exactly thirty-two bytes in the digest's order`() throws {
        let hash = try LogHash(hex: Self.roots[8])
        #expect(hash.bytes == ReferenceTree.bytes(hex: Self.roots[8]))
        #expect(LogHash(hash.bytes.dropLast()) == nil)
        #expect(LogHash(hash.bytes + [0]) == nil)
        #expect(LogHash.list(hash.bytes + hash.bytes) == [hash, hash])
        #expect(LogHash.list(hash.bytes + [0]) == nil)
    }
}

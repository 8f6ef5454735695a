import Postgres

/// 署名された木: the inclusion proofs of one answer under one checkpoint, made of the tiles that are remembered
/// and of what is read for the rest, in one round trip.
///
/// A proof of remembered tiles leaves only if it leads to the checkpoint's root. If it does not, memory and
/// database disagree: the tiles are forgotten, read anew, and what the database has is what is shown, so that
/// the reader finds there what is wrong with it. Tiles are remembered once a proof of them held.
struct SignedTree {
    private let size: Int
    /// Nothing where the database says no hash: then no proof holds, and nothing is remembered.
    private let root: LogHash?
    private let memory: TileMemory
    private var tree: TileTree
    /// Read for this answer, and in no proof yet that held.
    private var unproved: Set<TileID> = []
    private var asksMemory = true
    private var isOfMemory = false

    init(size: Int, root: LogHash?, remembering memory: TileMemory) {
        self.size = size
        self.root = root
        self.memory = memory
        tree = TileTree(size: size)
    }

    /// Gets ready for the proofs of these positions; those beyond the tree need nothing.
    mutating func load(_ positions: [Int], _ transaction: inout Transaction) throws {
        try load(Set(positions.flatMap { tree.tiles(forInclusionOf: $0) }), &transaction)
    }

    private mutating func load(_ ids: Set<TileID>, _ transaction: inout Transaction) throws {
        let wanted = ids.filter { tree.tiles[$0] == nil }
        guard !wanted.isEmpty else { return }
        var found = asksMemory ? memory.tiles(wanted) : [:]
        if !found.isEmpty { isOfMemory = true }
        let lacking = wanted.map { TilePart(id: $0, from: found[$0]?.count ?? 0) }
            .filter { $0.from < TileStore.width(of: $0.id, in: size) }
        let read = try TileStore.hashes(of: lacking, in: size, &transaction)
        for (part, hashes) in zip(lacking, read) {
            found[part.id, default: TileNodes()].append(hashes)
            unproved.insert(part.id)
        }
        tree.take(found)
    }

    /// That `leaf` is at `position`; nothing while the checkpoint does not cover it.
    mutating func proof(
        of position: Int, leaf: LogHash, _ transaction: inout Transaction
    ) throws -> InclusionProof? {
        guard let proof = try made(of: position, &transaction) else { return nil }
        if holds(proof, leaf) || !isOfMemory { return proof }
        let used = Set(tree.tiles.keys)
        memory.forget(used)
        (asksMemory, isOfMemory) = (false, false)
        (tree, unproved) = (TileTree(size: size), [])
        try load(used, &transaction)
        guard let anew = try made(of: position, &transaction) else { return nil }
        // Whether it holds or not, it is what the database says.
        _ = holds(anew, leaf)
        return anew
    }

    private mutating func made(
        of position: Int, _ transaction: inout Transaction
    ) throws -> InclusionProof? {
        try load([position], &transaction)
        return try tree.inclusionProof(of: position) { throw LogDamage.shortTile($0) }
    }

    private mutating func holds(_ proof: InclusionProof, _ leaf: LogHash) -> Bool {
        guard let root, proof.verifies(leaf: leaf, root: root) else { return false }
        guard !unproved.isEmpty else { return true }
        let proved = unproved.intersection(tree.tiles(forInclusionOf: proof.index))
        memory.keep(tree.tiles.filter { proved.contains($0.key) })
        unproved.subtract(proved)
        return true
    }
}

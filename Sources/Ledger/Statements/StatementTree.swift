import Crypto
package import Exchange

/// 突合の木: a tree of sixteen branches over the hashes of row keys. Two sides that hold the same rows have the
/// same root; two that do not find the first key that differs in as many questions as the tree forks.
///
///     row      key SHA-256(key text), content SHA-256(row text); several rows of one key: SHA-256 of their
///              contents in order
///     bucket   SHA-256(0x00 ‖ each row's key ‖ content, by key); without rows 32 zero bytes
///     node     SHA-256(0x01 ‖ its sixteen branches); of nothing but zeros 32 zero bytes
package struct StatementTree: Sendable {
    /// Whose row it is, on the side that holds it for residents.
    package struct Origin: Hashable, Sendable {
        let person: PersonKey
        let version: Int
    }

    package struct Leaf: Hashable, Sendable {
        package let key: [UInt8]
        package let content: [UInt8]
        let origin: Origin?
        /// 行番号 in the file that it is of.
        package let line: Int?

        package init(_ row: StatementRow, line: Int) {
            self.init(row, origin: nil, line: line)
        }

        init(_ row: StatementRow, origin: Origin?, line: Int? = nil) {
            self.init(
                key: Array(SHA256.hash(data: Array(row.key.utf8))),
                content: Array(SHA256.hash(data: Array(row.text.utf8))), origin: origin,
                line: line)
        }

        init(key: [UInt8], content: [UInt8], origin: Origin?, line: Int? = nil) {
            self.key = key
            self.content = content
            self.origin = origin
            self.line = line
        }
    }

    static let nothing = [UInt8](repeating: 0, count: 32)
    static let branches = 16
    /// 16^5 buckets are enough for 33 million rows.
    package static let depthMax = 5
    /// A bucket of some 32 rows is a question of 4 kB.
    private static let bucketRows = 32

    package let depth: Int
    /// Each bucket's rows by key, one for each key.
    package let buckets: [[Leaf]]
    /// By level from the root: 1, 16, 256 … hashes.
    package let levels: [[[UInt8]]]

    package static func depth(of rows: Int) -> Int {
        var depth = 0
        var buckets = 1
        while depth < depthMax, buckets * bucketRows < rows {
            depth += 1
            buckets *= branches
        }
        return depth
    }

    package init(_ leaves: [Leaf], depth: Int) {
        self.depth = depth
        var buckets = [[Leaf]](
            repeating: [], count: (0..<depth).reduce(1) { count, _ in count * Self.branches })
        for leaf in leaves { buckets[Self.bucket(of: leaf.key, depth)].append(leaf) }
        self.buckets = buckets.map(Self.merged)
        var levels = [self.buckets.map(Self.hash)]
        while levels[0].count > 1 {
            let below = levels[0]
            levels.insert(
                stride(from: 0, to: below.count, by: Self.branches).map {
                    Self.node(below[$0..<$0 + Self.branches])
                }, at: 0)
        }
        self.levels = levels
    }

    package var root: [UInt8] { levels[0][0] }

    /// The branches of a node of a level, from the left.
    package static func branches(of node: Int) -> Range<Int> {
        node * branches..<(node + 1) * branches
    }

    /// The first branch that differs from another tree's.
    package func firstDifference(_ others: [[UInt8]], below node: Int, level: Int) -> Int? {
        Self.branches(of: node).first {
            levels[level + 1][$0] != others[$0 - node * Self.branches]
        }
    }

    private static func bucket(of key: [UInt8], _ depth: Int) -> Int {
        (0..<depth).reduce(0) { bucket, digit in
            let byte = Int(key[digit / 2])
            return bucket * branches + (digit % 2 == 0 ? byte >> 4 : byte & 15)
        }
    }

    private static func merged(_ leaves: [Leaf]) -> [Leaf] {
        let sorted = leaves.sorted {
            ($0.key + $0.content).lexicographicallyPrecedes($1.key + $1.content)
        }
        var merged: [Leaf] = []
        var from = 0
        while from < sorted.count {
            var past = from + 1
            while past < sorted.count, sorted[past].key == sorted[from].key { past += 1 }
            let first = sorted[from]
            let content =
                past == from + 1
                ? first.content
                : Array(SHA256.hash(data: sorted[from..<past].flatMap(\.content)))
            merged.append(
                Leaf(key: first.key, content: content, origin: first.origin, line: first.line))
            from = past
        }
        return merged
    }

    static func hash(_ bucket: [Leaf]) -> [UInt8] {
        guard !bucket.isEmpty else { return nothing }
        var hash = SHA256()
        hash.update(data: [0x00])
        for leaf in bucket { hash.update(data: leaf.key + leaf.content) }
        return Array(hash.finalize())
    }

    package static func node(_ branches: ArraySlice<[UInt8]>) -> [UInt8] {
        guard branches.contains(where: { $0 != nothing }) else { return nothing }
        var hash = SHA256()
        hash.update(data: [0x01])
        for branch in branches { hash.update(data: branch) }
        return Array(hash.finalize())
    }
}

/// 突合の違い: the first key, in the order of the hashes, that the two sides do not hold alike.
package struct StatementDifference: Sendable {
    package enum Kind: String, Sendable {
        case differs
        case onlyHere = "only-here"
        case onlyThere = "only-there"
    }

    package let key: [UInt8]
    package let kind: Kind

    /// `here` is the one that speaks. Nothing where both are alike.
    package init?(here: [StatementTree.Leaf], there: [(key: [UInt8], content: [UInt8])]) {
        let ours = Dictionary(uniqueKeysWithValues: here.map { ($0.key, $0.content) })
        let theirs = Dictionary(there.map { ($0.key, $0.content) }) { first, _ in first }
        let keys = Set(ours.keys).union(theirs.keys).sorted { $0.lexicographicallyPrecedes($1) }
        guard let key = keys.first(where: { ours[$0] != theirs[$0] }) else { return nil }
        self.key = key
        kind =
            switch (ours[key], theirs[key]) {
            case (nil, _): .onlyThere
            case (_, nil): .onlyHere
            default: .differs
            }
    }
}

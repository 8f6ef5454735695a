import Crypto
package import Exchange

/// 突合の木: a tree of sixteen branches over the hashes of row keys. Two sides that hold the same rows have the
/// same root; two that do not find the first key that differs in as many questions as the tree forks.
///
///     row      key SHA-256(key text), content SHA-256(row text), of a confidential row both HMAC-SHA256
///              under the salt of the statement; several rows of one key: SHA-256 of their contents in order
///     bucket   SHA-256(0x00 ‖ each row's key ‖ content, by key); without rows 32 zero bytes
///     node     SHA-256(0x01 ‖ its sixteen branches); of nothing but zeros 32 zero bytes
package struct StatementTree: Sendable {
    /// Whose row it is, on the side that holds it.
    package struct Origin: Hashable, Sendable {
        /// Nobody's is a row of a scheme master.
        let person: PersonKey?
        let version: Int
    }

    /// 96 bytes, and nothing beside them.
    package struct Leaf: Hashable, Sendable {
        fileprivate enum Place: Hashable, Sendable {
            case held(Origin)
            case line(Int)
            case nowhere
        }

        package let key: StatementHash
        package let content: StatementHash
        fileprivate let place: Place

        package init(_ row: StatementRow, line: Int, salt: [UInt8] = []) {
            self.init(row, .line(line), salt)
        }

        init(_ row: StatementRow, origin: Origin, salt: [UInt8]) {
            self.init(row, .held(origin), salt)
        }

        init(key: StatementHash, content: StatementHash, origin: Origin? = nil) {
            self.init(key, content, origin.map { .held($0) } ?? .nowhere)
        }

        private init(_ row: StatementRow, _ place: Place, _ salt: [UInt8]) {
            self.init(
                StatementHash(of: row.key, salt: salt), StatementHash(of: row.text, salt: salt),
                place)
        }

        fileprivate init(_ key: StatementHash, _ content: StatementHash, _ place: Place) {
            self.key = key
            self.content = content
            self.place = place
        }

        var origin: Origin? { if case .held(let origin) = place { origin } else { nil } }
        /// 行番号 in the file that it is of.
        package var line: Int? { if case .line(let line) = place { line } else { nil } }
    }

    static let branches = 16
    /// 16^5 buckets are enough for 33 million rows.
    package static let depthMax = 5
    /// A bucket of some 32 rows is a question of 4 kB.
    private static let bucketRows = 32

    package let depth: Int
    /// By level from the root: 1, 16, 256 … hashes.
    package let levels: [[StatementHash]]
    /// One for each key, by key.
    private let leaves: [Leaf]

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
        var growth = StatementGrowth(depth: depth)
        var kept: [Leaf] = []
        kept.reserveCapacity(leaves.count)
        growth.add(leaves) { _, bucket in kept += bucket }
        self.depth = depth
        self.leaves = kept
        levels = growth.levels
    }

    package var root: StatementHash { levels[0][0] }

    /// A bucket's rows by key, one for each key.
    package func bucket(_ number: Int) -> ArraySlice<Leaf> {
        let from = leaves.firstPlace { $0.key.leading(depth) >= number }
        let past = leaves.firstPlace { $0.key.leading(depth) > number }
        return leaves[from..<past]
    }

    /// The branches of a node of a level, from the left.
    package static func branches(of node: Int) -> Range<Int> {
        node * branches..<(node + 1) * branches
    }

    /// The first branch that differs from another tree's.
    package func firstDifference(_ others: [StatementHash], below node: Int, level: Int) -> Int? {
        Self.branches(of: node).first {
            levels[level + 1][$0] != others[$0 - node * Self.branches]
        }
    }

    package static func node(_ branches: ArraySlice<StatementHash>) -> StatementHash {
        guard branches.contains(where: { $0 != .nothing }) else { return .nothing }
        var hash = SHA256()
        hash.update(data: [0x01])
        for branch in branches { branch.update(&hash) }
        return StatementHash(hash.finalize())
    }
}

/// 木の成長: a tree that grows from rows of whole buckets, a part at a time; of the rows nothing stays here but
/// what they hash to, 2 MB for a million.
struct StatementGrowth {
    private let depth: Int
    private var bottom: [StatementHash]

    init(depth: Int) {
        self.depth = depth
        bottom = [StatementHash](
            repeating: .nothing,
            count: (0..<depth).reduce(1) { count, _ in count * StatementTree.branches })
    }

    /// Every row of the buckets that these are in, in any order. `take` is given each bucket that is not
    /// empty, from the left, with one row for each key.
    mutating func add(
        _ leaves: [StatementTree.Leaf],
        _ take: (Int, [StatementTree.Leaf]) throws -> Void
    ) rethrows {
        let sorted = leaves.sorted {
            $0.key == $1.key ? $0.content < $1.content : $0.key < $1.key
        }
        var from = 0
        while from < sorted.count {
            let number = sorted[from].key.leading(depth)
            var bucket: [StatementTree.Leaf] = []
            while from < sorted.count, sorted[from].key.leading(depth) == number {
                var past = from + 1
                while past < sorted.count, sorted[past].key == sorted[from].key { past += 1 }
                bucket.append(Self.merged(sorted[from..<past]))
                from = past
            }
            bottom[number] = Self.hash(bucket)
            try take(number, bucket)
        }
    }

    var levels: [[StatementHash]] {
        var levels = [bottom]
        while levels[0].count > 1 {
            let below = levels[0]
            levels.insert(
                stride(from: 0, to: below.count, by: StatementTree.branches).map {
                    StatementTree.node(below[$0..<$0 + StatementTree.branches])
                }, at: 0)
        }
        return levels
    }

    private static func merged(_ same: ArraySlice<StatementTree.Leaf>) -> StatementTree.Leaf {
        let first = same[same.startIndex]
        guard same.count > 1 else { return first }
        var hash = SHA256()
        for leaf in same { leaf.content.update(&hash) }
        return .init(first.key, StatementHash(hash.finalize()), first.place)
    }

    private static func hash(_ bucket: [StatementTree.Leaf]) -> StatementHash {
        var hash = SHA256()
        hash.update(data: [0x00])
        for leaf in bucket {
            leaf.key.update(&hash)
            leaf.content.update(&hash)
        }
        return StatementHash(hash.finalize())
    }
}

extension [StatementTree.Leaf] {
    /// Of a sorted list.
    fileprivate func firstPlace(_ isPast: (StatementTree.Leaf) -> Bool) -> Int {
        var (from, past) = (0, count)
        while from < past {
            let middle = (from + past) / 2
            if isPast(self[middle]) { past = middle } else { from = middle + 1 }
        }
        return from
    }
}

/// 突合の違い: the first key, in the order of the hashes, that the two sides do not hold alike.
package struct StatementDifference: Sendable {
    package enum Kind: String, Sendable {
        case differs
        case onlyHere = "only-here"
        case onlyThere = "only-there"
    }

    package let key: StatementHash
    package let kind: Kind

    /// `here` is the one that speaks. Nothing where both are alike.
    package init?(
        here: some Sequence<StatementTree.Leaf>,
        there: [(key: StatementHash, content: StatementHash)]
    ) {
        let ours = Dictionary(uniqueKeysWithValues: here.map { ($0.key, $0.content) })
        let theirs = Dictionary(there.map { ($0.key, $0.content) }) { first, _ in first }
        let keys = Set(ours.keys).union(theirs.keys)
        guard let key = keys.filter({ ours[$0] != theirs[$0] }).min() else { return nil }
        self.key = key
        kind =
            switch (ours[key], theirs[key]) {
            case (nil, _): .onlyThere
            case (_, nil): .onlyHere
            default: .differs
            }
    }
}

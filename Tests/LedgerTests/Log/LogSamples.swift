import Ledger
import Testing

/// The definitions of RFC 9162 §2.1 written out over all leaves: slow, and too short to be wrong.
enum RFC9162 {
    static func root(_ leaves: ArraySlice<LogHash>) -> LogHash {
        guard leaves.count > 1 else { return leaves.first ?? .emptyRoot }
        let middle = leaves.startIndex + split(leaves.count)
        return .node(root(leaves[..<middle]), root(leaves[middle...]))
    }

    static func inclusion(_ index: Int, _ leaves: ArraySlice<LogHash>) -> [LogHash] {
        guard leaves.count > 1 else { return [] }
        let middle = leaves.startIndex + split(leaves.count)
        return index < split(leaves.count)
            ? inclusion(index, leaves[..<middle]) + [root(leaves[middle...])]
            : inclusion(index - split(leaves.count), leaves[middle...]) + [root(leaves[..<middle])]
    }

    static func consistency(_ old: Int, _ leaves: ArraySlice<LogHash>, isWhole: Bool = true)
        -> [LogHash]
    {
        if old == 0 { return [] }
        if old == leaves.count { return isWhole ? [] : [root(leaves)] }
        let half = split(leaves.count)
        let middle = leaves.startIndex + half
        return old <= half
            ? consistency(old, leaves[..<middle], isWhole: isWhole) + [root(leaves[middle...])]
            : consistency(old - half, leaves[middle...], isWhole: false) + [root(leaves[..<middle])]
    }

    private static func split(_ count: Int) -> Int {
        var half = 1
        while half * 2 < count { half *= 2 }
        return half
    }
}

/// A log as the database stores it: leaf hashes by position, and rows of full tiles with their
/// roots.
struct StoredLog {
    private(set) var leaves: [LogHash] = []
    private(set) var tiles: [TileID: (hashes: [UInt8], root: [UInt8])] = [:]
    private(set) var edge = TileEdge()

    mutating func append(_ new: some Sequence<LogHash>) {
        let new = Array(new)
        leaves += new
        for tile in edge.append(new) {
            precondition(tiles[tile.id] == nil, "a tile is inserted once")
            tiles[tile.id] = (tile.bytes, tile.root.bytes)
        }
    }

    /// The reader that `Tile` asks for: full tiles from their rows, others put together.
    func read(_ id: TileID) throws -> [LogHash] {
        if let row = tiles[id] { return try #require(LogHash.list(row.hashes)) }
        let first = id.index * Tile.width
        if id.level == 0 { return Array(leaves[first..<min(first + Tile.width, leaves.count)]) }
        let roots = (first..<first + Tile.width).lazy
            .prefix { tiles[TileID(level: id.level - 1, index: $0)] != nil }
            .map { tiles[TileID(level: id.level - 1, index: $0)]?.root ?? [] }
        return try roots.map { try #require(LogHash($0)) }
    }

    static func leaf(_ number: Int) -> LogHash {
        .leaf(Array("entry \(number)".utf8))
    }

    init(size: Int = 0) {
        append((0..<size).lazy.map(Self.leaf))
    }
}

/// SplitMix64: the same numbers for the same seed, on every machine.
struct LogRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// The eight leaves of the Certificate Transparency reference tests, and what they give.
enum ReferenceTree {
    static let leaves: [LogHash] = [
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ].map { .leaf(bytes(hex: $0)) }

    static func bytes(hex: String) -> [UInt8] {
        let digits = Array(hex.utf8).map { UInt8($0 < 0x3A ? $0 - 0x30 : $0 - 0x57) }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}

extension LogHash {
    init(hex: String) throws {
        self = try #require(LogHash(ReferenceTree.bytes(hex: hex)))
    }

    /// The same hash with one bit turned over.
    func flipping(bit: Int) throws -> LogHash {
        var changed = bytes
        changed[bit / 8] ^= 1 << UInt8(bit % 8)
        return try #require(LogHash(changed))
    }
}

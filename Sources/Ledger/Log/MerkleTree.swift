import Crypto

/// 木のハッシュ: one SHA-256 value of the log's RFC 6962 tree, kept in place without an allocation.
package struct LogHash: Hashable, Sendable {
    package static let byteCount = 32

    /// The root of the tree without leaves: SHA-256 of nothing (RFC 9162 §2.1.1).
    package static let emptyRoot = LogHash(SHA256())

    // The digest's own byte order, never the machine's: words are only stored and compared.
    private let word0: UInt64
    private let word1: UInt64
    private let word2: UInt64
    private let word3: UInt64

    /// Nothing unless there are exactly 32 bytes.
    package init?(_ bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == Self.byteCount else { return nil }
        self = bytes.withUnsafeBytes { LogHash(loading: $0) }
    }

    /// SHA-256(0x00 ‖ data). The leading byte keeps a leaf from ever passing for a node.
    package static func leaf(_ data: some Sequence<UInt8>) -> LogHash {
        var hasher = SHA256()
        hasher.update(data: [0x00])
        hasher.update(data: Array(data))
        return LogHash(hasher)
    }

    /// SHA-256(0x01 ‖ left ‖ right).
    package static func node(_ left: LogHash, _ right: LogHash) -> LogHash {
        pair(0x01, left, right)
    }

    /// A hash of another kind than the tree's own, kept apart by its first byte.
    static func pair(_ kind: UInt8, _ left: LogHash, _ right: LogHash) -> LogHash {
        var hasher = SHA256()
        withUnsafeTemporaryAllocation(byteCount: 1 + 2 * byteCount, alignment: 8) { buffer in
            buffer[0] = kind
            buffer.storeBytes(of: left, toByteOffset: 1, as: LogHash.self)
            buffer.storeBytes(of: right, toByteOffset: 1 + byteCount, as: LogHash.self)
            hasher.update(bufferPointer: UnsafeRawBufferPointer(buffer))
        }
        return LogHash(hasher)
    }

    static func hash(_ kind: UInt8, _ parts: [[UInt8]]) -> LogHash {
        var hasher = SHA256()
        hasher.update(data: [kind])
        for part in parts { hasher.update(data: part) }
        return LogHash(hasher)
    }

    package var bytes: [UInt8] {
        withUnsafeBytes(of: self) { Array($0) }
    }

    /// The hashes written one after another; nothing if the last one is cut off.
    package static func list(_ bytes: [UInt8]) -> [LogHash]? {
        guard bytes.count.isMultiple(of: byteCount) else { return nil }
        return bytes.withUnsafeBytes { raw in
            stride(from: 0, to: raw.count, by: byteCount).map { start in
                LogHash(loading: UnsafeRawBufferPointer(rebasing: raw[start..<start + byteCount]))
            }
        }
    }

    init(zeros: Void) {
        (word0, word1, word2, word3) = (0, 0, 0, 0)
    }

    private init(_ hasher: SHA256) {
        self = hasher.finalize().withUnsafeBytes { LogHash(loading: $0) }
    }

    private init(loading raw: UnsafeRawBufferPointer) {
        word0 = raw.loadUnaligned(fromByteOffset: 0, as: UInt64.self)
        word1 = raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        word2 = raw.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
        word3 = raw.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
    }
}

/// 木の右端: all of a tree that its growth still needs. Its root is the Merkle tree hash of every leaf
/// appended so far, from at most 62 kept hashes however large the tree is.
package struct Frontier: Hashable, Sendable {
    package private(set) var size: Int
    // One root for each set bit of `size`: the perfect subtrees from left to right, largest first.
    private(set) var nodes: [LogHash]

    package init() {
        size = 0
        nodes = []
    }

    package init(of leaves: some Sequence<LogHash>) {
        self.init()
        append(contentsOf: leaves)
    }

    init(size: Int, nodes: [LogHash]) {
        precondition(size >= 0 && nodes.count == size.nonzeroBitCount)
        self.size = size
        self.nodes = nodes
    }

    package mutating func append(_ leaf: LogHash) {
        var node = leaf
        var carry = size
        while carry & 1 == 1 {
            node = .node(nodes.removeLast(), node)
            carry >>= 1
        }
        nodes.append(node)
        size += 1
    }

    package mutating func append(contentsOf leaves: some Sequence<LogHash>) {
        for leaf in leaves { append(leaf) }
    }

    /// MTH of RFC 9162 §2.1.1.
    package var root: LogHash {
        guard var root = nodes.last else { return .emptyRoot }
        for node in nodes.dropLast().reversed() { root = .node(node, root) }
        return root
    }

    /// As the head row keeps it: the size in eight bytes, most significant first, then the hashes.
    package var bytes: [UInt8] {
        withUnsafeBytes(of: Int64(size).bigEndian) { Array($0) } + nodes.flatMap(\.bytes)
    }

    /// Throws `LogDamage` for bytes that `bytes` never wrote.
    package init(bytes: [UInt8]) throws {
        let size = bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard bytes.count >= 8, let size = Int(exactly: size),
            let nodes = LogHash.list(Array(bytes.dropFirst(8))),
            nodes.count == size.nonzeroBitCount
        else { throw LogDamage.malformedFrontier }
        self.init(size: size, nodes: nodes)
    }
}

/// What is stored of the log is not what was written: never a caller's mistake.
package enum LogDamage: Error, Hashable {
    case malformedFrontier
    /// A tile has fewer hashes than a tree of the asked size needs of it.
    case shortTile(TileID)
    /// A tile of the map that is not there, is cut off, or is not what the one above it says.
    case mapTile(prefix: String)
    /// The stored map is another one than the epoch's leaf says.
    case mapRoot(epoch: Int)
    /// An entry that is archived and that no checkpoint covers: a month leaves only after one does.
    case unproved
}

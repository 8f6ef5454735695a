/// 地図の升: sixteen neighbouring subtrees of the map, below the hexadecimal digits that their indexes
/// begin with.
///
/// A subtree with one resident is kept as that resident's leaf and with what it folds to, so that a
/// map of n residents has about n / 3 tiles however sparse it is.
struct MapTile: Hashable, Sendable {
    enum Slot: Hashable, Sendable {
        case empty
        /// One resident alone; `folded` is the subtree's root.
        case leaf(MapLeaf, folded: LogHash)
        /// Two or more: their own tile is one digit further down.
        case branch(LogHash)

        var hash: LogHash {
            switch self {
            case .empty: .nothing
            case .leaf(_, let folded): folded
            case .branch(let hash): hash
            }
        }
    }

    static let width = 16
    /// log2 of `width`.
    static let height = 4

    var slots: [Slot]

    init() {
        slots = Array(repeating: .empty, count: Self.width)
    }

    var root: LogHash {
        var hashes = slots.map(\.hash)
        while hashes.count > 1 {
            hashes = stride(from: 0, to: hashes.count, by: 2).map {
                .mapNode(hashes[$0], hashes[$0 + 1])
            }
        }
        return hashes[0]
    }

    /// The four hashes beside the way from the tile's root to a slot, from the root down.
    func siblings(of slot: Int) -> [LogHash] {
        var hashes = slots.map(\.hash)
        var place = slot
        var siblings: [LogHash] = []
        while hashes.count > 1 {
            siblings.append(hashes[place ^ 1])
            hashes = stride(from: 0, to: hashes.count, by: 2).map {
                .mapNode(hashes[$0], hashes[$0 + 1])
            }
            place >>= 1
        }
        return siblings.reversed()
    }

    /// As a row keeps it: for each slot its kind, then what it holds.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.width * 81)
        for slot in slots {
            switch slot {
            case .empty: bytes.append(0)
            case .leaf(let leaf, let folded):
                bytes.append(1)
                bytes += leaf.index.bytes + leaf.hash.bytes + folded.bytes
            case .branch(let hash):
                bytes.append(2)
                bytes += hash.bytes
            }
        }
        return bytes
    }

    /// Nothing for bytes that `bytes` never wrote.
    init?(_ bytes: [UInt8]) {
        var rest = bytes[...]
        func take(_ count: Int) -> [UInt8] {
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
        slots = []
        for _ in 0..<Self.width {
            switch take(1).first {
            case 0: slots.append(.empty)
            case 1:
                guard let index = ResidentIndex(take(16)), let hash = LogHash(take(32)),
                    let folded = LogHash(take(32))
                else { return nil }
                slots.append(.leaf(MapLeaf(index: index, hash: hash), folded: folded))
            case 2:
                guard let hash = LogHash(take(32)) else { return nil }
                slots.append(.branch(hash))
            default: return nil
            }
        }
        guard rest.isEmpty else { return nil }
    }
}

/// One resident in the map.
package struct MapLeaf: Hashable, Sendable {
    package let index: ResidentIndex
    package let hash: LogHash

    package init(index: ResidentIndex, hash: LogHash) {
        self.index = index
        self.hash = hash
    }

    /// The root, `depth` bits down, of a subtree where this resident is alone.
    func folded(to depth: Int) -> LogHash {
        var hash = hash
        for step in (depth..<ResidentIndex.bitCount).reversed() {
            hash = index.bit(step) ? .mapNode(.nothing, hash) : .mapNode(hash, .nothing)
        }
        return hash
    }

    /// Where the paths of two residents part: how many bits they share.
    func sharedBits(with other: ResidentIndex) -> Int {
        (0..<ResidentIndex.bitCount).first { index.bit($0) != other.bit($0) }
            ?? ResidentIndex.bitCount
    }
}

extension LogHash {
    /// The root of a subtree without residents.
    package static let nothing: LogHash = LogHash(zeros: ())

    /// SHA-256(0x04 ‖ left ‖ right); nothing beside nothing is nothing.
    package static func mapNode(_ left: LogHash, _ right: LogHash) -> LogHash {
        left == .nothing && right == .nothing ? .nothing : pair(0x04, left, right)
    }
}

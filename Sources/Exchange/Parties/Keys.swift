/// 内部の人物鍵: names one human being inside the gateway and nowhere else. It has no text form on
/// purpose: what leaves is a pairwise id.
package struct PersonKey: Hashable, Sendable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Sixteen bytes, most significant first: the input of keyed hashes and of the log's
    /// commitments.
    package var bytes: [UInt8] { RecordID(high: high, low: low).bytes }
}

/// 鍵付きハッシュの列: one value as it is stored under each version of its key, the first version first.
/// Which of them stands in a row is the row's to say.
package struct HashChain: Hashable, Sendable {
    package let byVersion: [[UInt8]]
    /// 鍵の照合値, by version: what says with which keys these were made, the same for every hash.
    package let checks: [[UInt8]]
    private let inUse: Int

    /// `version` is the one in use, the last where nothing else is said.
    package init(_ byVersion: [[UInt8]], checks: [[UInt8]], inUse version: Int? = nil) {
        precondition(!byVersion.isEmpty, "a key has a first version")
        self.byVersion = byVersion
        self.checks = checks
        inUse = version ?? byVersion.count
    }

    package static func == (one: HashChain, other: HashChain) -> Bool {
        one.byVersion == other.byVersion
    }

    /// By its first version: they are keyed hashes, so no two values have it in common.
    package func hash(into hasher: inout Hasher) {
        byVersion[0].withUnsafeBytes { hasher.combine(bytes: $0) }
    }

    /// Under which a row stands unless a rotation is under way.
    package var current: [UInt8] { byVersion[inUse - 1] }

    /// The same at every gateway and under every version: the order in which rows are written.
    package func precedes(_ other: HashChain) -> Bool { order < other.order }

    /// The first eight bytes: no two of a thousand keyed hashes have them in common.
    package var order: UInt64 {
        byVersion[0].prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// 仮名: the id by which one institution knows one resident, and what it may know them by from before the
/// key of these ids changed. All of them go on resolving.
package struct PairwiseIDs: Hashable, Sendable {
    package let current: String
    /// The latest first.
    package let former: [String]

    package init(current: String, former: [String] = []) {
        self.current = current
        self.former = former
    }

    package func contains(_ id: String) -> Bool { id == current || former.contains(id) }
}

/// 記録の識別子: an entry, a visit, a task. 128 bits, written as a lower-case UUID; it says nothing of
/// anyone.
package struct RecordID: Hashable, Sendable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The canonical 36-character form only; anything else is `.malformed(item)`.
    package init(_ text: String, item: @autoclosure () -> String = "id") throws(Refusal) {
        var text = text
        guard let words = text.withUTF8(Self.words) else { throw .malformed(item()) }
        (high, low) = words
    }

    private static func words(_ bytes: UnsafeBufferPointer<UInt8>) -> (UInt64, UInt64)? {
        guard bytes.count == 36 else { return nil }
        var (high, low): (UInt64, UInt64) = (0, 0)
        for (place, byte) in bytes.enumerated() {
            if place == 8 || place == 13 || place == 18 || place == 23 {
                guard byte == 0x2D else { return nil }
                continue
            }
            // What leaves the lower word by its left end goes on into the higher.
            high = high << 4 | low >> 60
            switch byte {
            case 0x30...0x39: low = low << 4 | UInt64(byte - 0x30)
            case 0x61...0x66: low = low << 4 | UInt64(byte - 0x61 + 10)
            default: return nil
            }
        }
        return (high, low)
    }

    package var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
            for place in 0..<8 {
                buffer[place] = UInt8(truncatingIfNeeded: high >> UInt64(56 - 8 * place))
                buffer[place + 8] = UInt8(truncatingIfNeeded: low >> UInt64(56 - 8 * place))
            }
            count = 16
        }
    }

    // In place: every row of an answer has some.
    package var text: String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            var digit = 0
            for place in 0..<36 {
                if place == 8 || place == 13 || place == 18 || place == 23 {
                    buffer[place] = 0x2D
                    continue
                }
                let word = digit < 16 ? high : low
                let nibble = UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * (digit & 15))) & 15
                buffer[place] = nibble < 10 ? nibble + 0x30 : nibble + 0x57
                digit += 1
            }
            return 36
        }
    }
}

import Crypto
import Exchange

/// 突合のハッシュ: 32 bytes as four words, so that a million of them are one block of memory and no array each.
/// The order is that of the bytes.
package struct StatementHash: Hashable, Comparable, Sendable {
    static let byteCount = 32
    /// 何もない: what stands for a bucket without rows, and for a node over nothing else.
    static let nothing = StatementHash(first: 0, second: 0, third: 0, fourth: 0)

    private let first: UInt64
    private let second: UInt64
    private let third: UInt64
    private let fourth: UInt64

    private init(first: UInt64, second: UInt64, third: UInt64, fourth: UInt64) {
        self.first = first
        self.second = second
        self.third = third
        self.fourth = fourth
    }

    /// Nothing for any other number of bytes than 32.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.init(taking: bytes)
    }

    init(_ digest: SHA256.Digest) { self.init(taking: digest) }

    /// Of a confidential row HMAC-SHA256 under the salt of its statement; of any other SHA-256.
    init(of text: String, salt: [UInt8] = []) {
        let bytes = Array(text.utf8)
        if salt.isEmpty {
            self.init(SHA256.hash(data: bytes))
        } else {
            self.init(
                taking: HMAC<SHA256>.authenticationCode(
                    for: bytes, using: SymmetricKey(data: salt)))
        }
    }

    private init(taking bytes: some Sequence<UInt8>) {
        var rest = bytes.makeIterator()
        func word() -> UInt64 {
            (0..<8).reduce(0) { word, _ in word << 8 | UInt64(rest.next() ?? 0) }
        }
        self.init(first: word(), second: word(), third: word(), fourth: word())
    }

    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        write(into: &bytes)
        return bytes
    }

    package var text: String { Hexadecimal.text(bytes) }

    func write(into bytes: inout [UInt8]) {
        for word in [first, second, third, fourth] { bytes.append(bigEndian: word) }
    }

    func update(_ hash: inout SHA256) {
        withUnsafeBytes(
            of: (first.bigEndian, second.bigEndian, third.bigEndian, fourth.bigEndian)
        ) { hash.update(bufferPointer: $0) }
    }

    /// The first digits of sixteen values each, as one number.
    func leading(_ digits: Int) -> Int {
        digits == 0 ? 0 : Int(first >> UInt64(64 - 4 * digits))
    }

    package static func < (one: StatementHash, other: StatementHash) -> Bool {
        if one.first != other.first { return one.first < other.first }
        if one.second != other.second { return one.second < other.second }
        if one.third != other.third { return one.third < other.third }
        return one.fourth < other.fourth
    }
}

extension [UInt8] {
    mutating func append(bigEndian word: UInt64) {
        Swift.withUnsafeBytes(of: word.bigEndian) { append(contentsOf: $0) }
    }
}

import Crypto
package import Exchange

/// 本人の索引: where a resident stands in the map of sequences: 128 bits that say nothing of anyone.
///
/// They come from the person key alone, of which 96 bits are random and which never leaves the gateway, so
/// no secret has to be kept, rotated or given to an auditor (decisions/0007).
package struct ResidentIndex: Hashable, Sendable {
    package static let bitCount = 128

    private let high: UInt64
    private let low: UInt64

    /// The first 16 bytes of SHA-256("tsunagi resident index v1" ‖ 0x00 ‖ person key).
    package init(_ person: PersonKey) {
        let text = Array("tsunagi resident index v1".utf8) + [0] + person.bytes
        let bytes = Array(SHA256.hash(data: text))
        high = bytes[0..<8].reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes[8..<16].reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Nothing unless there are exactly 16 bytes.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        high = bytes[0..<8].reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes[8..<16].reduce(0) { $0 << 8 | UInt64($1) }
    }

    package var bytes: [UInt8] { LogBytes.of(high) + LogBytes.of(low) }

    /// Which way the path goes below `depth` bits: true is right.
    func bit(_ depth: Int) -> Bool {
        depth < 64 ? high >> UInt64(63 - depth) & 1 == 1 : low >> UInt64(127 - depth) & 1 == 1
    }

    /// The hexadecimal digit at `place`, 0 ..< 32.
    func digit(_ place: Int) -> Int {
        Int((place < 16 ? high >> UInt64(60 - 4 * place) : low >> UInt64(124 - 4 * place)) & 15)
    }
}

/// 連番の先頭: the newest entry of a resident's sequence: how many there are, where it is sealed, and
/// the link that stands for all of them in their order.
package struct SequenceHead: Hashable, Sendable {
    package let count: Int
    package let position: Int
    package let link: [UInt8]

    package init(count: Int, position: Int, link: [UInt8]) {
        self.count = count
        self.position = position
        self.link = link
    }

    /// SHA-256(0x03 ‖ index ‖ count ‖ position ‖ link): what stands in the map.
    package func leaf(of index: ResidentIndex) -> LogHash {
        .hash(0x03, [index.bytes, LogBytes.of(count), LogBytes.of(position), link])
    }

    /// The head after one more entry.
    func next(position: Int, leaf: LogHash) -> SequenceHead {
        SequenceHead(
            count: count + 1, position: position,
            link: Self.link(after: link, position: position, leaf: leaf))
    }

    /// Before the first entry stands the index, so that two sequences never share a link.
    static func start(_ index: ResidentIndex) -> SequenceHead {
        SequenceHead(count: 0, position: -1, link: index.bytes)
    }

    /// SHA-256(0x02 ‖ the link before ‖ position ‖ leaf).
    package static func link(after link: [UInt8], position: Int, leaf: LogHash) -> [UInt8] {
        LogHash.hash(0x02, [link, LogBytes.of(position), leaf.bytes]).bytes
    }
}

/// 時代: one map of all sequences, as its leaf in the log says it.
package struct MapEpoch: Hashable, Sendable {
    package let number: Int
    /// The map holds what was sealed in the positions below.
    package let size: Int
    package let root: LogHash
    package let at: Instant

    package init(number: Int, size: Int, root: LogHash, at: Instant) {
        self.number = number
        self.size = size
        self.root = root
        self.at = at
    }

    /// The bytes whose hash is the leaf. Its first line tells it from an entry.
    package var leafText: [UInt8] {
        Array(
            """
            tsunagi map v1
            epoch: \(number)
            size: \(size)
            root: \(Hexadecimal.text(root.bytes))
            at: \(at.microseconds)

            """.utf8)
    }

    /// Nothing for bytes that `leafText` never wrote.
    package init?(leafText bytes: [UInt8]) {
        let lines = String(decoding: bytes, as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 6, let number = Self.value(lines[1], "epoch: ").flatMap({ Int($0) }),
            let size = Self.value(lines[2], "size: ").flatMap({ Int($0) }),
            let root = Self.value(lines[3], "root: ").flatMap({ Hexadecimal.bytes(String($0)) })
                .flatMap({
                    LogHash($0)
                }), let at = Self.value(lines[4], "at: ").flatMap({ Int64($0) })
        else { return nil }
        self.init(number: number, size: size, root: root, at: Instant(microseconds: at))
        guard leafText == bytes else { return nil }
    }

    private static func value(_ line: Substring, _ name: String) -> Substring? {
        line.hasPrefix(name) ? line.dropFirst(name.count) : nil
    }
}

/// Whole numbers inside a hash: eight bytes, most significant first.
enum LogBytes {
    static func of(_ number: Int) -> [UInt8] { of(UInt64(bitPattern: Int64(number))) }

    static func of(_ number: UInt64) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }
}

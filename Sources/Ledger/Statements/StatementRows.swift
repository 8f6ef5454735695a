import Exchange
import Glibc

/// 突合の控え: the rows that a statement is being made of. Up to 50,000 of them stay in memory; of more, parts by
/// the first byte of their keys wait in a file that has no name, so that memory does not grow with the
/// body, and the database hears of them only when they are whole.
struct StatementRows: Sendable {
    /// 5 MB of rows, and as much again while they are written.
    private static let rowsInMemory = 50_000
    /// By the first two digits of the key: of ten million rows a part is 4 MB. A tree that has so many
    /// rows forks more than twice, so that a part is of whole buckets.
    private static let digits = 2

    private var buffer: [StatementTree.Leaf] = []
    private var file: NamelessFile?
    /// Where the stretches of each part are.
    private var places = [[Range<Int>]](repeating: [], count: parts)
    private var length = 0
    private(set) var count = 0

    /// Throws what the operating system does when a file cannot be made or written.
    mutating func add(_ page: [StatementTree.Leaf]) throws {
        buffer += page
        count += page.count
        if buffer.count >= Self.rowsInMemory { try split() }
    }

    /// After the last row.
    mutating func finish() throws {
        if file != nil { try split() }
    }

    /// Whole buckets from the left, a part at a time; one part where nothing was split.
    var partCount: Int { file == nil ? 1 : Self.parts }

    func part(_ number: Int) throws -> [StatementTree.Leaf] {
        guard let file else { return buffer }
        return try places[number].flatMap { place in
            StatementTree.Leaf.reading(try file.read(place))
        }
    }

    /// Parts that are written together: of a million rows some 6 MB.
    var strides: [Range<Int>] {
        stride(from: 0, to: partCount, by: 16).map { $0..<min($0 + 16, partCount) }
    }

    private static var parts: Int { 1 << (4 * digits) }

    private mutating func split() throws {
        let file = try file ?? NamelessFile()
        self.file = file
        var stored = [[UInt8]](repeating: [], count: Self.parts)
        for leaf in buffer { leaf.store(in: &stored[leaf.key.leading(Self.digits)]) }
        buffer.removeAll(keepingCapacity: true)
        for (number, bytes) in stored.enumerated() where !bytes.isEmpty {
            try file.write(bytes, at: length)
            places[number].append(length..<length + bytes.count)
            length += bytes.count
        }
    }
}

/// A file of this process alone, which has no name for anybody to open it by: it is gone with the process,
/// however that ends. What is written to it is hashes and keys of residents, and no word of anybody.
private final class NamelessFile: Sendable {
    private let descriptor: Int32

    init() throws {
        guard let stream = tmpfile() else { throw Failed() }
        defer { fclose(stream) }
        descriptor = dup(fileno(stream))
        guard descriptor >= 0 else { throw Failed() }
    }

    deinit { close(descriptor) }

    func write(_ bytes: [UInt8], at offset: Int) throws {
        var done = 0
        while done < bytes.count {
            let written = bytes.withUnsafeBytes {
                pwrite(
                    descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done,
                    offset + done)
            }
            guard written > 0 else { throw Failed() }
            done += written
        }
    }

    func read(_ place: Range<Int>) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: place.count) { buffer, count in
            while count < place.count {
                let got = pread(
                    descriptor, buffer.baseAddress.map { $0 + count }, place.count - count,
                    place.lowerBound + count)
                guard got > 0 else { throw Failed() }
                count += got
            }
        }
    }

    struct Failed: Error, CustomStringConvertible {
        private let code = errno
        var description: String {
            "no room for the rows of a statement: \(String(cString: strerror(code)))"
        }
    }
}

/// 保存の形: key, content, person, version, 88 bytes. A row about nobody has zeros for a person.
extension StatementTree.Leaf {
    private static let storedBytes = 88
    private static let nobody = PersonKey(high: 0, low: 0)

    /// What is not held here is not kept.
    func store(in bytes: inout [UInt8]) {
        guard let origin else { return }
        key.write(into: &bytes)
        content.write(into: &bytes)
        let person = origin.person ?? Self.nobody
        bytes.append(bigEndian: person.high)
        bytes.append(bigEndian: person.low)
        bytes.append(bigEndian: UInt64(bitPattern: Int64(origin.version)))
    }

    static func reading(_ bytes: [UInt8]) -> [StatementTree.Leaf] {
        stride(from: 0, to: bytes.count, by: storedBytes).compactMap { start in
            guard let key = StatementHash(bytes[start..<start + 32]),
                let content = StatementHash(bytes[start + 32..<start + 64])
            else { return nil }
            let numbers = (0..<3).map { place in
                bytes[start + 64 + place * 8..<start + 72 + place * 8].reduce(UInt64(0)) {
                    $0 << 8 | UInt64($1)
                }
            }
            let person = PersonKey(high: numbers[0], low: numbers[1])
            return StatementTree.Leaf(
                key: key, content: content,
                origin: .init(
                    person: person == nobody ? nil : person,
                    version: Int(truncatingIfNeeded: numbers[2])))
        }
    }
}

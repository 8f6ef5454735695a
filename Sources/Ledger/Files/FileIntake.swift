import Crypto
import Exchange

/// 受領: a file on its way in, block by block. What comes out are parts of at most a thousand rows
/// without their individual numbers, which become keyed hashes here; nothing else of it is held.
struct FileIntake {
    /// A part is one transaction when it is applied: some 30 ms of two cores, and 300 kB.
    static let rowsMax = 1_000

    let file: RecordID
    private let hash: @Sendable (IndividualNumber) -> HashChain
    private var check: FileCheck
    private var digest = SHA256()
    private var part = Part()
    private var partCount = 0
    private(set) var byteCount = 0
    /// Once there is one the rest is only measured.
    private(set) var refusal: FileRefusal?
    /// 誰のものか分からない行: refused rows whose number nobody can read, and the first lines of them.
    private(set) var unnamed = UnnamedRows()
    /// 支援措置: whether any row protects.
    private(set) var isProtective = false

    init(
        file: RecordID, layout: Layout, announced: AnnouncedFile,
        hash: @escaping @Sendable (IndividualNumber) -> HashChain
    ) {
        self.file = file
        self.hash = hash
        check = FileCheck(layout: layout, table: .cp932, announced: announced)
    }

    var layout: Layout { check.layout }
    var encoding: TextEncoding { check.encoding }
    var isMending: Bool { check.isMending }
    var rows: Int { check.counts.rows }

    /// The parts that became complete with this block.
    mutating func take(_ block: [UInt8]) -> [FileChunk] {
        digest.update(data: block)
        byteCount += block.count
        return read { check throws(FileRefusal) in try check.read(block[...]) }
    }

    /// The parts that are left, and the digest of the whole.
    mutating func finish() -> (parts: [FileChunk], digest: [UInt8]) {
        var parts = read { check throws(FileRefusal) in try check.finish() }
        if refusal == nil, !part.isEmpty { parts.append(cut()) }
        return (parts, Array(digest.finalize()))
    }

    private mutating func read(_ rows: (inout FileCheck) throws(FileRefusal) -> [CheckedRow])
        -> [FileChunk]
    {
        guard refusal == nil else { return [] }
        let checked: [CheckedRow]
        do throws(FileRefusal) { checked = try rows(&check) } catch {
            refusal = error
            return []
        }
        var parts: [FileChunk] = []
        for row in checked {
            add(row)
            if part.lines.count == Self.rowsMax { parts.append(cut()) }
        }
        return parts
    }

    private mutating func add(_ row: CheckedRow) {
        let number = row.individualNumber
        if part.isEmpty { part.keeper = ErrorFile(of: file.text) }
        part.keeper.keep(row)
        part.lines.append(row.line)
        part.numbers.append(number.map(hash))
        part.origins.append(number == nil ? row.origin : nil)
        if let origin = row.origin { part.mended.insert(origin.file) }
        if row.isProtective {
            isProtective = true
            part.protective.append(
                .init(place: part.lines.count - 1, ownKey: row.keyOfProtected))
        }
        if !row.findings.isEmpty {
            part.found.add(.init(line: row.line, outcome: nil, findings: row.findings))
        }
        // Whoever a refused row without a number speaks of, a whole list does not end them.
        if row.isRefused, number == nil { unnamed.add(row.line) }
    }

    private mutating func cut() -> FileChunk {
        defer {
            part = Part()
            partCount += 1
        }
        return FileChunk(
            file: file, chunk: partCount, lines: part.lines, numbers: part.numbers,
            origins: part.origins, mended: part.mended, protective: part.protective,
            rows: part.keeper.takeBytes(), found: part.found)
    }

    private struct Part {
        var keeper = ErrorFile(of: "")
        var lines: [Int] = []
        var numbers: [HashChain?] = []
        var origins: [RowOrigin?] = []
        var mended: Set<String> = []
        var protective: [FileChunk.Protective] = []
        var found = RowTellings()

        var isEmpty: Bool { lines.isEmpty }
    }
}

struct UnnamedRows: Sendable {
    /// Whoever has more to mend looks at the error file.
    private static let linesMax = 100

    private(set) var count = 0
    private(set) var lines: [Int] = []

    mutating func add(_ line: Int) {
        count += 1
        if lines.count < Self.linesMax { lines.append(line) }
    }
}

/// 控え: one part of a file as it is kept.
struct FileChunk: Sendable {
    let file: RecordID
    let chunk: Int
    let lines: [Int]
    var numbers: [HashChain?]
    /// Of mended rows, which come without their numbers: where they stood first.
    let origins: [RowOrigin?]
    /// The files in which its mended rows stood first.
    let mended: Set<String>
    /// The rows that protect somebody.
    let protective: [Protective]
    let rows: [UInt8]
    let found: RowTellings

    struct Protective: Sendable {
        let place: Int
        let ownKey: String?
    }
}

extension CheckedRow {
    /// 支援措置: taken, and saying that its resident is not disclosed.
    fileprivate var isProtective: Bool { !isRefused && flag("isNotDisclosed") == true }

    /// By which its sender finds whom it speaks of.
    fileprivate var keyOfProtected: String? {
        text("municipalityIdentityKey") ?? text("medicalSubsidyRecipientNumber")
    }
}

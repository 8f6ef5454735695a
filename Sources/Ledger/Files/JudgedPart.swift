import Crypto
import Exchange
import Postgres

/// 判定した部分: one part of a file as it was kept, read again by the same layout, with the rows that the
/// layout took apart from those it refused.
struct JudgedPart: Sendable {
    let registration: FilePart
    /// Those that the layout took, as their registration reads them.
    let taken: ReadRows
    private let rows: [CheckedRow]
    private let numbers: [HashChain?]

    static let select = Statement(
        """
        select chunk, lines, numbers, rows, found from office.file_chunk where file = $1 and chunk = $2
        """)

    init(
        _ row: Row, of file: FileRow, from sender: Party, read kind: FileKind,
        _ hashing: FileHashing, _ rules: RuleBook
    ) throws {
        let bytes = try row.bytes(3)
        let found = try RowTellings(reading: row.text(4), of: file.layout).findings
        let rows = try file.rows(kept: bytes, on: row.ints(1), found)
        self.rows = rows
        numbers = try row.nullableBytesArray(2).map { bytes in
            bytes.map { hashing.extended(HashChain.versions(joined: $0)) }
        }
        taken = kind.read(
            zip(rows, numbers).filter { !$0.0.isRefused }.map { KeptRow(row: $0, number: $1) },
            rules, sender.code)
        registration = FilePart(
            file: file.file, chunk: try row.int(0), digest: Array(SHA256.hash(data: bytes)),
            refused: rows.filter(\.isRefused).map {
                RowOutcome(line: $0.line, kind: .refused, findings: $0.findings)
            })
    }

    var chunk: Int { registration.chunk }
    var refused: [RowOutcome] { registration.refused }

    /// The numbers of the rows on these lines, and nothing of those without one.
    func numbers(of lines: Set<Int>) -> [HashChain] {
        zip(rows, numbers).compactMap { lines.contains($0.line) ? $1 : nil }
    }

    /// The rows on these lines alone, in the form in which all of them were kept.
    func kept(on lines: Set<Int>) -> (lines: [Int], numbers: [HashChain?], rows: [UInt8]) {
        let places = rows.indices.filter { lines.contains(rows[$0].line) }
        var keeper = ErrorFile(of: registration.file.text)
        for place in places { keeper.keep(rows[place]) }
        return (
            places.map { rows[$0].line }, places.map { numbers[$0] }, keeper.takeBytes()
        )
    }

    /// What became of the rows, in the words of their layout; nothing of those that were simply
    /// taken.
    func tellings(_ outcomes: [RowOutcome]) -> RowTellings {
        let spoken = Set(rows.filter { !$0.findings.isEmpty }.map(\.line)).union(
            outcomes.filter { $0.kind != .applied || !$0.findings.isEmpty }.map(\.line))
        let byLine = Dictionary(
            rows.filter { spoken.contains($0.line) }.map { ($0.line, $0) },
            uniquingKeysWith: { first, _ in first })
        var tellings = RowTellings()
        for outcome in outcomes where spoken.contains(outcome.line) {
            guard let row = byLine[outcome.line] else { continue }
            let said = Set(row.findings.map { "\($0.item) \($0.code.rawValue)" })
            let findings = row.adding(
                outcome.findings.filter { !said.contains("\($0.item) \($0.code.rawValue)") }
            ).findings
            guard outcome.kind != .applied || !findings.isEmpty else { continue }
            tellings.add(
                .init(line: outcome.line, outcome: outcome.kind.rawValue, findings: findings))
        }
        return tellings
    }
}

extension FileRow {
    /// A part as it was kept, each row on the line it came on and with what was found there.
    func rows(kept bytes: [UInt8], on lines: [Int], _ found: [Int: [RowFinding]]) throws
        -> [CheckedRow]
    {
        // Of a part that another gateway has put through nothing may be left.
        guard !lines.isEmpty else { return [] }
        var check = FileCheck(kept: encoding ?? layout.encodings[0], of: layout, table: .cp932)
        let rows = try check.read(bytes[...]) + check.finish()
        guard rows.count == lines.count else { throw DatabaseError.decoding(column: "rows") }
        return zip(rows, lines).map { $0.asCame(on: $1, found[$1] ?? []) }
    }
}

import Exchange
import TestSupport
import Testing

@Suite struct CSVReaderTests {
    struct Read: Equatable {
        var rows: [[String]] = []
        var lines: [Int] = []
        var misquoted: [Int] = []
    }

    static func read(_ bytes: some Collection<UInt8>, blocks: Int = .max) throws(FileFault) -> Read
    {
        var reader = CSVReader()
        var read = Read()
        func take(_ rows: CSVRows) {
            for index in 0..<rows.count {
                let row = rows[index]
                read.rows.append(
                    (0..<row.count).map { String(decoding: row[$0], as: UTF8.self) })
                read.lines.append(row.line)
                if row.isMisquoted { read.misquoted.append(row.line) }
            }
        }
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            take(try reader.read(rest.prefix(blocks)))
            rest = rest.dropFirst(blocks)
        }
        take(try reader.finish())
        return read
    }

    static let forms: [(String, [[String]], lines: [Int])] = [
        ("a,b\r\nc,d\r\n", [["a", "b"], ["c", "d"]], [1, 2]),
        ("a,b\nc,d\re,f\r\ng", [["a", "b"], ["c", "d"], ["e", "f"], ["g"]], [1, 2, 3, 4]),
        ("a\r\r\nb", [["a"], ["b"]], [1, 3]),
        ("a\n\n\r\nb\n", [["a"], ["b"]], [1, 4]),
        ("", [], []), ("\n", [], []), ("\r\n\u{1A}", [], []),
        ("a,b", [["a", "b"]], [1]), ("a,", [["a", ""]], [1]), (",\n", [["", ""]], [1]),
        ("\"\"\n", [[""]], [1]), ("\"\",x", [["", "x"]], [1]),
        ("\"a,b\",\"c\"\"d\"\n", [["a,b", "c\"d"]], [1]),
        ("\"a\r\nb\nc\rd\",e\nf", [["a\r\nb\nc\rd", "e"], ["f"]], [1, 5]),
        ("\"\"\"\"", [["\""]], [1]), ("\"a\"\r\n\"b\"", [["a"], ["b"]], [1, 2]),
        ("a\r\n\u{1A}", [["a"]], [1]), ("a\u{1A}", [["a"]], [1]),
        ("a\u{1A}\r\n\u{1A}\n", [["a"]], [1]), (" a , b ", [[" a ", " b "]], [1]),
        ("表,ソ\n十", [["表", "ソ"], ["十"]], [1, 2]),
    ]

    @Test(arguments: forms)
    func `what systems send is read`(text: String, rows: [[String]], lines: [Int]) throws {
        let read = try Self.read(text.utf8)
        #expect(read == Read(rows: rows, lines: lines))
    }

    @Test(arguments: [
        ("a\"b,c\n", 1), ("\"a\"b,c\n", 1), ("\"a\" ,c\n", 1), ("x\n\"he said \"no\"\",y\n", 2),
    ])
    func `a quote out of place marks its row and no other`(text: String, line: Int) throws {
        let read = try Self.read((text + "next\n").utf8)
        #expect(read.misquoted == [line])
        #expect(read.rows.last == ["next"])
    }

    static let faults: [(String, FileFault)] = [
        ("a\nb\u{0}c\n", FileFault(.nul, line: 2)), ("\"a\n\u{0}\"", FileFault(.nul, line: 2)),
        ("a\u{1A}b", FileFault(.endMarkInside, line: 1)),
        ("a\n\u{1A}\nb\n", FileFault(.endMarkInside, line: 3)),
        ("a\u{1A},", FileFault(.endMarkInside, line: 1)),
        ("a\u{1A}\"", FileFault(.endMarkInside, line: 1)),
        ("\"a\u{1A}\"", FileFault(.endMarkInside, line: 1)),
        ("a\n\n\"b\nc\n", FileFault(.quoteNotClosed, line: 3)),
        ("\"", FileFault(.quoteNotClosed, line: 1)),
        ("x\n" + String(repeating: "a", count: 1 << 20), FileFault(.rowTooLong(65_536), line: 2)),
        ("x\n" + String(repeating: ",", count: 1 << 20), FileFault(.tooManyFields(512), line: 2)),
        ("x\n1,\"" + String(repeating: "a\n", count: 1 << 19), FileFault(.quoteNotClosed, line: 2)),
        (String(repeating: "\u{0}", count: 1 << 16), FileFault(.nul, line: 1)),
    ]

    /// By their places, for some are a megabyte long.
    @Test(arguments: faults.indices)
    func `what leaves rows in doubt refuses the file with its line`(_ index: Int) {
        let (text, fault) = Self.faults[index]
        for blocks in [1, 7, 4096, Int.max] {
            #expect(throws: fault) { try Self.read(text.utf8, blocks: blocks) }
        }
    }

    @Test(arguments: 1...7)
    func `blocks of every size give the same rows`(size: Int) throws {
        for (text, rows, lines) in Self.forms {
            #expect(try Self.read(text.utf8, blocks: size) == Read(rows: rows, lines: lines))
        }
    }

    @Test(arguments: Seeded.seeds(200))
    func `any bytes give the same rows or the same fault in any blocks`(seed: UInt64) {
        var random = Seeded(seed)
        let letters = Array("ab,,\"\"\r\n\n 表".utf8) + [0x1A]
        let bytes = (0..<random.int(0...60)).map { _ in random.pick(letters) }
        func outcome(_ blocks: Int) -> Result<Read, FileFault> {
            Result { () throws(FileFault) in try Self.read(bytes, blocks: blocks) }
        }
        let whole = outcome(.max)
        for blocks in 1...7 { #expect(outcome(blocks) == whole) }
    }

    @Test(arguments: Seeded.seeds(200))
    func `what is written is read again`(seed: UInt64) throws {
        var random = Seeded(seed)
        var writer = CSVWriter()
        var rows: [[String]] = []
        for _ in 0..<random.int(1...8) {
            // One empty field alone is an empty line.
            let row = (0..<random.int(2...6)).map { _ in
                random.text(scalarsMax: 12).replacing("\u{1A}", with: "")
            }
            for field in row { writer.field(field.utf8) }
            writer.endRow()
            rows.append(row)
        }
        #expect(try Self.read(writer.takeBytes(), blocks: random.int(1...9)).rows == rows)
    }
}

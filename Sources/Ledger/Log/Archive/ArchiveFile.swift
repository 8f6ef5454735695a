import Crypto
import Exchange
import Foundation

/// Why a file is not an archive, or cannot be made.
package enum ArchiveFault: Error, Hashable, CustomStringConvertible {
    /// The line, from 1 on, is not what an archive has there.
    case line(Int)
    /// The last line is missing: the file was cut off.
    case cutOff
    /// The last line's number or root is not of the lines before it.
    case root
    case unreadable(String)
    case unwritable(String)

    package var description: String {
        switch self {
        case .line(let number): "line \(number) is not a line of an archive"
        case .cutOff: "the last line is missing: the file was cut off"
        case .root: "the last line does not tell the number and the root of the lines before it"
        case .unreadable(let path): "\(path) cannot be read"
        case .unwritable(let path): "\(path) cannot be written"
        }
    }
}

/// 保管ファイル: one month of entries as lines of JSON, in the order of their positions: a first line that
/// says which month, a line for each entry, and a last line with their number and the root of their
/// leaves (decisions/0015). The same entries make the same bytes.
package enum ArchiveFile {
    static let form = "tsunagi log archive v1"

    package static func name(of month: LogMonth) -> String { "access-log-\(month.text).jsonl" }

    /// What goes over the lines of a file, read or written: their number, the tree of their leaves and
    /// the SHA-256 of the bytes.
    struct Account {
        private var hash = SHA256()
        private var leaves = Frontier()
        private var first: Int?
        private(set) var last = -1

        var entries: Int { leaves.size }

        mutating func take(_ bytes: [UInt8]) { hash.update(data: bytes) }

        mutating func take(_ line: ArchiveLine) {
            first = first ?? line.position
            last = line.position
            leaves.append(line.leaf)
        }

        var lastLine: [UInt8] {
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("entries", entries)
            writer.member("root", Hexadecimal.text(leaves.root.bytes))
            writer.endObject()
            return writer.bytes
        }

        /// Nothing of a file without an entry.
        var contents: ArchivedMonth.Contents? {
            first.map {
                ArchivedMonth.Contents(
                    first: $0, last: last, entries: entries, root: leaves.root,
                    archive: Array(hash.finalize()))
            }
        }
    }

    static func firstLine(_ month: LogMonth) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("form", form)
        writer.member("month", month.text)
        writer.endObject()
        return writer.bytes
    }

    /// Reads a file to its end, `take` a line at a time. Throws `ArchiveFault` for a file that is not an
    /// archive, is cut off, or does not have what its own last line says.
    static func read(
        _ path: String, _ take: (LogMonth, ArchiveLine) throws -> Void
    ) throws -> (month: LogMonth, contents: ArchivedMonth.Contents) {
        var lines = try Lines(path)
        var account = Account()
        var month: LogMonth?
        var number = 0
        var isEnded = false
        while let line = try lines.next() {
            number += 1
            account.take(line + [Lines.newline])
            guard !isEnded else { throw ArchiveFault.line(number) }
            guard let month else {
                month = try first(line)
                continue
            }
            if let entry = try? ArchiveLine(JSON(reading: line).requiredObject(at: "")) {
                guard entry.position > account.last, month.contains(entry.entry.at) else {
                    throw ArchiveFault.line(number)
                }
                account.take(entry)
                try take(month, entry)
            } else {
                guard line.starts(with: Array(#"{"entries":"#.utf8)) else {
                    throw ArchiveFault.line(number)
                }
                guard line == account.lastLine else { throw ArchiveFault.root }
                isEnded = true
            }
        }
        guard isEnded, let month, let contents = account.contents else {
            throw ArchiveFault.cutOff
        }
        return (month, contents)
    }

    private static func first(_ line: [UInt8]) throws -> LogMonth {
        guard let text = (try? JSON(reading: line))?.object?["month"]?.string,
            let month = try? LogMonth(text), line == firstLine(month)
        else { throw ArchiveFault.line(1) }
        return month
    }
}

/// The lines of a file, a megabyte of it in memory at a time.
private struct Lines {
    static let newline = UInt8(ascii: "\n")
    private static let blockBytes = 1 << 20

    private let file: FileHandle
    private let path: String
    private var block: [UInt8] = []
    private var place = 0

    init(_ path: String) throws {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw ArchiveFault.unreadable(path)
        }
        self.file = file
        self.path = path
    }

    /// Nothing at the end. What follows the last newline is no line: the file was cut off there.
    mutating func next() throws -> [UInt8]? {
        while true {
            if let end = block[place...].firstIndex(of: Self.newline) {
                defer { place = end + 1 }
                return Array(block[place..<end])
            }
            guard let more = try? file.read(upToCount: Self.blockBytes) else {
                guard place == block.count else { throw ArchiveFault.cutOff }
                return nil
            }
            block = Array(block[place...]) + more
            place = 0
        }
    }
}

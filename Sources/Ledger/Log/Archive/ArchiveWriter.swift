import Exchange
import Foundation
import Glibc

/// Writes an archive beside its name and gives it the name once every byte is on the disk: a crash leaves
/// no file, or the whole one, under the name.
struct ArchiveWriter {
    private let path: String
    private let file: FileHandle
    private var account = ArchiveFile.Account()

    /// Over whatever an earlier run left unfinished. Only the user who archives may read it.
    init(_ path: String, month: LogMonth) throws {
        self.path = path
        let isMade = FileManager.default.createFile(
            atPath: path + ".new", contents: nil, attributes: [.posixPermissions: 0o600])
        guard isMade, let file = FileHandle(forWritingAtPath: path + ".new") else {
            throw ArchiveFault.unwritable(path + ".new")
        }
        self.file = file
        try put(ArchiveFile.firstLine(month))
    }

    mutating func write(_ lines: [ArchiveLine]) throws {
        var bytes: [UInt8] = []
        for line in lines {
            var writer = JSONWriter()
            line.write(to: &writer)
            bytes += writer.bytes
            bytes.append(UInt8(ascii: "\n"))
            account.take(line)
        }
        try put(whole: bytes)
    }

    var entries: Int { account.entries }

    /// Nothing, and no file, of a month without an entry.
    mutating func finish() throws -> ArchivedMonth.Contents? {
        guard account.entries > 0 else {
            try abandon()
            return nil
        }
        try put(account.lastLine)
        try file.synchronize()
        try file.close()
        guard rename(path + ".new", path) == 0 else { throw ArchiveFault.unwritable(path) }
        try CheckpointOutlet.flush(URL(filePath: path).deletingLastPathComponent().path)
        return account.contents
    }

    func abandon() throws {
        try file.close()
        _ = unlink(path + ".new")
    }

    private mutating func put(_ line: [UInt8]) throws {
        try put(whole: line + [UInt8(ascii: "\n")])
    }

    private mutating func put(whole bytes: [UInt8]) throws {
        account.take(bytes)
        try file.write(contentsOf: bytes)
    }
}

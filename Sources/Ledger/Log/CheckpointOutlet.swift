import Exchange
import Glibc

/// Where checkpoints go outside the database: `latest` and one file a day in a folder, flushed to
/// the disk.
///
/// A database that was changed behind the gateway's back cannot also change these, if the folder is
/// elsewhere. A crash leaves the previous `latest` or a new one, never half of one; it may leave a
/// `latest-…` beside it, which nobody reads. A disk that is full leaves none.
package struct CheckpointOutlet: Sendable {
    package struct Failure: Error, CustomStringConvertible {
        let path: String
        let code: Int32
        package var description: String {
            "cannot write \(path): \(String(cString: strerror(code)))"
        }
    }

    private let folder: String
    private let day: @Sendable () -> String

    /// `day` names today's file, `YYYY-MM-DD` in Japan.
    package init(folder: String, day: @escaping @Sendable () -> String) throws {
        self.folder = folder
        self.day = day
        guard mkdir(folder, 0o755) == 0 || errno == EEXIST else {
            throw Failure(path: folder, code: errno)
        }
    }

    /// The note published last; nothing before the first. Throws when it cannot be read: then nobody
    /// knows what was published.
    func latest() throws -> [UInt8]? {
        try Self.read("\(folder)/latest", last: SignedNote.bytesMax)
    }

    /// Nothing where there is no such file.
    private static func read(_ path: String, last bytesMax: Int) throws -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw Failure(path: path, code: errno)
        }
        defer { close(file) }
        let size = lseek(file, 0, SEEK_END)
        var bytes = [UInt8](repeating: 0, count: min(max(size, 0), bytesMax))
        guard pread(file, &bytes, bytes.count, size - bytes.count) == bytes.count else {
            throw Failure(path: path, code: errno)
        }
        return bytes
    }

    /// Adds the note to the day's file, and makes it the latest where one of a smaller log is there.
    /// Several sealers share the folder and none waits for another, which may stand still.
    func write(_ note: String) throws {
        var placed = Array(note.utf8)
        var size = try Self.checkpoint(placed).size
        let isLatest = try latest().map { try Self.checkpoint($0).size < size } ?? true
        let today = day()
        try Self.put(Array((note + "\n").utf8), file(of: today), O_APPEND)
        // Whoever looked and then stood still comes after a later note. That one was in the day's file
        // before it was the latest, and is found there and put back.
        while isLatest {
            try place(placed)
            let later = try Set([today, day()]).flatMap { try lastNotes(of: $0, like: placed) }
                .max { $0.size < $1.size }
            guard let later, later.size > size else { break }
            (placed, size) = (later.note, later.size)
        }
        // A new name survives a power cut only once its folder was flushed.
        try Self.flush(folder)
    }

    private func place(_ note: [UInt8]) throws {
        let new = "\(folder)/latest-\(RecordID.random().text)"
        do {
            try Self.put(note, new, O_EXCL)
            guard rename(new, "\(folder)/latest") == 0 else {
                throw Failure(path: folder, code: errno)
            }
        } catch {
            // On a full disk it is tried five times a second: neither a file nor other words for each.
            unlink(new)
            guard let failure = error as? Failure else { throw error }
            throw Failure(path: "\(folder)/latest", code: failure.code)
        }
    }

    /// The whole notes of the same log at the end of a day's file.
    private func lastNotes(of day: String, like note: [UInt8]) throws -> [(
        note: [UInt8], size: Int
    )] {
        let text = String(decoding: try Self.read(file(of: day), last: 8192) ?? [], as: UTF8.self)
        let parts = text.split(separator: "\n\n")
        let origin = try Self.checkpoint(note).origin
        return zip(parts, parts.dropFirst()).compactMap { body, signatures in
            let note = Array("\(body)\n\n\(signatures)\n".utf8)
            guard let checkpoint = try? Self.checkpoint(note), checkpoint.origin == origin else {
                return nil
            }
            return (note, checkpoint.size)
        }
    }

    private func file(of day: String) -> String { "\(folder)/\(day).checkpoints" }

    private static func checkpoint(_ note: [UInt8]) throws -> Checkpoint {
        try Checkpoint(text: SignedNote(note).body)
    }

    /// Returns once the bytes are on the disk.
    static func put(_ bytes: [UInt8], _ path: String, _ mode: Int32) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | mode, 0o644)
        guard file >= 0 else { throw Failure(path: path, code: errno) }
        defer { close(file) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { throw Failure(path: path, code: errno) }
            rest = rest.dropFirst(count)
        }
        guard fsync(file) == 0 else { throw Failure(path: path, code: errno) }
    }

    /// A new name survives a power cut only once its folder was flushed.
    static func flush(_ folder: String) throws {
        let place = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard place >= 0 else { throw Failure(path: folder, code: errno) }
        defer { close(place) }
        guard fsync(place) == 0 else { throw Failure(path: folder, code: errno) }
    }
}

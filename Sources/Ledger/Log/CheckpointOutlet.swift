#if canImport(Glibc)
    import Glibc
#endif

/// Where checkpoints go outside the database: `latest` and one file a day in a folder, flushed to
/// the disk.
///
/// A database that was changed behind the gateway's back cannot also change these, if the folder is
/// elsewhere. A crash leaves the previous `latest` or the new one, never half of one.
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
        let path = "\(folder)/latest"
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw Failure(path: path, code: errno)
        }
        defer { close(file) }
        var about = stat()
        guard fstat(file, &about) == 0 else { throw Failure(path: path, code: errno) }
        var bytes = [UInt8](repeating: 0, count: min(Int(about.st_size), SignedNote.bytesMax))
        guard read(file, &bytes, bytes.count) == bytes.count else {
            throw Failure(path: path, code: errno)
        }
        return bytes
    }

    /// Adds the note to the day's file, and makes it the latest where `isLater` says so of the one that
    /// is there. Several sealers share the folder, one of them at a time.
    func write(_ note: String, isLater: ([UInt8]) throws -> Bool) throws {
        let place = try lockedFolder()
        defer { close(place) }
        try Self.put(Array((note + "\n").utf8), "\(folder)/\(day()).checkpoints", O_APPEND)
        if try latest().map(isLater) ?? true {
            let new = "\(folder)/latest.new"
            try Self.put(Array(note.utf8), new, O_TRUNC)
            guard rename(new, "\(folder)/latest") == 0 else {
                throw Failure(path: folder, code: errno)
            }
        }
        // A new name survives a power cut only once its folder was flushed.
        guard fsync(place) == 0 else { throw Failure(path: folder, code: errno) }
    }

    /// The lock ends with the descriptor, also when the process is killed.
    private func lockedFolder() throws -> Int32 {
        let place = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard place >= 0 else { throw Failure(path: folder, code: errno) }
        guard flock(place, LOCK_EX) == 0 else {
            let failure = Failure(path: folder, code: errno)
            close(place)
            throw failure
        }
        return place
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

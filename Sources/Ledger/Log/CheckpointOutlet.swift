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

    /// The note published last; nothing before the first.
    func latest() -> [UInt8]? {
        let file = open("\(folder)/latest", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: SignedNote.bytesMax)
        let count = read(file, &bytes, bytes.count)
        return count > 0 ? Array(bytes.prefix(count)) : nil
    }

    func write(_ note: String) throws {
        // A name of its own: several sealers may share the folder.
        let new = "\(folder)/latest.\(UInt64.random(in: .min ... .max))"
        try put(note, new, O_TRUNC)
        guard rename(new, "\(folder)/latest") == 0 else {
            let failure = Failure(path: folder, code: errno)
            unlink(new)
            throw failure
        }
        try flushFolder()
        try put(note + "\n", "\(folder)/\(day()).checkpoints", O_APPEND)
    }

    /// A new name survives a power cut only once its folder was flushed.
    private func flushFolder() throws {
        let place = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard place >= 0 else { throw Failure(path: folder, code: errno) }
        defer { close(place) }
        guard fsync(place) == 0 else { throw Failure(path: folder, code: errno) }
    }

    private func put(_ text: String, _ path: String, _ mode: Int32) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | mode, 0o644)
        guard file >= 0 else { throw Failure(path: path, code: errno) }
        defer { close(file) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { throw Failure(path: path, code: errno) }
            rest = rest.dropFirst(count)
        }
        guard fsync(file) == 0 else { throw Failure(path: path, code: errno) }
    }
}

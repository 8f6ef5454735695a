import Glibc

/// A file that holds a secret: read only when it is ours alone (mode 0400, own user, no symbolic
/// link), written so that a crash leaves the old file or the new one, never half of one.
///
/// Root may tend another user's folder: what it finds must belong to that user, and so does what it makes.
package enum SecretFile {
    package static func read(_ path: String) throws(FileProblem) -> [UInt8] {
        let file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard file >= 0 else { throw FileProblem(path, "cannot be opened: \(Self.lastError)") }
        defer { close(file) }
        var about = stat()
        guard fstat(file, &about) == 0, about.st_mode & S_IFMT == S_IFREG else {
            throw FileProblem(path, "is not a regular file")
        }
        let mode = about.st_mode & 0o7777
        guard mode == 0o400 else {
            throw FileProblem(path, "must have mode 0400, but has 0\(String(mode, radix: 8))")
        }
        guard about.st_uid == geteuid() || about.st_uid == tended(path)?.user else {
            throw FileProblem(path, "must belong to the user that runs Tsunagi")
        }
        return try contents(of: file, path)
    }

    /// Throws when the file exists: a key is never written over.
    package static func create(_ path: String, _ bytes: [UInt8]) throws(FileProblem) {
        let temporary = try writeTemporary(path, bytes, mode: 0o400)
        defer { unlink(temporary) }
        guard link(temporary, path) == 0 else {
            throw FileProblem(path, "cannot be created: \(Self.lastError)")
        }
        flushFolder(of: path)
    }

    package static func replace(
        _ path: String, _ bytes: [UInt8], mode: UInt32 = 0o400
    ) throws(FileProblem) {
        let temporary = try writeTemporary(path, bytes, mode: mode)
        guard rename(temporary, path) == 0 else {
            let problem = FileProblem(path, "cannot be replaced: \(Self.lastError)")
            unlink(temporary)
            throw problem
        }
        flushFolder(of: path)
    }

    package static func append(_ path: String, _ line: String) throws(FileProblem) {
        let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw FileProblem(path, "cannot be opened: \(Self.lastError)") }
        defer { close(file) }
        try write(Array((line + "\n").utf8), to: file, path)
    }

    package static func makeFolder(_ path: String) throws(FileProblem) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw FileProblem(path, "cannot be made: \(Self.lastError)")
        }
    }

    private static func writeTemporary(
        _ path: String, _ bytes: [UInt8], mode: UInt32
    ) throws(FileProblem) -> String {
        let temporary = "\(path).\(UInt64.random(in: .min ... .max)).tmp"
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard file >= 0 else { throw FileProblem(path, "cannot be written: \(Self.lastError)") }
        defer { close(file) }
        do throws(FileProblem) {
            guard fchmod(file, mode) == 0 else {
                throw FileProblem(path, "cannot be given its mode: \(Self.lastError)")
            }
            if let owner = tended(path), fchown(file, owner.user, owner.group) != 0 {
                throw FileProblem(path, "cannot be given its owner: \(Self.lastError)")
            }
            try write(bytes, to: file, path)
            guard fsync(file) == 0 else {
                throw FileProblem(path, "cannot be flushed: \(Self.lastError)")
            }
        } catch {
            unlink(temporary)
            throw error
        }
        return temporary
    }

    private static func write(
        _ bytes: [UInt8], to file: Int32, _ path: String
    ) throws(FileProblem) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { throw FileProblem(path, "cannot be written: \(Self.lastError)") }
            rest = rest.dropFirst(count)
        }
    }

    private static func contents(
        of file: Int32, _ path: String
    ) throws(FileProblem) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            guard count >= 0 else { throw FileProblem(path, "cannot be read: \(Self.lastError)") }
            guard count > 0 else { return bytes }
            bytes += buffer.prefix(count)
        }
    }

    /// Whose folder root is tending.
    private static func tended(_ path: String) -> (user: uid_t, group: gid_t)? {
        var about = stat()
        guard geteuid() == 0, stat(folder(of: path), &about) == 0 else { return nil }
        return (about.st_uid, about.st_gid)
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func flushFolder(of path: String) {
        let file = open(folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { return }
        fsync(file)
        close(file)
    }

    private static var lastError: String { String(cString: strerror(errno)) }
}

/// What is wrong with a file, as a sentence for the operator who has to put it right.
package struct FileProblem: Error, CustomStringConvertible, Hashable {
    package let path: String
    package let problem: String

    package init(_ path: String, _ problem: String) {
        self.path = path
        self.problem = problem
    }

    package var description: String { "\(path) \(problem)." }
}

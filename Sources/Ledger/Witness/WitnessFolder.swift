import Exchange
import Glibc

/// 立会人の記憶: the cosigned notes, `latest` and one file a day, and what must never be thrown away.
final class WitnessFolder: Sendable {
    /// Another process works in the folder.
    struct Busy: Error, CustomStringConvertible {
        let path: String
        var description: String { "Another tsunagi witness works in \(path)." }
    }

    private let path: String
    private let outlet: CheckpointOutlet
    /// Held until the process ends, also when it is killed.
    private let lock: Int32

    init(_ path: String, day: @escaping @Sendable () -> String) throws {
        self.path = path
        outlet = try CheckpointOutlet(folder: path, day: day)
        let lock = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw CheckpointOutlet.Failure(path: path, code: errno) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw Busy(path: path)
        }
        self.lock = lock
    }

    deinit { close(lock) }

    func latest() throws -> [UInt8]? { try outlet.latest() }

    /// The next note; the one before stays in its day's file.
    func write(_ note: String) throws { try outlet.write(note) }

    /// Both notes, in a folder that gets its name when it is whole.
    func keep(cosigned: [UInt8], shown: [UInt8]) throws -> String {
        let made = "\(path)/evidence.new"
        guard mkdir(made, 0o755) == 0 || errno == EEXIST else {
            throw CheckpointOutlet.Failure(path: made, code: errno)
        }
        for (name, note) in [("cosigned", cosigned), ("shown", shown)] {
            try CheckpointOutlet.put(note, "\(made)/\(name)", O_TRUNC)
        }
        try CheckpointOutlet.flush(made)
        guard rename(made, kept) == 0 else {
            throw CheckpointOutlet.Failure(path: kept, code: errno)
        }
        try CheckpointOutlet.flush(path)
        return kept
    }

    /// Where two views of the log are kept, once there are.
    var evidence: String? { access(kept, F_OK) == 0 ? kept : nil }

    private var kept: String { "\(path)/evidence" }
}

import FoundationEssentials
import Glibc

/// The running server of a data folder, found by the process number it left there.
struct ClusterProcess {
    private let postmaster: pid_t

    /// Nil when none runs. A process that has the number but is not a server of this folder is
    /// another's, met after a crash.
    init?(dataFolder: String) {
        let text = try? String(contentsOfFile: dataFolder + "/postmaster.pid", encoding: .utf8)
        guard let first = text?.split(separator: "\n").first, let number = pid_t(first),
            Self.isAlive(number), Self.commandLine(number).contains(dataFolder)
        else { return nil }
        postmaster = number
    }

    /// Kills the server first, so that it starts no new processes, then those it had: each has the data
    /// folder as its own, also one started in the very moment of the kill. True when none is left: one
    /// that still ran would keep the data folder's memory and forbid a start.
    func kill(dataFolder: String) -> Bool {
        _ = Glibc.kill(postmaster, SIGKILL)
        for _ in 0..<1_000 {
            let left = Self.working(in: dataFolder)
            if left.isEmpty, !Self.isAlive(postmaster) { return true }
            for process in left { _ = Glibc.kill(process, SIGKILL) }
            usleep(10_000)
        }
        return false
    }

    /// What a killed server leaves: its number would seem alive for as long as nobody buries it.
    static func removeLeftovers(dataFolder: String, socketFolder: String) {
        unlink(dataFolder + "/postmaster.pid")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: socketFolder)) ?? []
        for name in names where name.hasPrefix(".s.PGSQL.") { unlink(socketFolder + "/" + name) }
    }

    /// A zombie has ended: it only waits for its parent to take note.
    private static func isAlive(_ process: pid_t) -> Bool {
        guard let state = state(process) else { return false }
        return state != "Z" && state != "X"
    }

    /// A server's processes all work in its data folder. A zombie has no folder any more.
    private static func working(in folder: String) -> [pid_t] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        let real = URL(filePath: folder).resolvingSymlinksInPath().path
        return names.compactMap { pid_t($0) }.filter { process in
            let path = "/proc/\(process)/cwd"
            let place = try? FileManager.default.destinationOfSymbolicLink(atPath: path)
            return place == real
        }
    }

    /// The first field after the name, which stands in brackets and may itself hold some.
    private static func state(_ process: pid_t) -> Character? {
        guard let text = read("/proc/\(process)/stat"), let end = text.lastIndex(of: ")") else {
            return nil
        }
        return text[end...].dropFirst().first { $0 != " " }
    }

    private static func commandLine(_ process: pid_t) -> String {
        read("/proc/\(process)/cmdline") ?? ""
    }

    /// Files of /proc tell no size, so they are read to their end.
    private static func read(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        let text = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
            count = max(0, Glibc.read(file, buffer.baseAddress, buffer.count))
        }
        return String(decoding: text, as: UTF8.self)
    }
}

import Glibc

/// Who a private cluster's server runs as: ourselves, or, when we are root, an account without
/// power.
struct ClusterAccount: Sendable {
    private let name: String?
    private let user: uid_t
    private let group: gid_t

    init(named name: String) throws {
        guard geteuid() == 0 else {
            self.name = nil
            user = geteuid()
            group = getegid()
            return
        }
        guard let entry = getpwnam(name) else { throw ClusterError.noSuchAccount(name: name) }
        self.name = name
        user = entry.pointee.pw_uid
        group = entry.pointee.pw_gid
    }

    /// The program and its arguments, run as the account. `runuser` starts no login shell and asks
    /// for no password; `--` ends its own options.
    func command(_ program: String, _ arguments: [String]) -> (String, [String]) {
        guard let name else { return (program, arguments) }
        let places = ["/usr/sbin/runuser", "/sbin/runuser"]
        let runuser = places.first { access($0, X_OK) == 0 } ?? places[0]
        return (runuser, ["-u", name, "--", program] + arguments)
    }

    /// Whether a folder is ours, or one that root has just made and may give away.
    func mayTake(_ path: String) -> Bool {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return false }
        return status.st_uid == user || status.st_uid == geteuid()
    }

    func own(_ path: String, mode: mode_t) throws {
        guard chown(path, user, group) == 0, chmod(path, mode) == 0 else {
            throw ClusterError.folderOfAnother(path: path)
        }
    }
}

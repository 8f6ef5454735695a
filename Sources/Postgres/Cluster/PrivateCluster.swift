import FoundationEssentials
import Glibc

/// A PostgreSQL server of our own in a folder: made when first started, reached over a socket in
/// a folder that only its account may enter, and over TCP only when asked.
package struct PrivateCluster: Sendable {
    package enum StopMode: String, Sendable {
        /// Rolls back what is running, writes a checkpoint, closes.
        case fast
        /// As a crash would, but in order: recovery runs at the next start.
        case immediate
    }

    /// TCP on the loopback address, and the pg_hba.conf lines that say who may use it.
    package struct Network: Sendable {
        package let port: Int
        package let rules: [String]

        package init(port: Int, rules: [String]) {
            self.port = port
            self.rules = rules
        }
    }

    package let folder: String
    package let socketFolder: String
    /// The superuser: initdb's, whoever runs us.
    package static let superuser = "postgres"

    private let account: ClusterAccount
    private let programs: String
    private let settings: [String: String]
    private let network: Network?

    /// `account` is who the server runs as when we are root, whom PostgreSQL refuses to run as.
    package init(
        folder: String, account: String = "postgres", settings: [String: String] = [:],
        network: Network? = nil
    ) throws {
        guard let programs = Self.findPrograms() else { throw ClusterError.notInstalled }
        self.programs = programs
        self.account = try ClusterAccount(named: account)
        self.folder = folder.hasPrefix("/") ? folder : "\(Self.currentFolder)/\(folder)"
        self.settings = settings
        self.network = network
        socketFolder = Self.socketFolder(for: self.folder)
    }

    package func address(database: String = "postgres", user: String = superuser) -> Address {
        let host = socketFolder.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
        return Address("host='\(host)' port=\(network?.port ?? Self.port)").with(user: user).with(
            database: database)
    }

    package var isRunning: Bool { ClusterProcess(dataFolder: dataFolder) != nil }

    /// Makes the cluster if it is not there, and returns when it answers.
    package func start() throws {
        try prepareFolders()
        if !FileManager.default.fileExists(atPath: dataFolder + "/PG_VERSION") { try create() }
        guard !isRunning else { return }
        ClusterProcess.removeLeftovers(dataFolder: dataFolder, socketFolder: socketFolder)
        try writeSettings()
        // After a SIGKILL the kernel may still be taking down the last process, and with it the shared
        // memory that a new server must not find in use: the start is then refused, and works a moment later.
        for attempt in 1... {
            do {
                return try run(
                    "pg_ctl",
                    ["-D", dataFolder, "-l", folder + "/server.log", "-w", "-t", "60", "start"])
            } catch  where attempt < Self.startsMax {
                usleep(500_000)
            }
        }
    }

    private static let startsMax = 20

    package func stop(mode: StopMode = .fast) throws {
        guard isRunning else { return }
        try run("pg_ctl", ["-D", dataFolder, "-m", mode.rawValue, "-w", "-t", "60", "stop"])
    }

    /// SIGKILL to the server and all its processes, as if the machine had lost power (but for what
    /// the kernel still writes out). For crash tests.
    package func kill() throws {
        guard let process = ClusterProcess(dataFolder: dataFolder) else { return }
        guard process.kill(dataFolder: dataFolder) else { throw ClusterError.stillRunning }
        ClusterProcess.removeLeftovers(dataFolder: dataFolder, socketFolder: socketFolder)
    }

    /// Stops the server and removes all that it stored.
    package func destroy() throws {
        try kill()
        try? FileManager.default.removeItem(atPath: socketFolder)
        try FileManager.default.removeItem(atPath: folder)
    }

    /// Where certificates for `ssl_cert_file` and the like may lie: the server's account owns it.
    package var dataFolder: String { folder + "/data" }

    /// Writes a file that the server's account alone may read.
    package func writeFile(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
        try account.own(path, mode: 0o600)
    }

    private func create() throws {
        try run(
            "initdb",
            [
                "-D", dataFolder, "-U", Self.superuser, "-E", "UTF8", "--no-locale",
                "--auth-local=trust", "--auth-host=reject", "--no-instructions",
            ])
    }

    private func prepareFolders() throws {
        for path in [folder, dataFolder, socketFolder] {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
            // A folder under the temporary one has a name that others could have taken first.
            guard account.mayTake(path) else { throw ClusterError.folderOfAnother(path: path) }
            try account.own(path, mode: 0o700)
        }
        let (test, words) = account.command("/usr/bin/test", ["-w", dataFolder])
        guard try run(test, words, log: "/dev/null") == 0 else {
            throw ClusterError.folderOutOfReach(path: folder)
        }
    }

    private func writeSettings() throws {
        var all = [
            "listen_addresses": network == nil ? "" : "127.0.0.1",
            "port": String(network?.port ?? Self.port),
            "unix_socket_directories": socketFolder,
            "unix_socket_permissions": "0700",
            // A statement in the server's log would be a copy of residents' data.
            "log_min_error_statement": "panic", "log_error_verbosity": "terse",
        ]
        all.merge(settings) { _, new in new }
        let lines = all.sorted { $0.key < $1.key }.map { name, value in
            "\(name) = '\(value.replacing("'", with: "''"))'"
        }
        try writeFile(lines.joined(separator: "\n") + "\n", to: dataFolder + "/tsunagi.conf")
        let main = dataFolder + "/postgresql.conf"
        let text = try String(contentsOfFile: main, encoding: .utf8)
        if !text.contains("include 'tsunagi.conf'") {
            try writeFile(text + "\ninclude 'tsunagi.conf'\n", to: main)
        }
        let rules = ["local all all trust"] + (network?.rules ?? []) + ["host all all all reject"]
        try writeFile(rules.joined(separator: "\n") + "\n", to: dataFolder + "/pg_hba.conf")
    }

    private func run(_ program: String, _ arguments: [String]) throws {
        let (path, words) = account.command(programs + "/" + program, arguments)
        let log = folder + "/commands.log"
        guard try run(path, words, log: log) == 0 else {
            throw ClusterError.failed(program: program, log: log)
        }
    }

    /// Blocks: a cluster is started and stopped by programs and tests, never by a request. Nothing of our
    /// environment is handed on: PGHOST, PGDATA and their like would lead the programs astray.
    private func run(_ program: String, _ words: [String], log: String) throws -> Int32 {
        try ChildProcess(
            program, words,
            environment: [
                "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "LC_ALL": "C",
            ], output: .file(log), errors: .file(log)
        ).wait()
    }
}

package enum ClusterError: Error, Hashable, CustomStringConvertible {
    case notInstalled
    case noSuchAccount(name: String)
    case folderOfAnother(path: String)
    case folderOutOfReach(path: String)
    case failed(program: String, log: String)
    case stillRunning

    package var description: String {
        switch self {
        case .notInstalled:
            "PostgreSQL's initdb was not found: install postgresql, or put it on the PATH"
        case .noSuchAccount(let name):
            "PostgreSQL does not run as root, and there is no account \(name) to run it as"
        case .folderOfAnother(let path): "\(path) belongs to another account"
        case .folderOutOfReach(let path):
            "the server's account cannot enter \(path): choose a folder outside private ones"
        case .failed(let program, let log): "\(program) failed: see \(log) and server.log beside it"
        case .stillRunning: "a process of the server did not end"
        }
    }
}

extension PrivateCluster {
    package static let port = 5432

    private static var currentFolder: String { FileManager.default.currentDirectoryPath }

    /// The newest of Debian's versions, else the first on the PATH.
    private static func findPrograms() -> String? {
        let root = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        let newest = versions.compactMap(Int.init).sorted(by: >).map { "\(root)/\($0)/bin" }
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        return (newest + path.split(separator: ":").map(String.init)).first { folder in
            FileManager.default.isExecutableFile(atPath: folder + "/initdb")
                && FileManager.default.isExecutableFile(atPath: folder + "/pg_ctl")
        }
    }

    /// A socket's path may have 107 bytes on Linux; beyond 100 the sockets move to a short folder
    /// whose name is made from the long one, so that every start finds the same.
    private static func socketFolder(for folder: String) -> String {
        let inside = folder + "/socket"
        if (inside + "/.s.PGSQL.65535").utf8.count <= 100 { return inside }
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325  // FNV-1a
        for byte in folder.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return "/tmp/tsunagi-" + String(hash, radix: 36)
    }
}

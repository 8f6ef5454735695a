import FoundationEssentials
import Glibc
import Postgres
import TestSupport
import Testing

@Suite(.serialized)
struct ClusterTests {
    @Test func `only its account may reach the socket, and nobody over TCP`() async throws {
        try await TestPostgres.withOwnCluster { cluster in
            for folder in [cluster.folder, cluster.socketFolder, cluster.dataFolder] {
                let about = try FileManager.default.attributesOfItem(atPath: folder)
                #expect(about[.posixPermissions] as? Int == 0o700, "\(folder)")
            }
            let pool = Self.pool(cluster.address())
            let settings = try await pool.settings(["listen_addresses", "fsync", "server_encoding"])
            #expect(
                settings == ["listen_addresses": "", "fsync": "on", "server_encoding": "UTF8"])
            await pool.shutdown()
            #expect(cluster.isRunning)
            try cluster.stop()
            #expect(!cluster.isRunning)
        }
    }

    @Test func `a long folder has its socket in a short one`() async throws {
        let folder = "/tmp/tsunagi-tests-long-\(getpid())/" + String(repeating: "長", count: 40)
        let cluster = try PrivateCluster(folder: folder)
        defer { try? FileManager.default.removeItem(atPath: "/tmp/tsunagi-tests-long-\(getpid())") }
        #expect(try PrivateCluster(folder: folder).socketFolder == cluster.socketFolder)
        #expect(cluster.socketFolder.utf8.count < 80)
        try cluster.start()
        let pool = Self.pool(cluster.address())
        #expect(try await pool.transaction { _ in 1 } == 1)
        await pool.shutdown()
        try cluster.destroy()
        #expect(access(cluster.socketFolder, F_OK) != 0)
    }

    @Test func `a stale process number is not mistaken for a server`() async throws {
        try await TestPostgres.withOwnCluster { cluster in
            try cluster.stop()
            try cluster.writeFile("\(getpid())\n", to: cluster.dataFolder + "/postmaster.pid")
            #expect(!cluster.isRunning)
            try cluster.start()
            #expect(cluster.isRunning)
        }
    }

    @Test(.enabled(if: geteuid() == 0))
    func `a folder that the server's account cannot enter is told`() throws {
        let closed = "/tmp/tsunagi-tests-closed-\(getpid())"
        try FileManager.default.createDirectory(
            atPath: closed, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(atPath: closed) }
        #expect(throws: ClusterError.folderOutOfReach(path: closed + "/demo")) {
            try PrivateCluster(folder: closed + "/demo").start()
        }
    }

    @Test func `TLS is checked against the given authority and name`() async throws {
        let certificates = try Certificates()
        defer { certificates.remove() }
        let port = try FreePort.take()
        let network = PrivateCluster.Network(
            port: port, rules: ["hostssl all all 127.0.0.1/32 trust"])
        let settings = ["ssl": "on", "ssl_min_protocol_version": "TLSv1.3"]
        try await TestPostgres.withOwnCluster(network: network) { plain in
            try plain.stop()
            let cluster = try PrivateCluster(
                folder: plain.folder, settings: settings, network: network)
            for name in ["server.key", "server.crt"] {
                try cluster.writeFile(certificates.read(name), to: "\(cluster.dataFolder)/\(name)")
            }
            try cluster.start()
            let socket = Self.pool(cluster.address())
            #expect(try await socket.settings(["ssl"]) == ["ssl": "on"])
            await socket.shutdown()
            let base = "hostaddr=127.0.0.1 port=\(port) user=postgres dbname=postgres"
            let (ours, other) = (certificates.path("ca.crt"), certificates.path("other.crt"))
            for (address, isAccepted) in [
                ("host=db.example \(base) sslmode=verify-full sslrootcert=\(ours)", true),
                ("host=db.example \(base) sslmode=verify-full sslrootcert=\(other)", false),
                ("host=db.invalid \(base) sslmode=verify-full sslrootcert=\(ours)", false),
                ("host=db.example \(base) sslmode=disable", false),
            ] {
                let pool = Self.pool(Address(address))
                let version = try? await pool.transaction { transaction in
                    let query = "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
                    return try transaction.query(Statement(query))[0].text(0)
                }
                #expect(version == (isAccepted ? "TLSv1.3" : nil), "\(address)")
                await pool.shutdown()
            }
        }
    }

    private static func pool(_ address: Address) -> Pool {
        Pool(
            address, limits: .init(connectionsMax: 1, waitMilliseconds: 2_000), label: "cluster",
            logger: TestPostgres.logger)
    }
}

/// An authority, a server certificate for db.example, and another authority, made by openssl.
private struct Certificates {
    private let folder = "/tmp/tsunagi-tests-tls-\(getpid())"

    init() throws {
        struct Failed: Error {}
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
        let quiet = ">/dev/null 2>&1"
        for command in [
            "openssl req -x509 \(key) -keyout ca.key -out ca.crt -subj /CN=ours",
            "openssl req -x509 \(key) -keyout other.key -out other.crt -subj /CN=ours",
            """
            openssl req -x509 \(key) -keyout server.key -out server.crt -subj /CN=server \
            -addext subjectAltName=DNS:db.example -addext basicConstraints=critical,CA:FALSE \
            -CA ca.crt -CAkey ca.key
            """,
        ] where system("cd \(folder) && \(command) \(quiet)") != 0 { throw Failed() }
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    func read(_ name: String) throws -> String {
        try String(contentsOfFile: path(name), encoding: .utf8)
    }

    func remove() {
        try? FileManager.default.removeItem(atPath: folder)
    }
}

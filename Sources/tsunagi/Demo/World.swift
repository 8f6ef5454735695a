import Exchange
import Foundation
import Ledger
import Logging
import Postgres
import Trust

/// 仮の世界: everything one gateway needs on one machine, in one folder: a private PostgreSQL, a
/// development PKI, keys, rules, parties. For the demo and the bench; nothing of it is left running
/// unless asked.
struct World {
    let folder: String
    let cluster: PrivateCluster
    let pki: DevelopmentPKI
    let logger: Logger

    static let origin = "tsunagi.example/demo"
    static let database = "tsunagi"

    init(folder: String, settings: [String: String] = [:]) throws {
        let path =
            folder.hasPrefix("/")
            ? folder : FileManager.default.currentDirectoryPath + "/" + folder
        self.folder = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        cluster = try PrivateCluster(folder: path + "/postgres", settings: settings)
        pki = DevelopmentPKI(folder: path + "/pki")
        var logger = Logger(label: "tsunagi") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning
        self.logger = logger
    }

    func address(_ role: String) -> Address {
        cluster.address(database: Self.database, user: role)
    }

    var owner: Address { address(PrivateCluster.superuser) }
    var keysFolder: String { folder + "/keys" }
    var checkpointsFolder: String { folder + "/checkpoints" }
    var configurationPath: String { folder + "/gateway.json" }

    /// Starts PostgreSQL and brings it to this release, with rules, keys, CAs and the server's
    /// certificate.
    func build() async throws {
        try cluster.start()
        try createDatabase()
        _ = try await Migrations.apply(as: owner, logger: logger)
        let pool = Pool(
            owner, limits: .init(connectionsMax: 1), label: "tsunagi-world", logger: logger)
        _ = try await RuleShelf.load(ProfileFolder.read("profiles"), into: pool)
        await pool.shutdown()
        _ = try DevelopmentPKI.create(in: pki.folder, at: WallClock.now())
        _ = try pki.issueServer(name: "gateway", at: WallClock.now())
        try KeyRing.create(keysFolder)
    }

    private func createDatabase() throws {
        try Command.output(
            "psql",
            [
                "-h", cluster.socketFolder, "-p", String(PrivateCluster.port), "-U",
                PrivateCluster.superuser, "-d", "postgres", "-qc",
                "create database \(Self.database)",
            ])
    }

    /// A certificate for each, and a place in the registry.
    func enrol(_ listings: [PartyRegistry.Listing], since day: CalendarDay) async throws {
        let registry = PartyRegistry(owner, logger: logger)
        _ = try await registry.load(listings, isOptedIn: true)
        for listing in listings {
            try pki.issue(
                listing.party, name: listing.party.fileName, at: WallClock.now())
            if [.municipality, .prefecture].contains(listing.party.role) {
                _ = try await registry.connect(listing.party, since: day)
            }
        }
        await registry.close()
        for authority in DevelopmentPKI.Authority.allCases {
            try pki.writeList(authority, at: WallClock.now())
        }
    }

    /// 指定: a body's word that an institution may serve a scheme.
    func designate(_ party: Party, _ designation: Designation) async throws {
        let registry = PartyRegistry(owner, logger: logger)
        _ = try await registry.designate(party, designation)
        await registry.close()
    }

    /// `curl`'s arguments to speak as a party.
    func curl(as party: Party) -> [String] {
        let own = certificate(of: party)
        return ["--cacert", pki.path(.server, "ca.pem"), "--cert", own.path, "--key", own.key]
    }

    /// A party's certificate and its private key, as files.
    func certificate(of party: Party) -> (path: String, key: String) {
        let authority = DevelopmentPKI.Authority(of: party.role)
        return (
            pki.certificatePath(authority, party.fileName), pki.keyPath(authority, party.fileName)
        )
    }

    /// Writes the gateway's configuration; port 0 takes any free one, and `limits` are of every
    /// listener that asks who is there.
    func configure(
        ports: [Listener: Int], epochSeconds: Int? = nil, limits: [String: Int] = [:]
    ) throws {
        var writer = JSONWriter()
        writer.beginObject()
        write("database", to: &writer) { json in
            for role in ["gateway", "office", "sealer"] {
                json.member(role, conninfo(as: "tsunagi_\(role)"))
            }
        }
        write("keys", to: &writer) { $0.member("folder", keysFolder) }
        write("log", to: &writer) { json in
            json.member("checkpoints", checkpointsFolder)
            json.member("origin", Self.origin)
            json.member("epoch-seconds", epochSeconds)
        }
        write("trust", to: &writer) { json in
            json.member("server-certificate", pki.certificatePath(.server, "gateway"))
            json.member("server-key", pki.keyPath(.server, "gateway"))
            json.member("institution-anchors", pki.path(.institutions, "ca.pem"))
            json.member("office-anchors", pki.path(.offices, "ca.pem"))
            json.member("portal-anchors", pki.path(.portals, "ca.pem"))
            json.member("card-anchors", pki.path(.cards, "ca.pem"))
            json.name("revocation-lists")
            json.beginArray()
            for authority in [DevelopmentPKI.Authority.institutions, .offices, .portals, .cards] {
                json.string(pki.listPath(authority))
            }
            json.endArray()
        }
        write("listen", to: &writer) { json in
            for (listener, port) in ports.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                write(listener.rawValue, to: &json) { json in
                    json.member("port", port)
                    guard listener != .operations else { return }
                    for (name, value) in limits.sorted(by: { $0.key < $1.key }) {
                        json.member(name, value)
                    }
                }
            }
        }
        writer.endObject()
        try Data(writer.bytes).write(to: URL(filePath: configurationPath))
    }

    func conninfo(as role: String) -> String {
        "host='\(cluster.socketFolder)' port=\(PrivateCluster.port) dbname=\(Self.database) user=\(role)"
    }

    private func write(
        _ name: String, to writer: inout JSONWriter, _ body: (inout JSONWriter) -> Void
    ) {
        writer.name(name)
        writer.beginObject()
        body(&writer)
        writer.endObject()
    }
}

extension Party {
    var fileName: String { role.rawValue + "-" + code }
}

import Crypto
import Exchange
import Foundation
import Ledger
import Postgres
import Trust

/// A world to measure in: as many residents as asked for, filled by SQL in the shape that
/// registration leaves, and request files whose answers are known beforehand.
struct BenchWorld {
    static let institution = "1319999995"
    static let municipality = "132101"
    static let prefecture = "130001"

    let world: World
    let clinic: Party
    let portal: Party
    let town: Party
    let auditor: Party
    let pool: Pool

    init(_ world: World) async throws {
        self.world = world
        clinic = try Party(role: .institution, code: Self.institution)
        portal = try Party(role: .portal, code: "bench-portal")
        town = try Party(role: .municipality, code: Self.municipality)
        auditor = try Party(role: .auditor, code: "bench-auditor")
        let today = WallClock.now().dayInJapan
        try await world.enrol(
            [
                .init(party: clinic, name: "計測クリニック"), .init(party: portal, name: "計測ポータル"),
                .init(party: town, name: "小金井市"), .init(party: auditor, name: "計測監査"),
                .init(party: try Party(role: .prefecture, code: Self.prefecture), name: "東京都"),
            ], since: today.adding(days: -4000))
        try Self.revokeMany(world.pki)
        try world.configure(
            ports: try FreePorts.take([.institution, .office, .resident, .operations]),
            limits: ["requests-per-second-per-party": 1_000_000, "connections-per-party": 1024])
        pool = Pool(
            world.owner,
            limits: .init(connectionsMax: 1, statementTimeoutMilliseconds: 1_800_000),
            label: "tsunagi-bench", logger: world.logger)
    }

    /// A revocation list of 10,000 entries, as a CA of every institution would have after some
    /// years.
    private static func revokeMany(_ pki: DevelopmentPKI) throws {
        let path = pki.path(.institutions, "index.txt")
        var text = String(decoding: try Files.read(path), as: UTF8.self)
        let now = WallClock.now().seconds
        for number in 0..<10_000 {
            text +=
                "7f\(String(format: "%030x", number))\tR\t\(now + 86_400)\t\(now)\tsuperseded\tbench\n"
        }
        try Data(text.utf8).write(to: URL(filePath: path))
        try pki.writeList(.institutions, at: WallClock.now())
    }

    /// Two of three hold a children's certificate; everybody lives in one town. The rows have the
    /// size that real registrations have.
    func fill(_ residents: Int) async throws {
        try await pool.transaction { transaction in
            try transaction.script(BenchSQL.fill(residents))
        }
        // As a site is after its first day: planning knows what is there, and the WAL goes on in files that
        // were used before. Making a new one, 16 MB of zeros, holds up every commit for 50 ms.
        for command in ["vacuum analyze", BenchSQL.turnOverWAL, "checkpoint"] {
            try Command.output(
                "psql",
                [
                    "-h", world.cluster.socketFolder, "-p", String(PrivateCluster.port), "-U",
                    PrivateCluster.superuser, "-d", World.database, "-qc", command,
                ])
        }
    }

    /// `check.jsonl` asks about residents who hold something, `check-negative.jsonl` about those
    /// who do not.
    func writeChecks(of count: Int) async throws {
        let today = WallClock.now().dayInJapan
        for (name, holds) in [("check", true), ("check-negative", false)] {
            let visits = try await visits(count, holding: holds)
            let lines = visits.map { visit in
                Self.line(
                    "POST", "/fhir/CoverageEligibilityRequest/$submit",
                    EligibilityRequestBody.make(visit, day: today))
            }
            try write(name + ".jsonl", lines)
            let wanted = holds ? "\"code\":\"entitled\"" : "\"code\":\"none-held\""
            try write(name + ".expect", visits.map { _ in wanted })
        }
        try write("handshake.jsonl", [Self.line("GET", "/fhir/metadata", nil)])
    }

    func visits(_ count: Int, holding: Bool) async throws -> [(id: String, patient: String)] {
        try await pool.transaction { transaction in
            let rows = try transaction.query(
                Statement(BenchSQL.selectVisits), [.bool(holding), .int(count)])
            return try rows.map { (try $0.text(0), "Patient/" + (try $0.text(1))) }
        }
    }

    /// Residents with a token each, whose list of accesses is asked for with its proofs.
    func writeProofs(of count: Int) async throws {
        try write(
            "proof.jsonl",
            try await tokens(count).map {
                Self.line("GET", "/fhir/AuditEvent?_count=1", nil, authorization: $0)
            })
    }

    /// Sessions of the residents of the first visits, one each.
    func tokens(_ count: Int) async throws -> [String] {
        let certificate = try ParsedCertificate.all(
            in: Files.read(world.pki.certificatePath(.portals, portal.fileName)))[0]
        let fingerprint = Array(SHA256.hash(data: certificate.der))
        let tokens = (0..<count).map { _ in ResidentTokenSecret() }
        try await pool.transaction { transaction in
            _ = try transaction.run(
                Statement(BenchSQL.insertTokens),
                [
                    .bytesArray(tokens.map(\.hash)), .bytes(fingerprint), .text(portal.key),
                    .texts(tokens.map(\.text)),
                ])
        }
        return tokens.map(\.text)
    }

    /// Signatures are made here, before anything is timed. The nonces live for a day, because a
    /// bench may.
    func writeVisits(_ count: Int) async throws {
        let keys = try KeyRing.load(world.keysFolder)
        for (name, algorithm, count) in [
            ("visit-rsa", SoftwareCard.Algorithm.rsa2048, count),
            ("visit-p384", .p384, count / 2),
        ] {
            let cards = try await bind(min(200, count), algorithm, keys)
            let parts = try await withThrowingTaskGroup(of: (Int, [String]).self) { group in
                for part in 0..<2 {
                    group.addTask {
                        let places = stride(from: part, to: count, by: 2)
                        return (
                            part, try places.map { try signedVisit(cards[$0 % cards.count], keys) }
                        )
                    }
                }
                return try await group.reduce(into: [Int: [String]]()) { $0[$1.0] = $1.1 }
            }
            try write(name + ".jsonl", (parts[0] ?? []) + (parts[1] ?? []))
        }
    }

    private func bind(_ count: Int, _ algorithm: SoftwareCard.Algorithm, _ keys: KeyRing)
        async throws -> [SoftwareCard]
    {
        guard count > 0 else { return [] }
        let now = WallClock.now()
        let term = DevelopmentPKI.Term(
            from: now.adding(seconds: -86_400), to: now.adding(seconds: 86_400 * 1_800))
        let key = try SoftwareCard.Key(algorithm)
        let cards = try (0..<count).map { _ in
            try SoftwareCard(issuedBy: world.pki, key: key, term: term)
        }
        let hashes = cards.map {
            KeyedHash.card(issuer: $0.issuerDER, serial: $0.serial, keys: keys).byVersion[0]
        }
        try await pool.transaction { transaction in
            _ = try transaction.run(Statement(BenchSQL.bindCards), [.bytesArray(hashes)])
        }
        return cards
    }

    private func signedVisit(_ card: SoftwareCard, _ keys: KeyRing) throws -> String {
        let now = WallClock.now()
        let nonce = Nonce.issue(.visit, to: clinic, lifetimeSeconds: 86_400, now: now, keys: keys)
        let body = try VisitBody.make(
            nonce: nonce.text, day: now.dayInJapan, consents: ["subsidy"], party: clinic, card: card
        )
        return Self.line("POST", "/visits", body)
    }

    func writeEnvironment() throws {
        let settings = try FreePorts.read(world.configurationPath)
        let lines = [
            "GATEWAY_URL=https://127.0.0.1:\(settings[.institution] ?? 0)",
            "READY_URL=http://127.0.0.1:\(settings[.operations] ?? 0)/ready",
            "SERVER_CERTIFICATE=" + world.pki.certificatePath(.server, "gateway"),
            "SERVER_KEY=" + world.pki.keyPath(.server, "gateway"),
            "SERVER_CA=" + world.pki.path(.server, "ca.pem"),
            "CLIENT_CERTIFICATE=" + world.pki.certificatePath(.institutions, clinic.fileName),
            "CLIENT_KEY=" + world.pki.keyPath(.institutions, clinic.fileName),
            "CLIENT_CA=" + world.pki.path(.institutions, "ca.pem"),
            "RESIDENT_URL=https://127.0.0.1:\(settings[.resident] ?? 0)",
            "RESIDENT_CERTIFICATE=" + world.pki.certificatePath(.portals, portal.fileName),
            "RESIDENT_KEY=" + world.pki.keyPath(.portals, portal.fileName),
            "OFFICE_URL=https://127.0.0.1:\(settings[.office] ?? 0)",
            "OFFICE_CERTIFICATE=" + world.certificate(of: town).path,
            "OFFICE_KEY=" + world.certificate(of: town).key,
            "AUDITOR_CERTIFICATE=" + world.certificate(of: auditor).path,
            "AUDITOR_KEY=" + world.certificate(of: auditor).key,
            "PGHOST=" + world.cluster.socketFolder, "PGPORT=\(PrivateCluster.port)",
            "PGUSER=" + PrivateCluster.superuser, "PGDATABASE=" + World.database,
            "PGDATA=" + world.cluster.dataFolder,
        ]
        try write("bench.env", lines)
    }

    static func line(
        _ method: String, _ path: String, _ body: [UInt8]?, authorization: String? = nil
    ) -> String {
        var json = JSONWriter(reservingBytes: (body?.count ?? 0) * 2 + 200)
        json.beginObject()
        json.member("method", method)
        json.member("path", path)
        json.name("headers")
        json.beginObject()
        if body != nil { json.member("Content-Type", "application/json") }
        if let authorization { json.member("Authorization", "Bearer " + authorization) }
        json.endObject()
        if let body { json.member("body", String(decoding: body, as: UTF8.self)) }
        json.endObject()
        return json.text
    }

    func write(_ name: String, _ lines: [String]) throws {
        let text = lines.joined(separator: "\n") + "\n"
        try Data(text.utf8).write(to: URL(filePath: world.folder + "/" + name))
    }
}

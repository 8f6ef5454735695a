import Exchange
import Foundation
import Ledger
import Postgres
import Synchronization
import TestSupport
import Testing
import Trust

/// The process as its operator sees it: what it refuses to start with, and how it stops.
@Suite(.serialized)
struct ProcessTests {
    /// Start-ups that must fail: what is spoilt, and what the one sentence must name.
    struct Spoilt: Sendable {
        let name: String
        let words: [String]
        let spoil: @Sendable (CrashWorld) async throws -> Void
        let mend: @Sendable (CrashWorld) async throws -> Void

        init(
            _ name: String, names words: [String],
            mend: @escaping @Sendable (CrashWorld) async throws -> Void = { try $0.configure() },
            _ spoil: @escaping @Sendable (CrashWorld) async throws -> Void
        ) {
            self.name = name
            self.words = words
            self.spoil = spoil
            self.mend = mend
        }

        static func setting(
            _ name: String, names words: [String], _ section: String, _ key: String,
            _ value: (any Sendable)?, beside others: [String: String] = [:]
        ) -> Spoilt {
            Spoilt(name, names: words) { world in
                try world.configure { settings in
                    var part = settings[section] as? [String: Any] ?? [:]
                    for other in others { part[other.key] = other.value }
                    part[key] = value
                    settings[section] = part
                }
            }
        }
    }

    static let table: [Spoilt] = [
        .setting("an unknown setting", names: ["log.levle"], "log", "levle", "notice"),
        .setting("a missing setting", names: ["keys.folder"], "keys", "folder", nil),
        .setting("an empty setting", names: ["log.origin"], "log", "origin", ""),
        .setting(
            "a log's name with a space", names: ["log.origin", "a log"], "log", "origin", "a log"),
        .setting(
            "a log's name with a scheme", names: ["log.origin", "without a scheme"], "log",
            "origin", "https://tsunagi.example/log"),
        .setting("epochs of no length", names: ["log.epoch-seconds"], "log", "epoch-seconds", 0),
        .setting("a level that is none", names: ["log.level", "loud"], "log", "level", "loud"),
        .setting(
            "a limit outside its listener", names: ["limits.connections-per-party"], "limits",
            "connections-per-party", 64),
        .setting(
            "an office listener without its role", names: ["database.office"], "database", "office",
            nil),
        .setting(
            "a missing certificate", names: ["/nowhere/server.pem"], "trust", "server-certificate",
            "/nowhere/server.pem"),
        .setting(
            "missing anchors", names: ["trust.card-anchors", "/nowhere/ca.pem"], "trust",
            "card-anchors", "/nowhere/ca.pem"),
        spoilt("an empty certificate", "server-certificate", names: ["no certificate in PEM"]) {
            _ in ""
        },
        spoilt("a certificate cut short", "server-certificate", names: ["no certificate in PEM"]) {
            String(try $0.text(of: $0.pki.certificatePath(.server, "gateway")).prefix(300))
        },
        spoilt("a server key that is text", "server-key", names: ["one private key in PEM"]) { _ in
            ProcessTests.secret
        },
        spoilt("a server key cut short", "server-key", names: ["one private key in PEM"]) {
            String(try $0.text(of: $0.pki.keyPath(.server, "gateway")).prefix(120))
        },
        spoilt("the key of another", "server-key", names: ["that of the first certificate"]) {
            try $0.text(of: $0.pki.keyPath(.offices, Cast.town.fileName))
        },
        spoilt("anchors that are text", "portal-anchors", names: ["certificates of CAs"]) { _ in
            ProcessTests.secret
        },
        spoilt("anchors cut short", "institution-anchors", names: ["certificates of CAs"]) {
            String(try $0.text(of: $0.pki.path(.institutions, "ca.pem")).prefix(300))
        },
        .setting(
            "a folder for a certificate", names: ["trust.server-certificate", "/tmp"], "trust",
            "server-certificate", "/tmp"),
        .setting(
            "a folder for a key", names: ["trust.server-key", "/tmp"], "trust",
            "server-key", "/tmp"),
        .setting(
            "no certificate to ring with", names: ["webhook.certificate", "/nowhere/w.pem"],
            "webhook", "certificate", "/nowhere/w.pem", beside: ["key": "/nowhere/w.key"]),
        .setting(
            "no folder for checkpoints", names: ["log.checkpoints", "/nowhere/deep"], "log",
            "checkpoints", "/nowhere/deep"),
        .setting(
            "a sealer's database that is away", names: ["database.sealer"], "database",
            "sealer", "host=/nowhere user=tsunagi_sealer password=\(ProcessTests.secret)"),
        Spoilt("anchors that are a key", names: ["gateway.key", "certificates of CAs"]) { world in
            try world.configure { settings in
                var trust = settings["trust"] as? [String: Any] ?? [:]
                trust["office-anchors"] = world.pki.keyPath(.server, "gateway")
                settings["trust"] = trust
            }
        },
        Spoilt("another key than the certificate's", names: ["gateway.pem", "seal-1.key"]) {
            world in
            try world.configure { settings in
                var trust = settings["trust"] as? [String: Any] ?? [:]
                trust["server-key"] = world.keys + "/seal-1.key"
                settings["trust"] = trust
            }
        },
        .setting(
            "an audit feed without a certificate", names: ["audit-feed.certificate"], "audit-feed",
            "host", "audit.example"),
        .setting("no keys", names: ["/nowhere"], "keys", "folder", "/nowhere"),
        // 192.0.2.1 is nobody's (RFC 5737). The other listeners could listen, and none may go on alone.
        Spoilt(
            "an address that one of three listeners cannot have",
            names: ["office listener cannot listen on 192.0.2.1", "listen.office.host"]
        ) { world in
            try world.configure { settings in
                var listen = settings["listen"] as? [String: Any] ?? [:]
                listen["office"] = ["host": "192.0.2.1", "port": 0] as [String: Any]
                settings["listen"] = listen
            }
        },
        role("the owner in the gateway's place", "gateway", names: ["change the access log"]) {
            $0.conninfo("gateway").replacing("tsunagi_gateway", with: "postgres")
        },
        role(
            "the office's role for everybody", "gateway",
            names: ["tsunagi_office", "schema office"]
        ) {
            $0.conninfo("office")
        },
        role("the owner in the sealer's place", "sealer", names: ["change the access log"]) {
            $0.conninfo("sealer").replacing("tsunagi_sealer", with: "postgres")
        },
        role(
            "the office's role for the sealer", "sealer",
            names: ["tsunagi_office", "schema office"]
        ) {
            $0.conninfo("office")
        },
        role(
            "the gateway's role for the sealer", "sealer",
            names: ["tsunagi_gateway", "may not seal"]
        ) {
            $0.conninfo("gateway")
        },
        role("the gateway's role for the office", "office", names: ["tsunagi_gateway", "may not"]) {
            $0.conninfo("gateway")
        },
        mode("a seal key that others may read") { $0.keys + "/seal-1.key" },
        mode("a server key that others may read") { $0.pki.keyPath(.server, "gateway") },
        Spoilt("a configuration that is no JSON", names: ["gateway.json"]) { world in
            try Data("{".utf8).write(to: URL(filePath: world.configuration))
        },
        database(
            "synchronous_commit=off", names: ["synchronous_commit=off"],
            "alter database postgres set synchronous_commit = off",
            mend: "alter database postgres reset synchronous_commit"),
        Spoilt(
            "fsync=off", names: ["fsync=off"],
            mend: { try await $0.alterSystem("alter system reset fsync") }
        ) { try await $0.alterSystem("alter system set fsync = off") },
        Spoilt(
            "full_page_writes=off", names: ["full_page_writes=off"],
            mend: { try await $0.alterSystem("alter system reset full_page_writes") }
        ) { try await $0.alterSystem("alter system set full_page_writes = off") },
        database(
            "a schema that is ahead", names: ["9999_later", "newer release"],
            "insert into public.tsunagi_migration (name, checksum) values ('9999_later', '')",
            mend: "delete from public.tsunagi_migration where name = '9999_later'"),
        database(
            "a schema that was changed", names: ["0002_access", "changed"],
            "update public.tsunagi_migration set checksum = 'x' || checksum where name = '0002_access'",
            mend:
                """
                update public.tsunagi_migration set checksum = substr(checksum, 2)
                where name = '0002_access'
                """
        ),
        database(
            "a schema that is behind", names: ["0004_subsidy", "tsunagi migrate"],
            "delete from public.tsunagi_migration where name >= '0004'", mend: "select 1"),
    ]

    /// What stands in files and addresses of this table, and never in what the process says.
    private static let secret = "kakushigoto-2026"

    /// A file in the place of one that `trust.setting` names, with these contents.
    private static func spoilt(
        _ name: String, _ setting: String, names words: [String],
        _ contents: @escaping @Sendable (CrashWorld) throws -> String
    ) -> Spoilt {
        Spoilt(name, names: words + ["trust.\(setting)"]) { world in
            let file = world.folder + "/spoilt-\(RecordID.random().text).pem"
            try Data(contents(world).utf8).write(to: URL(filePath: file))
            try FileManager.default.setAttributes([.posixPermissions: 0o400], ofItemAtPath: file)
            try world.configure { settings in
                var trust = settings["trust"] as? [String: Any] ?? [:]
                trust[setting] = file
                settings["trust"] = trust
            }
        }
    }

    /// Another role than the zone's, which PostgreSQL would let in.
    private static func role(
        _ name: String, _ zone: String, names words: [String],
        _ address: @escaping @Sendable (CrashWorld) -> String
    ) -> Spoilt {
        Spoilt(name, names: words + ["database.\(zone)"]) { world in
            try world.configure { settings in
                var database = settings["database"] as? [String: Any] ?? [:]
                database[zone] = address(world)
                settings["database"] = database
            }
        }
    }

    private static func mode(
        _ name: String, _ path: @escaping @Sendable (CrashWorld) -> String
    ) -> Spoilt {
        let change = { @Sendable (mode: Int, world: CrashWorld) in
            try FileManager.default.setAttributes(
                [.posixPermissions: mode], ofItemAtPath: path(world))
        }
        return Spoilt(name, names: ["0400", "0644"], mend: { try change(0o400, $0) }) {
            try change(0o644, $0)
        }
    }

    private static func database(
        _ name: String, names words: [String], _ spoil: String, mend: String
    ) -> Spoilt {
        Spoilt(name, names: words, mend: { try await $0.execute(mend) }) {
            try await $0.execute(spoil)
        }
    }

    @Test func `a bad start is refused with one sentence that names the thing`() async throws {
        try await CrashWorld.with { world in
            for spoilt in Self.table {
                let what = Comment(rawValue: spoilt.name)
                try await spoilt.spoil(world)
                let process = try world.serve()
                let late = Task {
                    try await Task.sleep(for: .seconds(20))
                    process.signal(SIGKILL)
                }
                let status = try await process.exit()
                late.cancel()
                #expect(status != 0 && status < 128, what)
                let said = process.complaint.split(separator: "\n")
                #expect(said.count == 1, "\(spoilt.name): \(process.complaint)")
                for hidden in [Self.secret, "-----BEGIN"] {
                    #expect(!process.complaint.contains(hidden), "\(spoilt.name)")
                }
                for word in spoilt.words {
                    #expect(
                        process.complaint.contains(word), "\(spoilt.name): \(process.complaint)")
                }
                try await spoilt.mend(world)
            }
        }
    }

    /// Every check waits at its entry's insert when the signal comes; then the insert may go on.
    @Test func `a gateway told to stop answers what it accepted, and leaves with 0`() async throws {
        try await CrashWorld.with { world in
            let process = try world.serve()
            let ports = try await process.ports(CrashWorld.listeners.count)
            let port = try #require(ports[.institution])
            let credentials = try world.pki.credentials(of: Cast.clinic)
            let clients = try await withThrowingTaskGroup(of: TLSClient.self) { group in
                for _ in 0..<12 {
                    group.addTask { try await TLSClient(port: port, credentials: credentials) }
                }
                return try await group.reduce(into: [TLSClient]()) { $0.append($1) }
            }
            let gate = LockedLog()
            async let lock: Void = gate.hold(world)
            try await gate.held()
            async let codes = Self.ask(clients)
            // One is in the database, the rest are queued behind it.
            try await gate.isWaitedFor(world)
            try await Task.sleep(for: .milliseconds(500))
            process.signal(SIGTERM)
            try await Task.sleep(for: .milliseconds(300))
            gate.release()
            try await lock
            let answered = await codes
            #expect(answered == Array(repeating: Refusal.visitUnknown.code, count: 12))
            #expect(try await process.exit() == 0, "\(process.complaint)")
            let entries = try await world.count(
                "log.access_entry where outcome = '\(Refusal.visitUnknown.code)'")
            #expect(entries == 12)
            await #expect(throws: (any Error).self) {
                _ = try await TLSClient(port: port, credentials: credentials)
            }
        }
    }

    /// Checks without pause from several connections: no answer without its entry, and none
    /// accepted and dropped but for what was on the wire.
    @Test func `a gateway told to stop under load answers nothing without its entry`() async throws
    {
        try await CrashWorld.with { world in
            let process = try world.serve()
            let ports = try await process.ports(CrashWorld.listeners.count)
            let port = try #require(ports[.institution])
            let credentials = try world.pki.credentials(of: Cast.clinic)
            let journal = Journal()
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        guard
                            let client = try? await TLSClient(port: port, credentials: credentials)
                        else { return }
                        while let code = await Self.check(client) {
                            if code == Refusal.visitUnknown.code {
                                journal.note { $0.refusals += 1 }
                            }
                        }
                    }
                }
                while journal.now.refusals < 100 {
                    try? await Task.sleep(for: .milliseconds(5))
                }
                process.signal(SIGTERM)
            }
            #expect(try await process.exit() == 0, "\(process.complaint)")
            let entries = try await world.count(
                "log.access_entry where outcome = '\(Refusal.visitUnknown.code)'")
            // Each of the six connections may lose the answer that is on the wire when it is
            // closed; an entry without its answer is the side on which the log may err, never the
            // other.
            let answers = journal.now.refusals
            #expect((answers...answers + 6).contains(entries))
        }
    }

    private static func ask(_ clients: [TLSClient]) async -> [String?] {
        await withTaskGroup(of: String?.self) { group in
            for client in clients { group.addTask { await check(client) } }
            return await group.reduce(into: [String?]()) { $0.append($1) }
        }
    }

    /// A check of a visit that never was: refused, on the record. Nothing when no answer came.
    private static func check(_ client: TLSClient) async -> String? {
        let answer = try? await client.send(
            "POST", RunningGateway.checkPath, headers: [("Content-Type", "application/json")],
            body: Journal.Visit.unknown().question)
        return answer?.code
    }
}

extension CrashWorld {
    fileprivate func text(of path: String) throws -> String {
        try String(contentsOfFile: path, encoding: .utf8)
    }
}

/// The access log, locked against inserts for as long as a test wants.
private final class LockedLog: Sendable {
    private let isHeld = Atomic<Bool>(false)
    private let mayGo = Atomic<Bool>(false)

    func hold(_ world: CrashWorld) async throws {
        try await world.owner.transaction { transaction in
            try transaction.script("lock table log.access_entry in share mode")
            self.isHeld.store(true, ordering: .releasing)
            for _ in 0..<60_000 where !self.mayGo.load(ordering: .acquiring) { usleep(1_000) }
        }
    }

    func held() async throws {
        while !isHeld.load(ordering: .acquiring) { try await Task.sleep(for: .milliseconds(1)) }
    }

    func isWaitedFor(_ world: CrashWorld) async throws {
        while try await world.count("pg_stat_activity where wait_event_type = 'Lock'") == 0 {
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    func release() { mayGo.store(true, ordering: .releasing) }
}

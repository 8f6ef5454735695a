import Exchange
import Foundation
import Glibc
import Ledger
import TestSupport
import Testing
import Trust

/// What the running program takes over from its files without a restart, and with which keys it
/// starts.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct ReloadTests {
    /// A pair of files that must not be taken.
    struct Spoilt: Sendable {
        let name: String
        let spoil: @Sendable (DevelopmentPKI) throws -> Void
    }

    static let spoilt: [Spoilt] = [
        Spoilt(name: "no certificate") { pki in
            try write("nothing\n", to: pki.certificatePath(.server, "gateway"))
        },
        Spoilt(name: "the certificate of another key") { pki in
            try pki.issueServer(name: "other", at: WallClock.now())
            try write(
                text(pki.certificatePath(.server, "other")),
                to: pki.certificatePath(.server, "gateway"))
        },
        Spoilt(name: "an expired pair") { pki in
            try pki.renew(
                .server, "gateway", at: WallClock.now().adding(seconds: -10 * 86_400), days: 1)
        },
        Spoilt(name: "a key that others may read") { pki in
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o644], ofItemAtPath: pki.keyPath(.server, "gateway"))
        },
    ]

    @Test func `a renewed server certificate is shown to the next handshake`() async throws {
        try await CrashWorld.with { world in
            let (process, door) = try await Door.open(world)
            let credentials = try world.pki.credentials(of: Cast.clinic)
            let live = try await TLSClient(port: door.port, credentials: credentials)
            #expect(try await live.send("GET", "/fhir/metadata").status == 200)
            #expect(try await door.shows(Self.certificate(world)))

            try world.pki.renew(.server, "gateway", at: WallClock.now())
            process.signal(SIGHUP)
            try await door.comes { try await $0.shows(Self.certificate(world)) }
            #expect(try await live.send("GET", "/fhir/metadata").status == 200)
            let fresh = try await TLSClient(port: door.port, credentials: credentials)
            #expect(try await fresh.send("GET", "/fhir/metadata").status == 200)

            for spoilt in Self.spoilt {
                let good = try (Self.certificate(world), Self.key(world))
                try spoilt.spoil(world.pki)
                process.signal(SIGHUP)
                try await door.comes { try await $0.measures("certificate_refused 1") }
                #expect(try await door.shows(good.0), "\(spoilt.name)")
                #expect(try await live.send("GET", "/fhir/metadata").status == 200)
                try SecretFile.replace(world.pki.keyPath(.server, "gateway"), Array(good.1.utf8))
                try Self.write(good.0, to: world.pki.certificatePath(.server, "gateway"))
                process.signal(SIGHUP)
                try await door.comes { try await $0.measures("certificate_refused 0") }
            }
            process.signal(SIGTERM)
            #expect(try await process.exit() == 0, "\(process.complaint)")
            let complaints = process.complaint.ranges(of: "server certificate not taken")
            #expect(complaints.count == Self.spoilt.count)
        }
    }

    /// サーバー鍵の更新 as an operator does it: a request, a CA's certificate of it, both taken into use; clients
    /// go on asking all the while, and none is refused.
    @Test func `the server's key is rotated under connected clients without an error`() async throws
    {
        try await CrashWorld.with { world in
            let (process, door) = try await Door.open(world)
            let credentials = try world.pki.credentials(of: Cast.clinic)
            let answers = try await withThrowingTaskGroup(of: Int.self) { group in
                for isOld in [true, false] {
                    group.addTask {
                        try await Self.ask(door, credentials, onOneConnection: isOld)
                    }
                }
                do {
                    try await Self.rotate(world, process, door)
                } catch {
                    group.cancelAll()
                    throw error
                }
                group.cancelAll()
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.allSatisfy { $0 > 3 }, "\(answers)")
            process.signal(SIGTERM)
            #expect(try await process.exit() == 0, "\(process.complaint)")
            #expect(!process.complaint.contains("not taken"), "\(process.complaint)")
        }
    }

    /// Until it is cancelled; returns how often it was answered. Anything but an answer throws.
    private static func ask(
        _ door: Door, _ credentials: TLSClient.Credentials, onOneConnection isOld: Bool
    ) async throws -> Int {
        var client = try await TLSClient(port: door.port, credentials: credentials)
        var count = 0
        while !Task.isCancelled {
            #expect(try await client.send("GET", "/fhir/metadata").status == 200)
            count += 1
            if !isOld {
                await client.close()
                client = try await TLSClient(port: door.port, credentials: credentials)
            }
            try? await Task.sleep(for: .milliseconds(20))
        }
        await client.close()
        return count
    }

    private static func rotate(
        _ world: CrashWorld, _ process: ServeProcess, _ door: Door
    ) async throws {
        let files = [
            "--key", world.pki.keyPath(.server, "gateway"), "--certificate",
            world.pki.certificatePath(.server, "gateway"),
        ]
        let before = (try certificate(world), try key(world))
        let request = try await Program.run(["key", "server", "request"] + files)
        #expect(request.status == 0, "\(request.errors)")
        let again = try await Program.run(["key", "server", "request"] + files)
        #expect(again.status == 0)
        #expect(try (certificate(world), key(world)) == before)
        let folder = world.folder
        let ca = world.pki.path(.server, "ca.pem")
        try request.output.write(toFile: folder + "/csr", atomically: true, encoding: .utf8)
        try again.output.write(toFile: folder + "/csr2", atomically: true, encoding: .utf8)
        for (name, days, more) in [
            ("issued", "30", ["-copy_extensions", "copy"]), ("nameless", "30", []),
            ("expired", "-1", ["-copy_extensions", "copy"]),
        ] {
            try OpenSSL.run(
                [
                    "x509", "-req", "-in", folder + (name == "issued" ? "/csr2" : "/csr"), "-CA",
                    ca,
                    "-CAkey", world.pki.path(.server, "ca.key"), "-CAcreateserial", "-days", days,
                    "-out", folder + "/" + name,
                ] + more)
        }
        let take = ["key", "server", "take"] + files
        // The one in use is not of the next key.
        for wrong in [folder + "/nameless", folder + "/expired", files[3], folder + "/csr"] {
            let refused = try await Program.run(take + [wrong])
            #expect(refused.status != 0, "\(wrong)")
            #expect(try (certificate(world), key(world)) == before)
        }
        let taken = try await Program.run(take + [folder + "/issued"])
        #expect(taken.status == 0, "\(taken.errors)")
        #expect(try key(world) != before.1)
        process.signal(SIGHUP)
        try await door.comes { try await $0.shows(certificate(world)) }
        // Said again by somebody who lost sight of the first run.
        let twice = try await Program.run(take + [folder + "/issued"])
        #expect(twice.status == 0, "\(twice.errors)")
    }

    /// 監査記録の送り先への証明書: taken from its files like the server's own, with the next run.
    @Test func `a renewed certificate of the audit feed is shown to its receiver`() async throws {
        try await CrashWorld.with { world in
            let (certificate, key) = (world.folder + "/feed.pem", world.folder + "/feed.key")
            func show(_ party: Party, keyOf other: Party? = nil) throws {
                let shown = try world.pki.credentials(of: party)
                let kept = try other.map { try world.pki.credentials(of: $0) } ?? shown
                try SecretFile.replace(key, #require(kept.keyPEM))
                try SecretFile.replace(certificate, #require(shown.certificatePEM), mode: 0o644)
            }
            try world.pki.issue(Cast.auditor, name: Cast.auditor.fileName, at: WallClock.now())
            // A CA that the receiver does not know.
            try show(Cast.clinic)
            let port = try FreePort.take()
            let receiver = try await SyslogProcess(
                in: world.folder + "/syslog", pki: world.pki, port: port)
            let (process, door) = try await Door.open(world) { settings in
                settings["audit-feed"] = [
                    "host": "127.0.0.1", "port": port, "certificate": certificate, "key": key,
                    "anchors": world.pki.path(.server, "ca.pem"), "auditor": Cast.auditor.code,
                ]
            }
            let clinic = try await TLSClient(
                port: door.port, credentials: world.pki.credentials(of: Cast.clinic))
            let refused = try await clinic.send("GET", "/fhir/Patient/nobody")
            #expect(refused.status >= 400)
            try await door.comes { try await $0.measures("tsunagi_audit_feed_failures_total") }
            #expect(receiver.kept.isEmpty)

            try show(Cast.auditor, keyOf: Cast.clinic)
            process.signal(SIGHUP)
            try await door.comes {
                try await $0.measures("tsunagi_audit_feed_certificate_refused 1")
            }
            #expect(receiver.kept.isEmpty)
            try show(Cast.auditor)
            process.signal(SIGHUP)
            try await door.comes {
                try await $0.measures("tsunagi_audit_feed_certificate_refused 0")
            }
            for _ in 0..<4_800 where !receiver.kept.contains("read-patient") {
                try await Task.sleep(for: .milliseconds(25))
            }
            #expect(receiver.kept.contains("read-patient"))
            process.signal(SIGTERM)
            #expect(try await process.exit() == 0, "\(process.complaint)")
            #expect(process.complaint.contains("audit feed certificate not taken"))
            try await receiver.stop()
        }
    }

    /// 個人番号 and office tokens belong to the office listener: a process without one starts without
    /// their keys, and a process with one does not.
    @Test func `each process needs the keys of what it does`() async throws {
        try await CrashWorld.with { world in
            for name in ["number", "token", "seal"] {
                try FileManager.default.removeItem(atPath: world.keys + "/\(name)-1.key")
            }
            let refused = try world.serve()
            #expect(try await refused.exit() != 0)
            #expect(refused.complaint.contains("-1.key"))
            try world.configure { settings in
                settings["listen"] = ["institution": ["port": 0], "resident": ["port": 0]]
                settings["database"] = ["gateway": world.conninfo("gateway")]
            }
            let process = try world.serve()
            #expect(try await process.ports(2).count == 2)
            process.signal(SIGTERM)
            #expect(try await process.exit() == 0, "\(process.complaint)")
        }
    }

    private static func certificate(_ world: CrashWorld) throws -> String {
        try text(world.pki.certificatePath(.server, "gateway"))
    }

    private static func key(_ world: CrashWorld) throws -> String {
        try text(world.pki.keyPath(.server, "gateway"))
    }

    private static func text(_ path: String) throws -> String {
        try String(contentsOfFile: path, encoding: .utf8)
    }

    private static func write(_ text: String, to path: String) throws {
        try SecretFile.replace(path, Array(text.utf8), mode: 0o644)
    }
}

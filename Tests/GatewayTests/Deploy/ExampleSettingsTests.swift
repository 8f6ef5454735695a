import Exchange
import Foundation
import Ledger
import Testing

/// `deploy/gateway.example.json` is a configuration that the real program takes, shows every setting that has
/// to be chosen, and is explained line by line in `deploy/settings.md`.
@Suite(.timeLimit(.minutes(10)))
struct ExampleSettingsTests {
    /// …/Tests/GatewayTests/Deploy/ExampleSettingsTests.swift → the package root.
    private static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: root.appending(path: path)), as: UTF8.self)
    }

    private static let keysMissing =
        "The setting keys.folder does not serve: /etc/tsunagi/keys is not"

    @Test func `the example is taken as far as the files it names`() async throws {
        let said = try await Self.serve(try Self.text("deploy/gateway.example.json"))
        // Its first file is the keys', which no machine that runs tests has.
        #expect(said.contains(Self.keysMissing))
    }

    @Test func `the database is told how many connections a gateway opens`() throws {
        let connections = LedgerLimits.standard.connections
        #expect(
            try Self.text("deploy/postgresql/settings.conf").contains("most \(connections) conn"))
        #expect(try Self.text("deploy/postgresql/roles.md").contains("gives (\(connections))"))
    }

    @Test(arguments: [
        (#""keys": {"#, #""kyes": {"#, "kyes.folder"),
        (#""port": 8441"#, #""port": "a""#, "listen.institution.port"),
        (
            #""port": 8443"#, #""port": 8443, "connections-per-party": "many""#,
            "listen.resident.connections-per-party"
        ),
        (#""origin": "tsunagi.example/log""#, #""origin": """#, "log.origin"),
        (#""port": 8441"#, #""port": 8441.5"#, "listen.institution.port is not a whole number"),
        (#""port": 8442"#, #""port": true"#, "listen.office.port is not a whole number"),
        (#""port": 8442"#, #""port": null"#, "listen.office.port is not a whole number"),
        (#""port": 8442"#, #""port": {}"#, "listen.office.port is not a whole number"),
        (#""port": 8442"#, #""port": [8442]"#, "listen.office.port is not a whole number"),
        (#""port": 8441"#, #""port": 65536"#, "listen.institution.port is 65536: it must be 0 to"),
        (#""port": 8441"#, #""port": -1"#, "listen.institution.port is -1"),
        (
            #""port": 8443"#, #""port": 8443, "connections-per-party": 0"#,
            "listen.resident.connections-per-party is 0: it must be 1 to"
        ),
        (
            #""port": 8441"#, #""port": 8441, "requests-per-second-per-party": 0"#,
            "listen.institution.requests-per-second-per-party is 0: it must be 1 to"
        ),
        (#""revocation-grace-hours": 0"#, #""revocation-grace-hours": 9000"#, "hours is 9000"),
        (#""host": "127.0.0.1""#, #""host": 127"#, "listen.operations.host is not a text"),
        (
            "host=/var/run/postgresql dbname=tsunagi user=tsunagi_gateway", "host=db.example",
            "database.gateway does not serve: the database is on another machine"
        ),
        (
            "host=/var/run/postgresql dbname=tsunagi user=tsunagi_office",
            "host=db.example sslmode=require", "set sslmode=verify-full and sslrootcert=FILE"
        ),
        (
            "host=/var/run/postgresql dbname=tsunagi user=tsunagi_sealer",
            "host=db.example sslmode=verify-ca sslrootcert=/etc/tsunagi/db.pem",
            "database.sealer does not serve"
        ),
        ("host=/var/run/postgresql dbname=tsunagi user=tsunagi_office", "no keyword", "malformed"),
    ])
    func `a wrong setting is refused by its name`(_ right: String, _ wrong: String, _ name: String)
        async throws
    {
        let example = try Self.text("deploy/gateway.example.json")
        #expect(example.contains(right))
        #expect(
            try await Self.serve(example.replacingOccurrences(of: right, with: wrong)).contains(
                name))
    }

    @Test(arguments: [
        "host=127.0.0.1", "host=localhost sslmode=disable",
        "host=db.example sslmode=verify-full sslrootcert=/etc/tsunagi/db.pem",
    ])
    func `a database here, or one that proves its name, is taken`(_ address: String) async throws {
        let example = try Self.text("deploy/gateway.example.json")
        let said = try await Self.serve(
            example.replacingOccurrences(of: "host=/var/run/postgresql", with: address))
        #expect(said.contains(Self.keysMissing))
    }

    @Test(arguments: [
        ("TSUNAGI_LISTEN_OFFICE_PORT", "8442.5", "listen.office.port is not a whole number"),
        ("TSUNAGI_LISTEN_OFFICE_PORT", "70000", "listen.office.port is 70000"),
        ("TSUNAGI_LISTEN_OFFICE_PORT", "", "listen.office.port is not a whole number"),
        ("TSUNAGI_LISTEN_RESIDENT_CONNECTIONS_PER_PARTY", "0", "connections-per-party is 0"),
    ])
    func `a variable that is no number, or out of its range, is refused`(
        _ name: String, _ value: String, _ said: String
    ) async throws {
        let example = try Self.text("deploy/gateway.example.json")
        #expect(try await Self.serve(example, [name: value]).contains(said))
    }

    @Test
    func `a variable that is no setting is refused by its name, and the owner's is left alone`()
        async throws
    {
        let example = try Self.text("deploy/gateway.example.json")
        let misspelt = ["TSUNAGI_LISTEN_OFICE_PORT": "8442"]
        #expect(try await Self.serve(example, misspelt).contains("TSUNAGI_LISTEN_OFICE_PORT"))
        let right = [
            "TSUNAGI_LISTEN_OFFICE_PORT": "8442", "TSUNAGI_DATABASE_OWNER": "dbname=tsunagi",
        ]
        #expect(try await Self.serve(example, right).contains("/etc/tsunagi/"))
    }

    @Test func `a process that would serve nothing is told so`() async throws {
        let example = try Self.text("deploy/gateway.example.json")
        let said = try await Self.serve(example.replacing(#/, "port": \d+/#, with: ""))
        #expect(said.contains("No listener has a port") && said.contains("listen.institution.port"))
        let alone = try await Self.serve(
            example.replacing(#/, "port": 844[123]/#, with: ""))
        #expect(alone.contains("/etc/tsunagi/"))
    }

    @Test func `every setting of the program is in the example and in its explanation`() throws {
        let source = try Self.text("Sources/tsunagi/Serve/Settings.swift")
        let list = try #require(
            source.firstMatch(of: /static let known: Set<String> = \[([^\]]*)\]/))
        let known = Set(list.1.matches(of: /"([a-z.-]+)"/).map { String($0.1) })
        #expect(known.count > 20)
        let example = try JSON(reading: try Self.text("deploy/gateway.example.json"))
        // A limit that is copied from an example is a limit nobody chose.
        let limits = known.filter { $0.hasSuffix("-per-party") }
        #expect(limits.count == 6)
        // A receiver of audit messages, or bodies to be told, are set where there are some.
        let feed = known.filter { $0.hasPrefix("audit-feed.") || $0.hasPrefix("webhook.") }
        #expect(feed.count == 8)
        #expect(
            Set(Self.names(in: example, under: ""))
                == known.subtracting(limits).subtracting(feed))
        let explained = try Self.text("deploy/settings.md")
        for name in known {
            let general = name.replacing(/^listen\.[a-z]+\./, with: "listen.<listener>.")
            #expect(explained.contains("| `\(general)` |"), Comment(rawValue: name))
        }
    }

    private static func names(in value: JSON, under path: String) -> [String] {
        guard case .object(let object) = value else { return [path] }
        return object.members.flatMap {
            names(in: $0.value, under: path.isEmpty ? $0.name : "\(path).\($0.name)")
        }
    }

    /// What `tsunagi serve` says when it refuses to start with this configuration.
    private static func serve(
        _ configuration: String, _ variables: [String: String] = [:]
    ) async throws -> String {
        let file = FileManager.default.temporaryDirectory.appending(
            path: "tsunagi-settings-\(UUID().uuidString).json")
        try Data(configuration.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let ended = try await Program.run(["serve", "--config", file.path], variables: variables)
        #expect(ended.status != 0)
        return ended.errors
    }
}

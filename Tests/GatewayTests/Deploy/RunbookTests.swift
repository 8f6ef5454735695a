import Foundation
import Testing

/// 運用手順書: what an operator types at three in the morning is of this program and of the site that the same
/// pages set up.
@Suite(.timeLimit(.minutes(10)))
struct RunbookTests {
    /// …/Tests/GatewayTests/Deploy/RunbookTests.swift → the package root.
    private static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static let pages = [
        "deploy/runbook.md", "deploy/audit.md", "deploy/postgresql/roles.md", "certs/README.md",
    ]

    private static func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: root.appending(path: path)), as: UTF8.self)
    }

    private static func everyPage() throws -> String {
        try pages.map { try text($0) }.joined(separator: "\n")
    }

    @Test func `every cluster that is started, or looked into, is one that was made`() throws {
        let pages = try Self.everyPage()
        let made = Set(pages.matches(of: /pg_createcluster 15 (\w+)/).map { String($0.1) })
        #expect(made.contains("tsunagi"))
        let ctl = pages.matches(of: /pg_ctlcluster 15 (\w+)/).map { String($0.1) }
        let folders = pages.matches(of: /\/15\/(\w+)/).map { String($0.1) }
            .filter { $0 != "bin" }
        #expect(ctl.count > 3 && folders.count > 3)
        #expect(Set(ctl + folders).subtracting(made) == [])
    }

    /// Commands are typed as root, and the gateway runs as `tsunagi`: over the socket PostgreSQL lets each of
    /// them be what `pg_ident.conf` says, and nothing else.
    @Test func `every role that is connected as may be, by who connects`() throws {
        let identity = try Self.text("deploy/postgresql/pg_ident.conf")
        let access = try Self.text("deploy/postgresql/pg_hba.conf")
        func roles(of user: String) -> Set<String> {
            var roles: Set<String> = []
            for line in identity.split(separator: "\n") {
                let fields = line.split(separator: " ").map(String.init)
                if fields.count == 3, fields[0] == "tsunagi", fields[1] == user {
                    roles.insert(fields[2])
                }
            }
            return roles
        }
        let typed = Set(
            try Self.everyPage().matches(of: /(?:user=|-U )(tsunagi_\w+)/).map { String($0.1) })
        #expect(typed.count > 2)
        #expect(typed.subtracting(roles(of: "root")) == [])
        let served = Set(
            try Self.text("deploy/gateway.example.json").matches(of: /user=(tsunagi_\w+)/)
                .map { String($0.1) })
        #expect(served.count == 3)
        #expect(served.subtracting(roles(of: "tsunagi")) == [])
        // Whoever serves cannot change the schema, nor the rights.
        #expect(!roles(of: "tsunagi").contains("tsunagi_owner"))
        for role in roles(of: "root").union(roles(of: "tsunagi")) {
            let line = access.split(separator: "\n").first {
                $0.hasPrefix("local ") && $0.contains(role) && $0.hasSuffix("peer map=tsunagi")
            }
            #expect(line != nil, Comment(rawValue: role))
        }
    }

    @Test func `what is left off when it is installed is switched on for the site`() throws {
        let installer = try Self.text("deploy/install-debian")
        #expect(installer.contains("systemctl disable -q postgresql.service"))
        #expect(
            try Self.text("deploy/postgresql/roles.md").contains("\nsystemctl enable postgresql "))
    }

    /// Without a time-out the last 16 MB of WAL leave the machine when they are full: on a quiet night, hours
    /// after what was acknowledged.
    @Test func `what is acknowledged leaves the machine within a minute`() throws {
        let runbook = try Self.text("deploy/runbook.md")
        let said = try #require(runbook.firstMatch(of: /\narchive_timeout = (\d+)\n/)?.1)
        let seconds = try #require(Int(said))
        #expect((1...60).contains(seconds))
    }

    /// A dump that root wrote into a folder of its own is read by root, and by nobody else.
    @Test func `a dump is nobody's but root's, and is restored all the same`() throws {
        let runbook = try Self.text("deploy/runbook.md")
        #expect(runbook.contains("(umask 077"))
        let restoring = runbook.matches(of: /runuser -u postgres -- (?:pg_restore|psql) [^\n]+/)
            .map { String($0.0) }.filter { $0.contains("tsunagi.dump") || $0.contains("roles.sql") }
        #expect(restoring.count == 2)
        #expect(restoring.allSatisfy { $0.contains(" <") })
    }

    @Test func `a gateway that ended is started again, however often`() throws {
        let unit = try Self.text("deploy/systemd/tsunagi.service").split(separator: "\n")
        #expect(unit.contains("Restart=always") && unit.contains("StartLimitIntervalSec=0"))
    }

    @Test func `every command is one of this program, with its options`() async throws {
        var lines: [Substring] = []
        for page in Self.pages {
            let joined = try Self.text(page).replacing("\\\n", with: " ")
            var isCode = false
            for line in joined.split(separator: "\n") {
                let bare = line.drop { $0 == " " }
                if bare.hasPrefix("```") { isCode.toggle() }
                if isCode, bare.hasPrefix("tsunagi ") {
                    lines.append(bare.prefix { $0 != "#" && $0 != "|" })
                }
            }
        }
        #expect(lines.count > 30)
        var helps: [[String]: String] = [:]
        func help(_ path: [String]) async throws -> String {
            if let known = helps[path] { return known }
            let ended = try await Program.run(path + ["--help"])
            #expect(ended.status == 0, "\(path)")
            helps[path] = ended.output
            return ended.output
        }
        for line in lines {
            let words = line.split(separator: " ").dropFirst()
            let path = words.prefix { $0.wholeMatch(of: /[a-z][a-z-]*/) != nil }.map(String.init)
            var said = try await help(path)
            #expect(said.contains("USAGE: tsunagi \(path.joined(separator: " "))"), "\(line)")
            if let usual = said.firstMatch(of: /\n  ([a-z-]+) \(default\)/) {
                said += try await help(path + [String(usual.1)])
            }
            for option in words where option.hasPrefix("--") {
                #expect(said.contains("\(option) ") || said.contains("\(option)\n"), "\(line)")
            }
        }
    }
}

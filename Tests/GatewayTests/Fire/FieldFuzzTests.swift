import Exchange
import Foundation
import Postgres
import TestSupport
import Testing
import Trust

/// 変異した要求: every item of every request that is right, made wrong. It is refused by its code in both
/// languages or taken; never an error of ours, and what is refused has stored nothing.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(120)))
struct FieldFuzzTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    @Test func `a spoilt request is refused with its code in both languages and stores nothing`()
        async throws
    {
        let fire = try Fire(gateway)
        let perDeed = Torture.times("FUZZ", 10)
        let person = try await fire.settle()
        var chance = Seeded(UInt64(perDeed))
        var sent = 0
        var refused = 0
        for deed in Deed.all {
            let ask = try await deed.make(fire, person)
            guard let body = ask.json else { continue }
            let bodies = [body] + Self.examples(like: body, person)
            var mutations = bodies.flatMap { body in
                Mutation.all(of: body).map { $0.body(of: body) }
            }
            mutations.shuffle(using: &chance)
            var stored = try await fingerprint()
            for bytes in mutations.prefix(perDeed) {
                var spoilt = ask
                spoilt.body = bytes
                let answer = try await fire.untallied(spoilt)
                sent += 1
                let now = try await fingerprint()
                if Self.isRefused(answer) {
                    refused += 1
                    expectSpoken(answer, deed, bytes)
                    #expect(
                        now == stored,
                        "\(deed.id) stored: \(String(decoding: bytes.prefix(2_000), as: UTF8.self))"
                    )
                }
                stored = now
            }
        }
        #expect(refused > sent / 3)
        try await gateway.takeEntriesAsTold()
        await fire.hangUp()
        Torture.report(
            "spoilt requests", sent, "\(refused) refused in both languages, none with a 5xx")
    }

    @Test(arguments: EdgeTests.smuggling)
    func `over TLS, too, no request hides behind another`(_ rest: String) async throws {
        let entries = try await gateway.count("select count(*) from log.access_entry")
        let client = try await RawClient(
            port: gateway.port(.institution), credentials: gateway.pki.credentials(of: Cast.clinic))
        try await client.write(
            "POST /visits/paper HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\(rest)"
                + "GET /fhir/Patient/smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
        let answer = try await client.receivedUntilClosed()
        #expect(answer.hasPrefix("HTTP/1.1 400 ") || answer.hasPrefix("HTTP/1.1 415 "))
        #expect(answer.components(separatedBy: "HTTP/1.1 ").count == 2)
        #expect(try await gateway.count("select count(*) from log.access_entry") == entries)
    }

    // MARK: What is sent

    /// The examples of profiles/ for the same resource, as ones of this person's visit.
    private static func examples(like body: JSON, _ person: FirePerson) -> [JSON] {
        guard let type = body.object?["resourceType"]?.string else { return [] }
        return files.filter { $0["resourceType"]?.string == type }.map { example in
            var example = example
            for name in ["extension", "patient", "subject"] {
                if let own = body.object?[name], example[name] != nil {
                    example = example.with(name, own)
                }
            }
            return .object(example)
        }
    }

    /// profiles/**/examples/valid.
    private static let files: [JSONObject] = {
        var root = URL(filePath: #filePath)
        for _ in 0..<4 { root.deleteLastPathComponent() }
        let folder = root.appending(path: "profiles").path
        let paths = FileManager.default.subpaths(atPath: folder) ?? []
        return paths.sorted().filter { path in
            path.contains("examples/valid/") && path.hasSuffix(".json")
                && !path.hasSuffix(".expect.json")
        }.compactMap { path in
            FileManager.default.contents(atPath: folder + "/" + path)
                .flatMap { try? JSON(reading: Array($0)) }?.object
        }
    }()

    // MARK: What is heard

    private static func isRefused(_ answer: TLSClient.Answer) -> Bool { answer.status >= 400 }

    private func expectSpoken(_ answer: TLSClient.Answer, _ deed: Deed, _ bytes: [UInt8]) {
        let sent = String(decoding: bytes.prefix(2_000), as: UTF8.self)
        let comment = Comment(rawValue: "\(deed.id): \(answer.status) \(answer.text)\n\(sent)")
        #expect(answer.status < 500, comment)
        let row = Refusal.table.first { $0.code == answer.code }
        #expect(row?.status == answer.status, comment)
        let type = answer["Content-Type"] ?? ""
        #expect(
            type.hasPrefix("application/problem+json") || type.hasPrefix("application/fhir+json"),
            comment)
        // Both languages: Japanese letters, and an English sentence.
        #expect(answer.text.contains(#/[ぁ-ん]{2}/#), comment)
        #expect(answer.text.contains(#/[A-Za-z]+ [a-z]+ [a-z]+/#), comment)
    }

    /// How many rows each table has, but for the log, in which every question leaves one, and the count of
    /// paper certificates that were tried.
    private func fingerprint() async throws -> String {
        try await gateway.sql { transaction in
            let names = try transaction.query(
                Statement(
                    """
                    select format('%I.%I', schemaname, tablename) from pg_tables
                    where schemaname in ('exchange', 'office') and tablename <> 'visit_try'
                        order by 1
                    """)
            ).map { try $0.text(0) }
            let counts = names.map { "(select count(*) from \($0))" }.joined(separator: ", ")
            return try transaction.query(Statement("select row(\(counts))::text"))[0].text(0)
        }
    }
}

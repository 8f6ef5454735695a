import Crypto
import Exchange
import Foundation
import Ledger
import Postgres
import TestSupport
import Testing

/// 保管と一覧: after a month was archived, a resident's list still counts every entry of it, both verifiers
/// say so, and nobody can hide what an entry says by calling it archived.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct ArchivedListTests {
    static let month = "2015-03"
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    /// A resident with three entries of the spring of 2015 and some of today, the list after the spring
    /// was archived by the operator's command.
    private func listed() async throws -> (page: JSONObject, archive: Program.Ended) {
        let card = try await gateway.settle().card
        let visit = try await gateway.openVisit(card)
        try await plant()
        try await gateway.sealEpoch()
        let sealing = Task { [gateway] in
            while !Task.isCancelled {
                _ = try? await gateway.sealer.seal()
                try? await Task.sleep(for: .milliseconds(50))
            }
        }
        let archive = try await archive()
        sealing.cancel()
        await sealing.value
        _ = try await gateway.check(visit)
        let token = try await gateway.session(of: card)
        try await gateway.sealEpoch()
        let answer = try await gateway.send(
            Cast.portal, "GET", "/fhir/AuditEvent?_count=100", headers: [token])
        try answer.expect(200)
        return (try #require(try JSON(reading: answer.body).object), archive)
    }

    /// Two operators agree to one folder, whatever they call it from where they are; the same word in another
    /// place is another folder.
    private func archive() async throws -> Program.Ended {
        let elsewhere = gateway.folder + "/elsewhere"
        try FileManager.default.createDirectory(
            atPath: elsewhere, withIntermediateDirectories: true)
        var ended: [Program.Ended] = []
        for (one, (name, place)) in zip(
            [0, 1, 1], [(".", gateway.folder), (".", elsewhere), ("..", elsewhere)])
        {
            ended.append(
                try await Program.run(
                    [
                        "log", "archive", "--month", Self.month, "--to", name, "--operator",
                        Cast.operators[one].code,
                    ], owner: gateway.database, in: place))
        }
        // Each operator's word.
        gateway.expectMoreEntries(3)
        #expect(ended.map(\.status) == [1, 1, 0], "\(ended.map(\.output))")
        #expect(ended[1].output.contains("\(elsewhere): waits for another operator"))
        return ended[2]
    }

    /// As if they had come in 2015: of the resident whose visit is the newest.
    private func plant() async throws {
        try await gateway.owner.transaction { transaction in
            try transaction.script(
                """
                create table if not exists log.access_entry_2015_03
                    (like log.access_entry including defaults including constraints);
                do $$ begin
                    alter table log.access_entry attach partition log.access_entry_2015_03
                        for values from ('2015-03-01 00:00+09') to ('2015-04-01 00:00+09');
                end $$;
                insert into log.access_entry
                    (entry, at, format, party, purpose, person, outcome, salt)
                select gen_random_uuid(), '2015-03-05 12:00+09', 1, 'institution:1319999995', 'open-visit',
                    (select person from exchange.visit order by opened_at desc limit 1), 'ok',
                    sha256(n::text::bytea)
                from generate_series(1, 3) as n
                """)
        }
    }

    @Test func `a list over an archived month is complete, and every forgery of it is found`()
        async throws
    {
        let (page, archive) = try await listed()
        #expect(archive.status == 0, "\(archive.output)\(archive.errors)")
        let good = try await ListVerdicts.of([bytes(page)], under: gateway.sealKey)
        #expect(good.own.status == 0, "\(good.own.output)")
        #expect(good.own.output.contains("3 are archived (2015-03)"))
        #expect(good.stranger.status == 0, "\(good.stranger.output)")
        #expect(good.stranger.output.contains("3 of those shown are archived"))
        for forgery in Self.forgeries {
            var forged = page
            try forgery.forge(&forged)
            #expect(forged != page, "\(forgery.name) changes nothing")
            let verdict = try await ListVerdicts.of([bytes(forged)], under: gateway.sealKey)
            let isFound = verdict.own.output.contains("FOUND: ")
            #expect(
                verdict.own.status == (isFound ? 2 : 1), "\(forgery.name): \(verdict.own.output)")
            #expect(verdict.stranger.status == 1, "\(forgery.name): \(verdict.stranger.output)")
        }
        let again = try await Program.run(
            [
                "log", "archive", "--month", Self.month, "--to", gateway.folder, "--operator",
                Cast.operators[0].code,
            ], owner: gateway.database)
        #expect(again.status == 0 && again.output.contains("left the database before"))
        // Nobody's word is asked for what is done already, or may not be.
        for month in [LogMonth(of: WallClock.now()).text, "2015-13", "1999-01"] {
            for one in Cast.operators {
                let refused = try await Program.run(
                    [
                        "log", "archive", "--month", month, "--to", gateway.folder, "--operator",
                        one.code,
                    ], owner: gateway.database)
                #expect(refused.status != 0, "\(month)")
            }
        }
        try await walkAsAuditor()
    }

    /// deploy/audit.md, of an archived month: by a reader's role, the checkpoint, the file, and rules of the
    /// auditor's own.
    private func walkAsAuditor() async throws {
        let note = gateway.folder + "/kept-elsewhere"
        let kept = try #require(try await gateway.ledger.checkpoint())
        try Data(kept.utf8).write(to: URL(filePath: note))
        let archive = gateway.folder + "/" + ArchiveFile.name(of: try LogMonth(Self.month))
        let verify = [
            "seal", "verify", "--database",
            gateway.database.with(user: "tsunagi_reader").description, "--checkpoint", note,
            "--key", gateway.sealKey.text, "--archive", archive, "--profiles",
        ]
        let told = try await Program.run(verify + [Self.profiles.path])
        #expect(told.status == 0, "\(told.output)\(told.errors)")
        let file = try Data(contentsOf: URL(filePath: archive))
        let hash = Hexadecimal.text(Array(SHA256.hash(data: file)))
        #expect(told.output.contains("\(Self.month): 3 entries are archived, by a leaf of 20"))
        #expect(told.output.contains("SHA-256 of the file \(hash)"))
        #expect(told.output.contains("kept for 84 months"))
        // Under a rule by which the month would still be here, it left too early.
        let stricter = URL(filePath: gateway.folder + "/profiles")
        try FileManager.default.copyItem(at: Self.profiles, to: stricter)
        let rule = stricter.appending(path: "access/retention.json")
        let text = try String(contentsOf: rule, encoding: .utf8)
        try Data(text.replacing(#""months": 84"#, with: #""months": 1200"#).utf8).write(to: rule)
        let found = try await Program.run(verify + [stricter.path])
        #expect(found.status == 2)
        #expect(found.output.contains("FOUND: \(Self.month) was archived at 20"))
    }

    private static let profiles = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "profiles")

    static let forgeries: [ListProofTests.Forgery] = [
        .init("an archived entry dropped") { $0.changeEntries { $0.removeLast() } },
        .init("the hash of an archived entry changed") {
            $0.replace(
                /"leafHash","valueBase64Binary":"[^"]+"/,
                with: #""leafHash","valueBase64Binary":"\#(Base64.text(Array(1...32)))""#)
        },
        .init("an archived entry that says something") {
            $0.replace(/"recorded":"2015/, with: #""outcome":"0","recorded":"2015"#)
        },
        .init("the leaf that says so dropped") {
            $0.replace(/archive-proof/, with: "archive-prove")
        },
        .init("the leaf that says so made wider") { bundle in
            let text = bundle.text
            let leaf = try #require(
                text.firstMatch(of: /"archiveLeaf","valueBase64Binary":"([^"]+)"/)?.1)
            let said = String(decoding: try #require(Base64.bytes(leaf)), as: UTF8.self)
            let wider = said.replacing(/last: \d+/, with: "last: 99999")
            bundle = try bundle.replacing(
                String(leaf), with: Base64.text(Array(wider.utf8)))
        },
        // What somebody would do who wants nobody to read what an entry of today says.
        .init("an entry of today shown as archived") { bundle in
            let text = bundle.text
            let leaf = try #require(
                text.firstMatch(of: /"leaf","valueBase64Binary":"([^"]+)"/)?.1)
            let hash = LogHash.leaf(try #require(Base64.bytes(leaf))).bytes
            bundle = try bundle.replacing(
                #"{"url":"leaf","valueBase64Binary":"\#(leaf)"}"#,
                with: #"{"url":"leafHash","valueBase64Binary":"\#(Base64.text(hash))"},"#
                    + #"{"url":"archivedMonth","valueString":"2015-03"}"#)
            bundle.changeEntries { entries in
                guard var event = entries.first?.object, var resource = event["resource"]?.object
                else { return }
                for name in ["purposeOfEvent", "outcome", "outcomeDesc", "action"] {
                    resource = resource.without(name)
                }
                event = event.with("resource", .object(resource))
                entries[0] = .object(event)
            }
        },
    ]

    private func bytes(_ page: JSONObject) -> [UInt8] { Array(page.text.utf8) }
}

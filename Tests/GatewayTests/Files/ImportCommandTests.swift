import Exchange
import Foundation
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// `tsunagi import`: the operator takes in what a municipality handed over, on the same way and in the same
/// line as what it sends itself.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(2)))
struct ImportCommandTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private func run(_ arguments: [String], as operatorID: String = "op-a") async throws
        -> Program.Ended
    {
        try await Program.run(
            ["import"] + arguments + [
                "--party", Cast.town.key, "--layout", "entitlements", "--operator", operatorID,
                "--keys", gateway.folder + "/keys", "--database",
                gateway.database.with(user: "tsunagi_office").description,
            ])
    }

    private func file(_ rows: [[String: String]]) throws -> String {
        let path = gateway.folder + "/\(RecordID.random().text).csv"
        try Data(NightFile(rows).bytes()).write(to: URL(filePath: path))
        return path
    }

    private func rows(_ count: Int, _ changes: [String: String] = [:]) -> [[String: String]] {
        let today = gateway.clock.today
        return (0..<count).map { _ in
            gateway.people.next().cells(
                today.adding(days: -10), today.adding(days: 300), changes)
        }
    }

    private func lines(_ ended: Program.Ended) throws -> [JSONObject] {
        try ended.output.split(separator: "\n").map {
            try JSON(reading: String($0)).requiredObject(at: "line")
        }
    }

    @Test func `what the operator takes in stands in the line of what is uploaded`() async throws {
        _ = try await gateway.take(NightFile(rows(1)).bytes())
        let sequence = try await gateway.nextSequence()
        let path = try file(rows(2) + rows(1, ["性別": "7"]))
        let ended = try await run([path, "--sequence", "\(sequence)", "--rows", "3"])
        #expect(ended.status == 1, "\(ended.errors)")
        let report = try #require(try lines(ended).last)
        #expect(report["status"]?.string == "done")
        let processed = report["processed"]?.object
        #expect(processed?["additions"]?.int == 2 && processed?["refused"]?.int == 1)
        let again = try await run([path, "--sequence", "\(sequence)"])
        #expect(try lines(again).first?["received"]?.object?["duplicate"]?.bool == true)
        let named = try await gateway.count(
            """
            select count(*) from log.access_entry
            where operator = 'op-a' and party = $1 and person is not null
            """, [.text(Cast.town.key)])
        #expect(named == 2)
        // The municipality reads of it, and the operator gets the rows to mend.
        let id = try #require(report["file"]?.string)
        #expect(try await gateway.settled(id).number("refused") == 1)
        let errors = gateway.folder + "/errors.csv"
        let written = try await run(["errors", id, "--to", errors])
        #expect(written.status == 0, "\(written.errors)")
        let text = NightFile.text(
            of: Array(try Data(contentsOf: URL(filePath: errors))), .cp932)
        #expect(text.contains("@\(id)"))
        // Its report was read twice by the command.
        gateway.expectMoreEntries(
            try await gateway.count(
                """
                select count(*) from log.access_entry
                where operator like 'op-%' and purpose = 'read-registration'
                """))
    }

    @Test func `a second operator confirms`() async throws {
        let sequence = try await gateway.nextSequence()
        let path = try file(rows(300))
        let waiting = try await run([path, "--sequence", "\(sequence)"], as: "op-c")
        let report = try #require(try lines(waiting).last)
        #expect(report["status"]?.string == "waiting", "\(waiting.output) \(waiting.errors)")
        let id = try #require(report["file"]?.string)
        let hash = try #require(report["effect"]?.object?["hash"]?.string)
        let own = try await run(["confirm", id, "--effect", hash], as: "op-c")
        #expect(own.status != 0 && own.errors.contains("second-person-needed"))
        let done = try await run(["confirm", id, "--effect", hash], as: "op-d")
        #expect(done.status == 0, "\(done.errors)")
        #expect(try lines(done).last?["status"]?.string == "done")
        let refusals = 1
        gateway.expectMoreEntries(
            try await gateway.count(
                """
                select count(*) from log.access_entry
                where operator in ('op-c', 'op-d') and purpose = 'read-registration'
                """) + refusals)
    }

    @Test(arguments: [
        (["--sequence", "1", "--follows", "none"], "--sequence NUMBER or --follows"),
        (["--sequence", "1", "--encoding", "latin1"], "--encoding is"),
        (["--follows", "12"], "--sequence NUMBER or --follows"),
    ])
    func `what is wrong is said in words`(arguments: [String], words: String) async throws {
        let ended = try await run([try file(rows(1))] + arguments)
        #expect(ended.status != 0 && ended.errors.contains(words), "\(ended.errors)")
    }
}

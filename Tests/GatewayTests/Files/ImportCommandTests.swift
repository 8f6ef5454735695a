import Exchange
import Foundation
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// `tsunagi import`: the operator takes in what a municipality handed over, on the same way and in the same
/// line as what it sends itself.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct ImportCommandTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private func run(
        _ arguments: [String], as operatorID: String = "op-a", of party: Party = Cast.town,
        _ layout: String = "entitlements"
    ) async throws -> Program.Ended {
        try await Program.run(
            ["import"] + arguments + [
                "--party", party.key, "--layout", layout, "--operator", operatorID,
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

    /// What the operator read, under this name.
    private func read(by name: String) async throws -> Int {
        try await gateway.count(
            """
            select count(*) from log.access_entry
            where operator = $1 and purpose = 'read-registration' and outcome = 'ok'
            """, [.text(name)])
    }

    @Test func `what was sent, and the next number of the line, are listed`() async throws {
        let sequence = try await gateway.nextSequence()
        let sent = try await run(
            [try file(rows(1)), "--sequence", "\(sequence)"], as: "list-a")
        #expect(sent.status == 0, "\(sent.errors)")
        let id = try #require(try lines(sent).last?["file"]?.string)
        let listed = try await run(["list"], as: "list-b")
        let list = try #require(try lines(listed).first, "\(listed.errors)")
        let newest = list["files"]?.array?.first?.object
        #expect(newest?["file"]?.string == id && newest?["status"]?.string == "done")
        #expect(list["nextPlace"]?.object?["sequence"]?.int == sequence + 1)
        #expect(try await read(by: "list-b") == 1)
        // From one on: that one first.
        let again = try await run(["list", "--from", id], as: "list-b")
        let first = try lines(again).first?["files"]?.array?.first?.object
        #expect(first?["file"]?.string == id)
        let odd = try await run(["list", "--from", "x"], as: "list-b")
        #expect(odd.status != 0 && odd.errors.contains("is not the id of a file"))
        gateway.expectMoreEntries(
            try await read(by: "list-a") + read(by: "list-b"))
    }

    @Test func `whom a whole list would end is shown, with an entry for each of them`() async throws
    {
        let (party, layout) = (Cast.otherTown, "entitlements-full")
        let today = gateway.clock.today
        let own = (0..<3).map { _ in gateway.people.next() }
        let all = own.map {
            $0.cells(today.adding(days: -10), today.adding(days: 300), historyKey: "")
        }
        let sequence = try await gateway.nextSequence(of: party)
        let held = try await run(
            [try file(all), "--sequence", "\(sequence)"], as: "ends-a", of: party, layout)
        #expect(held.status == 0, "\(held.output) \(held.errors)")
        let looked = try await run(
            [try file([all[0]]), "--dry-run", "--as-of", "2999-01-01"], as: "ends-a", of: party,
            layout)
        #expect(looked.status != 0 && looked.errors.contains("delivery-as-of-ahead"))
        let dry = try await run(
            [try file([all[0]]), "--dry-run"], as: "ends-a", of: party, layout)
        let id = try #require(try lines(dry).last?["file"]?.string, "\(dry.errors)")
        let shown = try await run(["ends", id], as: "ends-b", of: party, layout)
        #expect(shown.status == 0, "\(shown.errors)")
        let ends = try #require(try lines(shown).first?["ends"]?.array?.compactMap(\.object))
        let recipients = Set(ends.compactMap { $0["medicalSubsidyRecipientNumber"]?.string })
        #expect(recipients.isSuperset(of: own[1...].map { "R-00\($0.index)" }))
        #expect(!recipients.contains("R-00\(own[0].index)"))
        for person in own { #expect(!shown.output.contains(person.number)) }
        let entered = try await gateway.count(
            """
            select count(*) from log.access_entry
            where operator = 'ends-b' and party = $1 and person is not null
            """, [.text(party.key)])
        #expect(entered == ends.count)
        let none = try await run(["ends", id], as: "ends-b", of: party)
        #expect(none.status != 0 && none.errors.contains("Only a whole list ends anybody"))
        let refusals = 1
        gateway.expectMoreEntries(
            try await read(by: "ends-a") + read(by: "ends-b") + refusals)
    }

    @Test func `what would change is shown, and a second person lifts what stays protected`()
        async throws
    {
        let sequence = try await gateway.nextSequence()
        let path = try file(rows(900) + rows(1, ["不開示フラグ": "1"]))
        let sent = try await run([path, "--sequence", "\(sequence)"], as: "plan-a")
        let report = try #require(try lines(sent).last, "\(sent.errors)")
        try #require(report["status"]?.string == "waiting", "\(sent.output)")
        let id = try #require(report["file"]?.string)
        let shown = try await run(["plan", id], as: "plan-b")
        let plan = try lines(shown).flatMap { $0["plan"]?.array ?? [] }.compactMap(\.object)
        #expect(plan.compactMap { $0["line"]?.int } == Array(2...902), "\(shown.errors)")
        let withdrawn = try await run(["withdraw", id], as: "plan-a")
        #expect(try lines(withdrawn).last?["status"]?.string == "withdrawn")
        func kept() async throws -> [Int?] {
            let list = try lines(try await run(["list"], as: "plan-b")).first
            let own = (list?["files"]?.array ?? []).compactMap(\.object)
                .first { $0["file"]?.string == id }
            let rows = own?["stillProtected"]?.object?["rows"]?.array ?? []
            return rows.map { $0.object?["line"]?.int }
        }
        #expect(try await kept() == [902])
        let alone = try await run(["lift", id], as: "plan-a")
        #expect(alone.status != 0 && alone.errors.contains(Refusal.secondPersonNeeded.code))
        #expect(try await kept() == [902])
        let lifted = try await run(["lift", id], as: "plan-b")
        #expect(lifted.status == 0, "\(lifted.errors)")
        #expect(try await kept().isEmpty)
        let refusals = 1
        gateway.expectMoreEntries(
            try await read(by: "plan-a") + read(by: "plan-b") + refusals)
    }

    /// 権限表: in whose name an operator does what is a row.
    @Test(arguments: ["list", "show"])
    func `nothing is done in the name of a party that has no row for it`(command: String)
        async throws
    {
        let id = command == "list" ? [] : [RecordID.random().text]
        let ended = try await run([command] + id, as: "row-a", of: Cast.town, "card-bindings")
        #expect(ended.status != 0 && ended.errors.contains(Refusal.notYourPurpose.code))
        let entered = try await gateway.count(
            """
            select count(*) from log.access_entry
            where operator = 'row-a' and party = $1 and outcome = $2
            """, [.text(Cast.town.key), .text(Refusal.notYourPurpose.code)])
        #expect(entered >= 1)
        gateway.expectMoreEntries(1)
    }

    @Test(arguments: [
        (["--sequence", "1", "--follows", "none"], "--sequence NUMBER or --follows"),
        (["--sequence", "1", "--encoding", "latin1"], "--encoding is"),
        (["--follows", "12"], "--sequence NUMBER or --follows"),
        (["--sequence", "1", "--as-of", "yesterday"], "--as-of is a day or an instant"),
        (["--sequence", "1", "--as-of", "2026-04-01"], "--as-of is said of a whole list alone"),
    ])
    func `what is wrong is said in words`(arguments: [String], words: String) async throws {
        let ended = try await run([try file(rows(1))] + arguments)
        #expect(ended.status != 0 && ended.errors.contains(words), "\(ended.errors)")
    }
}

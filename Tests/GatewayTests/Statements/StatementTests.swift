import Exchange
import Foundation
import Gateway
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 突合 over real TLS, with the municipality's own program: both sides see that they hold the same, or which
/// row they do not.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(3)))
struct StatementTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }
    private static let path = "/statements/subsidy"

    private var key: CheckpointKey {
        get throws {
            try CheckpointSigner(
                of: "statements", origin: "tsunagi.example/test",
                key: gateway.keys.ring.current(.statement)
            ).key
        }
    }

    private func statement(_ answer: TLSClient.Answer) throws -> HoldingStatement {
        try answer.expect(200)
        let note = try SignedNote(Array(answer.text("note").utf8))
        try key.verify(note)
        return try HoldingStatement(reading: note.body)
    }

    /// `tsunagi statement compare` at a town, against a statement of this moment.
    private func compare(_ file: NightFile, by town: Party) async throws -> Program.Ended {
        let path = gateway.folder + "/\(RecordID.random().text).csv"
        try Data(file.bytes()).write(to: URL(filePath: path))
        let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        return try await Program.run([
            "statement", "compare", path, "--layout", "entitlements", "--profiles",
            "/\(root)/profiles", "--gateway", "https://localhost:\(try gateway.port(.office))",
            "--certificate", gateway.pki.certificatePath(.offices, town.fileName),
            "--private-key", gateway.pki.keyPath(.offices, town.fileName), "--anchors",
            gateway.pki.path(.server, "ca.pem"), "--statement-key", try key.text, "--now",
        ])
    }

    /// The municipality's whole file: of this town nothing else is held.
    private func held(_ count: Int) async throws -> (residents: [TestResident], file: NightFile) {
        let residents = (0..<count).map { _ in gateway.people.next() }
        let file = NightFile(
            residents.map { $0.cells(today.adding(days: -10), today.adding(days: 300)) })
        return (residents, file)
    }

    @Test func `a town sees that both sides agree, and the row on which they do not`() async throws
    {
        let town = Cast.silentTown
        let (residents, file) = try await held(40)
        let taken = try await gateway.take(file.bytes(), by: town)
        #expect(taken.text("status") == "done", "\(taken.text)")
        var other = file
        other.rows[7]["資格有効期間終了"] = today.adding(days: 301).text
        var more = file
        more.rows.append(gateway.people.next().cells(today, today))
        var fewer = file
        fewer.rows.remove(at: 3)
        var seen: [Program.Ended] = []
        let entries = try await gateway.entries {
            for file in [file, other, more, fewer] {
                seen.append(try await compare(file, by: town))
            }
        }
        #expect(seen.map(\.status) == [0, 1, 1, 1], "\(seen.map(\.errors))")
        let said = seen.map(\.output)
        #expect(said[0].contains("40 rows there, 40 here"), "\(said)")
        #expect(said[1].contains("line 9: ") && said[1].contains("the content differs"))
        #expect(said[2].contains("line 42: ") && said[2].contains("not at the gateway"))
        let named = "medicalSubsidyRecipientNumber=R-00\(residents[3].index)"
        #expect(said[3].contains("not in the file: ") && said[3].contains(named))
        // Statements and steps are entries about nobody; two of the gateway's rows were told of.
        #expect(entries.filter(\.hasPerson).count == 2)
        #expect(Set(entries.map(\.purpose)) == ["read-statement"])
        #expect(residents.allSatisfy { !said.joined().contains($0.number) })
        gateway.expectMoreEntries(entries.count)
    }

    @Test func `a row of the API is the row of the file`() async throws {
        let before = try statement(try await gateway.send(Cast.otherTown, "POST", Self.path))
        let resident = gateway.people.next()
        let days = (today.adding(days: -5), today.adding(days: 200))
        let turned = JSON.object(
            JSONObject(resident.row("kodomo", days.0, days.1).object?.members.reversed() ?? []))
        try await gateway.hold([turned], by: Cast.otherTown)
        let after = try statement(try await gateway.send(Cast.otherTown, "POST", Self.path))
        #expect(after.rows == before.rows + 1 && after.root != before.root)
        #expect(after.asOf != before.asOf && !after.isStale)
        try await gateway.hold(
            [resident.row("kodomo", days.0, days.1, ["isDeleted": .bool(true)])],
            by: Cast.otherTown)
        let ended = try statement(try await gateway.send(Cast.otherTown, "POST", Self.path))
        #expect(ended.rows == before.rows && ended.root == before.root)
    }

    @Test func `a statement is its body's own, and a tree that was dropped is none`() async throws {
        let made = try await gateway.send(Cast.town, "POST", Self.path)
        let question = JSON.object(
            JSONObject([
                .init(name: "statement", value: .string(made.text("statement"))),
                .init(name: "level", value: .number("0")), .init(name: "node", value: .number("0")),
                .init(name: "rows", value: .array([])),
            ]))
        let own = try await gateway.send(Cast.town, "POST", Self.path + "/compare", body: question)
        try own.expect(200)
        let other = try await gateway.send(
            Cast.otherTown, "POST", Self.path + "/compare", body: question)
        gateway.expect(.recordUnknown, in: other)
        for _ in 0..<2 { try await gateway.send(Cast.town, "POST", Self.path).expect(200) }
        let dropped = try await gateway.send(
            Cast.town, "POST", Self.path + "/compare", body: question)
        gateway.expect(.recordUnknown, in: dropped)
        try await gateway.expect(.notYourPurpose, of: .readStatement, from: Cast.auditor) {
            try await gateway.send(Cast.auditor, "GET", Self.path)
        }
    }

    static let wrong: [(level: Int, node: Int, refusal: Refusal)] = [
        (9, 0, .malformed("level")), (0, 1, .malformed("node")), (0, 0, .missing("rows")),
    ]

    @Test(arguments: wrong.indices)
    func `a question that the tree cannot answer is refused`(_ index: Int) async throws {
        let (level, node, refusal) = Self.wrong[index]
        let made = try await gateway.send(Cast.silentTown, "POST", "/statements/checkup-targets")
        let answer = try await gateway.send(
            Cast.silentTown, "POST", "/statements/checkup-targets/compare",
            body: .object(
                JSONObject([
                    .init(name: "statement", value: .string(made.text("statement"))),
                    .init(name: "level", value: .number("\(level)")),
                    .init(name: "node", value: .number("\(node)")),
                ])))
        gateway.expect(refusal, in: answer)
        gateway.expectMoreEntries(1)
    }

    @Test func `one is made a day for each body, and those whose data no longer comes are counted`()
        async throws
    {
        let parts = try gateway.parts()
        #expect(try await parts.makeStatements(TestPostgres.logger).isEmpty)
        let made = try await gateway.count("select count(*) from exchange.holding_statement")
        #expect(made > 0)
        _ = try await parts.makeStatements(TestPostgres.logger)
        let again = try await gateway.count("select count(*) from exchange.holding_statement")
        #expect(again == made)
        _ = try await gateway.sql {
            try $0.run(
                Statement(
                    "update exchange.party set as_of = as_of - interval '73 hours' where party = $1"
                ),
                [.text(Cast.otherTown.key)])
        }
        #expect(try await parts.makeStatements(TestPostgres.logger) == [Cast.otherTown.code])
        let now = try await gateway.send(Cast.otherTown, "POST", Self.path)
        #expect(try statement(now).isStale)
        _ = try await gateway.sql {
            try $0.run(
                Statement(
                    "update exchange.party set as_of = as_of + interval '73 hours' where party = $1"
                ),
                [.text(Cast.otherTown.key)])
        }
    }

    @Test func `no role changes a statement`() async throws {
        try await gateway.send(Cast.town, "POST", Self.path).expect(200)
        for sql in [
            "update exchange.holding_statement set note = 'x'",
            "delete from exchange.holding_statement",
        ] {
            let error = await #expect(throws: DatabaseError.self) {
                try await gateway.sql { _ = try $0.run(Statement(sql)) }
            }
            #expect(error?.sqlState == "42501")
        }
    }
}

import Exchange
import Gateway
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 慎重に扱う項目の突合: what a hall found in confidence agrees by statement, and no hash of it tells anybody what was
/// found.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct SensitiveStatementTests {
    private static let layout = "sensitive-checkup-results"
    private static let path = "/statements/sensitive-checkup-results"
    private static let purpose = Purpose.readSensitiveRegistration.rawValue

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private func row(
        _ key: String, _ number: String, _ changes: [String: String] = [:]
    ) -> [String: String] {
        [
            "結果番号": number, "届出番号": key, "健診コード": "infant-3-4m", "健診日": today.text,
            "同意日": today.text, "被虐待を疑う所見": "none",
        ].merging(changes) { $1 }
    }

    /// The whole list of a town that held none before, already sent.
    private func held(_ count: Int, by town: Party) async throws -> (
        number: String, file: NightFile
    ) {
        let number = RecordID.random().text
        var rows: [[String: String]] = []
        for place in 1...count {
            let key = "C-\(number)-\(place)"
            try await gateway.notify(
                [
                    gateway.settle(in: town).resident.birth(
                        on: today.adding(days: -110), notified: today.adding(days: -100), key: key)
                ], by: town)
            rows.append(row(key, "\(number)-\(place)"))
        }
        let file = NightFile(sensitiveCheckups: rows)
        let taken = try await gateway.take(
            file.bytes(), as: Self.layout, by: town, field: "maternal-sensitive")
        #expect(taken.number("additions") == count, "\(taken.text)")
        gateway.expectMoreEntries(count)
        return (number, file)
    }

    @Test
    func `a town sees that both sides agree on what was found in confidence, or on which row not`()
        async throws
    {
        let town = Cast.otherTown
        let (number, file) = try await held(3, by: town)
        var found = file
        found.rows[1]["被虐待を疑う所見"] = "found"
        var agreed = file
        agreed.rows[2]["同意日"] = today.adding(days: -1).text
        var more = file
        more.rows.append(row("C-\(number)-4", "\(number)-4", ["更新区分": "1"]))
        var fewer = file
        fewer.rows.removeFirst()
        var seen: [Program.Ended] = []
        let entries = try await gateway.entries {
            for file in [file, found, agreed, more, fewer] {
                seen.append(try await gateway.compare(file, as: Self.layout, by: town))
            }
        }
        gateway.expectMoreEntries(entries.count)
        #expect(seen.map(\.status) == [0, 2, 2, 2, 2], "\(seen.map(\.errors))")
        let said = seen.map(\.output)
        #expect(said[0].contains("3 rows there, 3 here"), "\(said)")
        #expect(said[1].contains("line 3: ") && said[1].contains("the content differs"), "\(said)")
        #expect(said[2].contains("line 4: ") && said[2].contains("the content differs"), "\(said)")
        #expect(said[3].contains("line 5: ") && said[3].contains("not at the gateway"), "\(said)")
        #expect(
            said[4].contains("not in the file: ") && said[4].contains("resultNumber=\(number)-1"),
            "\(said)")
        #expect(!said.joined().contains("found") && !said.joined().contains("none"))
        // Three of the gateway's rows were told of, each under the purpose of what is sensitive.
        #expect(entries.filter(\.hasPerson).count == 3)
        #expect(Set(entries.map(\.purpose)) == [Self.purpose])
        // The root of such a file alone would be a hash of answers: it is not printed.
        let computed = try await Program.run([
            "statement", "compute", "none.csv", "--layout", Self.layout,
        ])
        #expect(computed.status != 0 && computed.errors.contains("salt"), "\(computed.errors)")
    }

    /// Two statements of the same rows have nothing in common that a row could be guessed by.
    @Test func `each statement has its own salt, and a tree that is dropped leaves none`()
        async throws
    {
        let town = Cast.otherTown
        var made: [(salt: String, root: [UInt8])] = []
        for _ in 0..<3 {
            let answer = try await gateway.send(town, "POST", Self.path)
            try answer.expect(200)
            let note = try SignedNote(Array(answer.text("note").utf8))
            try gateway.statementKey.verify(note)
            let statement = try HoldingStatement(reading: note.body)
            #expect(statement.field == .sensitiveCheckupResults)
            #expect(!answer.text("note").contains(answer.text("salt")))
            made.append((answer.text("salt"), statement.root))
        }
        #expect(
            Set(made.map { $0.salt }).count == 3 && made.allSatisfy { $0.salt.utf8.count == 64 })
        // No salt makes a difference to what is not there.
        let rows = try await gateway.count(
            "select count(*) from exchange.sensitive_mass_checkup where party = $1",
            [.text(town.key)])
        #expect(Set(made.map { $0.root }).count == (rows > 0 ? 3 : 1))
        let salts = try await gateway.sql { transaction in
            try transaction.query(
                Statement(
                    """
                    select (salt is not null) = (nodes is not null) and (
                        salt is not null or made_at < (
                            select min(made_at) from exchange.holding_statement
                            where field = s.field and body = s.body and salt is not null))
                    from exchange.holding_statement s
                    where field = 'sensitive-checkup-results' and body = $1
                    """), [.text(town.code)]
            ).map { try $0.bool(0) }
        }
        #expect(salts.count >= 3 && salts.allSatisfy { $0 })
        // Of what is not confidential no statement has one.
        let open = try await gateway.send(town, "POST", "/statements/checkup-results")
        try open.expect(200)
        #expect(open.json["salt"] == nil)
        let error = await #expect(throws: DatabaseError.self) {
            try await gateway.sql {
                _ = try $0.run(
                    Statement(
                        """
                        update exchange.holding_statement set salt = sha256('x'::bytea)
                        where salt is not null
                        """))
            }
        }
        #expect(error?.sqlState == "42501")
    }

    @Test func `nobody else reads it, by whichever way`() async throws {
        let made = try await gateway.send(Cast.otherTown, "POST", Self.path)
        try made.expect(200)
        func question(_ path: String, by party: Party) async throws -> TLSClient.Answer {
            try await gateway.send(
                party, "POST", path + "/compare",
                body: .object(
                    JSONObject([
                        .init(name: "statement", value: .string(made.text("statement"))),
                        .init(name: "level", value: .number("0")),
                        .init(name: "node", value: .number("0")),
                        .init(name: "rows", value: .array([])),
                    ])))
        }
        // Another town's, and its own asked for as if it were of the open field.
        for (party, path) in [
            (Cast.town, Self.path), (Cast.otherTown, "/statements/checkup-results"),
        ] {
            let answer = try await question(path, by: party)
            #expect(answer.code == Refusal.recordUnknown.code, "\(path)")
        }
        for party in [Cast.prefecture, Cast.auditor] {
            for method in ["GET", "POST"] {
                let answer = try await gateway.send(party, method, Self.path)
                #expect(answer.code == Refusal.notYourPurpose.code, "\(party.key) \(method)")
            }
            let answer = try await question(Self.path, by: party)
            #expect(answer.code == Refusal.notYourPurpose.code, "\(party.key)")
        }
        // Who may read statements, and not what is sensitive, is not named for any of its operations.
        let permissions = try #require(try gateway.ledger.rules.current().permissions)
        for operation in ["GET \(Self.path)", "POST \(Self.path)", "POST \(Self.path)/compare"] {
            #expect(permissions.may(.municipality, operation, for: .readSensitiveRegistration))
            #expect(!permissions.may(.municipality, operation, for: .readStatement))
        }
    }
}

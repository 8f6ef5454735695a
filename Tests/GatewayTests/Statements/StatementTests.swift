import Exchange
import Gateway
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 突合 over real TLS, with the municipality's own program: both sides see that they hold the same, or which
/// row they do not.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct StatementTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }
    private static let path = "/statements/subsidy"

    private func statement(_ answer: TLSClient.Answer) throws -> HoldingStatement {
        try answer.expect(200)
        let note = try SignedNote(Array(answer.text("note").utf8))
        try gateway.statementKey.verify(note)
        return try HoldingStatement(reading: note.body)
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
                seen.append(try await gateway.compare(file, by: town))
            }
        }
        #expect(seen.map(\.status) == [0, 2, 2, 2], "\(seen.map(\.errors))")
        // Of whom nobody could ask, nothing is known.
        let away = try await gateway.compare(file, by: town, at: "https://localhost:1")
        #expect(away.status == 1 && !away.output.contains("differ"), "\(away.output)")
        let said = seen.map(\.output)
        #expect(said[0].contains("40 rows there, 40 here"), "\(said)")
        #expect(said[1].contains("line 9: ") && said[1].contains("the content differs"))
        #expect(said[2].contains("line 42: ") && said[2].contains("not at the gateway"), "\(said)")
        let named = "medicalSubsidyRecipientNumber=R-00\(residents[3].index)"
        #expect(said[3].contains("not in the file: ") && said[3].contains(named))
        // Statements and steps are entries about nobody; two of the gateway's rows were told of.
        #expect(entries.filter(\.hasPerson).count == 2)
        #expect(Set(entries.map(\.purpose)) == ["read-statement"])
        #expect(residents.allSatisfy { !said.joined().contains($0.number) })
        gateway.expectMoreEntries(entries.count)
    }

    /// Of each: the file with nothing changed, with a row left out, and with a day of one row changed.
    @Test func `invitations, tickets and results are compared as entitlements are`() async throws {
        let town = Cast.otherTown
        let (mother, _) = try await gateway.settleMother(in: town)
        let (child, _) = try await gateway.settle(in: town)
        let birth = "S-\(child.index)"
        try await gateway.notify(
            [
                child.birth(
                    on: today.adding(days: -110), notified: today.adding(days: -100), key: birth)
            ], by: town)
        var targets = NightFile([
            [
                "更新区分": "1", "宛名番号": birth, "個人番号": child.number, "接種種別コード": "mr",
                "対象期間開始": today.text, "対象期間終了": today.adding(days: 300).text,
                "特別の事情がなくなった日": today.adding(days: -10).text,
            ]
        ])
        targets.columns = [
            "更新区分", "宛名番号", "個人番号", "接種種別コード", "対象期間開始", "対象期間終了", "特別の事情がなくなった日",
        ]
        let tickets = NightFile(
            checkupTickets: (1...3).map {
                [
                    "宛名番号": "S-\(mother.index)", "個人番号": mother.number, "健診種別コード": "prenatal",
                    "受診券番号": "S-\($0)", "回": "\($0)", "有効期間開始": today.text,
                    "有効期間終了": today.adding(days: 90).text,
                ]
            })
        let results = NightFile(massCheckups: [
            [
                "結果番号": birth, "届出番号": birth, "健診コード": "infant-3-4m", "健診日": today.text,
                "体重": "6.42", "身長": "62.5", "頭囲": "41.0", "判定": "healthy",
            ]
        ])
        let fields = [
            (
                "vaccination-targets", "immunization", targets, ["対象期間終了", "特別の事情がなくなった日"],
                "programme=mr"
            ), ("checkup-tickets", "maternal", tickets, ["有効期間終了"], "number=S-1"),
            ("checkup-results", "maternal", results, ["健診日"], "resultNumber=\(birth)"),
        ]
        for (layout, field, file, columns, name) in fields {
            let taken = try await gateway.take(
                file.bytes(), as: layout, by: town, field: field)
            #expect(taken.number("refused") == 0, "\(layout): \(taken.text)")
            let others = columns.map { column in
                var other = file
                let days = layout == "checkup-results" ? -1 : 60
                other.rows[0][column] = today.adding(days: days).text
                return other
            }
            var fewer = file
            fewer.rows.removeFirst()
            var seen: [Program.Ended] = []
            let entries = try await gateway.entries {
                for file in [file, fewer] + others {
                    seen.append(try await gateway.compare(file, as: layout, by: town))
                }
            }
            let statuses = [0, 2] + others.map { _ in Int32(2) }
            #expect(seen.map(\.status) == statuses, "\(layout): \(seen.map(\.errors))")
            let said = seen.map(\.output)
            #expect(
                said[1].contains("not in the file: ") && said[1].contains(name),
                "\(layout): \(said)")
            for text in said[2...] { #expect(text.contains("line 2: "), "\(layout): \(said)") }
            #expect(entries.filter(\.hasPerson).count == 1 + others.count)
            // Beside what the comparisons entered: of results, whom the file was about.
            gateway.expectMoreEntries(entries.count + (layout == "checkup-results" ? 1 : 0))
        }
    }

    /// So many rows that they do not all stay in memory while the statement is made.
    @Test func `the statement of a large body is that of its rows, whatever the way they went`()
        async throws
    {
        let town = Cast.town
        let resident = gateway.people.next()
        let row = JSON.object(
            JSONObject([
                .init(name: "modificationSeg", value: .string("1")),
                .init(name: "municipalityIdentityKey", value: .string("large-0")),
                .init(name: "myNumber", value: .string(resident.number)),
            ]))
        let sent = try await gateway.send(
            town, "POST", "/municipal-checkup/registration-tasks", body: .array([row]))
        try sent.expect(202)
        let path = "/statements/checkup-targets"
        let before = try statement(try await gateway.send(town, "POST", path))
        _ = try await gateway.sql {
            try $0.run(
                Statement(
                    """
                    with fresh as (
                        insert into exchange.person (person)
                        select gen_random_uuid() from generate_series(1, 60000) returning person),
                    counted as (select person, row_number() over () as n from fresh)
                    insert into exchange.checkup_target (person, municipality, identity_key, face,
                        is_removed, task)
                    select c.person, municipality, 'large-' || n, '{"n":"' || n || '"}', false, task
                    from exchange.checkup_target, counted c where identity_key = 'large-0'
                    """))
        }
        let made = try await gateway.send(town, "POST", path)
        let large = try statement(made)
        #expect(large.rows == before.rows + 60_000 && large.depth == 3)
        let held = try await gateway.sql { transaction in
            try transaction.query(
                Statement(
                    """
                    select t.face, t.identity_key from exchange.checkup_target t
                    where t.municipality = $1 and not t.is_removed and not exists (
                        select 1 from exchange.checkup_target l where l.person = t.person
                            and l.municipality = t.municipality
                            and l.identity_key = t.identity_key and l.version > t.version)
                    """), [.text(town.code)]
            ).map {
                StatementTree.Leaf(
                    StatementRow(checkupTarget: try $0.text(0), identityKey: try $0.text(1)),
                    line: 1)
            }
        }
        let tree = StatementTree(held.reversed(), depth: large.depth)
        #expect(tree.root.bytes == large.root)
        let key = StatementTree.Leaf(
            StatementRow(checkupTarget: "{}", identityKey: "large-31415"), line: 1
        ).key
        let node = try #require((0..<4096).first { tree.bucket($0).contains { $0.key == key } })
        let rows = tree.bucket(node).filter { $0.key != key }.map {
            JSON.object(
                JSONObject([
                    .init(name: "key", value: .string($0.key.text)),
                    .init(name: "content", value: .string($0.content.text)),
                ]))
        }
        let found = try await gateway.send(
            town, "POST", path + "/compare",
            body: .object(
                JSONObject([
                    .init(name: "statement", value: .string(made.text("statement"))),
                    .init(name: "level", value: .number("3")),
                    .init(name: "node", value: .number("\(node)")),
                    .init(name: "rows", value: .array(rows)),
                ])))
        #expect(
            found.json["difference"]?.object?["municipalityIdentityKey"]?.string == "large-31415")
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

    private func age(_ field: StatementField, _ change: String) async throws {
        let values: [Value] = [.text(Cast.town.key), .text(field.rawValue)]
        let changed = try await gateway.sql {
            try $0.run(
                Statement(
                    "update exchange.feed set \(change) where party = $1 and field = $2"), values)
        }
        #expect(changed == 1, "\(field)")
    }

    /// 鮮度: of each field its own; what comes in one says nothing of another.
    @Test func `a feed that stops is told of, whatever else comes`() async throws {
        let parts = try gateway.parts()
        let path = "/statements/residence-moves"
        let resident = gateway.people.next()
        let before = try statement(try await gateway.send(Cast.otherTown, "POST", path))
        #expect(before.asOf == nil && before.isStale)
        let moved = gateway.lifeEvent(.movedWithin, of: resident, "fresh", on: today)
        try await gateway.tell([moved]).expect(202)
        let fresh = try statement(try await gateway.send(Cast.town, "POST", path))
        #expect(fresh.asOf != nil && !fresh.isStale)
        try await age(.residenceMoves, "as_of = as_of - interval '73 hours'")
        let name = "\(Cast.town.code)/residence-moves"
        #expect(try await parts.makeStatements(TestPostgres.logger) == [name])
        let old = try statement(try await gateway.send(Cast.town, "POST", path))
        #expect(old.isStale)
        // Entitlements still come, and clinics are answered as before.
        let own = try statement(try await gateway.send(Cast.town, "POST", Self.path))
        #expect(!own.isStale)
        try await age(.residenceMoves, "as_of = as_of + interval '73 hours'")
        #expect(try await parts.makeStatements(TestPostgres.logger).isEmpty)
    }

    @Test func `a nightly file that does not come is told of, though rows come by the API`()
        async throws
    {
        let parts = try gateway.parts()
        let name = "\(Cast.town.code)/subsidy/file"
        // An empty night is a file as well.
        try await gateway.hold([gateway.people.next().row("kodomo", today, today)])
        _ = try await gateway.take(NightFile([]).bytes())
        _ = try await gateway.take(NightFile([]).bytes())
        let bell = WebhookTarget(
            party: Cast.town, host: "localhost", port: 1, path: "/ring", anchors: "none")
        #expect(try await gateway.registry.setWebhook(bell))
        let asked = """
            select count(*) from exchange.webhook where party = $1
                and notice_at > clock_timestamp() - interval '1 minute'
            """
        #expect(try await parts.makeStatements(TestPostgres.logger).isEmpty)
        #expect(try await gateway.count(asked, [.text(Cast.town.key)]) == 0)
        try await age(
            .subsidy,
            "file_at = file_at - interval '80 hours', file_before = file_at - interval '104 hours'")
        #expect(try await parts.makeStatements(TestPostgres.logger) == [name])
        // The town hears of it too, once.
        #expect(try await gateway.count(asked, [.text(Cast.town.key)]) == 1)
        _ = try await gateway.sql {
            try $0.run(Statement("update exchange.webhook set notice_at = null"))
        }
        #expect(try await parts.makeStatements(told: [name], TestPostgres.logger) == [name])
        #expect(try await gateway.count(asked, [.text(Cast.town.key)]) == 0)
        #expect(try await gateway.registry.removeWebhook(of: Cast.town))
        // One that came once in a while is not missed.
        try await age(.subsidy, "file_before = file_at - interval '74 hours'")
        #expect(try await parts.makeStatements(TestPostgres.logger).isEmpty)
        _ = try await gateway.take(NightFile([]).bytes())
        let moved = try await gateway.count(
            """
            select count(*) from exchange.feed where party = $1 and field = 'subsidy'
                and file_at > clock_timestamp() - interval '1 minute' and file_before < file_at
            """, [.text(Cast.town.key)])
        #expect(moved == 1)
    }

    /// What another gateway is writing, or left when it died.
    @Test
    func `a statement that is not whole is none, and is dropped when nobody writes it any more`()
        async throws
    {
        let whole = try await gateway.send(Cast.town, "POST", Self.path)
        try whole.expect(200)
        let half = try await unfinished(secondsAgo: 0)
        try await ask(half).expect(404)
        let newest = try await gateway.send(Cast.town, "GET", Self.path)
        #expect(newest.text("statement") == whole.text("statement"))
        let another = try await gateway.send(Cast.town, "POST", Self.path)
        #expect(another.text("statement") != whole.text("statement"))
        #expect(try await hasTree(half))
        let left = try await unfinished(secondsAgo: 3_700)
        try await gateway.send(Cast.town, "POST", Self.path).expect(200)
        #expect(try await hasTree(left) == false)
        #expect(try await hasTree(half))
    }

    @Test
    func `while one is being written the day's is not made again, and by the next hour it is`()
        async throws
    {
        // Neither has any of this field, and nobody else makes one.
        let (field, issuer) = (StatementField.checkupResults, try gateway.parts().statementIssuer())
        for (body, seconds, isMade) in [
            (Cast.prefecture.code, 0, false), (Cast.otherPrefecture.code, 3_700, true),
        ] {
            _ = try await unfinished(secondsAgo: seconds, of: body, field)
            let made = try await gateway.ledger.makeStatement(
                of: body, field, another: false, by: issuer)
            #expect(made == isMade)
        }
    }

    /// Of a hundred hashes one or two have twelve digits that an individual number could have.
    @Test func `a hash is no individual number, whatever digits are in it`() async throws {
        let hash =
            String(repeating: "a", count: 26) + "123456789018" + String(repeating: "b", count: 26)
        let other = RecordID.random().text
        func row(_ key: String) -> JSON {
            .object(
                JSONObject([
                    .init(name: "key", value: .string(key)),
                    .init(name: "content", value: .string(hash)),
                ]))
        }
        let asked: [(path: String, members: [(String, JSON)])] = [
            (
                Self.path + "/compare",
                [
                    ("statement", .string(other)), ("level", .number("0")), ("node", .number("0")),
                    ("rows", .array([row(hash)])),
                ]
            ),
            (
                "/files/entitlements/\(other)/decision",
                [("decision", .string("confirm")), ("effect", .string(hash))]
            ),
            (
                "/claims/months/2019-02/closings",
                [("run", .number("1")), ("digest", .string(hash))]
            ),
        ]
        for (path, members) in asked {
            let body = JSON.object(
                JSONObject(members.map { .init(name: $0.0, value: $0.1) }))
            let answer = try await gateway.send(Cast.town, "POST", path, body: body)
            #expect(answer.status == 404, "\(path): \(answer.text)")
        }
        let mistaken = JSON.object(
            JSONObject([
                .init(name: "decision", value: .string("123456789018")),
                .init(name: "effect", value: .string(hash)),
            ]))
        try await gateway.expect(
            .individualNumberNotAllowed("decision"), of: nil, from: Cast.town
        ) {
            try await gateway.send(
                Cast.town, "POST", "/files/entitlements/\(other)/decision", body: mistaken)
        }
    }

    private func unfinished(
        secondsAgo: Int, of body: String = Cast.town.code, _ field: StatementField = .subsidy
    ) async throws -> RecordID {
        let id = RecordID.random()
        _ = try await gateway.sql {
            try $0.run(
                Statement(
                    """
                    insert into exchange.holding_statement
                        (statement, body, field, made_at, depth, note, nodes, is_whole)
                    select $1, $2, $3, clock_timestamp() - $4::bigint * interval '1 second',
                        depth, note, nodes, false
                    from exchange.holding_statement where nodes is not null limit 1
                    """),
                [
                    .uuid(UUIDBytes(high: id.high, low: id.low)), .text(body),
                    .text(field.rawValue), .int(secondsAgo),
                ])
        }
        return id
    }

    private func hasTree(_ statement: RecordID) async throws -> Bool {
        try await gateway.count(
            """
            select count(*) from exchange.holding_statement
            where statement = $1 and nodes is not null
            """, [.uuid(UUIDBytes(high: statement.high, low: statement.low))]) == 1
    }

    private func ask(_ statement: RecordID) async throws -> TLSClient.Answer {
        try await gateway.send(
            Cast.town, "POST", Self.path + "/compare",
            body: .object(
                JSONObject([
                    .init(name: "statement", value: .string(statement.text)),
                    .init(name: "level", value: .number("0")),
                    .init(name: "node", value: .number("0")),
                    .init(name: "rows", value: .array([])),
                ])))
    }

    @Test func `no role changes a statement`() async throws {
        try await gateway.send(Cast.town, "POST", Self.path).expect(200)
        for sql in [
            "update exchange.holding_statement set note = 'x'",
            "update exchange.holding_statement set is_whole = false",
            "delete from exchange.holding_statement",
        ] {
            let error = await #expect(throws: DatabaseError.self) {
                try await gateway.sql { _ = try $0.run(Statement(sql)) }
            }
            #expect(error?.sqlState == "42501")
        }
    }
}

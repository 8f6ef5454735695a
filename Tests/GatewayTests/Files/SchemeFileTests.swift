import Exchange
import Gateway
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 制度マスタのファイル over the wire: a municipality's own schemes become rules, and nobody else's.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct SchemeFileTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private func row(
        _ type: String, _ from: CalendarDay, by town: Party = Cast.town,
        _ changes: [String: String] = [:]
    ) -> [String: String] {
        [
            "市区町村コード": town.code, "機関別受給者証種別ID": type, "マスタ種別": "1",
            "名称": "見本の助成", "優先順位": "60", "適用開始日": from.text,
        ].merging(changes) { $1 }
    }

    private func take(
        _ rows: [[String: String]], by town: Party = Cast.town
    ) async throws -> TLSClient.Answer {
        let taken = try await gateway.take(
            NightFile(schemes: rows).bytes(), as: "scheme-masters", by: town)
        try await gateway.parts().ledger.rules.refresh()
        return taken
    }

    private func register(_ type: String, by town: Party = Cast.town) async throws -> Int? {
        let resident = gateway.people.next()
        let row = resident.row(type, today.adding(days: -1), today.adding(days: 100))
        return try await gateway.register([row], by: town).int("applied")
    }

    private func versions() async throws -> Int {
        try await gateway.count("select count(*) from exchange.rule_book")
    }

    @Test func `a scheme of the town's own is served as soon as its file is applied`() async throws
    {
        #expect(try await register("mihon") == 0)
        let rows = [
            row("mihon", today.adding(days: -30)),
            row("mihon-ahead", today.adding(days: 1)),
            row("mihon-other", today, by: Cast.otherTown),
        ]
        let before = try gateway.parts().ledger.rules.current().version
        let dry = try await gateway.upload(
            NightFile(schemes: rows).bytes(), as: "scheme-masters", "dryRun=true")
        let weighed = try await gateway.settled(dry.text("file"), as: "scheme-masters")
        #expect(weighed.number("additions", in: "effect") == 2, "\(weighed.text)")
        let count = try await versions()
        let entries = try await gateway.entries {
            let taken = try await take(rows)
            #expect(
                taken.number("additions") == 2 && taken.number("refused") == 1, "\(taken.text)")
            #expect(
                taken.results.first?.findings.first?["code"]?.string == "scheme-of-another")
            let hash = weighed.json["effect"]?.object?["hash"]?.string
            #expect(taken.json["processed"]?.object?["hash"]?.string == hash)
        }
        #expect(entries.contains { $0.purpose == "register-schemes" })
        #expect(!entries.contains { $0.hasPerson })
        #expect(try await versions() == count + 1)
        #expect(try await register("mihon") == 1)
        // Told ahead of its day, it is known, and holds from that day on.
        let rules = try gateway.parts().ledger.rules.current().subsidy
        func isServed(on day: CalendarDay) -> Bool {
            rules.programs(of: Cast.town.code, on: day).contains {
                $0.certificateTypeID == "mihon-ahead"
            }
        }
        #expect(!isServed(on: today) && isServed(on: today.adding(days: 1)))
        let again = try await take(Array(rows[..<2]))
        #expect(again.number("unchanged") == 2, "\(again.text)")
        #expect(try await versions() == count + 1)
        // What was decided before is decided again by the rules of then.
        let old = try await gateway.parts().ledger.rules.version(before)
        #expect(!old.subsidy.programs.contains { $0.certificateTypeID == "mihon" })
    }

    private func listed(
        _ type: String, _ query: String = "", by town: Party = Cast.town
    ) async throws -> [JSONObject] {
        let answer = try await gateway.send(
            town, "GET", "/medical-subsidy/schemes?count=1000\(query)")
        try answer.expect(200)
        return (answer.json["schemes"]?.array ?? []).compactMap(\.object).filter {
            $0["orgSpecificCertificateTypeId"]?.string == type
        }
    }

    @Test func `a town reads its own schemes, who registered them and when, and no other's`()
        async throws
    {
        #expect(try await listed("ichiran").isEmpty)
        let first = today.adding(days: -20)
        let code = row(
            "ichiran", first, ["マスタ種別": "2", "コード": "A", "名称": "見本の区分", "優先順位": ""])
        let bytes = NightFile(schemes: [
            row("ichiran", first), code, row("ichiran-ahead", today.adding(days: 10)),
        ]).bytes()
        let taken = try await gateway.take(bytes, as: "scheme-masters", operatorID: "clerk-3")
        #expect(taken.number("additions") == 3, "\(taken.text)")
        let held = try await listed("ichiran")
        let scheme = try #require(held.first)
        #expect(held.count == 1 && scheme["isRegistered"]?.bool == true)
        #expect(scheme["name"]?.string == "見本の助成" && scheme["priority"]?.int == 60)
        #expect(scheme["effectiveFrom"]?.string == first.text && scheme["effectiveTo"] == nil)
        let codes = (scheme["incomeSegments"]?.array ?? []).compactMap(\.object)
        #expect(codes.map { $0["code"]?.string } == ["A"])
        #expect(scheme["registeredBy"]?.string == "clerk-3")
        #expect(scheme["registeredAt"] != nil && scheme["taskId"] != nil)
        #expect(try await listed("ichiran-ahead").count == 1)
        #expect(try await listed("ichiran-ahead", "&on=\(today.text)").isEmpty)
        #expect(try await listed("ichiran", "&on=\(today.text)") == [scheme])
        #expect(try await listed("ichiran", by: Cast.otherTown).isEmpty)
        // A code that came later is a later registration of its type, and of that alone.
        let renamed = code.merging(["名称": "見本の区分を改める"]) { $1 }
        let later = try await gateway.take(
            NightFile(schemes: [renamed]).bytes(), as: "scheme-masters", operatorID: "clerk-4")
        #expect(later.number("changes") == 1, "\(later.text)")
        #expect(try await listed("ichiran").first?["registeredBy"]?.string == "clerk-4")
        #expect(try await listed("ichiran-ahead").first?["registeredBy"]?.string == "clerk-3")
        for sql in [
            "update exchange.registered_rule set operator = 'x'",
            "delete from exchange.registered_rule", "truncate exchange.registered_rule",
        ] {
            let error = await #expect(throws: DatabaseError.self, "\(sql)") {
                try await gateway.sql { _ = try $0.run(Statement(sql)) }
            }
            #expect(error?.sqlState == "42501", "\(sql)")
        }
    }

    @Test func `two towns at once both stand, and an operator's files undo neither`() async throws {
        async let one = take([row("kyotsu", today.adding(days: -5))])
        async let other = take(
            [row("kyotsu", today.adding(days: -5), by: Cast.otherTown)], by: Cast.otherTown)
        let answers = try await [one, other]
        #expect(answers.map { $0.number("additions") } == [1, 1], "\(answers.map(\.text))")
        func bodies() async throws -> [String] {
            try await gateway.parts().ledger.rules.refresh()
            return try gateway.parts().ledger.rules.current().subsidy.programs.filter {
                $0.certificateTypeID == "kyotsu"
            }.map(\.body).sorted()
        }
        #expect(try await bodies() == [Cast.town.code, Cast.otherTown.code].sorted())
        let loaded = try await gateway.reloadProfiles()
        let kept = try await gateway.count(
            "select count(*) from exchange.rule_book where version = $1", [.text(loaded)])
        #expect(kept == 1)
        #expect(try await bodies() == [Cast.town.code, Cast.otherTown.code].sorted())
    }

    @Test func `no role writes rules, and the office no more than its town's schemes`() async throws
    {
        let office = gateway.database.with(user: "tsunagi_office")
        let pool = Pool(
            office, limits: .init(connectionsMax: 1), label: "office",
            logger: TestPostgres.logger)
        let newest = "(select version from exchange.rule_book order by serial desc limit 1)"
        for sql in [
            "insert into exchange.rule_book (version, files) values ('x', '{}')",
            "update exchange.rule_book set files = '{}'",
            "select exchange.replace_programs(\(newest), '../access', 'x', '{}')::text",
            "select exchange.replace_programs(\(newest), '999999', 'x', '{}')::text",
        ] {
            let error = await #expect(throws: DatabaseError.self) {
                try await pool.transaction { _ = try $0.run(Statement(sql)) }
            }
            #expect(error?.sqlState == "42501", "\(sql)")
        }
        let stale = await #expect(throws: DatabaseError.self) {
            try await pool.transaction {
                _ = try $0.run(
                    Statement(
                        "select exchange.replace_programs('old', '132101', 'x', '{}')::text"))
            }
        }
        #expect(stale?.sqlState == "40001")
        await pool.shutdown()
    }
}

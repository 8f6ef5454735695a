import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 接種期間の登録 over the wire: a town's own days become rules, its residents are held to them, and nobody else is.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct SeasonRegistrationTests {
    private static let path = "/immunization/seasons/registration-tasks"
    private static let season = "influenza-9301"

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    /// `10-05`: of the last year of the law that is over, so that every day of it may be asked about.
    private func past(_ monthAndDay: String) throws -> CalendarDay {
        let today = gateway.clock.today
        let first = (today.text.dropFirst(5) < "04-01" ? today.year - 1 : today.year) - 1
        return try CalendarDay("\(monthAndDay < "04-01" ? first + 1 : first)-\(monthAndDay)")
    }

    /// An operator's season, from 1 October to 31 January for everybody; or none at all.
    private func loadSeason(isThere: Bool = true) async throws {
        let text = """
            {"source":"試験","verified":"unverified","note":"\(RecordID.random().text)",\
            "campaign":"\(Self.season)","season":"9301","name":{"ja":"見本の期間","en":"A season"},\
            "programmes":["influenza-elderly","influenza-60"],\
            "effectiveFrom":"\(try past("10-01").text)","effectiveTo":"\(try past("01-31").text)",\
            "notice":{"ja":"共通の期間","en":"The common days"}}
            """
        _ = try await gateway.reloadProfiles { files in
            for path in Array(files.keys) where path.hasPrefix("immunization/campaigns/influenza-")
            {
                files[path] = nil
            }
            guard isThere else { return }
            files["immunization/campaigns/\(Self.season).json"] = Array(text.utf8)
        }
        try await gateway.ledger.rules.refresh()
    }

    private func row(
        _ town: Party = Cast.town, _ changes: [String: String] = [:]
    ) throws -> [String: String] {
        [
            "modificationSeg": "1", "municipality": town.code, "campaign": Self.season,
            "effectiveFrom": try past("10-15").text, "effectiveTo": try past("02-20").text,
            "notice": "\(town.code)の期間",
        ].merging(changes) { $1 }
    }

    private func send(
        _ rows: [[String: String]], by town: Party = Cast.town, key: String? = nil,
        operatorID: String? = nil
    ) async throws -> TLSClient.Answer {
        let body = JSON.array(
            rows.map { row in
                .object(
                    JSONObject(
                        row.sorted { $0.key < $1.key }.map {
                            .init(name: $0.key, value: .string($0.value))
                        }))
            })
        let answer = try await gateway.send(
            town, "POST", Self.path,
            headers: (key.map { [("Idempotency-Key", $0)] } ?? [])
                + (operatorID.map { [("Tsunagi-Operator", $0)] } ?? []),
            body: body)
        try await gateway.ledger.rules.refresh()
        return answer
    }

    private func days(in town: Party) throws -> String? {
        let rules = try gateway.ledger.rules.current().immunization
        let days = rules?.campaign(Self.season)?.effective(in: town.code)
        return days.map { "\($0.from.text) \($0.to?.text ?? "")" }
    }

    private func told(_ sent: TLSClient.Answer, by town: Party = Cast.town) async throws -> [String]
    {
        let report = try await gateway.send(
            town, "GET", "\(Self.path)/\(sent.text("taskId"))")
        try report.expect(200)
        return report.results.flatMap { result in
            result.findings.map {
                "\(result["line"]?.int ?? 0) \($0["item"]?.string ?? "") "
                    + "\($0["code"]?.string ?? "")"
            }
        }
    }

    private func versions() async throws -> Int {
        try await gateway.count("select count(*) from exchange.rule_book")
    }

    private func isStopped(_ visit: RunningGateway.Visit, on day: CalendarDay) async throws -> Bool
    {
        let answer = try await gateway.checkVaccine("influenza", visit, on: day)
        try answer.expect(200)
        return answer.findings.map(\.rule).contains("season")
    }

    @Test func `a town's own days hold its residents, and those of the town next door stay`()
        async throws
    {
        try await loadSeason()
        let common = try days(in: Cast.otherTown)
        let here = try await gateway.openVaccinationVisit(gateway.settle(years: 75).card)
        let there = try await gateway.openVaccinationVisit(
            gateway.settle(years: 75, in: Cast.otherTown).card)
        let (early, late) = (try past("10-05"), try past("02-20"))
        #expect(try await !isStopped(here, on: early))
        #expect(try await isStopped(here, on: late))
        let before = try gateway.ledger.rules.current().version
        let count = try await versions()
        var sent: TLSClient.Answer?
        let entries = try await gateway.entries { sent = try await send([row()], key: "once-9301") }
        let answer = try #require(sent)
        #expect(answer.status == 202 && answer.int("applied") == 1, "\(answer.text)")
        #expect(entries.map(\.purpose).contains("register-seasons"))
        #expect(!entries.contains { $0.hasPerson })
        #expect(try await versions() == count + 1)
        #expect(try await isStopped(here, on: early))
        #expect(try await !isStopped(here, on: late))
        #expect(try await !isStopped(there, on: early))
        #expect(try await isStopped(there, on: late))
        // Sent again, with its key or as rows, it changes nothing, and makes no version.
        let again = try await send([row()], key: "once-9301")
        #expect(again.text("taskId") == answer.text("taskId"))
        let same = try await send([row()])
        #expect(same.int("unchanged") == 1, "\(same.text)")
        #expect(try await versions() == count + 1)
        // What was decided before is decided again by the days of then.
        let old = try await gateway.ledger.rules.version(before).immunization
        let first = try past("10-01")
        #expect(old?.campaign(Self.season)?.effective(in: Cast.town.code).from == first)
        // An operator's files leave it as it stands; taken back, theirs count again.
        let own = try days(in: Cast.town)
        try await loadSeason()
        #expect(try days(in: Cast.town) == own && own != common)
        let back = try await send([row(Cast.town, ["modificationSeg": "2"])])
        #expect(back.int("applied") == 1, "\(back.text)")
        #expect(try days(in: Cast.town) == common)
        #expect(try await !isStopped(here, on: early))
    }

    // MARK: What is registered

    private static let list = "/immunization/seasons"

    private func listed(
        _ query: String = "", by town: Party = Cast.town
    ) async throws -> [JSONObject] {
        let answer = try await gateway.send(town, "GET", Self.list + query)
        try answer.expect(200)
        return (answer.json["seasons"]?.array ?? []).compactMap(\.object)
    }

    private func season(_ query: String = "", by town: Party = Cast.town) async throws
        -> JSONObject?
    {
        try await listed(query, by: town).first { $0["campaign"]?.string == Self.season }
    }

    @Test func `a town reads its own days, who registered them and when, and no other's`()
        async throws
    {
        try await loadSeason()
        let common = try #require(try await season())
        #expect(common["isRegistered"]?.bool == false && common["isInForce"]?.bool == true)
        #expect(try common["effectiveFrom"]?.string == past("10-01").text)
        #expect(common["registeredBy"] == nil && common["registeredAt"] == nil)
        let sent = try await send([row()], operatorID: "clerk-1")
        #expect(sent.int("applied") == 1, "\(sent.text)")
        let version = try gateway.ledger.rules.current().version
        var read: JSONObject?
        let entries = try await gateway.entries { read = try await season() }
        #expect(entries.map(\.purpose) == ["read-registration"])
        #expect(entries.map(\.basis) == ["rules/\(version)"])
        #expect(entries.map(\.hasPerson) == [false])
        let own = try #require(read)
        #expect(try own["effectiveFrom"]?.string == past("10-15").text)
        #expect(try own["effectiveTo"]?.string == past("02-20").text)
        #expect(own["notice"]?.string == "\(Cast.town.code)の期間")
        #expect(own["isRegistered"]?.bool == true && own["isInForce"]?.bool == true)
        #expect(own["registeredBy"]?.string == "clerk-1" && own["version"]?.string == version)
        #expect(own["taskId"]?.string == sent.text("taskId"))
        let at = try Instant(own["registeredAt"]?.string ?? "", item: "registeredAt")
        #expect(at > WallClock.now().adding(seconds: -600))
        // The same days sent again by somebody else are theirs who said them first.
        #expect(try await send([row()], operatorID: "clerk-2").int("unchanged") == 1)
        #expect(try await season()?["registeredBy"]?.string == "clerk-1")
        #expect(try await season(by: Cast.otherTown) == common)
        // By day: the town's own are days in February, the common ones are not.
        let (early, late) = ("?on=\(try past("10-05").text)", "?on=\(try past("02-20").text)")
        #expect(try await season(early) == nil)
        #expect(try await season(late) == own)
        #expect(try await season(early, by: Cast.otherTown) == common)
        #expect(try await season(late, by: Cast.otherTown) == nil)
        // The operator's season goes: the days are still the town's word, and count for nothing.
        try await loadSeason(isThere: false)
        let gone = try #require(try await season())
        #expect(gone["isInForce"]?.bool == false && gone["isRegistered"]?.bool == true)
        #expect(gone["effectiveTo"] == own["effectiveTo"] && gone["name"] == nil)
        #expect(gone["registeredBy"]?.string == "clerk-1")
        #expect(try await season(late) == nil)
        #expect(try await season(by: Cast.otherTown) == nil)
        try await loadSeason()
        _ = try await send([row(Cast.town, ["modificationSeg": "2"])])
        #expect(try await season() == common)
    }

    @Test func `the list comes in parts, and refuses what it does not understand`() async throws {
        try await loadSeason()
        let whole = try await listed()
        #expect(whole.count > 1)
        var parts: [JSONObject] = []
        var after: Int? = 0
        while let place = after {
            let answer = try await gateway.send(
                Cast.town, "GET", "\(Self.list)?count=1&after=\(place)")
            try answer.expect(200)
            let rows = (answer.json["seasons"]?.array ?? []).compactMap(\.object)
            try #require(rows.count == 1, "\(answer.text)")
            parts += rows
            after = answer.int("next")
        }
        #expect(parts == whole)
        #expect(try await listed("?after=\(whole.count)").isEmpty)
        #expect(try await listed("?after=\(Int.max)").isEmpty)
        for (query, item) in [
            ("on=yesterday", "on"), ("count=0", "count"), ("count=1001", "count"),
            ("after=-1", "after"),
        ] {
            try await gateway.expect(.malformed(item), of: nil, from: Cast.town) {
                try await gateway.send(Cast.town, "GET", "\(Self.list)?\(query)")
            }
        }
        for (party, path) in [
            (Cast.prefecture, Self.list), (Cast.auditor, Self.list),
            (Cast.prefecture, "/medical-subsidy/schemes"),
        ] {
            try await gateway.expect(.notYourPurpose, of: .readRegistration, from: party) {
                try await gateway.send(party, "GET", path)
            }
        }
    }

    @Test func `two towns at once both stand`() async throws {
        try await loadSeason()
        let (early, late) = (try past("10-15").text, try past("11-01").text)
        let (here, there) = (
            try row(), try row(Cast.otherTown, ["effectiveFrom": late])
        )
        async let one = send([here])
        async let other = send([there], by: Cast.otherTown)
        let answers = try await [one, other]
        #expect(answers.map { $0.int("applied") } == [1, 1], "\(answers.map(\.text))")
        try await gateway.ledger.rules.refresh()
        #expect(try days(in: Cast.town)?.hasPrefix(early) == true)
        #expect(try days(in: Cast.otherTown)?.hasPrefix(late) == true)
        for town in [Cast.town, Cast.otherTown] {
            _ = try await send([row(town, ["modificationSeg": "2"])], by: town)
        }
    }

    @Test
    func `what is not its own, or not of the law, is refused by its row, and the rest is taken`()
        async throws
    {
        try await loadSeason()
        let count = try await versions()
        let beyond = try past("03-31").adding(days: 1).text
        let sent = try await send([
            row(Cast.otherTown), row(Cast.town, ["campaign": "influenza-1999"]),
            row(Cast.town, ["effectiveTo": beyond]),
        ])
        #expect(sent.int("refused") == 3, "\(sent.text)")
        #expect(
            try await told(sent) == [
                "1 municipality season-of-another", "2 campaign unknown-code",
                "3 effectiveTo season-beyond-law",
            ])
        #expect(try await versions() == count)
        let mixed = try await send([
            row(Cast.town, ["notice": ""]), row(Cast.town, ["effectiveTo": try past("03-31").text]),
        ])
        #expect(mixed.int("refused") == 1 && mixed.int("applied") == 1, "\(mixed.text)")
        #expect(try await told(mixed) == ["1 notice required"])
        _ = try await send([row(Cast.town, ["modificationSeg": "2"])])
        for party in [Cast.prefecture, Cast.auditor] {
            let refused = try await gateway.send(party, "POST", Self.path, body: .array([]))
            #expect(refused.code == Refusal.notYourPurpose.code, "\(party.key)")
        }
    }

    @Test func `the office's role puts a town's own file into the rules, and no other`()
        async throws
    {
        let pool = Pool(
            gateway.database.with(user: "tsunagi_office"), limits: .init(connectionsMax: 1),
            label: "office", logger: TestPostgres.logger)
        let newest = "(select version from exchange.rule_book order by serial desc limit 1)"
        for (arguments, state) in [
            ("\(newest), 'access', '132101', 'x', '{}'", "42501"),
            ("\(newest), 'immunization/campaigns', '132101', 'x', '{}'", "42501"),
            ("\(newest), 'immunization/seasons', '../access', 'x', '{}'", "42501"),
            ("\(newest), 'immunization/seasons', '999999', 'x', '{}'", "42501"),
            ("\(newest), null, '132101', 'x', '{}'", "42501"),
            ("'old', 'immunization/seasons', '132101', 'x', '{}'", "40001"),
        ] {
            let error = await #expect(throws: DatabaseError.self) {
                try await pool.transaction {
                    _ = try $0.run(
                        Statement("select exchange.replace_registered(\(arguments))::text"))
                }
            }
            #expect(error?.sqlState == state, "\(arguments)")
        }
        await pool.shutdown()
    }
}

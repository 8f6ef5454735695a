import Exchange
import Postgres
import TestSupport
import Testing

/// 全件: a whole list ends what it no longer holds, and nothing else: not the rows of other bodies, not those
/// of people whose own row was refused, and nobody while a row names nobody.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct FullFileTests {
    static let layout = "entitlements-full"
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private func row(
        _ resident: TestResident, from: Int = -10, _ changes: [String: String] = [:]
    ) -> [String: String] {
        let today = gateway.clock.today
        return resident.cells(
            today.adding(days: from), today.adding(days: 300), historyKey: "", changes)
    }

    private func people(_ count: Int) -> [TestResident] {
        (0..<count).map { _ in gateway.people.next() }
    }

    private func take(_ rows: [[String: String]], by party: Party) async throws -> TLSClient.Answer
    {
        let answer = try await gateway.take(
            NightFile(rows).bytes(), as: Self.layout, by: party, operatorID: "clerk-a")
        guard answer.text("status") == "waiting" else { return answer }
        let hash = answer.json["effect"]?.object?["hash"]?.string
        let confirmed = try await gateway.decide(
            "confirm", on: answer.text("file"), effect: hash, as: Self.layout, by: party,
            operatorID: "clerk-b")
        try confirmed.expect(200)
        return try await gateway.settled(answer.text("file"), as: Self.layout, by: party)
    }

    private func standing(_ person: TestResident) async throws -> Int {
        try await gateway.count(
            """
            select count(*) from exchange.entitlement e
            where e.recipient_number = $1 and e.valid_to >= $2 and not e.is_deleted and not exists (
                select 1 from exchange.entitlement later where later.person = e.person
                    and later.body = e.body and later.history_key = e.history_key
                    and later.version > e.version)
            """, [.text("R-00\(person.index)"), .day(gateway.clock.today.daysSince1970)])
    }

    @Test func `who is missing has ended the day before, and nobody else`() async throws {
        let own = people(6)
        let others = people(2)
        // The town already holds one of the suite's own; it is not in the list either.
        let first = try await take(own.map { row($0) }, by: Cast.town)
        #expect(first.number("additions") == 6, "\(first.text)")
        _ = try await take(others.map { row($0) }, by: Cast.otherTown)
        let list = own[0..<3].map { row($0) } + [row(own[3], ["性別": "7"])]
        let done = try await take(list, by: Cast.town)
        // Three are as before; one was refused and is left standing; two have ended.
        #expect(done.number("unchanged") == 3 && done.number("refused") == 1, "\(done.text)")
        #expect(done.number("ends") == 2)
        #expect(done.json["processed"]?.object?["hash"] == done.json["effect"]?.object?["hash"])
        for (place, expected) in [1, 1, 1, 1, 0, 0].enumerated() {
            #expect(try await standing(own[place]) == expected, "\(place)")
        }
        for other in others { #expect(try await standing(other) == 1) }
        let yesterday = gateway.clock.today.adding(days: -1)
        let ended = try await gateway.count(
            """
            select count(*) from exchange.entitlement
            where recipient_number = $1 and valid_to = $2 and face like '%' || $3 || '%'
            """,
            [
                .text("R-00\(own[5].index)"), .day(yesterday.daysSince1970),
                .text("\"validTo\":\"\(yesterday.text)\""),
            ])
        #expect(ended == 1)
        // Mended rows alone end nobody.
        let errors = try await gateway.errors(of: done.text("file"), as: Self.layout)
        let text = NightFile.text(of: errors.body, .cp932).replacing(",7,", with: ",2,")
        let mended = try await gateway.take(
            NightFile.bytes(of: text, .cp932), as: Self.layout)
        #expect(mended.number("unchanged") == 1 && mended.number("ends") == 0, "\(mended.text)")
        #expect(try await standing(own[0]) == 1)
    }

    @Test func `nobody ends while a row names nobody`() async throws {
        let party = Cast.prefecture
        let own = people(4)
        func nanbyo(_ person: TestResident, _ changes: [String: String] = [:]) -> [String: String] {
            row(
                person,
                ["機関別受給者証種別ID": "nanbyo", "公費負担者番号": "54136015", "所得区分": "D"]
                    .merging(changes) { $1 })
        }
        _ = try await take(own.map { nanbyo($0) }, by: party)
        let done = try await take(
            [nanbyo(own[0]), nanbyo(own[1], ["個人番号": "12345"])], by: party)
        #expect(done.number("refused") == 1 && done.number("ends") == 0, "\(done.text)")
        for person in own { #expect(try await standing(person) == 1) }
        // Who sent it is told so, because of which line, and how many that holds back.
        let notice = try #require(done.notices.first, "\(done.text)")
        #expect(done.notices.count == 1 && notice["code"]?.string == "ends-suspended")
        #expect(notice["ends"]?.int == 3 && notice["rows"]?.int == 1)
        #expect(notice["lines"]?.array?.compactMap(\.int) == [3])
        let errors = try await gateway.errors(of: done.text("file"), as: Self.layout, by: party)
        let mended = try await gateway.take(errors.body, as: Self.layout, by: party)
        #expect(mended.number("ends") == 0, "\(mended.text)")
        #expect(mended.notices.map { $0["code"]?.string } == ["mended-ends-nobody"])
        // The whole list sent again, mended, ends them.
        let whole = try await take([nanbyo(own[0]), nanbyo(own[1])], by: party)
        #expect(whole.number("ends") == 2 && whole.notices.isEmpty, "\(whole.text)")
    }

    @Test func `what came after the list was received stays, and the sender is told`() async throws
    {
        let party = Cast.otherTown
        let own = people(2)
        let before = people(1)[0]
        let born = people(1)[0]
        let today = gateway.clock.today
        _ = try await take(own.map { row($0) }, by: party)
        // It waits for the file before it; meanwhile a child is born and registered by the API.
        let sequence = try await gateway.nextSequence(of: party)
        let list = try await gateway.upload(
            NightFile([row(own[0])]).bytes(), as: Self.layout, "sequence=\(sequence + 1)",
            by: party)
        #expect(list.status == 202 && list.text("status") == "held", "\(list.text)")
        try await gateway.hold([born.row("kodomo", today, today.adding(days: 300))], by: party)
        let earlier = try await gateway.upload(
            NightFile([before.cells(today.adding(days: -10), today.adding(days: 300))]).bytes(),
            "sequence=\(sequence)", by: party)
        #expect(earlier.status == 202, "\(earlier.text)")
        let done = try await gateway.settled(list.text("file"), as: Self.layout, by: party)
        // What the file before it said is older than the list, however late it was applied.
        #expect(done.text("status") == "done" && done.number("ends") == 2, "\(done.text)")
        #expect(try await standing(own[0]) == 1)
        #expect(try await standing(own[1]) == 0)
        #expect(try await standing(before) == 0)
        #expect(try await standing(born) == 1)
        #expect(done.notices.map { $0["code"]?.string } == ["kept-known-since"], "\(done.text)")
        #expect(done.notices.first?["rows"]?.int == 1)
        // The next list is younger than the child.
        let next = try await take([row(own[0])], by: party)
        #expect(next.number("ends") == 1 && next.notices.isEmpty, "\(next.text)")
        #expect(try await standing(born) == 0)
    }

    /// 終わるものの一覧: what a second person looks at.
    @Test func `whom a list would end is told by the keys of their certificates`() async throws {
        let party = Cast.otherTown
        let own = people(4)
        _ = try await take(own.map { row($0) }, by: party)
        let bytes = NightFile([row(own[0])]).bytes()
        let receipt = try await gateway.upload(
            bytes, as: Self.layout, "dryRun=true", by: party)
        let dry = try await gateway.settled(receipt.text("file"), as: Self.layout, by: party)
        #expect(dry.number("ends", in: "effect") == 3, "\(dry.text)")
        let path = "/files/\(Self.layout)/\(dry.text("file"))/ends"
        var told: TLSClient.Answer?
        let entries = try await gateway.entries {
            told = try await gateway.send(party, "GET", path)
        }
        let ends = try #require(told)
        // One entry for each resident who stands in it.
        #expect(entries.count == 3 && entries.allSatisfy(\.hasPerson))
        gateway.expectMoreEntries(2)
        let rows = (ends.json["ends"]?.array ?? []).compactMap(\.object)
        let shown = rows.map { $0["medicalSubsidyRecipientNumber"]?.string ?? "" }
        #expect(shown.sorted() == own[1...].map { "R-00\($0.index)" }.sorted(), "\(ends.text)")
        for person in own { #expect(!ends.text.contains(person.number)) }
        let rest = try await gateway.send(party, "GET", path + "?from=3")
        #expect(rest.json["ends"]?.array?.count == 1, "\(rest.text)")
        // For a spreadsheet, by the column names of the file.
        let table = try await gateway.send(party, "GET", path, headers: [("Accept", "text/csv")])
        gateway.expectMoreEntries(2)
        let text = NightFile.text(of: table.body, .cp932)
        #expect(text.hasPrefix("機関別受給者証種別ID,公費負担者番号,公費受給者番号,"), "\(text)")
        for person in own[1...] { #expect(text.contains(",R-00\(person.index),")) }
        #expect(text.split(separator: "\r\n").count == 4)
        // Somebody else's, a file under another layout, and what is not in form.
        let other = try await gateway.send(Cast.town, "GET", path)
        #expect(other.code == Refusal.taskUnknown.code)
        let odd = try await gateway.send(party, "GET", path + "?from=x")
        #expect(odd.code == Refusal.malformed("from").code)
        let none = try await gateway.send(
            party, "GET", "/files/entitlements/\(dry.text("file"))/ends")
        #expect(none.code == Refusal.routeUnknown.code)
        #expect(try await standing(own[3]) == 1)
    }

    /// As if a row had been left out when a list was weighed, and came to light when it is applied.
    private func listWithMoreEnds(_ own: [TestResident], _ born: TestResident) async throws
        -> (weighed: TLSClient.Answer, asked: TLSClient.Answer)
    {
        let today = gateway.clock.today
        _ = try await take(own.map { row($0) }, by: Cast.town)
        let weighed = try await gateway.take(
            NightFile(own[0..<10].map { row($0) }).bytes(), as: Self.layout, operatorID: "clerk-a")
        #expect(weighed.text("status") == "waiting", "\(weighed.text)")
        try await gateway.hold([born.row("kodomo", today, today.adding(days: 300))])
        let (file, recipient) = (weighed.text("file"), "R-00\(born.index)")
        try await gateway.sql {
            try $0.run(
                Statement(
                    """
                    update exchange.entitlement set known_at = known_at - interval '1 day'
                    where recipient_number = $1
                    """), [.text(recipient)])
            try $0.run(
                Statement("update office.file set state = 'applying' where file = $1::text::uuid"),
                [.text(file)])
        }
        return (weighed, try await gateway.settled(file, as: Self.layout))
    }

    /// Should somebody end at last whom the weighing did not show, all ends are asked about once more.
    @Test(arguments: ["confirm", "withdraw"])
    func `nobody ends whom the second person has not seen`(decision: String) async throws {
        let own = people(130)
        let born = people(1)[0]
        let (weighed, asked) = try await listWithMoreEnds(own, born)
        let file = weighed.text("file")
        #expect(weighed.number("ends", in: "effect") == 120)
        #expect(asked.text("status") == "waiting", "\(asked.text)")
        #expect(asked.number("ends", in: "effect") == 121)
        #expect(asked.number("ends") == 0 && asked.number("unchanged") == 10)
        #expect(asked.notices.map { $0["code"]?.string } == ["ends-asked"])
        #expect(try await standing(own[129]) == 1)
        let hash = asked.json["effect"]?.object?["hash"]?.string
        // What could have been confirmed before is not what waits now.
        let refused = try await gateway.decide(
            "confirm", on: file, effect: weighed.json["effect"]?.object?["hash"]?.string,
            as: Self.layout, operatorID: "clerk-b")
        #expect(refused.code == Refusal.effectChanged.code)
        let answer = try await gateway.decide(
            decision, on: file, effect: decision == "confirm" ? hash : nil, as: Self.layout,
            operatorID: "clerk-b")
        try answer.expect(200)
        let over = try await gateway.settled(file, as: Self.layout)
        if decision == "confirm" {
            #expect(over.text("status") == "done" && over.number("ends") == 121, "\(over.text)")
            #expect(over.json["processed"]?.object?["hash"]?.string == hash)
        } else {
            #expect(over.text("status") == "withdrawn" && over.number("ends") == 0)
            #expect(over.notices.map { $0["code"]?.string } == ["ends-withdrawn"])
        }
        let left = decision == "confirm" ? 0 : 1
        #expect(try await standing(own[0]) == 1)
        #expect(try await standing(own[129]) == left)
        #expect(try await standing(born) == left)
    }

    @Test func `two terms of one certificate are two rows, and stay so`() async throws {
        let party = Cast.otherTown
        let person = people(1)[0]
        let today = gateway.clock.today
        let next = row(person, from: 301, ["資格有効期間終了": today.adding(days: 600).text])
        let first = try await take([row(person), next], by: party)
        #expect(first.number("additions") == 2, "\(first.text)")
        let again = try await take([next, row(person)], by: party)
        #expect(again.number("unchanged") == 2, "\(again.text)")
        #expect(try await standing(person) == 2)
        // One that had not begun is taken back.
        let shorter = try await take([row(person)], by: party)
        #expect(shorter.number("ends") == 1, "\(shorter.text)")
        #expect(try await standing(person) == 1)
    }

    @Test func `an entry for each resident whose row ended`() async throws {
        let party = Cast.silentTown
        let own = people(5).map { row($0, ["機関別受給者証種別ID": "kodomo"]) }
        let first = try await take(own, by: party)
        try #require(first.number("additions") == 5, "\(first.text)")
        let entries = try await gateway.entries {
            let done = try await take([own[0]], by: party)
            #expect(done.number("ends") == 4, "\(done.text)")
        }
        // The one that stayed was looked at and is on the record too.
        #expect(entries.filter(\.hasPerson).count == 5)
    }
}

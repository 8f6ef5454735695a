import Exchange
import Ledger
import TestSupport
import Testing
import Trust

/// 国への書き出し: every report of every town, in one order, for the ministry alone; with the fields of the form,
/// and without what it is not for.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct ReactionExportTests {
    typealias Visit = RunningGateway.Visit

    static let path = RunningGateway.reactionPath + "/$reports"
    static let file = "/reactions/reports.csv"

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private struct Reported {
        let resident: TestResident
        let visit: Visit
        var reaction: SentReaction
        let id: String
    }

    /// Somebody of a town to whom something happened three days after a dose.
    private func reported(
        in town: Party = Cast.town, hidden: Bool = false
    ) async throws -> Reported {
        let (resident, card) = try await gateway.settleFamily(days: 150, in: town)
        if hidden {
            let row = resident.row(
                "kodomo", today.adding(days: -10), today.adding(days: 299),
                ["isNotDisclosed": .bool(true)])
            try await gateway.hold([row], by: town)
        }
        let visit = try await gateway.openVaccinationVisit(card)
        let dose = try await gateway.record(SentDose(on: today.adding(days: -3)), visit)
        try dose.expect(201)
        let reaction = SentReaction(on: today, after: dose.text("id"))
        let sent = try await gateway.report(reaction, visit)
        try sent.expect(201)
        return Reported(
            resident: resident, visit: visit, reaction: reaction, id: sent.text("id"))
    }

    private func export(_ query: String = "", by party: Party = Cast.ministry) async throws
        -> TLSClient.Answer
    { try await gateway.send(party, "GET", Self.path + query) }

    /// One entry is the answer's own; every resident beyond the first has another.
    private func entries(after cursor: Int) async throws -> [JSONObject] {
        let answer = try await export("?_cursor=\(cursor)&_count=1000")
        try answer.expect(200)
        let residents = Set(
            answer.entries.compactMap { $0["subject"]?.object?["reference"]?.string })
        if residents.count > 1 { gateway.expectMoreEntries(residents.count - 1) }
        return answer.entries
    }

    private func cursor(_ entry: JSONObject?) -> Int {
        let found = (entry?["extension"]?.array ?? []).compactMap(\.object).first {
            $0["url"]?.string?.hasSuffix("reaction-cursor") == true
        }
        return found?["valueString"]?.string.flatMap { Int($0) } ?? 0
    }

    /// 様式の項目 of a report, by code.
    private func items(_ entry: JSONObject?) -> [String: [String]] {
        var items: [String: [String]] = [:]
        for part in (entry?["extension"]?.array ?? []).compactMap(\.object)
        where part["url"]?.string?.hasSuffix("reaction-item") == true {
            func value(_ url: String, _ name: String) -> String {
                let parts = (part["extension"]?.array ?? []).compactMap(\.object)
                return parts.first { $0["url"]?.string == url }?[name]?.string ?? ""
            }
            items[value("code", "valueCode"), default: []].append(value("value", "valueString"))
        }
        return items
    }

    @Test func `the ministry receives every town's reports in one order, and what followed`()
        async throws
    {
        let before = try await cursor(entries(after: 0).last)
        var first = try await reported()
        let second = try await reported(in: Cast.otherTown)
        first.reaction.stage = "follow-up"
        first.reaction.outcome = "resolved"
        try await gateway.follow(first.id, seen: "W/\"1\"", first.reaction, first.visit).expect(200)
        var sent: [JSONObject] = []
        let logged = try await gateway.entries { sent = try await entries(after: before) }
        #expect(sent.map(cursor) == [before + 1, before + 2, before + 3])
        #expect(logged.map(\.purpose) == ["export-reactions", "export-reactions"])
        #expect(logged.map(\.hasPerson) == [true, true])
        let form = items(sent.first)
        #expect(form["lotNumber"] == ["FAKE01"] && form["basis"] == ["定期"])
        #expect(form["reportNumber"] == ["第1報"] && form["daysToOnset"] == ["3"])
        #expect(form["sex"] == ["女"] && form["municipality"] == [Cast.town.code])
        #expect(form["age"]?.first?.hasPrefix("0歳") == true)
        #expect(items(sent.last)["reportNumber"] == ["第2報"])
        #expect(items(sent.last)["outcome"] == ["回復"])
        #expect(items(sent[1])["municipality"] == [Cast.otherTown.code])
        let text = sent.map { JSON.object($0).text }.joined()
        for hidden in [
            first.resident.name, first.resident.number, first.resident.dateOfBirth, first.id,
            first.visit.patient, first.visit.id, second.id, first.reaction.doseID ?? "—",
        ] { #expect(!text.contains(hidden), "\(hidden)") }
        for empty in ["name", "address", "birthDate", "causality"] { #expect(form[empty] == nil) }
    }

    @Test func `pages go on from where they left off, and the table too`() async throws {
        let before = try await cursor(entries(after: 0).last)
        for town in [Cast.town, Cast.otherTown, Cast.town] { _ = try await reported(in: town) }
        var next = "?_cursor=\(before)&_count=2"
        var places: [Int] = []
        for _ in 0..<3 {
            let page = try await export(next)
            try page.expect(200)
            if page.entries.count > 1 { gateway.expectMoreEntries(page.entries.count - 1) }
            places += page.entries.map(cursor)
            let links = (page.json["link"]?.array ?? []).compactMap(\.object)
            guard
                let link = links.first(where: { $0["relation"]?.string == "next" })?["url"]?.string,
                let query = link.split(separator: "?").last
            else { break }
            next = "?" + query
        }
        #expect(places == [before + 1, before + 2, before + 3])
        let table = try await gateway.send(
            Cast.ministry, "GET", Self.file + "?_cursor=\(before)&_count=2&encoding=cp932")
        try table.expect(200)
        gateway.expectMoreEntries(1)
        #expect(
            table["Link"]
                == "<\(Self.file)?_cursor=\(before + 2)&_count=2&encoding=cp932>; rel=\"next\"")
        let none = try await export("?_cursor=\(before + 3)")
        #expect(none.status == 200 && none.entries.isEmpty)
        for path in [Self.path, Self.file] {
            try await gateway.expect(
                .malformed("_cursor"), of: .exportReactions, from: Cast.ministry
            ) {
                try await gateway.send(Cast.ministry, "GET", "\(path)?_cursor=\(before + 4)")
            }
            gateway.expectMoreEntries(1)
        }
    }

    @Test(arguments: [TextEncoding.cp932, .utf8, .utf8WithMark])
    func `the table says at its head whose layout it is, and has every field`(
        _ encoding: TextEncoding
    ) async throws {
        let before = try await cursor(entries(after: 0).last)
        _ = try await reported()
        let table = try await gateway.send(
            Cast.ministry, "GET",
            "\(Self.file)?_cursor=\(before)&encoding=\(encoding.rawValue)")
        try table.expect(200)
        #expect(table["Content-Type"]?.contains(encoding.charset) == true)
        let mark = encoding == .utf8WithMark ? 3 : 0
        let characters = Characters(encoding, table: .cp932)
        var reader = CSVReader()
        let read = try reader.read(table.body.dropFirst(mark))
        var rows: [[String]] = []
        for place in 0..<read.count {
            let row = read[place]
            rows.append(try (0..<row.count).map { try #require(characters.text(of: row[$0])) })
        }
        #expect(rows.count == 3)
        #expect(Set(rows.map(\.count)).count == 1)
        #expect(rows[0][0].contains("つなぎ独自の様式") && rows[0][0].contains("tsunagi-reaction-export"))
        let lot = try #require(rows[1].firstIndex(of: "ロット番号①"))
        #expect(rows[2][lot] == "FAKE01" && rows[2][lot + 1].isEmpty)
        for empty in ["氏名又はイニシャル", "住所", "生年月日", "家族歴"] {
            let column = try #require(rows[1].firstIndex(of: empty))
            #expect(rows[2][column].isEmpty)
        }
    }

    @Test func `of a protected resident the place of residence does not leave`() async throws {
        let before = try await cursor(entries(after: 0).last)
        _ = try await reported(hidden: true)
        let sent = try await entries(after: before)
        #expect(sent.count == 1)
        #expect(items(sent.first)["municipality"] == nil)
        #expect(items(sent.first)["sex"] == ["女"])
        #expect(!JSON.object(try #require(sent.first)).text.contains(Cast.town.code))
    }

    @Test(arguments: [
        Cast.town, Cast.prefecture, Cast.statistics, Cast.auditor, Cast.ombudsman, Cast.reviewer,
    ])
    func `nobody but the ministry receives it`(_ party: Party) async throws {
        for path in [Self.path, Self.file] {
            try await gateway.expect(.notYourPurpose, of: .exportReactions, from: party) {
                try await gateway.send(party, "GET", path)
            }
        }
    }

    @Test func `a storm of reports leaves no place out and none twice`() async throws {
        let before = try await cursor(entries(after: 0).last)
        var bodies: [(Visit, SentReaction)] = []
        for _ in 0..<5 {
            let visit = try await gateway.openVaccinationVisit(gateway.settleBaby())
            var reaction = SentReaction(on: today, after: nil)
            reaction.told = ("mr", today.adding(days: -1).text, "ELSEWHERE")
            bodies.append((visit, reaction))
        }
        try await withThrowingTaskGroup(of: Void.self) { [gateway] group in
            for (visit, reaction) in bodies {
                group.addTask {
                    let client = try await gateway.connect(Cast.clinic)
                    let answer = try await gateway.send(
                        client, "POST", RunningGateway.reactionPath,
                        bytes: Array(JSON.object(reaction.body(visit)).text.utf8))
                    await client.close()
                    try answer.expect(201)
                }
            }
            try await group.waitForAll()
        }
        let places = try await entries(after: before).map(cursor)
        #expect(places == Array(before + 1...before + 5))
    }
}

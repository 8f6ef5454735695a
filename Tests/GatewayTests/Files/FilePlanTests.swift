import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 予定される変更の一覧: who looks at a dry run, or confirms what another has sent, sees which rows change what, and
/// no value. The list goes once the file is applied or withdrawn.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct FilePlanTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private struct Line: Equatable {
        let line: Int?
        let change: String?
        let items: [String?]

        init(_ line: Int, _ change: String, _ items: [String] = []) {
            self.line = line
            self.change = change
            self.items = items
        }

        init(_ row: JSONObject) {
            line = row["line"]?.int
            change = row["change"]?.string
            items = (row["items"]?.array ?? []).map(\.string)
        }
    }

    private func rows(_ people: [TestResident], _ changes: [String: String] = [:])
        -> [[String: String]]
    {
        let today = gateway.clock.today
        return people.map {
            $0.cells(today.adding(days: -10), today.adding(days: 300), changes)
        }
    }

    private func people(_ count: Int) -> [TestResident] {
        (0..<count).map { _ in gateway.people.next() }
    }

    private func plan(of file: String, from line: Int = 0) async throws -> TLSClient.Answer {
        let answer = try await gateway.send(
            Cast.town, "GET", "/files/entitlements/\(file)/plan?from=\(line)")
        try answer.expect(200)
        return answer
    }

    private func lines(_ answer: TLSClient.Answer) -> [Line] {
        (answer.json["plan"]?.array ?? []).compactMap(\.object).map { Line($0) }
    }

    private func kept(of file: String) async throws -> Int {
        try await gateway.count(
            "select count(*) from office.file_plan where file = $1::text::uuid", [.text(file)])
    }

    @Test func `a dry run tells which rows change what, by lines and items alone`() async throws {
        let known = people(4)
        _ = try await gateway.take(NightFile(rows(known)).bytes())
        let bytes = NightFile(
            rows([known[0]]) + rows([known[1]], ["区分": "変更", "自己負担上限額(月額)": "2000"])
                + rows([known[2]], ["削除フラグ": "1"]) + rows([known[3]], ["住所": "東京都小金井市見本町2-2"])
                + rows(people(2)) + rows(people(1), ["性別": "7"])
        ).bytes()
        let receipt = try await gateway.upload(bytes, "dryRun=true")
        try receipt.expect(202)
        let file = receipt.text("file")
        _ = try await gateway.settled(file)
        var answer: TLSClient.Answer?
        let entries = try await gateway.entries { answer = try await plan(of: file) }
        let told = try #require(answer)
        #expect(
            lines(told) == [
                Line(3, "change", ["segment", "maxCopaymentAmount.perMonth"]), Line(4, "end"),
                Line(5, "none", ["basicFiveInfo.address"]), Line(6, "addition"),
                Line(7, "addition"),
            ], "\(told.text)")
        #expect(told.json["next"] == nil && told.json["notices"] == nil)
        for word in known.flatMap({ [$0.number, $0.name] }) + ["見本町"] {
            #expect(!told.text.contains(word))
        }
        #expect(entries.count == 1 && entries.allSatisfy { !$0.hasPerson })
        let rest = try await plan(of: file, from: 6)
        #expect(lines(rest).map(\.line) == [6, 7])
        // For a spreadsheet, in the encoding and by the column names of the file.
        let path = "/files/entitlements/\(file)/plan"
        let table = try await gateway.send(
            Cast.town, "GET", path, headers: [("Accept", "text/csv")])
        #expect(table["Content-Type"]?.contains("Windows-31J") == true)
        let text = NightFile.text(of: table.body, .cp932)
        #expect(text.contains("3,変更,区分;自己負担上限額(月額),,\r\n"), "\(text)")
        #expect(text.contains("4,終了,,,\r\n") && text.contains("6,追加,,,\r\n"))
        // Another's, and what is not in form.
        let other = try await gateway.send(Cast.otherTown, "GET", path)
        #expect(other.code == Refusal.taskUnknown.code)
        let odd = try await gateway.send(Cast.town, "GET", path + "?from=x")
        #expect(odd.code == Refusal.malformed("from").code)
    }

    @Test(arguments: ["confirm", "withdraw"])
    func `the second person sees it, and it goes with the decision`(decision: String) async throws {
        let waiting = try await gateway.take(
            NightFile(rows(people(400))).bytes(), operatorID: "clerk-a")
        try #require(waiting.text("status") == "waiting", "\(waiting.text)")
        let file = waiting.text("file")
        let told = try await lines(plan(of: file))
        #expect(told.compactMap(\.line) == Array(2...401))
        #expect(told.allSatisfy { $0.change == "addition" })
        let hash = waiting.json["effect"]?.object?["hash"]?.string
        try await gateway.decide(
            decision, on: file, effect: decision == "confirm" ? hash : nil, operatorID: "clerk-b"
        ).expect(200)
        let over = try await gateway.settled(file)
        #expect(over.text("status") == (decision == "confirm" ? "done" : "withdrawn"))
        let left = try await plan(of: file)
        #expect(lines(left).isEmpty)
        #expect(try await kept(of: file) == 0)
    }

    /// Compared once more it is listed once more, as it is then.
    @Test func `an effect that has changed is listed anew`() async throws {
        let known = people(1)[0]
        let bytes = NightFile(rows([known]) + rows(people(800))).bytes()
        let waiting = try await gateway.take(bytes, operatorID: "clerk-a")
        try #require(waiting.text("status") == "waiting", "\(waiting.text)")
        let file = waiting.text("file")
        let first = try await lines(plan(of: file))
        #expect(first.first == Line(2, "addition") && first.count == 801)
        let today = gateway.clock.today
        try await gateway.hold([
            known.row("kodomo", today.adding(days: -10), today.adding(days: 300))
        ])
        let hash = waiting.json["effect"]?.object?["hash"]?.string
        try await gateway.decide("confirm", on: file, effect: hash, operatorID: "clerk-b")
            .expect(200)
        let again = try await gateway.settled(file)
        try #require(again.text("status") == "waiting", "\(again.text)")
        // What the API said since is newer than the file: its row adds nothing any more.
        let second = try await lines(plan(of: file))
        #expect(!second.contains(Line(2, "addition")) && second.last?.line == 802)
        try await gateway.decide("withdraw", on: file, operatorID: "clerk-b").expect(200)
    }

    @Test func `a long list is cut, and says so`() async throws {
        let receipt = try await gateway.upload(
            NightFile(rows(people(FilePlan.plannedMax + 50))).bytes(), "dryRun=true")
        try receipt.expect(202)
        let file = receipt.text("file")
        let dry = try await gateway.settled(file)
        #expect(dry.number("additions", in: "effect") == FilePlan.plannedMax + 50)
        var told: [Int] = []
        var from: Int? = 0
        var last: TLSClient.Answer?
        while let line = from {
            let answer = try await plan(of: file, from: line)
            #expect(lines(answer).count == 1_000)
            told += lines(answer).compactMap(\.line)
            from = answer.json["next"]?.int
            last = answer
        }
        #expect(told == Array(2...FilePlan.plannedMax + 1))
        #expect(last?.notices.map { $0["code"]?.string } == ["plan-cut"])
    }
}

import Exchange
import Postgres
import TestSupport
import Testing

/// 試し読みと二人目の確認: what a file would do is known before it does it, and what would change much waits
/// for another person than its sender.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct FileConfirmationTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

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

    private func entitlements() async throws -> Int {
        try await gateway.count("select count(*) from exchange.entitlement")
    }

    @Test func `a dry run tells the effect and changes nothing`() async throws {
        let known = people(3)
        _ = try await gateway.take(NightFile(rows(known)).bytes())
        let count = try await entitlements()
        let file = NightFile(
            rows([known[0]]) + rows([known[1]], ["区分": "変更"]) + rows([known[2]], ["削除フラグ": "1"])
                + rows(people(2)) + rows(people(1), ["性別": "7"])
        ).bytes()
        let sequence = try await gateway.nextSequence()
        let receipt = try await gateway.upload(file, "dryRun=true")
        #expect(receipt.status == 202 && receipt.json["dryRun"]?.bool == true)
        let dry = try await gateway.settled(receipt.text("file"))
        #expect(dry.text("status") == "weighed")
        let expected = [
            "additions": 2, "changes": 1, "ends": 1, "unchanged": 1, "refused": 1, "underReview": 0,
        ]
        for (name, number) in expected {
            #expect(dry.number(name, in: "effect") == number, "\(name)")
        }
        #expect(dry.results.map { $0["outcome"]?.string } == ["unchanged", "refused"])
        #expect(try await entitlements() == count)
        #expect(try await gateway.nextSequence() == sequence)
        // Sent in earnest it does the same, under the same hash.
        let done = try await gateway.take(file)
        for (name, number) in expected { #expect(done.number(name) == number, "\(name)") }
        let hash = dry.json["effect"]?.object?["hash"]?.string
        #expect(hash != nil && done.json["processed"]?.object?["hash"]?.string == hash)
    }

    @Test func `what changes much waits for another person`() async throws {
        let count = try await entitlements()
        let waiting = try await gateway.take(
            NightFile(rows(people(150))).bytes(), operatorID: "clerk-a")
        #expect(waiting.text("status") == "waiting", "\(waiting.text)")
        #expect(waiting.json["effect"]?.object?["needsSecondPerson"]?.bool == true)
        #expect(try await entitlements() == count)
        let file = waiting.text("file")
        let hash = try #require(waiting.json["effect"]?.object?["hash"]?.string)
        // Who comes behind it waits too.
        let behind = try await gateway.upload(
            NightFile(rows(people(1))).bytes(), "sequence=\(try await gateway.nextSequence())")
        #expect(behind.status == 202)
        let path = "/files/entitlements/\(behind.text("file"))"
        let kept = try await gateway.send(Cast.town, "GET", path)
        #expect(kept.notices.map { $0["code"]?.string } == ["behind-waiting"], "\(kept.text)")
        #expect(kept.notices.first?["file"]?.string == file)
        let other = String(repeating: "0", count: 64)
        let refused: [(operatorID: String?, effect: String, refusal: Refusal)] = [
            ("clerk-a", hash, .secondPersonNeeded), (nil, hash, .secondPersonNeeded),
            ("clerk-b", other, .effectChanged),
        ]
        for attempt in refused {
            let answer = try await gateway.decide(
                "confirm", on: file, effect: attempt.effect, operatorID: attempt.operatorID)
            #expect(answer.code == attempt.refusal.code, "\(answer.text)")
        }
        #expect(try await entitlements() == count)
        let confirmed = try await gateway.decide(
            "confirm", on: file, effect: hash, operatorID: "clerk-b")
        #expect(confirmed.status == 200 && confirmed.text("status") == "weighing")
        let done = try await gateway.settled(file)
        #expect(done.text("status") == "done" && done.text("confirmedBy") == "clerk-b")
        #expect(done.json["processed"]?.object?["hash"]?.string == hash)
        let after = try await gateway.settled(behind.text("file"))
        #expect(after.text("status") == "done" && after.notices.isEmpty, "\(after.text)")
        #expect(try await entitlements() == count + 151)
        let late = try await gateway.decide("withdraw", on: file, operatorID: "clerk-b")
        #expect(late.code == Refusal.fileNotWaiting.code)
    }

    @Test func `what is withdrawn does nothing, and the next goes on`() async throws {
        let count = try await entitlements()
        let waiting = try await gateway.take(NightFile(rows(people(400))).bytes())
        #expect(waiting.text("status") == "waiting", "\(waiting.text)")
        let answer = try await gateway.decide(
            "withdraw", on: waiting.text("file"), operatorID: "clerk-a")
        #expect(answer.status == 200)
        let next = try await gateway.take(NightFile(rows(people(1))).bytes())
        #expect(next.text("status") == "done")
        #expect(try await entitlements() == count + 1)
        let withdrawn = try await gateway.settled(waiting.text("file"))
        #expect(withdrawn.text("status") == "withdrawn")
        #expect(withdrawn.text("withdrawnBy") == "clerk-a")
    }

    /// The line stood still for ever: the number was awaited, and nothing could be sent under it.
    @Test func `the number of a file that was withdrawn while it was held is given again`()
        async throws
    {
        let count = try await entitlements()
        let sequence = try await gateway.nextSequence()
        func send(_ bytes: [UInt8], _ number: Int) async throws -> String {
            let receipt = try await gateway.upload(bytes, "sequence=\(number)")
            try receipt.expect(202)
            return try await gateway.settled(receipt.text("file")).text("status")
        }
        let wrong = NightFile(rows(people(1))).bytes()
        for _ in 0..<2 {
            let held = try await gateway.upload(wrong, "sequence=\(sequence + 1)")
            #expect(held.text("status") == "held", "\(held.text)")
            try await gateway.decide(
                "withdraw", on: held.text("file"), operatorID: "clerk-a"
            ).expect(200)
        }
        #expect(try await send(NightFile(rows(people(1))).bytes(), sequence) == "done")
        #expect(try await send(NightFile(rows(people(2))).bytes(), sequence + 1) == "done")
        // The very bytes that were withdrawn are a file like any other.
        #expect(try await send(wrong, sequence + 2) == "done")
        #expect(try await entitlements() == count + 4)
        // One that has its place keeps its number.
        let taken = try await gateway.upload(
            NightFile(rows(people(1))).bytes(), "sequence=\(sequence + 2)")
        #expect(taken.code == DeliveryFault.placeTaken.rawValue, "\(taken.text)")
    }

    @Test func `an effect that has changed since waits again`() async throws {
        let known = people(120)
        let file = NightFile(rows(known) + rows(people(600))).bytes()
        let waiting = try await gateway.take(file, operatorID: "clerk-a")
        #expect(waiting.text("status") == "waiting", "\(waiting.text)")
        let hash = try #require(waiting.json["effect"]?.object?["hash"]?.string)
        let today = gateway.clock.today
        // Meanwhile one of its people is registered by the API.
        try await gateway.hold([
            known[0].row("kodomo", today.adding(days: -10), today.adding(days: 300))
        ])
        _ = try await gateway.decide(
            "confirm", on: waiting.text("file"), effect: hash, operatorID: "clerk-b")
        let again = try await gateway.settled(waiting.text("file"))
        #expect(again.text("status") == "waiting", "\(again.text)")
        let changed = try #require(again.json["effect"]?.object?["hash"]?.string)
        #expect(changed != hash)
        _ = try await gateway.decide(
            "withdraw", on: waiting.text("file"), operatorID: "clerk-b")
    }

    @Test func `a decision must be in form`() async throws {
        let done = try await gateway.take(NightFile(rows(people(1))).bytes())
        let file = done.text("file")
        let path = "/files/entitlements/\(file)/decision"
        let bodies: [(String, Refusal)] = [
            ("{}", .missing("decision")), (#"{"decision":"perhaps"}"#, .malformed("decision")),
            (#"{"decision":"confirm"}"#, .missing("effect")),
            (#"{"decision":"confirm","effect":"12"}"#, .malformed("effect")),
            (#"{"decision":"withdraw","why":"x"}"#, .unknownItem("why")),
        ]
        for (body, refusal) in bodies {
            let answer = try await gateway.send(
                Cast.town, "POST", path, body: try JSON(reading: body))
            #expect(answer.code == refusal.code, "\(body): \(answer.text)")
        }
    }
}

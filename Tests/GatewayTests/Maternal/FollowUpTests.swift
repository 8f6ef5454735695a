import Exchange
import Ledger
import TestSupport
import Testing
import Trust

/// 事後措置 over the wire: what a report asks of the municipality of residence waits for it until it answers.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct FollowUpTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private func observed() -> SentCheckup {
        var checkup = SentCheckup(on: today)
        checkup.findings = checkup.findings.filter { $0.item != "child-judgement" }
        checkup.findings.append(("child-judgement", .choice("detailed-examination")))
        return checkup
    }

    /// The newest task of a town.
    private func newest(_ body: Party = Cast.town) async throws -> JSONObject? {
        try await gateway.followUps(of: body).entries.max {
            ($0["authoredOn"]?.string ?? "") < ($1["authoredOn"]?.string ?? "")
        }
    }

    private func answer(
        _ id: String, _ status: String, seen: String = "W/\"1\"", by body: Party = Cast.town
    ) async throws -> TLSClient.Answer {
        try await gateway.send(
            body, "PUT", "/fhir/Task/\(id)", headers: [("If-Match", seen)],
            body: JSON(
                reading: """
                    {"resourceType":"Task","status":"\(status)","note":[{"text":"訪問した。"}]}
                    """))
    }

    @Test func `a judgement that asks for a detailed examination waits for the town`()
        async throws
    {
        let visit = try await gateway.openCheckupVisit(gateway.settleBaby(days: 110))
        let before = try await gateway.followUps().entries.count
        try await gateway.record(observed(), visit).expect(201)
        let entries = try await gateway.entries { _ = try await gateway.followUps() }
        #expect(Set(entries.map(\.purpose)) == ["read-follow-ups"])
        #expect(entries.allSatisfy { $0.hasPerson })
        #expect(try await gateway.followUps().entries.count == before + 1)
        let task = try #require(try await newest())
        #expect(task["status"]?.string == "requested")
        let due = task["restriction"]?.object?["period"]?.object?["end"]?.string
        #expect(due == today.adding(days: 60).text)
        // Who asked and when, never what was found.
        #expect(!JSON.object(task).text.contains("6.42"))
        #expect(try await gateway.followUps(of: Cast.otherTown).entries.isEmpty)
    }

    @Test func `an answer is a version, and what is done no longer waits`() async throws {
        let visit = try await gateway.openCheckupVisit(gateway.settleBaby(days: 110))
        try await gateway.record(observed(), visit).expect(201)
        let id = try #require(try await newest()?["id"]?.string)
        let begun = try await answer(id, "in-progress")
        try begun.expect(200)
        #expect(begun["ETag"] == "W/\"2\"")
        #expect(try await answer(id, "in-progress").body == begun.body)
        try await gateway.expect(.versionPassed, of: .answerFollowUp, from: Cast.town) {
            try await answer(id, "completed")
        }
        try await gateway.expect(.recordUnknown, of: .answerFollowUp, from: Cast.otherTown) {
            try await answer(id, "completed", seen: "W/\"2\"", by: Cast.otherTown)
        }
        #expect(try await !gateway.followUps(standing: "completed").text.contains(id))
        let done = try await answer(id, "completed", seen: "W/\"2\"")
        try done.expect(200)
        #expect(try await !gateway.followUps().text.contains(id))
        // What was answered is read back as it was answered, by whom it waited for alone.
        let read = try await gateway.followUps(standing: "failed,completed")
        let task = try #require(read.entries.first { $0["id"]?.string == id })
        #expect(JSON.object(task).text == JSON.object(done.json).text)
        #expect(task["note"]?.array?.first?.object?["text"]?.string == "訪問した。")
        #expect(read.text.contains("status=completed,failed&"))
        let elsewhere = try await gateway.followUps(of: Cast.otherTown, standing: "completed")
        #expect(!elsewhere.text.contains(id))
        #expect(try await !gateway.followUps(.sensitive, standing: "completed").text.contains(id))
    }

    @Test func `a correction that no longer asks takes the task back`() async throws {
        let visit = try await gateway.openCheckupVisit(gateway.settleBaby(days: 110))
        var checkup = observed()
        let made = try await gateway.record(checkup, visit)
        let id = try #require(try await newest()?["id"]?.string)
        checkup.status = "entered-in-error"
        try await gateway.correct(made.text("id"), seen: "W/\"1\"", checkup, visit).expect(200)
        #expect(try await !gateway.followUps().text.contains(id))
    }

    @Test func `what each prenatal visit finds is a task of its own, and one day's is one`()
        async throws
    {
        let (_, card) = try await gateway.settleMother()
        let visit = try await gateway.openCheckupVisit(card)
        let there = try await gateway.openCheckupVisit(card, at: Cast.pharmacy)
        func waiting() async throws -> Int {
            try await gateway.followUps().entries.count {
                $0["reasonCode"]?.object?["coding"]?.array?.first?.object?["code"]?.string
                    == "prenatal"
            }
        }
        func found(daysAgo days: Int) -> SentCheckup {
            var sent = SentCheckup.prenatal(on: today.adding(days: -days))
            sent.findings.append(("prenatal-judgement", .choice("treatment")))
            return sent
        }
        let before = try await waiting()
        try await gateway.record(found(daysAgo: 8), visit).expect(201)
        #expect(try await waiting() == before + 1)
        try await gateway.record(found(daysAgo: 1), visit).expect(201)
        #expect(try await waiting() == before + 2)
        try await gateway.record(found(daysAgo: 0), visit).expect(201)
        #expect(try await waiting() == before + 3)
        try await gateway.record(found(daysAgo: 0), there, by: Cast.pharmacy).expect(201)
        #expect(try await waiting() == before + 3)
    }

    @Test func `where nobody knows the town, the clinic is told to telephone`() async throws {
        let card = try await gateway.settle(in: nil).card
        let made = try await gateway.record(
            observed(), gateway.openCheckupVisit(card))
        let codes = made.parts("checkup-warning").compactMap { $0["code"]?.string }
        #expect(codes == ["origin-unknown", "follow-up-unsent"])
        #expect(made.parts("checkup-claim").first?["state"]?.string == "residence-unknown")
    }
}

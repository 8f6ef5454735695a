import Exchange
import Ledger
import TestSupport
import Testing

/// 訂正の宛先: a body that says to be another record is no correction of the one at the address, although
/// both may be at their first version; so no finding, and no word of a municipality, lands on another child.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct CorrectionAddressTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    /// The first version of what is at `path` takes `body` under its own id or none, and under no other.
    private func expectItsOwn(
        _ path: String, by party: Party = Cast.clinic, _ body: JSONObject
    ) async throws {
        func put(_ id: String?) async throws -> TLSClient.Answer {
            let named = id.map { JSONObject.Member(name: "id", value: .string($0)) }
            return try await gateway.send(
                party, "PUT", path, headers: [("If-Match", "W/\"1\"")],
                body: .object(JSONObject(body.members + [named].compactMap(\.self))))
        }
        for other in [RecordID.random().text, "", "rec-1"] {
            let refused = try await put(other)
            #expect(refused.status == 400, "\(path) \(other)")
            #expect(refused.code == "id-differs", "\(refused.text)")
            let issue = refused.json["issue"]?.array?.first?.object
            #expect(issue?["expression"]?.array == [.string("id")])
        }
        try await put(path.split(separator: "/").last.map(String.init)).expect(200)
        try await put(nil).expect(200)
    }

    @Test func `a dose is corrected at its own address`() async throws {
        let visit = try await gateway.openVaccinationVisit(gateway.settleBaby())
        let dose = SentDose(on: today)
        let made = try await gateway.record(dose, visit)
        try await expectItsOwn("/fhir/Immunization/\(made.text("id"))", dose.body(visit))
    }

    @Test func `a suspected reaction is followed at its own address`() async throws {
        let visit = try await gateway.openVaccinationVisit(gateway.settleBaby())
        let dose = try await gateway.record(SentDose(on: today.adding(days: -3)), visit)
        let reaction = SentReaction(on: today, after: dose.text("id"))
        let made = try await gateway.report(reaction, visit)
        try await expectItsOwn(
            "\(RunningGateway.reactionPath)/\(made.text("id"))", reaction.body(visit))
    }

    @Test func `a checkup is corrected at its own address, in the clinic and in the hall`()
        async throws
    {
        let visit = try await gateway.openCheckupVisit(gateway.settleBaby(days: 110))
        let checkup = SentCheckup(on: today)
        let made = try await gateway.record(checkup, visit)
        try await expectItsOwn("\(checkup.path)/\(made.text("id"))", checkup.body(visit))
        let (resident, _) = try await gateway.settle()
        let key = "C-\(RecordID.letters())"
        let birth = today.adding(days: -110)
        try await gateway.notify([
            resident.birth(on: birth, notified: birth.adding(days: 10), key: key)
        ])
        let hall = SentCheckup(on: today)
        let held = try await gateway.record(hall, notified: key)
        try await expectItsOwn(
            "\(hall.path)/\(held.text("id"))", by: Cast.town, hall.body(notified: key))
    }

    @Test func `a municipality answers the follow-up it names`() async throws {
        let visit = try await gateway.openCheckupVisit(gateway.settleBaby(days: 110))
        var checkup = SentCheckup(on: today)
        checkup.findings = checkup.findings.filter { $0.item != "child-judgement" }
        checkup.findings.append(("child-judgement", .choice("detailed-examination")))
        let before = try await Set(gateway.followUps().entries.compactMap { $0["id"]?.string })
        try await gateway.record(checkup, visit).expect(201)
        let after = try await Set(gateway.followUps().entries.compactMap { $0["id"]?.string })
        let task = try #require(after.subtracting(before).first)
        let answer = try JSON(reading: #"{"resourceType":"Task","status":"in-progress"}"#)
        try await expectItsOwn(
            "/fhir/Task/\(task)", by: Cast.town, answer.requiredObject(at: "answer"))
    }
}

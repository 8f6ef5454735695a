import Exchange
import Ledger
import TestSupport
import Testing
import Trust

/// 副反応疑いの報告: once for each number of the clinic's own, judged by the legal period, and received by the town
/// where the person lived, with all that follows; nobody else sees any of it.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct ReactionTests {
    typealias Visit = RunningGateway.Visit

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    /// A visit in which a dose of so many days ago is on record.
    private func vaccinated(_ days: Int = 3) async throws -> (visit: Visit, dose: String) {
        let visit = try await gateway.openVaccinationVisit(gateway.settleBaby())
        let answer = try await gateway.record(SentDose(on: today.adding(days: -days)), visit)
        try answer.expect(201)
        return (visit, answer.text("id"))
    }

    private func period(_ answer: TLSClient.Answer) -> String? {
        let entry = (answer.json["extension"]?.array ?? []).compactMap(\.object).first {
            $0["url"]?.string?.hasSuffix("reaction-period") == true
        }
        let coding = entry?["valueCodeableConcept"]?.object?["coding"]?.array?.first?.object
        return coding?["code"]?.string
    }

    private func receive(after cursor: Int, by town: Party = Cast.town) async throws
        -> [JSONObject]
    {
        let answer = try await gateway.send(
            town, "GET", "\(RunningGateway.reactionPath)?_cursor=\(cursor)")
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

    @Test func `the town receives the report with the lot, and what followed it`() async throws {
        let (visit, dose) = try await vaccinated()
        let before = try await cursor(receive(after: 0).last)
        var reaction = SentReaction(on: today, after: dose)
        let sent = try await gateway.report(reaction, visit)
        try sent.expect(201)
        #expect(period(sent) == "within-period")
        reaction.stage = "follow-up"
        reaction.outcome = "resolved"
        let followed = try await gateway.follow(sent.text("id"), seen: "W/\"1\"", reaction, visit)
        try followed.expect(200)
        let reports = try await receive(after: before)
        #expect(reports.count == 2)
        #expect(reports.map(cursor) == [before + 1, before + 2])
        let first = JSON.object(try #require(reports.first)).text
        #expect(first.contains("FAKE01") && first.contains("dpt-ipv-hib"))
        #expect(!first.contains(dose) && !first.contains(sent.text("id")))
        #expect(!first.contains(visit.patient) && !first.contains(visit.id))
        let outcome = reports.last?["outcome"]?.object?["coding"]?.array?.first?.object
        #expect(outcome?["code"]?.string == "resolved")
        #expect(try await receive(after: before + 2).isEmpty)
        try await gateway.expect(.malformed("_cursor"), of: .receiveReactions, from: Cast.town) {
            try await gateway.send(
                Cast.town, "GET", "\(RunningGateway.reactionPath)?_cursor=\(before + 3)")
        }
        gateway.expectMoreEntries(1)
        #expect(try await receive(after: 0, by: Cast.otherTown).isEmpty)
        let own = try await gateway.send(
            Cast.clinic, "GET", "\(RunningGateway.reactionPath)/\(sent.text("id"))")
        #expect(own.body == followed.body)
        try await gateway.expect(.recordUnknown, of: .readReaction, from: Cast.paperClinic) {
            try await gateway.send(
                Cast.paperClinic, "GET", "\(RunningGateway.reactionPath)/\(sent.text("id"))")
        }
    }

    @Test func `the report is the form of PMDA as far as it is held, and nobody else's`()
        async throws
    {
        let (visit, dose) = try await vaccinated()
        let id = try await gateway.report(SentReaction(on: today, after: dose), visit).text("id")
        let path = "/reactions/\(id)/form"
        let form = try await gateway.send(Cast.clinic, "GET", path)
        try form.expect(200)
        let items = (form.json["items"]?.array ?? []).compactMap(\.object)
        func values(_ code: String) -> [JSON] {
            items.first { $0["code"]?.string == code }?["values"]?.array ?? []
        }
        #expect(form.text("standing") == "within-period")
        #expect(values("lotNumber") == ["FAKE01"] && values("basis") == ["定期"])
        #expect(values("doseNumber") == ["1"] && values("outcome") == ["軽快"])
        #expect(values("causality") == [.null] && values("birthWeight") == [.null])
        let table = try await gateway.send(Cast.clinic, "GET", path + "?encoding=cp932")
        try table.expect(200)
        let text = Characters(.cp932, table: .cp932).text(of: table.body[...]) ?? ""
        let rows = text.split(separator: "\r\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false)
        }
        #expect(rows.count == 2 && rows.first?.count == rows.last?.count)
        let column = try #require(rows.first?.firstIndex(of: "製造番号①"))
        #expect(rows.last?[column] == "FAKE01")
        try await gateway.expect(.recordUnknown, of: .readReaction, from: Cast.paperClinic) {
            try await gateway.send(Cast.paperClinic, "GET", path)
        }
    }

    @Test func `a storm of the same report makes one, and other words need their version`()
        async throws
    {
        let (visit, dose) = try await vaccinated()
        var reaction = SentReaction(on: today, after: dose)
        let answers = try await withThrowingTaskGroup(of: TLSClient.Answer.self) {
            [gateway, reaction] group in
            for _ in 0..<12 {
                group.addTask {
                    let client = try await gateway.connect(Cast.clinic)
                    let answer = try await gateway.send(
                        client, "POST", RunningGateway.reactionPath,
                        bytes: Array(JSON.object(reaction.body(visit)).text.utf8))
                    await client.close()
                    return answer
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.filter { $0.status == 201 }.count == 1)
        #expect(Set(answers.map(\.status)) == [200, 201])
        #expect(Set(answers.map { $0.text("id") }).count == 1)
        let id = answers[0].text("id")
        reaction.outcome = "fatal"
        try await gateway.expect(.identifierReused, of: .reportReaction, from: Cast.clinic) {
            try await gateway.report(reaction, visit)
        }
        reaction.stage = "withdrawn"
        try await gateway.follow(id, seen: "W/\"1\"", reaction, visit).expect(200)
        reaction.stage = "follow-up"
        try await gateway.expect(.versionPassed, of: .reportReaction, from: Cast.clinic) {
            try await gateway.follow(id, seen: "W/\"1\"", reaction, visit)
        }
        try await gateway.expect(.recordWithdrawn, of: .reportReaction, from: Cast.clinic) {
            try await gateway.follow(id, seen: "W/\"2\"", reaction, visit)
        }
    }

    @Test func `a dose that the clinic never recorded of this person is none`() async throws {
        let (visit, _) = try await vaccinated()
        let (elsewhere, other) = try await vaccinated()
        try await gateway.expect(.recordUnknown, of: .reportReaction, from: Cast.clinic) {
            try await gateway.report(SentReaction(on: today, after: other), visit)
        }
        try await gateway.expect(
            .patientDiffers("subject.reference"), of: .reportReaction, from: Cast.clinic
        ) {
            try await gateway.report(
                SentReaction(on: today, after: other),
                Visit(id: visit.id, patient: elsewhere.patient))
        }
    }

    @Test func `a dose that another gave is told by vaccine, time and lot`() async throws {
        let (visit, _) = try await vaccinated()
        var reaction = SentReaction(on: today, after: nil)
        reaction.told = ("mr", today.adding(days: -22).text, "ELSEWHERE")
        let late = try await gateway.report(reaction, visit)
        try late.expect(201)
        #expect(period(late) == "outside-period")
        reaction.identifier = "another-\(reaction.identifier)"
        reaction.symptom = "other"
        #expect(try await period(gateway.report(reaction, visit)) == "no-period")
        reaction.told = ("mr", today.adding(days: 1).text, "ELSEWHERE")
        try await gateway.expect(.malformed("date"), of: nil, from: Cast.clinic) {
            try await gateway.report(reaction, visit)
        }
    }

    // 予防接種法12条: the hospital telephones three days after the dose, and nobody comes to the clinic.
    @Test func `a report is taken by the visit of the dose when that is over, and names the law`()
        async throws
    {
        let card = try await gateway.settleBaby()
        let visit = try await gateway.openVaccinationVisit(card)
        let made = try await gateway.record(SentDose(on: today), visit)
        let token = try await gateway.session(of: card)
        try await gateway.send(
            Cast.portal, "POST", "/visits/\(visit.id)/end", headers: [token]
        ).expect(204)
        let reaction = SentReaction(on: today, after: made.text("id"))
        var sent: TLSClient.Answer?
        let entries = try await gateway.entries { sent = try await gateway.report(reaction, visit) }
        let answer = try #require(sent)
        try answer.expect(201)
        #expect(entries.map(\.purpose) == ["report-reaction"])
        #expect(entries.first?.basis == "\(answer.text("id"))/1 予防接種法12条")
        // One who never had a visit with this resident has none to name.
        var told = SentReaction(on: today, after: nil)
        told.told = ("mr", today.text, "ELSEWHERE")
        try await gateway.expect(.visitUnknown, of: .reportReaction, from: Cast.paperClinic) {
            [told] in try await gateway.report(told, visit, by: Cast.paperClinic)
        }
    }

    @Test func `the duty asks for nobody's consent, and tells nothing that others recorded`()
        async throws
    {
        let card = try await gateway.settleBaby()
        let theirs = try await gateway.record(
            SentDose(on: today.adding(days: -3)),
            gateway.openVaccinationVisit(card, at: Cast.paperClinic), by: Cast.paperClinic)
        let visit = try await gateway.openVisit(card, consents: ["subsidy"])
        try await gateway.expect(.recordUnknown, of: .reportReaction, from: Cast.clinic) {
            try await gateway.report(SentReaction(on: today, after: theirs.text("id")), visit)
        }
        var reaction = SentReaction(on: today, after: nil)
        reaction.told = ("mr", today.text, "ELSEWHERE")
        try await gateway.report(reaction, visit).expect(201)
    }

    @Test func `what follows reaches the town that was not known yet when it was first reported`()
        async throws
    {
        let (resident, card) = try await gateway.settle(in: nil)
        let visit = try await gateway.openVaccinationVisit(card)
        let before = try await cursor(receive(after: 0).last)
        var reaction = SentReaction(on: today, after: nil)
        reaction.told = ("mr", today.text, "ELSEWHERE")
        let sent = try await gateway.report(reaction, visit)
        try sent.expect(201)
        #expect(try await receive(after: before).isEmpty)
        try await gateway.feed([
            resident.residence(Cast.town.code, from: today.adding(days: -100))
        ])
        reaction.stage = "follow-up"
        try await gateway.follow(sent.text("id"), seen: "W/\"1\"", reaction, visit).expect(200)
        #expect(try await receive(after: before).count == 1)
    }

    // MARK: $immds-forecast

    @Test func `the forecast judges every dose and says what is due`() async throws {
        let card = try await gateway.settleBaby()
        let there = try await gateway.openVaccinationVisit(card, at: Cast.paperClinic)
        let theirs = try await gateway.record(
            SentDose(on: today.adding(days: -10)), there, by: Cast.paperClinic)
        let visit = try await gateway.openVaccinationVisit(card)
        var dose = SentDose(on: today)
        dose.number = 2
        let ours = try await gateway.record(dose, visit)
        var sent: TLSClient.Answer?
        let entries = try await gateway.entries { sent = try await gateway.forecast(visit) }
        let answer = try #require(sent)
        try answer.expect(200)
        #expect(entries.map(\.purpose) == ["forecast-vaccinations"])
        let parameters = (answer.json["parameter"]?.array ?? []).compactMap(\.object)
        let judged = parameters.filter { $0["name"]?.string == "evaluation" }
            .compactMap { $0["resource"]?.object }
        let statuses = judged.map {
            $0["doseStatus"]?.object?["coding"]?.array?.first?.object?["code"]?.string
        }
        #expect(statuses == ["valid", "notvalid"])
        #expect(!answer.text.contains(theirs.text("id")))
        let event = judged.last?["immunizationEvent"]?.object
        #expect(event?["reference"]?.string == "Immunization/\(ours.text("id"))")
        #expect(parameters.last?["name"]?.string == "recommendation")
    }

    @Test func `of one who did not agree nothing is forecast`() async throws {
        let card = try await gateway.settleBaby()
        try await gateway.record(
            SentDose(on: today), gateway.openVaccinationVisit(card)
        ).expect(201)
        let visit = try await gateway.openVisit(card, consents: ["subsidy"])
        let answer = try await gateway.forecast(visit)
        try answer.expect(200)
        #expect(answer.json["parameter"] == nil)
    }
}

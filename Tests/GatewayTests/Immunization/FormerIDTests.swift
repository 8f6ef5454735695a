import Exchange
import TestSupport
import Testing
import Trust

/// 以前の番号: after the key of pairwise ids was rotated, whatever anybody was given before goes on finding the
/// same records.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct FormerIDTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    /// What clinic, resident and municipality hold of one baby.
    private struct Given {
        let token: (String, String)
        let visit: RunningGateway.Visit
        let dose: SentDose
        let record: TLSClient.Answer
        let patient: String
        let own: String
        let response: String
    }

    private func give() async throws -> Given {
        let card = try await gateway.settleBaby()
        let token = try await gateway.session(of: card)
        let own = try await gateway.submit("dpt-ipv-hib", token)
        let visit = try await gateway.openVaccinationVisit(card)
        let read = try await gateway.search(
            Cast.clinic, ScreeningServingTests.search,
            [("subject", visit.patient), ("visit", visit.id)])
        let response = read.entries.first?["id"]?.string ?? ""
        var dose = SentDose(on: today)
        dose.response = "QuestionnaireResponse/\(response)"
        return Given(
            token: token, visit: visit, dose: dose,
            record: try await gateway.record(dose, visit),
            patient: try await gateway.patient(token), own: own, response: response)
    }

    @Test func `every id that was given goes on being good`() async throws {
        let given = try await give()
        try KeyRing.rotate(gateway.folder + "/keys", .pairwise)
        try gateway.keys.reload()
        try gateway.keys.use([.pairwise: .init(version: 2, check: nil)])

        // The clinic: its record as it was, checked and corrected by the ids of its visit.
        let id = given.record.text("id")
        let read = try await gateway.send(Cast.clinic, "GET", "/fhir/Immunization/\(id)")
        #expect(read.body == given.record.body)
        let again = try await gateway.record(given.dose, given.visit)
        #expect(again.status == 200 && again.body == given.record.body)
        let check = try await gateway.checkVaccine(
            "dpt-ipv-hib", given.visit, response: "QuestionnaireResponse/\(given.response)")
        try check.expect(200)
        #expect(check.parameter("dosesKnown")?.int == 1)
        var corrected = given.dose
        corrected.lot = "FAKE02"
        let answer = try await gateway.correct(id, seen: "W/\"1\"", corrected, given.visit)
        try answer.expect(200)
        #expect(answer.json["patient"]?.object?["reference"]?.string == given.visit.patient)

        // The resident: nothing is missing, and what the portal kept is understood.
        let current = try await gateway.patient(given.token)
        #expect(current != given.patient)
        let own = try await gateway.send(
            Cast.portal, "GET", "/fhir/Immunization", headers: [given.token])
        #expect(own.entries.count == 1)
        #expect(own.entries.first?["patient"]?.object?["reference"]?.string == current)
        for patient in [given.patient, current] {
            let amended = try await gateway.answers(
                to: "dpt-ipv-hib", patient, status: "amended", yes: ["unwell": "せき"])
            try await gateway.send(
                Cast.portal, "PUT", "\(RunningGateway.responsePath)/\(given.own)",
                headers: [given.token, ("If-Match", "W/\"1\"")], body: amended
            ).expect(200)
        }
        // Its id of before and the one of now are one record's, whichever stands in the address.
        let answers = try await gateway.send(
            Cast.portal, "GET", RunningGateway.responsePath, headers: [given.token])
        let now = try #require(answers.entries.first?["id"]?.string)
        #expect(now != given.own)
        for (address, inside) in [(given.own, now), (now, given.own)] {
            let amended = try await gateway.answers(
                to: "dpt-ipv-hib", current, status: "amended", yes: ["unwell": "せき"])
            try await gateway.send(
                Cast.portal, "PUT", "\(RunningGateway.responsePath)/\(address)",
                headers: [given.token, ("If-Match", "W/\"2\"")],
                body: .object(
                    amended.requiredObject(at: "answers").with("id", .string(inside)))
            ).expect(200)
        }
        let card = try await gateway.send(
            Cast.portal, "POST", "/fhir/\(given.patient)/$health-cards-issue",
            headers: [given.token],
            body: JSON(
                reading: #"{"resourceType":"Parameters","parameter":[{"name":"credentialType","#
                    + #""valueUri":"https://smarthealth.cards#health-card"}]}"#))
        try card.expect(200)
    }
}

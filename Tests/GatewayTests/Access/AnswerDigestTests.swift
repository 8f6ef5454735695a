import Crypto
import Exchange
import Postgres
import TestSupport
import Testing

/// 答えのダイジェスト: what left is held to its entry, on every route that answers with bytes.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct AnswerDigestTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private func expectEntered(_ answer: TLSClient.Answer, _ purpose: Purpose) async throws {
        try #require((200..<300).contains(answer.status), "\(answer.text)")
        let count = try await gateway.count(
            "select count(*) from log.access_entry where digest = $1 and purpose = $2",
            [.bytes(Array(SHA256.hash(data: answer.body))), .text(purpose.rawValue)])
        #expect(count >= 1, "\(purpose)")
    }

    @Test func `an institution's answers`() async throws {
        let (resident, card) = try await gateway.settle()
        let today = gateway.clock.today
        try await gateway.hold([
            resident.row("kodomo", today.adding(days: -10), today.adding(days: 300))
        ])
        let opened = try await gateway.send(
            Cast.clinic, "POST", "/visits", body: .object(gateway.visitBody(card)))
        try await expectEntered(opened, .openVisit)
        let visit = RunningGateway.Visit(opened)
        let check = try await gateway.check(visit)
        try await expectEntered(check, .checkEligibility)
        let id = check.text("id")
        let reads: [(String, Purpose)] = [
            (visit.patient, .readPatient),
            ("CoverageEligibilityResponse/\(id)", .readEligibility),
            ("CoverageEligibilityRequest/\(id)", .readEligibility),
            ("CoverageEligibilityResponse/\(id)/$replay", .replayEligibility),
        ]
        for (path, purpose) in reads {
            try await expectEntered(
                gateway.send(Cast.clinic, "GET", "/fhir/\(path)"), purpose)
        }
        let paper = try await gateway.openPaperVisit(
            (TestResident.payerNumber, "R-00\(resident.index)", resident.dateOfBirth))
        try await expectEntered(paper, .openPaperVisit)
    }

    @Test func `an office's answers`() async throws {
        let resident = gateway.people.next()
        let today = gateway.clock.today
        let receipt = try await gateway.register([resident.row("kodomo", today, today)])
        try await expectEntered(receipt, .registerEntitlements)
        let path = "/medical-subsidy/registration-tasks/\(receipt.text("taskId"))"
        try await expectEntered(
            gateway.send(Cast.town, "GET", path), .readRegistration)
        let fed = try await gateway.send(
            Cast.authority, "POST", "/card-feed/events",
            body: .array([resident.binding(gateway.card())]))
        try await expectEntered(fed, .feedCards)
        try await expectEntered(
            gateway.send(Cast.authority, "GET", "/card-feed/events/\(fed.text("taskId"))"),
            .feedCards)
    }

    @Test func `a resident's answers`() async throws {
        let card = try await gateway.settle().card
        let began = try await gateway.send(
            Cast.portal, "POST", "/tokens", body: .object(gateway.tokenBody(card)))
        try await expectEntered(began, .beginResidentSession)
        let token = ("Authorization", "Bearer \(began.text("access_token"))")
        for (path, purpose) in ResidentTests.reads {
            try await expectEntered(
                gateway.send(Cast.portal, "GET", path, headers: [token]), purpose)
        }
    }

    @Test func `the answers around a vaccination`() async throws {
        let (resident, card) = try await gateway.settleFamily()
        let key = "D-\(resident.index)"
        let invited = try await gateway.send(
            Cast.town, "POST", "/immunization/registration-tasks",
            body: .array([gateway.invitation(of: resident, key: key)]))
        try await expectEntered(invited, .registerVaccinationTargets)
        try await expectEntered(
            gateway.send(Cast.town, "GET", "/immunization/unvaccinated?programme=dpt-ipv-hib"),
            .listUnvaccinated)
        let token = try await gateway.session(of: card)
        let body = try await gateway.answers(to: "dpt-ipv-hib", gateway.patient(token))
        let saved = try await gateway.send(
            Cast.portal, "POST", RunningGateway.responsePath, headers: [token], body: body)
        try await expectEntered(saved, .saveScreening)
        let visit = try await gateway.openVaccinationVisit(card)
        try await expectEntered(
            gateway.search(
                Cast.clinic, RunningGateway.responsePath + "/_search",
                [("subject", visit.patient), ("visit", visit.id)]), .readScreenings)
        try await expectEntered(
            gateway.record(SentDose(on: gateway.clock.today), visit), .recordVaccination)
        try await expectEntered(
            gateway.send(Cast.town, "GET", RunningGateway.vaccinationPath), .receiveVaccinations)
        try await expectEntered(
            gateway.search(
                Cast.town, RunningGateway.vaccinationPath + "/_search",
                [("patient.identifier", "urn:tsunagi:municipality-identity-key|\(key)")]),
            .receiveVaccinations)
        let issued = try await gateway.send(
            Cast.portal, "POST", "/fhir/\(gateway.patient(token))/$health-cards-issue",
            headers: [token],
            body: JSON(
                reading: #"{"resourceType":"Parameters","parameter":[{"name":"credentialType","#
                    + #""valueUri":"Immunization"}]}"#))
        try await expectEntered(issued, .issueHealthCard)
    }
}

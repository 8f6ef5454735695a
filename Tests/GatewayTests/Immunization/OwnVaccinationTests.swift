import Exchange
import TestSupport
import Testing
import Trust

/// 本人の予防接種 through a portal: every institution's records, and what is due next.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct OwnVaccinationTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private func own(_ type: String, of card: SoftwareCard) async throws -> TLSClient.Answer {
        let token = try await gateway.session(of: card)
        let answer = try await gateway.send(
            Cast.portal, "GET", "/fhir/\(type)", headers: [token])
        try answer.expect(200)
        return answer
    }

    @Test func `a resident sees what every clinic recorded, under ids that no clinic knows`()
        async throws
    {
        let card = try await gateway.settleBaby()
        let here = try await gateway.openVaccinationVisit(card)
        let there = try await gateway.openVaccinationVisit(card, at: Cast.paperClinic)
        var dose = SentDose(on: today.adding(days: -30))
        let first = try await gateway.record(dose, here).text("id")
        dose.status = "entered-in-error"
        try await gateway.correct(first, seen: "W/\"1\"", dose, here).expect(200)
        let second = try await gateway.record(
            SentDose(on: today), there, by: Cast.paperClinic
        ).text("id")
        let answer = try await own("Immunization", of: card)
        #expect(
            answer.entries.map { $0["status"]?.string } == ["entered-in-error", "completed"])
        #expect(answer.entries.map { $0["meta"]?.object?["versionId"]?.string } == ["2", "1"])
        for known in [first, second, here.patient, there.patient, here.id, there.id] {
            #expect(!answer.text.contains(known))
        }
        let again = try await own("Immunization", of: card)
        #expect(again.body == answer.body)
    }

    @Test func `another resident sees nothing of it`() async throws {
        let card = try await gateway.settleBaby()
        try await gateway.record(
            SentDose(on: today), gateway.openVaccinationVisit(card)
        ).expect(201)
        #expect(try await own("Immunization", of: gateway.settleBaby()).entries.isEmpty)
    }

    @Test func `the next dose is due when its interval is over`() async throws {
        let card = try await gateway.settleBaby()
        #expect(try await earliest("dpt-ipv-hib", of: card) == today.adding(days: -90).text)
        try await gateway.record(
            SentDose(on: today), gateway.openVaccinationVisit(card)
        ).expect(201)
        #expect(try await earliest("dpt-ipv-hib", of: card) == today.adding(days: 21).text)
    }

    /// The earliest day of the next dose of a schedule (LOINC 30981-5).
    private func earliest(_ vaccine: String, of card: SoftwareCard) async throws -> String? {
        let forecast = try #require(
            try await own("ImmunizationRecommendation", of: card).entries.first)
        let rows = (forecast["recommendation"]?.array ?? []).compactMap(\.object)
        let row = rows.first { row in
            row["vaccineCode"]?.array?.first?.object?["coding"]?.array?.first?.object?["code"]?
                .string == vaccine
        }
        let days = (row?["dateCriterion"]?.array ?? []).compactMap(\.object)
        return days.first { day in
            day["code"]?.object?["coding"]?.array?.first?.object?["code"]?.string == "30981-5"
        }?["value"]?.string
    }

    @Test func `of one without a known birth date nothing is forecast`() async throws {
        let answer = try await own("ImmunizationRecommendation", of: gateway.settle().card)
        #expect(answer.entries.isEmpty)
        #expect(answer.int("total") == 0)
    }
}

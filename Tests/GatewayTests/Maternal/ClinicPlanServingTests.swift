import Exchange
import TestSupport
import Testing
import Trust

/// 診察の前の確認 over the wire: within a visit, by consent, with the ticket that the next report uses, and not
/// one byte of a loss.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct ClinicPlanServingTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private func plan(
        _ visit: RunningGateway.Visit, by institution: Party = Cast.clinic
    ) async throws -> TLSClient.Answer {
        try await gateway.send(
            institution, "GET", "/fhir/CarePlan?subject=\(visit.patient)")
    }

    private func serials(_ answer: TLSClient.Answer) -> [Int] {
        let extensions = answer.entries.first?["extension"]?.array ?? []
        let tickets = extensions.compactMap(\.object).filter {
            $0["url"]?.string == "urn:tsunagi:StructureDefinition:unused-ticket"
        }
        return tickets.compactMap { ticket in
            let parts = ticket["extension"]?.array?.compactMap(\.object) ?? []
            let kind = parts.first { $0["url"]?.string == "kind" }?["valueCode"]?.string
            guard kind == "prenatal" else { return nil }
            return parts.first { $0["url"]?.string == "serial" }?["valuePositiveInt"]?.int
        }
    }

    @Test func `weeks and fourteen tickets are told before a report, and one less after it`()
        async throws
    {
        let (_, card) = try await gateway.settleMother(dueInDays: 100)
        let visit = try await gateway.openCheckupVisit(card)
        let before = try await plan(visit)
        try before.expect(200)
        #expect(before.entries.count == 1)
        #expect(serials(before) == Array(1...14))
        #expect(before.text.contains("妊娠25週5日"))
        try await gateway.record(.prenatal(on: today), visit).expect(201)
        #expect(serials(try await plan(visit)) == Array(2...14))
    }

    /// Without ids and times, which differ between any two residents.
    private func told(of card: SoftwareCard) async throws -> String {
        let visit = try await gateway.openCheckupVisit(card)
        let answer = try await plan(visit)
        try answer.expect(200)
        let patient = String(visit.patient.dropFirst("Patient/".count))
        return answer.text.replacing(patient, with: "-")
    }

    @Test func `a loss is in no byte of what a clinic is told`() async throws {
        let day = today.adding(days: -3).text
        let without = try await told(of: gateway.settleMother(dueInDays: 100).card)
        let still = try JSON(reading: "{\"on\":\"\(day)\",\"live\":0,\"still\":1}")
        #expect(
            try await told(of: gateway.settleMother(dueInDays: 100, ["delivery": still]).card)
                == without)
        let losses = try JSON(reading: "[{\"on\":\"\(day)\",\"fetuses\":1}]")
        #expect(
            try await told(of: gateway.settleMother(dueInDays: 100, ["losses": losses]).card)
                == without)
        #expect(without.contains("prenatal"))
    }

    @Test func `nobody asks without consent or for another's patient`() async throws {
        let (_, card) = try await gateway.settleMother(dueInDays: 100)
        let silent = try await gateway.openCheckupVisit(card, consents: [])
        try await gateway.expect(.consentNotGiven, of: .readCheckups, from: Cast.clinic) {
            try await plan(silent)
        }
        let visit = try await gateway.openCheckupVisit(card)
        try await gateway.expect(.recordUnknown, of: .readCheckups, from: Cast.paperClinic) {
            try await plan(visit, by: Cast.paperClinic)
        }
    }

    @Test func `a child's checkups of today are named with its ticket`() async throws {
        let (resident, card) = try await gateway.settle()
        try await gateway.notify([
            resident.birth(on: today.adding(days: -200), notified: today.adding(days: -190))
        ])
        let answer = try await plan(gateway.openCheckupVisit(card))
        try answer.expect(200)
        #expect(answer.text.contains("infant-6-10m"))
        #expect(answer.text.contains("pregnancy-course") == false)
    }
}

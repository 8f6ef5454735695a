import Exchange
import TestSupport
import Testing

/// 消えた記録の請求 over the wire: a record that claims nothing any more is not lost from a month that was
/// closed on it.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct GoneRecordsTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private func recorded() async throws -> (
        id: String, dose: SentDose, visit: RunningGateway.Visit
    ) {
        let visit = try await gateway.openVaccinationVisit(gateway.settleBaby())
        let dose = SentDose(on: today)
        let answer = try await gateway.record(dose, visit)
        try answer.expect(201)
        return (answer.text("id"), dose, visit)
    }

    private func reopened(_ month: ServiceMonth) async throws -> [JSONObject] {
        let page = try await gateway.ask(
            Cast.town, "GET", "/claims/months/\(month.text)/runs/latest?show=reopened"
        ).answer
        try page.expect(200)
        return (page.json["results"]?.array ?? []).compactMap {
            $0.object?["result"]?.object
        }
    }

    /// Rows of a statement, without its headings: what became of each, and why.
    private func rows(
        _ party: Party, _ path: String
    ) async throws -> [(standing: String, why: String)] {
        let page = try await gateway.ask(party, "GET", path).answer
        try page.expect(200)
        return page.text.split(separator: "\r\n").dropFirst().map { row in
            let fields = row.split(separator: ",", omittingEmptySubsequences: false)
            return (String(fields[9]), String(fields[11]))
        }
    }

    @Test func `a closed vaccination that is withdrawn is open again as come back, and once`()
        async throws
    {
        let month = ServiceMonth(of: today)
        let stays = try await recorded()
        var goes = try await recorded()
        let run = try await gateway.reconcile(month)
        try await gateway.close(run, month).expect(200)
        goes.dose.status = "entered-in-error"
        try await gateway.correct(goes.id, seen: "W/\"1\"", goes.dose, goes.visit).expect(200)
        let again = try await gateway.reconcile(month)
        #expect([again.int("run"), again.int("claims"), again.int("reopened")] == [2, 2, 1])
        let told = try await reopened(month)
        #expect(told.count == 1 && told.first?["isReturned"]?.bool == true)
        #expect(told.first?["publics"] != nil && told.first?["record"]?.string == "immunization")
        // It is in no sum.
        let sums = again.json["totals"]?.object?["records"]?.array ?? []
        #expect(sums.compactMap { $0.object?["accepted"]?.object?["count"]?.int } == [1])
        let shown = try await gateway.ask(
            Cast.town, "GET", "/fhir/ExplanationOfBenefit?month=\(month.text)&show=all"
        ).answer
        let statuses = shown.entries.compactMap { $0["status"]?.string }
        #expect(statuses.sorted() == ["active", "cancelled"])
        // The municipality's statement has a row of it, behind what is still claimed there.
        let path = "/claims/months/\(month.text)/runs/2/statement"
        let stated = try await rows(Cast.town, path)
        #expect(stated.map(\.standing) == ["accepted", "withdrawn"])
        #expect(stated.last?.why.isEmpty == false)
        // The institution's is of what is closed: nothing of it is gone there yet.
        let own = "/claims/statements?month=\(month.text)"
        #expect(try await rows(Cast.clinic, own).map(\.standing) == ["accepted", "accepted"])
        // The same again is the same run, and behind a second closing nothing is left of it.
        #expect(try await gateway.reconcile(month).body == again.body)
        try await gateway.close(again, month).expect(200)
        #expect(try await rows(Cast.clinic, own).map(\.standing) == ["accepted", "withdrawn"])
        var other = stays.dose
        other.lot = "FAKE02"
        try await gateway.correct(stays.id, seen: "W/\"1\"", other, stays.visit).expect(200)
        _ = try await recorded()
        let third = try await gateway.reconcile(month)
        // Another lot is no other claim, though its record has a newer version.
        #expect([third.int("run"), third.int("claims"), third.int("reopened")] == [3, 2, 0])
        #expect(try await reopened(month).isEmpty)
    }
}

import Exchange
import TestSupport
import Testing

/// 空になった月 over the wire: a month of which every record is gone is judged and closed like any other, and a
/// record that came in another's place is not that one.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct EmptiedMonthTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private typealias Recorded = (id: String, dose: SentDose, visit: RunningGateway.Visit)

    private var month: ServiceMonth { ServiceMonth(of: gateway.clock.today) }

    private func recorded() async throws -> Recorded {
        let visit = try await gateway.openVaccinationVisit(gateway.settleBaby())
        let dose = SentDose(on: gateway.clock.today)
        let answer = try await gateway.record(dose, visit)
        try answer.expect(201)
        return (answer.text("id"), dose, visit)
    }

    private func withdraw(_ recorded: Recorded) async throws {
        var dose = recorded.dose
        dose.status = "entered-in-error"
        try await gateway.correct(recorded.id, seen: "W/\"1\"", dose, recorded.visit).expect(200)
    }

    /// Its number, its claims, and those that are open again.
    private func run() async throws -> (answer: TLSClient.Answer, counts: [Int?]) {
        let answer = try await gateway.reconcile(month)
        try answer.expect(200)
        return (answer, [answer.int("run"), answer.int("claims"), answer.int("reopened")])
    }

    private func told(_ run: Int) async throws -> [(isReturned: Bool, isReopened: Bool)] {
        let page = try await gateway.ask(
            Cast.town, "GET", "/claims/months/\(month.text)/runs/\(run)?show=all"
        ).answer
        try page.expect(200)
        return (page.json["results"]?.array ?? []).compactMap(\.object).map { line in
            (
                line["result"]?.object?["isReturned"]?.bool == true,
                line["reopened"]?.bool == true
            )
        }
    }

    @Test func `a month whose records are all gone is judged, told and closed`() async throws {
        // A month that never had a claim is none.
        try await gateway.expect(.recordUnknown, of: .reconcileMonth, from: Cast.town) {
            try await gateway.send(Cast.town, "POST", "/claims/months/\(month.text)/runs")
        }
        let first = try await recorded()
        let before = try await run()
        try await withdraw(first)
        let emptied = try await run()
        #expect(emptied.counts == [2, 0, 0])
        let rows = try await gateway.ask(
            Cast.town, "GET", "/claims/months/\(month.text)/runs/2/statement"
        ).answer
        #expect(rows.status == 200 && rows.text.split(separator: "\r\n").count == 1)
        try await gateway.expect(.monthChanged, of: .reconcileMonth, from: Cast.town) {
            try await gateway.close(before.answer, month)
        }
        try await gateway.close(emptied.answer, month).expect(200)
        // Closed with a dose, which is withdrawn; another of the same day and price is not that one.
        let second = try await recorded()
        let third = try await run()
        #expect(third.counts == [3, 1, 0])
        try await gateway.close(third.answer, month).expect(200)
        try await withdraw(second)
        let other = try await recorded()
        let fourth = try await run()
        #expect(fourth.counts == [4, 2, 1])
        #expect(fourth.answer.text("digest") != third.answer.text("digest"))
        #expect(try await told(4).map(\.isReturned) == [false, true])
        #expect(try await told(4).map(\.isReopened) == [false, true])
        // All are gone: the closed one is told, the one that never was closed is nobody's any more.
        try await withdraw(other)
        let fifth = try await run()
        #expect(fifth.counts == [5, 1, 1])
        #expect(try await told(5).map(\.isReturned) == [true])
        #expect(try await gateway.reconcile(month).body == fifth.answer.body)
        try await gateway.close(fifth.answer, month).expect(200)
        // Nobody claims anything there any more: the statements have the row of what came back.
        for (party, path) in [
            (Cast.town, "/claims/months/\(month.text)/runs/5/statement"),
            (Cast.clinic, "/claims/statements?month=\(month.text)"),
        ] {
            let page = try await gateway.ask(party, "GET", path).answer
            try page.expect(200)
            let rows = page.text.split(separator: "\r\n")
            #expect(rows.count == 2 && rows.last?.contains(",withdrawn,") == true)
        }
    }
}

import Exchange
import Ledger
import TestSupport
import Testing

/// 高額な月の数 over the wire: counted from confirmed bills, seen by the resident at once, told when the
/// number is full.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct CountServingTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private func counts(
        _ token: RunningGateway.Header
    ) async throws -> [String: (months: Int, isReached: Bool)] {
        let own = try await gateway.send(Cast.portal, "GET", "/balances", headers: [token])
        try own.expect(200)
        var found: [String: (months: Int, isReached: Bool)] = [:]
        for case .object(let count) in own.json["counts"]?.array ?? [] {
            found[count["code"]?.string ?? ""] = (
                count["months"]?.array?.count ?? -1, count["reached"]?.bool ?? false
            )
            #expect((count["next"] != nil) == (count["reached"]?.bool == true))
        }
        return found
    }

    private func notices(_ token: RunningGateway.Header) async throws -> [JSONObject] {
        let own = try await gateway.send(
            Cast.portal, "GET", "/fhir/Communication", headers: [token])
        return own.entries.filter {
            let coding = $0["category"]?.array?.first?.object?["coding"]?.array?.first?.object
            return coding?["code"]?.string == "cost-months-reached"
        }
    }

    @Test func `the third month above 33,330 yen is told, and taken back with its bill`()
        async throws
    {
        let card = try await gateway.settleChronic().card
        let visit = try await gateway.openVisit(card)
        let token = try await gateway.session(of: card)
        var days: [CalendarDay] = [today]
        for _ in 0..<2 {
            days = days + [days[days.count - 1].adding(days: -days[days.count - 1].day)]
        }
        var last: SentBill?
        for (place, day) in days.enumerated() {
            #expect(try await notices(token).isEmpty)
            // In two bills: it is the month's cost that counts.
            try await gateway.settle(SentBill(cost: 20_000, on: day), visit).expect(200)
            let bill = SentBill(cost: 14_000, on: day)
            try await gateway.settle(bill, visit).expect(200)
            let counted = try await counts(token)["mild-high-cost"]
            #expect(counted?.months == place + 1 && counted?.isReached == (place == 2))
            last = bill
        }
        let told = try await notices(token)
        #expect(told.count == 1)
        let text = told.first?["payload"]?.array?.first?.object?["contentString"]?.string
        #expect(text?.contains("軽症高額該当") == true)
        let bill = try #require(last)
        try await gateway.settle(bill.used(as: "claim", status: "cancelled"), visit).expect(200)
        #expect(try await counts(token)["mild-high-cost"]?.isReached == false)
        #expect(try await notices(token).isEmpty)
    }

    /// 取消: what took a month above the amount and was taken back is not what the notice names.
    @Test func `the notice names a bill that stands`() async throws {
        let card = try await gateway.settleChronic().card
        let here = try await gateway.openVisit(card)
        let there = try await gateway.openVisit(card, at: Cast.pharmacy)
        let token = try await gateway.session(of: card)
        var days: [CalendarDay] = [today]
        for _ in 0..<2 {
            days = days + [days[days.count - 1].adding(days: -days[days.count - 1].day)]
        }
        for day in days.dropFirst() {
            try await gateway.settle(SentBill(cost: 34_000, on: day), here).expect(200)
        }
        let first = SentBill(cost: 34_000, on: today)
        try await gateway.settle(first, here).expect(200)
        #expect(try await notices(token).count == 1)
        try await gateway.settle(
            SentBill(cost: 34_000, on: today), there, by: Cast.pharmacy
        ).expect(200)
        try await gateway.settle(first.used(as: "claim", status: "cancelled"), here).expect(200)
        let told = try await notices(token)
        let text = told.map { JSON.object($0).text }.joined()
        #expect(told.count == 1 && text.contains(Cast.pharmacy.code))
        #expect(!text.contains(Cast.clinic.code))
    }

    @Test func `what counts towards the yearly limits is what was paid at counters`() async throws {
        let card = try await gateway.settleChronic(local: 500).card
        let visit = try await gateway.openVisit(card)
        let token = try await gateway.session(of: card)
        var bill = SentBill(cost: 30_000, on: today)
        bill.local = SentBill.localCertificate
        try await gateway.settle(bill, visit).expect(200)
        try await gateway.settle(SentBill(cost: 10_000, on: today), visit).expect(200)
        let own = try await gateway.send(Cast.portal, "GET", "/balances", headers: [token])
        let year = own.json["year"]?.object
        // 2,000 of the second bill; of the first what the town left: 500, and not 6,000.
        #expect(year?["paid"]?.int == 2_500)
        #expect(year?["limits"]?.array?.isEmpty == false)
    }
}

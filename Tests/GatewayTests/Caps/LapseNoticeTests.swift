import Exchange
import Gateway
import Ledger
import Logging
import Postgres
import TestSupport
import Testing

/// 予約の失効の知らせ: whoever reserved and neither confirmed nor voided finds one notice of it, and nobody
/// else does.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct LapseNoticeTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private func sweep() async throws {
        let parts = try gateway.parts()
        while try await parts.sweepLapses() > 0 {}
    }

    private func notices(
        _ query: String = "", by institution: Party = Cast.clinic
    ) async throws -> TLSClient.Answer {
        let answer = try await gateway.send(institution, "GET", "/deliveries/lapses\(query)")
        try answer.expect(200)
        let residents = Set(
            answer.entries.compactMap { $0["subject"]?.object?["reference"]?.string })
        gateway.expectMoreEntries(max(residents.count, 1) - 1)
        return answer
    }

    private func cursor(_ answer: TLSClient.Answer) throws -> String {
        let last = try #require(answer.json["entry"]?.array?.last?.object)
        let cursor = TLSClient.Answer(last).parts("delivery").first?["cursor"]?.string
        return try #require(cursor)
    }

    private func about(_ notice: JSONObject) -> String? {
        notice["about"]?.array?.first?.object?["reference"]?.string
    }

    /// The ways in which a reservation that has lapsed is found.
    @Test(arguments: ["the round", "the next bill of the month"])
    func `a reservation that lapses says so once, to its own institution`(_ way: String)
        async throws
    {
        try await sweep()
        let before = try await notices()
        let from = before.entries.isEmpty ? "" : "?_cursor=" + (try cursor(before))
        let card = try await gateway.settleChronic(local: 500).card
        let here = try await gateway.openVisit(card)
        let there = try await gateway.openVisit(card, at: Cast.pharmacy)
        var lapsing = SentBill("preauthorization", cost: 20_000, on: today)
        lapsing.local = SentBill.localCertificate
        let id = try await gateway.settle(lapsing, here).text("id")
        let confirmed = SentBill("preauthorization", cost: 5_000, on: today)
        let voided = SentBill("preauthorization", cost: 5_000, on: today)
        let open = SentBill("preauthorization", cost: 5_000, on: today)
        for bill in [confirmed, voided, open] { try await gateway.settle(bill, here).expect(200) }
        // After their time, but before anybody took the hold away.
        try await gateway.lapse(confirmed)
        try await gateway.settle(confirmed.used(as: "claim"), here).expect(200)
        try await gateway.lapse(voided)
        try await gateway.settle(
            voided.used(as: "preauthorization", status: "cancelled"), here
        ).expect(200)
        try await gateway.lapse(lapsing)
        if way == "the round" {
            try await sweep()
        } else {
            try await gateway.settle(
                SentBill(cost: 1_000, on: today), there, by: Cast.pharmacy
            ).expect(200)
        }
        let answer = try await notices(from)
        #expect(answer.entries.compactMap { about($0) } == ["ClaimResponse/\(id)"])
        let notice = try #require(answer.entries.first)
        #expect(notice["subject"]?.object?["reference"]?.string == here.patient)
        #expect(notice["payload"]?.array?.count == 2 && answer.text.contains(lapsing.identifier))
        #expect(try await notices(by: Cast.pharmacy).entries.isEmpty)
        // Swept again there is nothing new; what is acknowledged does not come again.
        try await sweep()
        let table = try await gateway.send(
            Cast.clinic, "GET", "/deliveries/lapses\(from)", headers: [("Accept", "text/csv")])
        #expect(table.text.contains(id) && table.text.contains(lapsing.identifier))
        #expect(try await notices("?_cursor=\(cursor(answer))").entries.isEmpty)
        let read = try await gateway.send(Cast.clinic, "GET", "/fhir/ClaimResponse/\(id)")
        #expect(read.billStatus == "lapsed")
        let held = try await gateway.count(
            """
            select count(*) from exchange.cap_hold h
            join exchange.bill b on b.bill = h.bill and b.identifier = any ($1)
            """, [.texts([lapsing, confirmed, voided, open].map(\.identifier))])
        #expect(held == 1, "what is still open")
    }
}

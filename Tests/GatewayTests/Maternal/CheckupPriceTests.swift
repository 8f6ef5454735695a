import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 健診と受診券の委託単価 over the wire: a claim is priced from the municipality's own list, and keeps its price.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct CheckupPriceTests {
    static let path = "/maternal-health/prices"

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private func take(_ lines: [String]) async throws -> TLSClient.Answer {
        let header = "更新区分,健診コード,受診券の種類,開始日,終了日,委託単価"
        let text = ([header] + lines).map { $0 + "\r\n" }.joined()
        return try await gateway.take(
            NightFile.bytes(of: text, .cp932), as: "checkup-prices", by: Cast.otherTown,
            field: "maternal")
    }

    /// What the municipality is asked for, by who said so.
    private func charge(_ answer: TLSClient.Answer) -> String {
        let claim = answer.parts("checkup-claim").first
        return "\(claim?["state"]?.string ?? "") "
            + "\(claim?["claimed"]?.object?["value"]?.int ?? 0)"
    }

    private func examined(_ card: SoftwareCard, _ checkup: SentCheckup) async throws -> String {
        charge(
            try await gateway.record(
                checkup, gateway.openCheckupVisit(card)))
    }

    /// 委託単価 that came after the clinic's result: the same bytes, sent again, are a claim; once more changes
    /// nothing.
    @Test func `a clinic's result that waited for a price is claimed when it comes again`()
        async throws
    {
        let card = try await gateway.settleFamily(days: 200, in: Cast.otherTown).card
        let visit = try await gateway.openCheckupVisit(card)
        // Neither a ticket nor a price of the rules stands for it there.
        var sent = SentCheckup(on: today)
        sent.checkup = "infant-6-7m"
        sent.findings = sent.findings.filter { !["neck-control", "hip"].contains($0.item) }
        let first = try await gateway.record(sent, visit)
        #expect(first.status == 201 && charge(first) == "awaits-price 0")
        let words = first.parts("checkup-claim").first?["text"]?.string
        #expect(words?.contains("もう一度送って") == true)
        #expect(try await gateway.record(sent, visit).body == first.body)
        let from = today.adding(days: -30).text
        let taken = try await take(["1,infant-6-7m,,\(from),,7100"])
        #expect(taken.number("additions") == 1, "\(taken.text)")
        let second = try await gateway.record(sent, visit)
        #expect(second.status == 200 && second["ETag"] == "W/\"2\"")
        #expect(charge(second) == "claimed 7100")
        #expect(second.parts("checkup-claim").first?["text"] == nil)
        let again = try await gateway.record(sent, visit)
        #expect(again.status == 200 && again.body == second.body)
    }

    @Test func `checkups and tickets are priced from the list, in versions, by file and row`()
        async throws
    {
        func baby() async throws -> SoftwareCard {
            try await gateway.settleFamily(days: 110, in: Cast.otherTown).card
        }
        #expect(try await examined(baby(), SentCheckup(on: today)) == "claimed 6950")
        let mother = try await gateway.settleMother(in: Cast.otherTown).card
        let tickets = try await examined(mother, .prenatal(on: today.adding(days: -2)))
        let from = today.adding(days: -30).text
        let taken = try await take([
            "1,infant-3-4m,,\(from),,7100", "1,,prenatal,\(from),,5300",
            "1,infant-3-4m,,\(today.text),,7200", "1,infant-1m,prenatal,\(from),,1",
            "1,,,\(from),,1", "1,,no-such,\(from),,1", "1,infant-5y,,\(from),,0",
        ])
        #expect(taken.number("additions") == 2 && taken.number("refused") == 5, "\(taken.text)")
        let codes = taken.results.map { result in
            "\(result["line"]?.int ?? 0) \(result.findings.first?["item"]?.string ?? "") "
                + "\(result.findings.first?["code"]?.string ?? "")"
        }
        #expect(
            Set(codes) == [
                "4 priceFrom price-overlap", "5 ticketKind format", "6 checkup required",
                "7 ticketKind unknown-code", "8 unitYen format",
            ])
        #expect(try await examined(baby(), SentCheckup(on: today)) == "claimed 7100")
        #expect(try await examined(mother, .prenatal(on: today.adding(days: -1))) == "claimed 5300")
        #expect(tickets != "claimed 5300")
        // By row: the old price ends, the new one begins; what was taken back waits.
        let rows = try JSON(
            reading: """
                [{"modificationSeg":"1","checkup":"infant-3-4m","priceFrom":"\(from)",\
                "priceTo":"\(today.adding(days: -1).text)","unitYen":7100},\
                {"modificationSeg":"1","checkup":"infant-3-4m","priceFrom":"\(today.text)",\
                "unitYen":7200},\
                {"modificationSeg":"2","ticketKind":"prenatal","priceFrom":"\(from)"}]
                """)
        let sent = try await gateway.send(
            Cast.otherTown, "POST", Self.path + "/registration-tasks", body: rows)
        #expect(sent.int("applied") == 3, "\(sent.text)")
        #expect(try await examined(baby(), SentCheckup(on: today)) == "claimed 7200")
        #expect(try await examined(mother, .prenatal(on: today)) == "awaits-price 0")
        let listed = try await gateway.send(
            Cast.otherTown, "GET", Self.path + "?on=\(today.text)")
        // The town is every test's of this suite.
        let prices = (listed.json["prices"]?.array ?? []).compactMap(\.object).filter {
            $0["checkup"]?.string != "infant-6-7m"
        }
        #expect(prices.compactMap { $0["checkup"]?.string } == ["infant-3-4m"])
        #expect(prices.compactMap { $0["unitYen"]?.int } == [7_200])
        // Neither list shows the other's.
        let doses = try await gateway.send(Cast.otherTown, "GET", "/immunization/prices")
        #expect(doses.json["prices"]?.array?.isEmpty == true)
        try await gateway.expect(
            .notYourPurpose, of: .registerCheckupPrices, from: Cast.prefecture
        ) {
            try await gateway.send(
                Cast.prefecture, "POST", Self.path + "/registration-tasks", body: rows)
        }
    }
}

import Exchange
import TestSupport
import Testing

/// 統合した人の請求: a certificate that both records held is one, and stands in a month of claims as long as its
/// body says so.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct MergedClaimsTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    @Test func `a certificate that both records held entitles the one person while it stands`()
        async throws
    {
        let today = gateway.clock.today
        let month = ServiceMonth(of: today)
        let (stays, gone) = try await gateway.settleBabyTwice()
        let recipient = "R-00\(stays.resident.index)"
        var claim = SentClaim(recipient)
        claim.payer = "89132104"
        claim.day = today.day
        try await gateway.submit([claim], month).expect(201)
        func reasons() async throws -> [String] {
            try await gateway.reconcile(month).expect(200)
            return try #require(try await gateway.reasons(month, show: "all")[recipient])
        }
        let before = try await reasons()
        #expect(!before.contains("NOT_ELIGIBLE_ON_DATE"), "\(before)")
        try await gateway.join(gone.resident, into: stays.resident)
        #expect(try await reasons() == before)
        try await gateway.part(gone.resident, from: stays.resident)
        #expect(try await reasons() == before)
        let again = gateway.merge(gone.resident, into: stays.resident, "again")
        #expect(try await gateway.tellTwice([again]).int("applied") == 1)
        #expect(try await reasons() == before)
        // What the record that went once held entitles nobody when the survivor's is taken back.
        let row = stays.resident.row(
            "kodomo", today.adding(days: -150), today.adding(days: 300),
            [
                "medicalSubsidyInsurerNumber": "89132104",
                "medicalSubsidyRecipientNumber": .string(recipient),
                "isDeleted": .bool(true),
            ])
        try await gateway.hold([row])
        #expect(try await reasons().contains("NOT_ELIGIBLE_ON_DATE"))
    }

    // MARK: Money

    /// What is said of the claim of that recipient, judged anew.
    private func reasons(_ month: ServiceMonth, _ recipient: String) async throws -> [String] {
        try await gateway.reconcile(month, by: Cast.prefecture).expect(200)
        let found = try await gateway.reasons(month, show: "all", by: Cast.prefecture)
        return try #require(found[recipient])
    }

    /// 2,000 yen were confirmed under the one record and 4,000 under the other, and the clinic claims both.
    @Test func `what was billed under either record is held against the claims of the one person`()
        async throws
    {
        let today = gateway.clock.today
        let month = ServiceMonth(of: today)
        let (stays, gone, recipient) = try await gateway.settleChronicTwice(both: true)
        for (card, cost) in [(gone.card, 10_000), (stays.card, 20_000)] {
            let bill = SentBill(cost: cost, on: today)
            let told = try await gateway.settle(bill, gateway.openVisit(card))
            #expect(told.yen("copay") == cost / 5)
        }
        var claim = SentClaim(recipient, copayment: 6_000)
        claim.payer = "54136015"
        claim.day = today.day
        try await gateway.submit([claim], month, by: Cast.prefecture).expect(201)
        #expect(try await reasons(month, recipient).contains("LEDGER_MISMATCH"))
        try await gateway.join(gone.resident, into: stays.resident)
        #expect(try await !reasons(month, recipient).contains("LEDGER_MISMATCH"))
        try await gateway.part(gone.resident, from: stays.resident)
        #expect(try await reasons(month, recipient).contains("LEDGER_MISMATCH"))
    }

    /// 償還払い: paid back to the resident under the record that went, and claimed by the institution as well.
    @Test
    func `what was paid back under the record that went is not paid to the institution again`()
        async throws
    {
        let today = gateway.clock.today
        let month = ServiceMonth(of: today)
        let (stays, gone, recipient) = try await gateway.settleChronicTwice(both: true)
        let made = try await gateway.send(
            Cast.portal, "POST", "/refunds",
            headers: [try await gateway.session(of: gone.card)],
            body: try JSON(
                reading: """
                    {"certificate":{"body":"130001","type":"nanbyo"},"month":"\(month.text)",\
                    "receipts":[{"institution":"\(Cast.spare.code)","day":"\(today.text)",\
                    "cost":30000,"percent":30,"paid":9000}]}
                    """))
        try made.expect(201)
        try await gateway.join(gone.resident, into: stays.resident)
        let list = try await gateway.ask(Cast.prefecture, "GET", "/refunds?_count=100").answer
        let held = (list.json["refunds"]?.array ?? []).compactMap(\.object).first {
            $0["recipient"]?.string == recipient
        }
        let id = try #require(held?["id"]?.string)
        try await gateway.send(
            Cast.prefecture, "POST", "/refunds/\(id)/answers",
            body: try JSON(reading: #"{"decision":"approved","on":"\#(today.text)"}"#)
        ).expect(200)
        var claim = SentClaim(recipient)
        claim.institution = Cast.spare
        claim.payer = "54136015"
        claim.day = today.day
        try await gateway.submit([claim], month, by: Cast.prefecture).expect(201)
        #expect(try await reasons(month, recipient).contains("ALREADY_REFUNDED"))
    }
}

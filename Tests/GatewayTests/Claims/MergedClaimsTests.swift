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
}
